//! Windows: the rules by which samples become one question for a model.

use crate::{TagSlot, Value, WallTime};
use std::time::Duration;

/// How samples of different rates are brought to one clock (B26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Join {
    /// The last value at or before the instant.
    Hold,
    /// The straight line between the samples on both sides of the instant.
    Linear,
}

/// Where the grid of time windows lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Align {
    /// Window ends are whole multiples of the hop since 1970-01-01T00:00:00Z.
    Epoch,
    /// The first sample of a segment begins the first window.
    First,
}

/// When a trigger tag fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// From zero or false to anything else.
    Rising,
    /// From anything else to zero or false.
    Falling,
    /// The value differs from the one before.
    Change,
}

/// What a trigger collects around its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TriggerSpan {
    /// Samples from this long before the trigger, its own instant included.
    pub before: Duration,
    /// Samples until this long after the trigger.
    pub after: Duration,
}

impl TriggerSpan {
    /// From its first instant to its last.
    pub fn length(&self) -> Duration {
        self.before.saturating_add(self.after)
    }
}

/// By which rule a check's windows open and close. All times are source times.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowSpec {
    /// One window for each frame that carries at least one input.
    Frame,
    /// `size` frames, a new window every `hop` frames.
    Count {
        /// Frames in a window, at least 1.
        size: u32,
        /// Frames between the ends of two windows, at least 1. Larger than `size` leaves gaps.
        hop: u32,
    },
    /// A span of time, resampled to `span / step` instants.
    Time {
        /// Length of the window. A window covers `(end − span, end]`.
        span: Duration,
        /// Time between the ends of two windows.
        hop: Duration,
        /// Time between two instants of the resampled window.
        step: Duration,
        /// Where the grid lies.
        align: Align,
        /// How values between samples are found.
        join: Join,
        /// Oldest sample that may stand for an instant; beyond it the window has a hole.
        max_age: Duration,
    },
    /// The samples around an edge of a trigger tag: usually one part.
    Trigger {
        /// The tag that fires.
        tag: TagSlot,
        /// When it fires.
        edge: Edge,
        /// What is collected.
        collect: TriggerSpan,
        /// Longest time in the span without a sample of an input; beyond it the window has a hole.
        max_age: Duration,
    },
}

/// What names a window so that judging it again after a crash gives the same name.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowKey {
    /// Source time of the first sample or instant.
    pub from: WallTime,
    /// Source time of the last sample or instant: for a trigger window, the end of its span.
    pub to: WallTime,
    /// Frames (frame, count, trigger) or instants (time) in the window.
    pub n: u32,
    /// The trigger tag's value: usually the part number.
    pub part: Option<Value>,
}

/// What closed a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closing {
    /// The sample that completed it.
    Sample,
    /// The source fell silent and the monotonic timer closed it.
    Silence,
    /// A backward step of the source's clock ended its segment.
    Segment,
}
