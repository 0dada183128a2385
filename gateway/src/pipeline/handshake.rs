//! What a handshake's registers said, and when: a verdict is answered with the number of the part that
//! was judged, not with the one that lies there when the model is done.

use std::collections::VecDeque;
use std::time::Duration;
use takt_plant::{Reading, TagSlot, Value, WallTime, WindowKey, WindowSpec};

/// Part numbers that are kept. A window that closes later than so many parts is past every deadline.
const NUMBERS_MAX: usize = 64;

/// One output's handshake.
#[derive(Debug)]
pub struct Handshake {
    /// The index of the output.
    pub output: usize,
    ready: TagSlot,
    part: TagSlot,
    /// From the trigger to the end of the window.
    after: Duration,
    /// Part numbers with the source time from which each stood.
    numbers: VecDeque<(WallTime, i64)>,
}

impl Handshake {
    /// A handshake that has seen nothing yet, of a check with windows of this kind.
    pub fn new(output: usize, ready: TagSlot, part: TagSlot, window: &WindowSpec) -> Self {
        let after = match window {
            WindowSpec::Trigger { collect, .. } => collect.after,
            WindowSpec::Frame | WindowSpec::Count { .. } | WindowSpec::Time { .. } => Duration::ZERO,
        };
        Self { output, ready, part, after, numbers: VecDeque::new() }
    }

    /// Takes the line's newest readings at the source time of a frame; gives the ready flag, where it
    /// was read well: what cannot be read is not "down", and must clear no answer.
    pub fn see(&mut self, at: WallTime, latest: &[Reading]) -> Option<bool> {
        if let Some(number) = number(latest, self.part)
            && self.numbers.back().is_none_or(|(_, last)| *last != number)
        {
            if self.numbers.len() >= NUMBERS_MAX {
                self.numbers.pop_front();
            }
            self.numbers.push_back((at, number));
        }
        let is_good = matches!(latest.get(self.ready.0 as usize), Some(Reading::Good(_)));
        number(latest, self.ready).filter(|_| is_good).map(|flag| flag != 0)
    }

    /// The number that stood when a window's trigger fired.
    pub fn part_of(&self, window: &WindowKey) -> Option<i64> {
        let fired = window.to.minus(self.after);
        self.numbers.iter().rev().find(|(from, _)| *from <= fired).map(|(_, number)| *number)
    }
}

fn number(latest: &[Reading], tag: TagSlot) -> Option<i64> {
    match latest.get(tag.0 as usize)?.value()? {
        Value::Integer(v) => Some(*v),
        Value::Unsigned(v) => i64::try_from(*v).ok(),
        Value::Flag(on) => Some(i64::from(*on)),
        #[expect(clippy::cast_possible_truncation, reason = "part numbers are whole and small")]
        Value::Real(v) => Some(*v as i64),
        Value::Text(text) => text.trim().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{Edge, Fault, TriggerSpan};

    fn at(ms: i64) -> WallTime {
        WallTime::from_ns(ms * 1_000_000)
    }

    #[test]
    fn a_late_verdict_carries_the_number_of_its_own_part() {
        let collect = TriggerSpan { before: Duration::ZERO, after: Duration::from_millis(50) };
        let window = WindowSpec::Trigger { tag: TagSlot(0), edge: Edge::Rising, collect, max_age: collect.length() };
        let mut handshake = Handshake::new(0, TagSlot(0), TagSlot(1), &window);
        let story = [(0, 0, 7), (10, 1, 7), (70, 0, 7), (80, 0, 8), (90, 1, 8)];
        for (ms, ready, part) in story {
            let latest = [Reading::Good(Value::Flag(ready == 1)), Reading::Good(Value::Unsigned(part))];
            assert_eq!(handshake.see(at(ms), &latest), Some(ready == 1), "at {ms} ms");
        }
        let part = |to_ms| handshake.part_of(&WindowKey { from: at(0), to: at(to_ms), n: 1, part: None });
        assert_eq!([part(60), part(140), part(40)], [Some(7), Some(8), None]);
    }

    #[test]
    fn a_bad_reading_is_no_number_and_moves_no_flag() {
        let mut handshake = Handshake::new(0, TagSlot(0), TagSlot(1), &WindowSpec::Frame);
        let bad = || Reading::Bad(Fault::Timeout);
        let doubtful = Reading::Uncertain(Value::Flag(false), takt_plant::Doubt::Source);
        assert_eq!(handshake.see(at(1), &[bad(), bad()]), None);
        assert_eq!(handshake.see(at(1), &[doubtful, bad()]), None);
        assert_eq!(handshake.part_of(&WindowKey { from: at(1), to: at(1), n: 1, part: None }), None);
    }
}
