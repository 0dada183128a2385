//! Where decoded samples become frames: the one place that decides a frame's time.

use crate::intake::Reject;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{Doubt, Frame, GroupSlot, MonoTime, Reading, TagSlot, WallTime};

/// Longest piece of a payload that a reject shows.
pub const FIRST_BYTES_MAX: usize = 64;

/// How far ahead of its arrival a source time may lie, where the lateness asks for no more. Clocks
/// of a plant differ by seconds at most when anybody looks after them; a stamp from further ahead is
/// a wrong clock or a slip.
const AHEAD_MAX: Duration = Duration::from_secs(10);

/// The bound on stamps for checks with this lateness: one message from the future would move the
/// watermark there, and every message after it would be late until the future has come.
pub(super) fn ahead_max(lateness: Duration) -> Duration {
    AHEAD_MAX.max(lateness.saturating_mul(10))
}

/// When a message came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// By the wall clock.
    pub at: WallTime,
    /// By the monotonic clock.
    pub mono: MonoTime,
}

/// A sample's place among those of its message that share one time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spacing {
    /// It has a time of its own.
    Alone,
    /// It lies this long after the first and this long before the last.
    Between { after_first: Duration, before_last: Duration },
}

impl Spacing {
    pub fn of(i: usize, n: usize, step: Duration) -> Self {
        let times = |k: usize| step.saturating_mul(u32::try_from(k).unwrap_or(u32::MAX));
        Self::Between { after_first: times(i), before_last: times(n - 1 - i) }
    }
}

/// What is known of a sample's time.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// The mapping says that the arrival time is its time.
    Arrival(Spacing),
    /// The source says so.
    Stamped(WallTime, Spacing),
    /// The source should have said so; the arrival time stands in.
    Doubtful(Spacing),
}

/// Takes samples and rejects of one message.
#[derive(Debug)]
pub(super) struct FrameSink<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub arrival: Arrival,
    /// How far ahead of the arrival a stamp may lie.
    pub ahead_max: Duration,
    /// The arrival time stood in for one of its stamps; that is said once a message.
    pub was_doubtful: bool,
    pub frames: &'a mut Vec<Frame>,
    pub rejects: &'a mut Vec<Reject>,
}

impl FrameSink<'_> {
    pub fn frame(&mut self, group: GroupSlot, tags: &Arc<[TagSlot]>, mut readings: Box<[Reading]>, when: When) {
        let at = match self.believed(when) {
            When::Arrival(spacing) => before(self.arrival.at, spacing),
            When::Stamped(at, spacing) => stamped(at, spacing),
            When::Doubtful(spacing) => {
                readings.iter_mut().for_each(doubt);
                before(self.arrival.at, spacing)
            }
        };
        self.frames.push(Frame {
            group,
            tags: Arc::clone(tags),
            readings,
            at,
            arrived_at: self.arrival.at,
            arrived: self.arrival.mono,
        });
    }

    /// A stamp from too far ahead is none: the arrival time stands in.
    fn believed(&mut self, when: When) -> When {
        let (at, spacing) = match when {
            When::Arrival(_) => return when,
            When::Stamped(at, spacing) => (at, spacing),
            When::Doubtful(_) => {
                self.say_doubtful(
                    || "there is no time stamp of the stated format".to_owned(),
                    "check the field of the time and its format",
                );
                return when;
            }
        };
        let Some(ahead) = stamped(at, spacing).since(self.arrival.at).filter(|ahead| *ahead > self.ahead_max) else {
            return when;
        };
        let what = || format!("the time stamp lies {} s ahead of its arrival", ahead.as_secs());
        self.say_doubtful(what, "set the clock of the source, or this gateway's");
        When::Doubtful(spacing)
    }

    fn say_doubtful(&mut self, what: impl FnOnce() -> String, hint: &str) {
        if !std::mem::replace(&mut self.was_doubtful, true) {
            self.reject(format!("{}; the arrival time stands in: {hint}", what()));
        }
    }

    pub fn reject(&mut self, why: String) {
        self.rejects.push(reject(self.topic, self.payload, why, self.arrival.at));
    }
}

/// A reject with the first bytes of a payload.
pub(super) fn reject(topic: &str, payload: &[u8], why: String, arrived_at: WallTime) -> Reject {
    Reject {
        from: topic.to_owned(),
        why,
        first_bytes: payload[..payload.len().min(FIRST_BYTES_MAX)].to_vec(),
        n_bytes: payload.len(),
        arrived_at,
    }
}

fn stamped(at: WallTime, spacing: Spacing) -> WallTime {
    match spacing {
        Spacing::Alone => at,
        Spacing::Between { after_first, .. } => at.plus(after_first),
    }
}

fn before(arrived_at: WallTime, spacing: Spacing) -> WallTime {
    match spacing {
        Spacing::Alone => arrived_at,
        Spacing::Between { before_last, .. } => arrived_at.minus(before_last),
    }
}

fn doubt(reading: &mut Reading) {
    if let Reading::Good(value) = reading {
        *reading = Reading::Uncertain(value.clone(), Doubt::ArrivalTime);
    }
}
