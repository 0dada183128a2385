//! Two kinds of time that never mix: wall time says when, monotonic time says how long.
//!
//! Durations are always measured on [`MonoTime`], so a clock jump makes no burst and no negative
//! window (B25). Only drivers read clocks; everything else takes time as an argument.

use std::time::Duration;

/// Nanoseconds since 1970-01-01T00:00:00Z. May jump when the clock is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// The earliest representable time (year 1677).
    pub const MIN: Self = Self(i64::MIN);

    /// From nanoseconds since the Unix epoch.
    pub const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_ns(self) -> i64 {
        self.0
    }

    /// Microseconds since the Unix epoch, rounded towards the past.
    pub const fn as_us(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Later by `span`, stopping at the end of representable time.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(ns_of(span)))
    }

    /// Earlier by `span`, stopping at the beginning of representable time.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(ns_of(span)))
    }

    /// How far this lies after `earlier`; `None` when it lies before.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let ns = i128::from(self.0) - i128::from(earlier.0);
        u64::try_from(ns).ok().map(Duration::from_nanos)
    }
}

/// Nanoseconds of a clock that never jumps, since an origin that the process chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoTime(u64);

impl MonoTime {
    /// From nanoseconds since the process's origin.
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the process's origin.
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Later by `span`.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Time since `earlier`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn ns_of(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_stops_at_its_ends() {
        let late = WallTime::from_ns(i64::MAX);
        assert_eq!(late.plus(Duration::from_secs(1)), late);
        assert_eq!(WallTime::MIN.minus(Duration::from_secs(1)), WallTime::MIN);
        assert_eq!(late.since(WallTime::MIN), Some(Duration::from_nanos(u64::MAX)));
        assert_eq!(WallTime::MIN.since(late), None);
    }

    #[test]
    fn microseconds_round_towards_the_past() {
        assert_eq!(WallTime::from_ns(-1).as_us(), -1);
        assert_eq!(WallTime::from_ns(1_999).as_us(), 1);
    }
}
