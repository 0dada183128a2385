//! Whether a device is there, is missed for a moment, or is gone. Pure: time is an argument.
//!
//! A connection that is dropped after one lost answer and made anew at once is no outage: nobody
//! is told, and waiting writes keep waiting. Only when it does not come back within the grace, or
//! the next attempt has to wait, the device is gone.

use std::time::Duration;
use takt_plant::MonoTime;

/// Where a device stands for one purpose, reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// A connection is there, or closed by our own will.
    Here,
    /// No connection since then, but one is being made.
    Missing { since: MonoTime },
    /// No connection, and none soon.
    Gone,
}

impl Presence {
    /// The presence after a look at the sockets: `here` when one can be used, `hopeless` when all
    /// of them wait for a later attempt.
    pub fn after(self, here: bool, hopeless: bool, now: MonoTime, grace: Duration) -> Self {
        match self {
            _ if here => Self::Here,
            Self::Gone => Self::Gone,
            _ if hopeless => Self::Gone,
            Self::Here => Self::Missing { since: now },
            Self::Missing { since } if now.since(since) >= grace => Self::Gone,
            Self::Missing { since } => Self::Missing { since },
        }
    }

    /// When it will be gone if nothing happens.
    pub fn wake(self, grace: Duration) -> Option<MonoTime> {
        match self {
            Self::Missing { since } => Some(since.plus(grace)),
            Self::Here | Self::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_return_is_no_outage_and_a_slow_one_is() {
        let grace = Duration::from_millis(200);
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let missing = Presence::Here.after(false, false, at(0), grace);
        assert_eq!(missing, Presence::Missing { since: at(0) });
        assert_eq!(missing.after(true, false, at(10), grace), Presence::Here);
        assert_eq!(missing.after(false, false, at(199), grace), missing);
        assert_eq!(missing.after(false, false, at(200), grace), Presence::Gone);
        assert_eq!(missing.after(false, true, at(1), grace), Presence::Gone);
        assert_eq!(Presence::Gone.after(false, false, at(1), grace), Presence::Gone);
        assert_eq!(Presence::Gone.after(true, false, at(1), grace), Presence::Here);
    }
}
