//! Alarm floods: more alarms than anybody can answer.

use crate::MonoTime;
use std::collections::VecDeque;
use std::time::Duration;

/// The span over which alarms are counted (ISA-18.2, clause 16.5).
const SPAN: Duration = Duration::from_secs(600);
/// A flood begins when more alarms than this came within the span: an operator handles one a minute.
const N_BEGIN: usize = 10;
/// A flood ends when fewer than this came within the span.
const N_END: usize = 5;
/// Alarms that are remembered one by one; beyond it the count is "at least".
const N_KEPT_MAX: usize = 1_000;

/// Counts alarms as they are raised.
#[derive(Debug, Clone, Default)]
pub struct Flood {
    raised: VecDeque<MonoTime>,
    is_on: bool,
}

impl Flood {
    /// Counts an alarm that was raised now.
    pub fn raised(&mut self, now: MonoTime) {
        if self.raised.len() == N_KEPT_MAX {
            self.raised.pop_front();
        }
        self.raised.push_back(now);
        self.tick(now);
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: MonoTime) {
        while self.raised.front().is_some_and(|at| now.since(*at) >= SPAN) {
            self.raised.pop_front();
        }
        let n = self.raised.len();
        self.is_on = n > N_BEGIN || (self.is_on && n >= N_END);
    }

    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Alarms within the last ten minutes.
    pub fn n(&self) -> usize {
        self.raised.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_begins_above_ten_and_ends_below_five() {
        let at = |s: u64| MonoTime::from_ns(s * 1_000_000_000);
        let mut flood = Flood::default();
        for i in 0..10 {
            flood.raised(at(i * 60));
            assert!(!flood.is_on(), "one a minute can be handled");
        }
        flood.raised(at(599));
        assert!(flood.is_on());
        // The first seven leave the span one a minute: five are left, then four.
        flood.tick(at(600 + 5 * 60));
        assert_eq!((flood.n(), flood.is_on()), (5, true));
        flood.tick(at(600 + 6 * 60));
        assert_eq!((flood.n(), flood.is_on()), (4, false));
    }

    #[test]
    fn its_memory_is_bounded() {
        let mut flood = Flood::default();
        for _ in 0..5_000 {
            flood.raised(MonoTime::from_ns(1));
        }
        assert_eq!(flood.n(), N_KEPT_MAX);
    }
}
