//! When a row is due: source time, scaled, laid on the monotonic clock.

use crate::replay::options::Speed;
use std::time::Duration;
use takt_plant::{MonoTime, WallTime};

/// Gives rows their time. The first row with a stamp is due at once; the others follow with the
/// distance of their stamps. A stamp that lies before the first, or a row without one, is due at once.
#[derive(Debug, Clone)]
pub struct Pacer {
    speed: Speed,
    began: Option<(WallTime, MonoTime)>,
}

impl Pacer {
    /// A pacer for a speed.
    pub fn new(speed: Speed) -> Self {
        Self { speed, began: None }
    }

    /// When the row with this stamp is due; `now` where it need not wait.
    pub fn due(&mut self, stamp: Option<WallTime>, now: MonoTime) -> MonoTime {
        let (Speed::Factor(factor), Some(stamp)) = (self.speed, stamp) else { return now };
        let (first, origin) = *self.began.get_or_insert((stamp, now));
        let span = stamp.since(first).unwrap_or_default();
        let scaled = Duration::try_from_secs_f64(span.as_secs_f64() / factor).unwrap_or(Duration::MAX);
        origin.plus(scaled).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_distance_of_their_stamps() {
        const S: i64 = 1_000_000_000;
        for (speed, expected) in [(Speed::Factor(1.0), [50, 51, 53, 50]), (Speed::Factor(10.0), [50, 50, 50, 50])] {
            let mut pacer = Pacer::new(speed);
            let due = [100, 101, 103, 99].map(|s| {
                let due = pacer.due(Some(WallTime::from_ns(s * S)), MonoTime::from_ns(50_000_000_000));
                due.as_ns() / 1_000_000_000
            });
            assert_eq!(due, expected, "{speed:?}");
        }
        let mut full = Pacer::new(Speed::Max);
        for s in [0, 1_000] {
            assert_eq!(full.due(Some(WallTime::from_ns(s * S)), MonoTime::from_ns(7)), MonoTime::from_ns(7));
        }
    }
}
