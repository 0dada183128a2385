//! Faults: what can be done to gateways and links.

use std::time::Duration;

/// One fault, or the end of one.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The box goes down; the first `durable` writes in flight still reach the disk.
    Crash {
        /// Of the writes in flight.
        durable: usize,
    },
    /// The box goes down at its next write.
    CrashAtWrite,
    /// The box comes up.
    Boot,
    /// A copy of the disk is made.
    Backup,
    /// The disk is replaced by the copy, and the box comes up.
    Restore,
    /// A second box starts with a copy of this one's disk and key.
    Clone,
    /// The operator raises this gateway's incarnation.
    RaiseIncarnation,
    /// The box does nothing for a while.
    Stall(Duration),
    /// The wall clock jumps by so many seconds.
    Clock(i64),
    /// The links fall into two halves.
    Part,
    /// They are whole again.
    Heal,
    /// Loss and duplication, of a thousand.
    Weather(u32, u32),
    /// Everybody settles.
    SettleAll,
}
