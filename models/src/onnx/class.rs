//! Execution classes, from measured run times.

use std::time::Duration;

/// Longest p95 of a run on the shard that owns the line. A hop to another thread costs 7–73 µs p50
/// and up to 130 µs p99, so a run must cost more than a hop before the hop pays.
pub const INLINE_US_MAX: u32 = 200;

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutionClass {
    /// On the shard that owns the line's windows, without a hop; never lent.
    Inline,
    /// On an executor's thread, earliest deadline first; may be lent.
    Queued,
}

/// Run times measured while warming up on the device in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTimes {
    /// Median.
    pub p50: Duration,
    /// 95th percentile.
    pub p95: Duration,
    /// Runs measured.
    pub n: u32,
}

impl RunTimes {
    /// From at least one measured run. The percentile is the nearest rank, so it was really seen.
    pub(super) fn of(mut runs: Vec<Duration>) -> Self {
        runs.sort_unstable();
        let rank = |percent: usize| runs[(runs.len() * percent).div_ceil(100).max(1) - 1];
        Self { p50: rank(50), p95: rank(95), n: u32::try_from(runs.len()).unwrap_or(u32::MAX) }
    }

    /// The class that these times lead to.
    pub fn class(&self) -> ExecutionClass {
        if self.p95 <= Duration::from_micros(u64::from(INLINE_US_MAX)) {
            ExecutionClass::Inline
        } else {
            ExecutionClass::Queued
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_follows_the_95th_percentile() {
        let us = Duration::from_micros;
        let times = |fast: usize, slow: usize| RunTimes::of([vec![us(200); fast], vec![us(201); slow]].concat());
        assert_eq!(times(95, 5).class(), ExecutionClass::Inline);
        assert_eq!(times(94, 6).class(), ExecutionClass::Queued);
        assert_eq!(times(0, 1), RunTimes { p50: us(201), p95: us(201), n: 1 });
    }
}
