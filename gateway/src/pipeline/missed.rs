//! Part numbers that never came: parts that nobody judged.
//!
//! A trigger that fires on 17, 18 and 20 had a part 19, which went by between two reads or while the
//! connection was down. No window stands for it, so no other count of the check does.
//!
//! Only a number that counts parts can say so, and not every trigger tag is one: some count by ten, some
//! are codes. So a tag is believed after a few steps by exactly one ([`EVIDENCE`]); until then nothing is
//! said. Then each step further than one is what was missed between its ends. Nothing is missed where the
//! numbers fall (a reset, a new order), where they leap ([`LEAP_MIN`], a new order too), or from one segment
//! to the next: while the check was not in production, or another product ran, nobody wanted a verdict.

use takt_plant::{Edge, Value, WindowKey, WindowSpec};

/// Steps by one in a row after which a tag is believed to count parts.
const EVIDENCE: u32 = 3;
/// Steps from here on are another count and not parts that went by: at a part a second, a quarter of an hour.
const LEAP_MIN: i64 = 1_000;

/// The part numbers of one check.
#[derive(Debug, Default)]
pub struct PartNumbers {
    /// Segment and number of the last part.
    last: Option<(u64, i64)>,
    n_by_one: u32,
    n_missed: u64,
}

impl PartNumbers {
    /// Those of a check with windows of this kind; `None` where a window's trigger is no number that changes.
    /// `so_far`: what was said before by a check that goes on.
    pub fn of(window: &WindowSpec, so_far: Option<u64>) -> Option<Self> {
        let numbers = so_far.map_or_else(Self::default, |n_missed| Self { last: None, n_by_one: EVIDENCE, n_missed });
        matches!(window, WindowSpec::Trigger { edge: Edge::Change, .. }).then_some(numbers)
    }

    /// Takes the next window; gives how many parts were missed so far, once that can be said.
    pub fn see(&mut self, key: &WindowKey, segment: u64) -> Option<u64> {
        let number = key.part.as_ref().and_then(whole);
        let before = self.last.take().filter(|(then, _)| *then == segment).map(|(_, before)| before);
        self.last = number.map(|number| (segment, number));
        if let (Some(before), Some(now)) = (before, number) {
            self.step(now.saturating_sub(before));
        }
        (self.n_by_one >= EVIDENCE).then_some(self.n_missed)
    }

    fn step(&mut self, by: i64) {
        let is_believed = self.n_by_one >= EVIDENCE;
        match by {
            1 if !is_believed => self.n_by_one += 1,
            2..LEAP_MIN if is_believed => self.n_missed += by.unsigned_abs() - 1,
            _ if !is_believed => self.n_by_one = 0,
            _ => {}
        }
    }
}

fn whole(part: &Value) -> Option<i64> {
    match part {
        Value::Integer(v) => Some(*v),
        Value::Unsigned(v) => i64::try_from(*v).ok(),
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Value::Real(v) => (v.fract() == 0.0 && v.abs() < 9e15).then_some(*v as i64),
        Value::Flag(_) | Value::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use takt_plant::{TagSlot, TriggerSpan, WallTime};

    fn window(edge: Edge) -> WindowSpec {
        let collect = TriggerSpan { before: Duration::ZERO, after: Duration::ZERO };
        WindowSpec::Trigger { tag: TagSlot(0), edge, collect, max_age: Duration::ZERO }
    }

    /// Shows parts, each with its segment; gives what is said after the last.
    fn check(parts: &[(u64, Value)], expected: Option<u64>) {
        let mut numbers = PartNumbers::of(&window(Edge::Change), None).expect("it counts");
        let at = WallTime::from_ns(0);
        let key = |part: &Value| WindowKey { from: at, to: at, n: 1, part: Some(part.clone()) };
        let said = parts.iter().map(|(segment, part)| numbers.see(&key(part), *segment)).last().flatten();
        assert_eq!(said, expected, "{parts:?}");
    }

    fn integers(parts: &[i64]) -> Vec<(u64, Value)> {
        parts.iter().map(|part| (0, Value::Integer(*part))).collect()
    }

    #[test]
    fn a_gap_in_numbers_that_count_parts_is_what_was_missed() {
        check(&integers(&[14, 15, 16, 17]), Some(0));
        check(&integers(&[14, 15, 16, 17, 18, 20]), Some(1));
        check(&integers(&[14, 15, 16, 17, 20, 22, 24]), Some(4));
        let unsigned = [1, 2, 3, 4, 6].map(|part| (0, Value::Unsigned(part)));
        check(&unsigned, Some(1));
        check(&[1.0, 2.0, 3.0, 4.0, 6.0].map(|part| (0, Value::Real(part))), Some(1));
    }

    #[test]
    fn what_does_not_count_parts_says_nothing() {
        check(&integers(&[10, 20, 30, 40, 50]), None);
        check(&integers(&[1, 2, 3, 5, 6, 7]), None);
        check(&["a", "b", "c", "d"].map(|part| (0, Value::Text(part.into()))), None);
        assert!(PartNumbers::of(&window(Edge::Rising), Some(3)).is_none());
    }

    #[test]
    fn a_check_that_goes_on_counts_on() {
        let mut numbers = PartNumbers::of(&window(Edge::Change), Some(7)).expect("it counts");
        let at = WallTime::from_ns(0);
        let said = [20, 21, 23]
            .map(|part| numbers.see(&WindowKey { from: at, to: at, n: 1, part: Some(Value::Integer(part)) }, 0));
        assert_eq!(said, [Some(7), Some(7), Some(8)]);
    }

    #[test]
    fn a_reset_a_new_order_and_a_pause_are_no_miss() {
        check(&integers(&[14, 15, 16, 17, 1, 2, 3]), Some(0));
        check(&integers(&[14, 15, 16, 17, 5_000, 5_001, 5_003]), Some(1));
        check(&integers(&[65_533, 65_534, 65_535, 65_536, i64::MIN, i64::MAX]), Some(0));
        let paused = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 9), (1, 11)];
        check(&paused.map(|(segment, part)| (segment, Value::Integer(part))), Some(1));
    }
}
