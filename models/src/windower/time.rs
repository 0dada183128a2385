//! Time windows: a grid in source time, resampled to whole steps.
//!
//! A window `(end − span, end]` closes when the watermark reaches its end. The first window of a
//! segment is the first of the grid whose first instant is not before the segment's first sample: a
//! window that would begin before production did is not asked for, and the frames before the first
//! window count as outside. So an idle machine and a warm-up give no verdict at all (B48).
//!
//! **Gaps.** A window inside a gap closes with a hole, one for every hop, because a line that gives
//! no samples must not look like a line that passes. But a clock that jumps to 2036 is not twelve
//! years of missing data: the segment ends instead, and the windows that were not given are counted.
//! The bound: as many windows as one sample may stand for (span and greatest age, in hops), and
//! [`GAP_WINDOWS_MAX`] with holes. A longer gap gives none at all, so a jump makes no burst (B25);
//! during silence, when the timer closes them one by one, they stop there. 256 is four minutes of
//! one-second windows (the longest gap in the SKAB recordings is 247 s), and bounds one call.

use super::outlet::Outlet;
use super::reading_plan::index;
use super::resample::{Instants, resample};
use super::ring::Ring;
use super::window::Hole;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_plant::{Align, DropReason, Join, WallTime, WindowKey, WindowSpec};

/// Most time windows in a row that close with nothing but holes; then the segment ends.
pub const GAP_WINDOWS_MAX: u64 = 256;

/// Where the grid stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TimeProgress {
    /// The end of the next window; `None` before the segment's first sample.
    next_end: Option<i64>,
    /// Windows closed since the last sample.
    n_idle: u64,
}

#[derive(Debug)]
pub(super) struct TimeRule {
    span: i64,
    hop: i64,
    step: i64,
    max_age: i64,
    align: Align,
    join: Join,
    /// Most windows in a row without a new sample.
    n_idle_max: u64,
    pub progress: TimeProgress,
}

/// What the grid does up to an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All due windows are closed.
    Closed,
    /// This many are due, more than the bound: the segment must end, and they are not given.
    Gap(u64),
}

impl TimeRule {
    /// The rule of a checked specification; `None` for another kind of window.
    pub fn new(spec: &WindowSpec) -> Option<Self> {
        let WindowSpec::Time { span, hop, step, align, join, max_age } = spec else {
            return None;
        };
        let [span, hop, step, max_age] = [*span, *hop, *step, *max_age].map(ns);
        let n_idle_max = GAP_WINDOWS_MAX + span.saturating_add(max_age).unsigned_abs() / hop.unsigned_abs();
        let progress = TimeProgress::default();
        Some(Self { span, hop, step, max_age, align: *align, join: *join, n_idle_max, progress })
    }

    /// Closes the windows that end at `to` or before.
    pub fn reach(&mut self, to: i64, ring: &mut Ring, outlet: &mut Outlet) -> Reach {
        let Some(mut end) = self.progress.next_end.filter(|end| *end <= to) else {
            return Reach::Closed;
        };
        let n_due = to.abs_diff(end) / self.hop.unsigned_abs() + 1;
        if self.progress.n_idle + n_due > self.n_idle_max {
            return Reach::Gap(n_due);
        }
        while end <= to {
            self.close(end, ring, outlet);
            self.progress.n_idle += 1;
            let next = end.saturating_add(self.hop);
            self.progress.next_end = Some(next);
            self.settle_outside(ring, outlet);
            if next == end {
                break;
            }
            end = next;
        }
        self.prune(ring, outlet);
        Reach::Closed
    }

    /// The next pending row was released.
    pub fn released(&mut self, i: usize, ring: &mut Ring, outlet: &mut Outlet) {
        self.progress.n_idle = 0;
        if self.progress.next_end.is_none() {
            self.progress.next_end = Some(self.first_end(ring.row(i).at));
        }
        self.settle_outside(ring, outlet);
    }

    /// Most windows that one call can close.
    pub fn n_closed_max(&self) -> u64 {
        self.n_idle_max
    }

    /// The end of the next window.
    pub fn next_end(&self) -> Option<i64> {
        self.progress.next_end
    }

    /// The segment ended.
    pub fn restart(&mut self) {
        self.progress = TimeProgress::default();
    }

    fn first_end(&self, first: i64) -> i64 {
        let earliest = first.saturating_add(self.span - self.step);
        match self.align {
            Align::First => earliest,
            Align::Epoch => {
                let over = earliest.rem_euclid(self.hop);
                if over == 0 { earliest } else { earliest.saturating_add(self.hop - over) }
            }
        }
    }

    fn close(&mut self, end: i64, ring: &mut Ring, outlet: &mut Outlet) {
        let n = usize::try_from(self.span / self.step).expect("a checked span holds few enough steps");
        let instants = Instants { first: end.saturating_sub(self.span - self.step), step: self.step, n };
        let mut window = outlet.blank(ring.n_inputs());
        let mut hole = None;
        for (input, out) in window.columns.iter_mut().enumerate() {
            let why = resample(ring, input, instants, self.join, self.max_age, out);
            if hole.is_none() {
                hole = why.map(|why| Hole { input: index(input), why });
            }
        }
        let n_first = ring.settle_to(n_rows_until(ring, end));
        let [from, to] = [instants.first, end].map(WallTime::from_ns);
        outlet.close(window, WindowKey { from, to, n: index(n), part: None }, hole, n_first);
    }

    /// Rows before the next window and after the last belong to none.
    fn settle_outside(&self, ring: &mut Ring, outlet: &mut Outlet) {
        if let Some(end) = self.progress.next_end {
            let n = n_rows_until(ring, end.saturating_sub(self.span));
            let n_outside = ring.settle_to(n);
            outlet.drop_for(DropReason::OutsideWindow, n_outside);
        }
    }

    /// Forgets rows that are too old to stand for any instant to come.
    fn prune(&self, ring: &mut Ring, outlet: &mut Outlet) {
        let Some(end) = self.progress.next_end else { return };
        let first_instant = end.saturating_sub(self.span - self.step);
        let useless = first_instant.saturating_sub(self.max_age).saturating_sub(1);
        let n = n_rows_until(ring, useless);
        let n_outside = ring.forget(n);
        outlet.drop_for(DropReason::OutsideWindow, n_outside);
    }
}

/// Released rows at or before an instant.
fn n_rows_until(ring: &Ring, at: i64) -> usize {
    let mut n = ring.n_settled();
    if n > 0 && ring.row(n - 1).at > at {
        return ring.rows().take(n).take_while(|row| row.at <= at).count();
    }
    while n < ring.n_released() && ring.row(n).at <= at {
        n += 1;
    }
    n
}

/// A checked duration in nanoseconds.
pub(super) fn ns(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}
