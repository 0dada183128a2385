//! When a lone acknowledgement of the broker is not worth a wake-up.
//!
//! Each verdict is confirmed by a packet of four bytes, some 50 µs after it was sent: in a stream of
//! messages every second wake-up would be for one of those, and nobody waits for them but the outbox.
//! So while messages come fast the socket wakes us only for more than one confirmation; a lone one is
//! read with the next message, or at the end of a lull.

use std::time::Duration;
use takt_plant::MonoTime;

/// Bytes that a patient socket waits for: one more than a confirmation (PUBACK) has, and no more than
/// the shortest message (a PUBLISH of nothing to a topic of one character).
pub(super) const BYTES_MIN: i32 = 5;

/// Messages that follow each other within this are a stream.
const FAST: Duration = Duration::from_millis(5);

/// So long after the last message of a stream a lone confirmation is read.
const LULL: Duration = Duration::from_millis(20);

/// Whether messages come fast.
#[derive(Debug)]
pub(super) struct Patience {
    last: MonoTime,
    is_fast: bool,
}

impl Patience {
    /// None yet, from now on.
    pub fn new(now: MonoTime) -> Self {
        Self { last: now, is_fast: false }
    }

    /// A message came.
    pub fn message(&mut self, at: MonoTime) {
        self.is_fast = at.since(self.last) < FAST;
        self.last = at;
    }

    /// Whether the next message is expected soon.
    pub fn is_fast(&self) -> bool {
        self.is_fast
    }

    /// Looks whether the stream has ended; when to look again where it has not.
    pub fn look(&mut self, now: MonoTime) -> Option<MonoTime> {
        let ends = self.last.plus(LULL);
        self.is_fast &= now < ends;
        self.is_fast.then_some(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> MonoTime {
        MonoTime::from_ns(n * 1_000_000)
    }

    #[test]
    fn a_stream_is_fast_until_a_lull_and_single_messages_never_are() {
        let mut patience = Patience::new(ms(0));
        for (at, is_fast) in [(100, false), (150, false), (151, true), (155, true), (160, false), (162, true)] {
            patience.message(ms(at));
            assert_eq!(patience.is_fast(), is_fast, "at {at} ms");
        }
        assert_eq!(patience.look(ms(170)), Some(ms(182)));
        assert!(patience.is_fast());
        assert_eq!(patience.look(ms(182)), None);
        assert!(!patience.is_fast());
        assert_eq!(patience.look(ms(183)), None);
    }
}
