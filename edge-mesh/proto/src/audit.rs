//! Audit by re-execution: how many results are run again, and when two outputs count as one.
//!
//! The lender has signed the batch root before the borrower picks, so it cannot know which results will
//! be looked at, and cannot change one afterwards. A new peer's results are all run again; after ten
//! right in a row one in as many as were right, and never fewer than one in a hundred. A lender that
//! cheats once in `n` runs is found after about `100 n` runs, and loses the pair for a gain of `n`.

use crate::ids::PeerId;
use crate::limits::{AUDITS_WAITING_MAX, PAIRS_MAX};
use crate::metering::Span;
use std::collections::{BTreeMap, VecDeque};

/// Right results in a row before sampling begins.
const ALL_UNTIL: u32 = 10;
/// Least share that is looked at: one in this many.
const ONE_IN_MAX: u32 = 100;

/// A result to run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Who ran it.
    pub lender: PeerId,
    /// The request's epoch.
    pub epoch: u64,
    /// The request's number.
    pub no: u32,
}

/// What the second run said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The same bits.
    Equal,
    /// Within the manifest's tolerance for this pair of providers, and the same decision.
    Within,
    /// Neither.
    Mismatch,
    /// The input is no longer kept, or the model no longer loaded: says nothing.
    Unknown,
}

/// How far two providers may differ, from the manifest. ONNX Runtime promises no equal bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// In the output's unit.
    pub absolute: f32,
    /// As a share of the greater magnitude.
    pub relative: f32,
}

impl Tolerance {
    /// Compares outputs and the decisions taken on them.
    pub fn compare(&self, claimed: &[f32], own: &[f32], same_decision: bool) -> Finding {
        let bits = |row: &[f32]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        if bits(claimed) == bits(own) {
            return Finding::Equal;
        }
        let near = |(a, b): (&f32, &f32)| {
            let allowed = self.absolute + self.relative * a.abs().max(b.abs());
            (a - b).abs() <= allowed || (a.is_nan() && b.is_nan())
        };
        let fits = claimed.len() == own.len() && claimed.iter().zip(own).all(near) && same_decision;
        if fits { Finding::Within } else { Finding::Mismatch }
    }
}

/// Which results are run again.
#[derive(Debug, Default)]
pub struct Auditor {
    valid_in_row: BTreeMap<PeerId, u32>,
    waiting: VecDeque<Sample>,
    /// Samples that found no room in the queue; the borrower had no idle time for them.
    pub n_skipped: u64,
}

impl Auditor {
    /// A batch's root is signed: picks from what counts in it.
    pub fn pick(&mut self, lender: PeerId, span: &Span, rng: &mut fastrand::Rng) {
        let one_in = one_in(self.valid_in_row.get(&lender).copied().unwrap_or(0));
        for no in span.counted() {
            if rng.u32(0..one_in) != 0 {
                continue;
            }
            if self.waiting.len() >= AUDITS_WAITING_MAX {
                self.n_skipped += 1;
            } else {
                self.waiting.push_back(Sample { lender, epoch: span.epoch, no });
            }
        }
    }

    /// The next sample, for when the executor is idle.
    pub fn take(&mut self) -> Option<Sample> {
        self.waiting.pop_front()
    }

    /// Takes a finding; `false` when the lender is not to be trusted any more.
    pub fn judged(&mut self, sample: &Sample, finding: Finding) -> bool {
        match finding {
            Finding::Mismatch => {
                self.valid_in_row.insert(sample.lender, 0);
                self.waiting.retain(|other| other.lender != sample.lender);
                return false;
            }
            Finding::Equal | Finding::Within => {
                if self.valid_in_row.len() >= PAIRS_MAX && !self.valid_in_row.contains_key(&sample.lender) {
                    // Forgetting the peer with the shortest row only means to look at it more often.
                    let least = self.valid_in_row.iter().min_by_key(|(_, n)| **n).map(|(peer, _)| *peer);
                    least.and_then(|peer| self.valid_in_row.remove(&peer));
                }
                let row = self.valid_in_row.entry(sample.lender).or_default();
                *row = row.saturating_add(1);
            }
            Finding::Unknown => {}
        }
        true
    }

    /// Samples that wait; at most [`AUDITS_WAITING_MAX`].
    pub fn n_waiting(&self) -> usize {
        self.waiting.len()
    }
}

fn one_in(valid_in_row: u32) -> u32 {
    if valid_in_row < ALL_UNTIL { 1 } else { valid_in_row.min(ONE_IN_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_to_one_in_a_hundred() {
        assert_eq!([0, 9, 10, 50, 1000].map(one_in), [1, 1, 10, 50, 100]);
    }

    #[test]
    fn tolerance_needs_the_same_decision() {
        let tolerance = Tolerance { absolute: 1e-3, relative: 1e-3 };
        assert_eq!(tolerance.compare(&[1.0], &[1.0], true), Finding::Equal);
        assert_eq!(tolerance.compare(&[1.0], &[1.0005], true), Finding::Within);
        assert_eq!(tolerance.compare(&[1.0], &[1.0005], false), Finding::Mismatch);
        assert_eq!(tolerance.compare(&[1.0], &[1.1], true), Finding::Mismatch);
        assert_eq!(tolerance.compare(&[1.0], &[1.0, 2.0], true), Finding::Mismatch);
    }
}
