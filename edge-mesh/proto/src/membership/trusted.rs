//! Time that a wrong clock cannot move: the latest signed time seen, carried on by the monotonic clock.
//!
//! A gateway whose battery died starts in 1970; one with a broken time server starts in 2036. Neither
//! may revive an expired list or expire a good one. So the box's wall clock decides nothing here: it
//! only goes into receipts as information.

use takt_plant::{MonoTime, WallTime};

/// Signed time plus what has passed since.
#[derive(Debug, Clone, Copy)]
pub struct TrustedTime {
    signed: WallTime,
    at: MonoTime,
}

impl TrustedTime {
    /// Starts from the latest signed time in the store.
    pub fn new(signed: WallTime, now: MonoTime) -> Self {
        Self { signed, at: now }
    }

    /// Learns a time that a fleet key signed; an older one changes nothing.
    pub fn learn(&mut self, signed: WallTime, now: MonoTime) {
        if signed > self.read(now) {
            *self = Self { signed, at: now };
        }
    }

    /// Now, never later than the truth by more than the monotonic clock's drift.
    pub fn read(&self, now: MonoTime) -> WallTime {
        self.signed.plus(now.since(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_only_moves_forward() {
        let mut time = TrustedTime::new(WallTime::from_ns(100), MonoTime::from_ns(0));
        let later = MonoTime::from_ns(50);
        assert_eq!(time.read(later), WallTime::from_ns(150));
        time.learn(WallTime::from_ns(120), later);
        assert_eq!(time.read(later), WallTime::from_ns(150));
        time.learn(WallTime::from_ns(400), later);
        assert_eq!(time.read(later.plus(Duration::from_nanos(1))), WallTime::from_ns(401));
    }
}
