//! Latency of one check, split by stage: p50, p99 and maximum over the last five to ten minutes.
//!
//! The writer only adds to atomic buckets. The reader drains them into two halves of
//! [`HALF`] each; what is shown is both together, so an old peak leaves after ten minutes at most.
//! Quantiles are the upper end of their bucket (never flattering, at most 3.2 % above the true
//! value and exact below 64 µs); the maximum is exact.

use crate::record::LatencySplit;
use histogram::{AtomicHistogram32, Histogram32};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use takt_plant::MonoTime;

/// Length of each of the two halves that are shown together.
pub const HALF: Duration = Duration::from_mins(5);

/// 2^5 buckets an octave: 3.2 % resolution.
const GROUPING_POWER: u8 = 5;
/// Up to 2^27 µs, some 134 s; what is longer is counted as that.
const MAX_VALUE_POWER: u8 = 27;
const VALUE_US_MAX: u32 = (1 << MAX_VALUE_POWER) - 1;

/// The stages in the order of the split.
pub const STAGES: [&str; 6] = ["queue", "features", "inference", "write", "total", "handed_over"];

/// What is shown of one stage, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    /// Verdicts that had this stage.
    pub n: u64,
    /// Half of them were at most this long.
    pub p50: u32,
    /// 99 % of them were at most this long.
    pub p99: u32,
    /// The longest.
    pub max: u32,
}

/// The write side: atomic buckets for each stage.
pub(super) struct Recorder {
    stages: [Stage; STAGES.len()],
}

struct Stage {
    buckets: AtomicHistogram32,
    us_max: AtomicU32,
}

/// The read side: two halves for each stage.
pub(super) struct Recent {
    began: Option<MonoTime>,
    stages: [[Half; 2]; STAGES.len()],
    scratch: Histogram32,
}

struct Half {
    buckets: Histogram32,
    us_max: u32,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self { stages: std::array::from_fn(|_| Stage { buckets: atomic(), us_max: AtomicU32::new(0) }) }
    }

    /// Adds one verdict's split. A write of zero is no write.
    pub(super) fn verdict(&self, split: &LatencySplit) {
        let spans = [split.queue_us, split.features_us, split.inference_us, split.write_us, split.total_us];
        for (i, (stage, us)) in self.stages.iter().zip(spans).enumerate() {
            if i != WRITE || us > 0 {
                stage.add(us);
            }
        }
    }

    /// Adds a write that was confirmed after its verdict had been recorded.
    pub(super) fn write(&self, us: u32) {
        self.stages[WRITE].add(us);
    }

    /// Adds the hand-over of a verdict to a broker's socket.
    pub(super) fn handed_over(&self, us: u32) {
        self.stages[HANDED_OVER].add(us);
    }
}

const WRITE: usize = 3;
const HANDED_OVER: usize = 5;

impl Stage {
    fn add(&self, us: u32) {
        let added = self.buckets.increment(u64::from(us.min(VALUE_US_MAX)));
        debug_assert!(added.is_ok(), "the value was capped to the range");
        if us > self.us_max.load(Ordering::Relaxed) {
            self.us_max.fetch_max(us, Ordering::Relaxed);
        }
    }
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { began: None, stages: std::array::from_fn(|_| [half(), half()]), scratch: plain() }
    }

    /// Takes what was recorded since the last call.
    pub(super) fn drain(&mut self, from: &Recorder, now: MonoTime) {
        let began = *self.began.get_or_insert(now);
        if now.since(began) >= HALF {
            self.began = Some(now);
            for halves in &mut self.stages {
                halves.swap(0, 1);
                halves[0].clear();
            }
        }
        for (halves, stage) in self.stages.iter_mut().zip(&from.stages) {
            let drained = stage.buckets.drain_into(&mut self.scratch);
            let added = halves[0].buckets.checked_add_assign(&self.scratch);
            debug_assert!(drained.is_ok() && added.is_ok(), "both have the one configuration");
            halves[0].us_max = halves[0].us_max.max(stage.us_max.swap(0, Ordering::Relaxed));
        }
    }

    /// Each stage's spread, in the order of [`STAGES`]. All zero before the first verdict.
    pub(super) fn spreads(&mut self) -> [Spread; STAGES.len()] {
        let scratch = &mut self.scratch;
        std::array::from_fn(|i| spread(&self.stages[i], scratch))
    }
}

impl Half {
    fn clear(&mut self) {
        self.buckets.reset();
        self.us_max = 0;
    }
}

fn spread(halves: &[Half; 2], both: &mut Histogram32) -> Spread {
    both.reset();
    for half in halves {
        // Overflow would need 2^32 verdicts in ten minutes.
        let added = both.checked_add_assign(&half.buckets);
        debug_assert!(added.is_ok(), "both have the one configuration");
    }
    let max = halves[0].us_max.max(halves[1].us_max);
    let n = both.as_slice().iter().map(|n| u64::from(*n)).sum();
    let at = |q: f64| match both.quantile_bucket(q) {
        Ok(Some(bucket)) => u32::try_from(bucket.end()).unwrap_or(u32::MAX).min(max),
        _ => 0,
    };
    Spread { n, p50: at(0.5), p99: at(0.99), max }
}

fn half() -> Half {
    Half { buckets: plain(), us_max: 0 }
}

fn plain() -> Histogram32 {
    Histogram32::new(GROUPING_POWER, MAX_VALUE_POWER).expect("5 < 27 ≤ 64")
}

fn atomic() -> AtomicHistogram32 {
    AtomicHistogram32::new(GROUPING_POWER, MAX_VALUE_POWER).expect("5 < 27 ≤ 64")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(s: u64) -> MonoTime {
        MonoTime::from_ns(s * 1_000_000_000)
    }

    fn total(us: u32) -> LatencySplit {
        LatencySplit { total_us: us, ..LatencySplit::default() }
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(mut values in prop::collection::vec(0_u32..3_000_000, 1..300)) {
            let (recorder, mut recent) = (Recorder::new(), Recent::new());
            for us in &values {
                recorder.verdict(&total(*us));
            }
            recent.drain(&recorder, at(0));
            let shown = recent.spreads()[4];
            values.sort_unstable();
            let rank = |q: f64| values[((q * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1];
            for (shown, truth) in [(shown.p50, rank(0.5)), (shown.p99, rank(0.99))] {
                prop_assert!(shown >= truth && f64::from(shown) <= f64::from(truth) * 1.032, "{shown} for {truth}");
            }
            prop_assert_eq!(shown.max, *values.last().expect("at least one"));
            prop_assert_eq!(shown.n, values.len() as u64);
        }
    }

    #[test]
    fn an_old_peak_leaves_after_two_halves() {
        let (recorder, mut recent) = (Recorder::new(), Recent::new());
        recorder.verdict(&total(90_000));
        recent.drain(&recorder, at(0));
        for (second, max) in [(299, 90_000), (301, 90_000), (599, 90_000), (602, 10)] {
            recorder.verdict(&total(10));
            recent.drain(&recorder, at(second));
            assert_eq!(recent.spreads()[4].max, max, "after {second} s");
        }
    }

    #[test]
    fn no_write_is_not_a_fast_write() {
        let (recorder, mut recent) = (Recorder::new(), Recent::new());
        recorder.verdict(&total(10));
        recorder.write(700);
        recorder.verdict(&total(u32::MAX));
        recent.drain(&recorder, at(0));
        let spreads = recent.spreads();
        assert_eq!((spreads[3].n, spreads[3].max), (1, 700));
        assert_eq!((spreads[4].n, spreads[4].max), (2, u32::MAX));
    }
}
