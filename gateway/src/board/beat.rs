//! The beat of a check: how far apart its verdicts usually are, and what came in a row.
//!
//! A line that stops giving verdicts must turn red (B42), and nobody says beforehand how often a press
//! strokes. So the usual gap is learned: the longest of late, forgetting slowly. Silence is five times
//! that and ten seconds at least; before there is evidence of a beat nothing is called silent. Time in
//! which the check does not judge is no gap.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use takt_plant::{MonoTime, Outcome};

/// Verdicts before a beat is believed.
const EVIDENCE: u64 = 8;
/// Silence is this many usual gaps.
const GAPS: u32 = 5;
/// Nothing shorter is silence: a person cannot act sooner, and a busy box may pause.
const SILENCE_MIN: Duration = Duration::from_secs(10);
/// Of the usual gap one part in so many is forgotten with each verdict.
const FORGET: u64 = 16;

/// Written on the shard's thread, read by viewers.
#[derive(Debug)]
pub(super) struct Beat {
    last_ns: AtomicU64,
    resumed_ns: AtomicU64,
    usual_ns: AtomicU64,
    n: AtomicU64,
    n_fail: AtomicU64,
    n_inconclusive: AtomicU64,
}

/// How many verdicts of one outcome came in a row, up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct InARow {
    pub(super) fail: u64,
    pub(super) inconclusive: u64,
}

impl Beat {
    pub(super) fn new(now: MonoTime) -> Self {
        let at = || AtomicU64::new(now.as_ns());
        let zero = || AtomicU64::new(0);
        Self { last_ns: at(), resumed_ns: at(), usual_ns: zero(), n: zero(), n_fail: zero(), n_inconclusive: zero() }
    }

    /// Takes a verdict. One writer at a time, so loads and stores suffice.
    pub(super) fn verdict(&self, outcome: &Outcome, now: MonoTime) {
        let gap_ns = now.as_ns().saturating_sub(self.since().as_ns());
        self.last_ns.store(now.as_ns(), Ordering::Relaxed);
        let n = self.n.load(Ordering::Relaxed);
        self.n.store(n + 1, Ordering::Relaxed);
        if n > 0 {
            let usual_ns = self.usual_ns.load(Ordering::Relaxed);
            self.usual_ns.store(gap_ns.max(usual_ns - usual_ns / FORGET), Ordering::Relaxed);
        }
        let row =
            |of: &AtomicU64, is: bool| of.store(if is { of.load(Ordering::Relaxed) + 1 } else { 0 }, Ordering::Relaxed);
        row(&self.n_fail, *outcome == Outcome::Fail);
        row(&self.n_inconclusive, matches!(outcome, Outcome::Inconclusive(_)));
    }

    /// While it does not judge, nothing is silence.
    pub(super) fn rests(&self, now: MonoTime) {
        self.resumed_ns.store(now.as_ns(), Ordering::Relaxed);
    }

    /// Time since the last verdict.
    pub(super) fn quiet_for(&self, now: MonoTime) -> Duration {
        now.since(MonoTime::from_ns(self.last_ns.load(Ordering::Relaxed)))
    }

    /// How long it has been silent beyond what is usual, while it judges; `None`: it is not.
    pub(super) fn silent_for(&self, quiet_max: Option<Duration>, now: MonoTime) -> Option<Duration> {
        let learned = || {
            let usual = Duration::from_nanos(self.usual_ns.load(Ordering::Relaxed));
            (self.n.load(Ordering::Relaxed) >= EVIDENCE).then(|| SILENCE_MIN.max(usual * GAPS))
        };
        let quiet = now.since(self.since());
        quiet_max.or_else(learned).filter(|max| quiet > *max).map(|_| quiet)
    }

    pub(super) fn in_a_row(&self) -> InARow {
        InARow { fail: self.n_fail.load(Ordering::Relaxed), inconclusive: self.n_inconclusive.load(Ordering::Relaxed) }
    }

    /// The later of the last verdict and the moment from which it judges.
    fn since(&self) -> MonoTime {
        let (last, resumed) = (self.last_ns.load(Ordering::Relaxed), self.resumed_ns.load(Ordering::Relaxed));
        MonoTime::from_ns(last.max(resumed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::Inconclusive;

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    /// A beat that has had `n` verdicts `every` ms apart, the last one at `n * every`.
    fn beat(n: u64, every: u64) -> Beat {
        let beat = Beat::new(at(0));
        (1..=n).for_each(|i| beat.verdict(&Outcome::Pass, at(i * every)));
        beat
    }

    #[test]
    fn silence_is_five_usual_gaps_and_ten_seconds_at_least() {
        // (verdicts, every ms, quiet ms, silent)
        let cases = [
            (20, 100, 9_999, false),
            (20, 100, 10_001, true),
            (20, 4_000, 19_000, false),
            (20, 4_000, 20_001, true),
            (7, 100, 60_000, false),
        ];
        for (n, every, quiet, silent) in cases {
            let found = beat(n, every).silent_for(None, at(n * every + quiet)).is_some();
            assert_eq!(found, silent, "{n} verdicts each {every} ms, then {quiet} ms");
        }
    }

    #[test]
    fn what_was_configured_counts_from_the_start() {
        let beat = Beat::new(at(0));
        let max = Some(Duration::from_secs(3));
        assert_eq!(beat.silent_for(max, at(3_000)), None);
        assert_eq!(beat.silent_for(max, at(3_001)), Some(Duration::from_millis(3_001)));
    }

    #[test]
    fn a_rest_is_neither_silence_nor_a_gap() {
        let beat = beat(20, 100);
        beat.rests(at(600_000));
        assert_eq!(beat.silent_for(None, at(605_000)), None, "it has just begun again");
        beat.verdict(&Outcome::Pass, at(600_100));
        assert!(beat.silent_for(None, at(612_000)).is_some(), "the usual gap is still a tenth of a second");
    }

    #[test]
    fn rows_end_with_another_outcome() {
        let beat = Beat::new(at(0));
        let inconclusive = Outcome::Inconclusive(Inconclusive::Deadline);
        for (i, outcome) in [Outcome::Fail, Outcome::Fail, inconclusive.clone()].iter().enumerate() {
            beat.verdict(outcome, at(i as u64));
        }
        assert_eq!(beat.in_a_row(), InARow { fail: 0, inconclusive: 1 });
        beat.verdict(&Outcome::Pass, at(9));
        assert_eq!(beat.in_a_row(), InARow::default());
    }
}
