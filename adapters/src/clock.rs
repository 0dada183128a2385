//! The drivers' clock: wall time and monotonic time with one origin for the whole process.

use std::time::{Instant, SystemTime};
use takt_plant::{MonoTime, WallTime};

/// Reads both clocks. Copies share the origin, so their monotonic times compare.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now. One per process.
    #[expect(clippy::disallowed_methods, reason = "this is the driver that reads the clock")]
    #[expect(clippy::new_without_default, reason = "making a second origin by accident must not be easy")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }

    /// Monotonic time since the origin.
    pub fn mono(&self) -> MonoTime {
        let ns = self.origin.elapsed().as_nanos();
        MonoTime::from_ns(u64::try_from(ns).unwrap_or(u64::MAX))
    }

    /// The runtime's instant for a monotonic time, for timers.
    pub fn instant(&self, at: MonoTime) -> Instant {
        self.origin + std::time::Duration::from_nanos(at.as_ns())
    }

    /// Wall time, UTC.
    #[expect(clippy::disallowed_methods, reason = "this is the driver that reads the clock")]
    pub fn wall(&self) -> WallTime {
        let ns = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
        };
        WallTime::from_ns(ns)
    }
}
