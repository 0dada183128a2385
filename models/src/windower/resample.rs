//! Samples of different rates brought to one clock (B26).
//!
//! *Hold*: the last reading at or before the instant. *Linear*: the straight line between the
//! readings on both sides; where none is known on the far side, or it lies beyond the greatest age,
//! the near one holds. In both, the reading at or before the instant must be no older than the
//! greatest age, and when it is bad the instant has no value: a bad reading is not skipped in favour
//! of an older good one, because the last that is known is that nothing is known.

use super::ring::{Cell, Ring};
use super::window::HoleWhy;
use takt_plant::Join;

/// Evenly spaced instants of source time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instants {
    pub first: i64,
    pub step: i64,
    pub n: usize,
}

/// Appends one value for each instant to `out`; NaN where there is none. Returns why the first is missing.
pub(super) fn resample(
    ring: &Ring,
    input: usize,
    instants: Instants,
    join: Join,
    max_age: i64,
    out: &mut Vec<f64>,
) -> Option<HoleWhy> {
    let mut why = None;
    let mut left: Option<usize> = None;
    let mut next = carrying(ring, input, 0);
    let mut at = instants.first;
    for _ in 0..instants.n {
        while let Some(i) = next.filter(|i| ring.row(*i).at <= at) {
            left = Some(i);
            next = carrying(ring, input, i + 1);
        }
        let cell =
            left.filter(|i| age(at, ring.row(*i).at) <= max_age.unsigned_abs()).map(|i| (i, ring.cell(i, input)));
        match cell {
            Some((i, Cell::Value(value))) => out.push(match join {
                Join::Hold => value,
                Join::Linear => line(ring, input, (ring.row(i).at, value), next, at, max_age),
            }),
            other => {
                why = why.or_else(|| Some(other.map_or(HoleWhy::NoSample, |(_, cell)| cell.why())));
                out.push(f64::NAN);
            }
        }
        at = at.saturating_add(instants.step);
    }
    why
}

/// The first row from `i` on that carries the input, with a value or a bad reading.
fn carrying(ring: &Ring, input: usize, i: usize) -> Option<usize> {
    (i..ring.len()).find(|i| ring.cell(*i, input) != Cell::Absent)
}

fn line(ring: &Ring, input: usize, near: (i64, f64), far: Option<usize>, at: i64, max_age: i64) -> f64 {
    let far = far.filter(|i| age(ring.row(*i).at, at) <= max_age.unsigned_abs());
    match far.map(|i| (ring.row(i).at, ring.cell(i, input))) {
        Some((far_at, Cell::Value(far))) => {
            let share = ratio(age(at, near.0), age(far_at, near.0));
            near.1 + share * (far - near.1)
        }
        _ => near.1,
    }
}

fn age(later: i64, earlier: i64) -> u64 {
    later.abs_diff(earlier)
}

#[expect(clippy::cast_precision_loss, reason = "a share of a span needs no more than 53 bits")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
