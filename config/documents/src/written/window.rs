//! Windows as written.

use super::scalar::Whole;
use std::time::Duration;
use takt_plant::{Align, Edge, Join, TagId};

/// Frames or instants of one window at most: 16 million numbers in 16 inputs are 128 MB.
pub(crate) const WINDOW_SAMPLES_MAX: u32 = 1 << 20;

kinds! {
    /// By which rule windows open and close.
    pub(crate) enum Window = "window" {
        "frame" => Frame(FrameWindow),
        "count" => Count(CountWindow),
        "time" => Time(TimeWindow),
        "trigger" => Trigger(TriggerWindow),
    }
}

written! {
    /// One window, and so one verdict, for each frame.
    pub(crate) struct FrameWindow = "frame window" by kind {
    }
}

written! {
    /// A number of frames.
    pub(crate) struct CountWindow = "count window" by kind {
        /// Frames in a window.
        required size: Whole<1, WINDOW_SAMPLES_MAX>,
        /// Frames between the ends of two windows. Default: size.
        optional hop: Whole<1, WINDOW_SAMPLES_MAX>,
    }
}

written! {
    /// A span of time, brought to one clock.
    pub(crate) struct TimeWindow = "time window" by kind {
        /// Length of a window; a whole multiple of step.
        required span: Duration,
        /// Time between the ends of two windows. Default: span.
        optional hop: Duration,
        /// Time between two instants in a window.
        required step: Duration,
        /// Where windows end: "epoch": at whole multiples of hop since 1970; "first": counted from the first sample.
        /// Default epoch.
        optional align: Align,
        /// How values between samples are found: "hold" the last one, or "linear". Default hold.
        optional join: Join,
        /// Oldest sample that may stand for an instant; beyond it the window is inconclusive. Default: span.
        optional max_age: Duration,
    }
}

written! {
    /// The samples around an edge of a tag: usually one part.
    pub(crate) struct TriggerWindow = "trigger window" by kind {
        /// The tag that fires.
        required tag: TagId,
        /// When it fires. Default change.
        optional edge: Edge,
        /// What is collected.
        required collect: Collect,
        /// Longest time in the span without a sample of an input; beyond it the window is inconclusive. Default: the
        /// whole span, so that one sample is enough.
        optional max_age: Duration,
    }
}

written! {
    /// What a trigger collects.
    pub(crate) struct Collect = "collect table" {
        /// From this long before the trigger, its own instant included. Default 0s.
        optional before: Duration,
        /// Until this long after the trigger. Default 0s.
        optional after: Duration,
    }
}
