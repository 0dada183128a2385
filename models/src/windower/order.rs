//! Source time: the watermark, what is late, and what is a clock that was set back.
//!
//! **Why two frames prove a step and one does not.** A frame behind the watermark is either a
//! straggler (its source runs on; this one message took a detour) or the first after its source's
//! clock was set back. The two look the same; only what follows tells them apart. Taking every
//! straggler for a step would throw away the open windows each time a message takes a detour, and
//! with store-and-forward devices, which send live and buffered messages in turn, would never close
//! a long window again. Taking a step for stragglers would drop everything for an hour when a clock
//! is set back by an hour (B25). So:
//!
//! * A frame behind the watermark whose own group has not gone back is **late**: its source lags
//!   behind the others.
//! * A frame whose group has gone back by more than the lateness is **suspect**: it waits. If the
//!   next frame that has to be placed also went back, both prove a step: a new segment begins with
//!   the suspect, and nothing is lost. If the suspect's group comes back to the front, the suspect
//!   was a straggler and is late.
//!
//! A step within the lateness is no step: the frames are merged in order.

use serde::{Deserialize, Serialize};
use takt_plant::GroupSlot;

/// Where a frame belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At or ahead of the watermark.
    InOrder,
    /// Behind the watermark; its source lags.
    Late,
    /// Its own group went back by more than the lateness.
    WentBack,
}

/// The watermark's scalars. Times in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    lateness: i64,
    newest: Option<i64>,
    /// Windows up to here are closed for good, whatever the lateness says.
    floor: i64,
    /// The greatest source time of each group in this segment.
    groups: Vec<(u32, i64)>,
}

impl Order {
    pub fn new(lateness: i64) -> Self {
        Self { lateness, newest: None, floor: i64::MIN, groups: Vec::new() }
    }

    /// Takes over another lateness after a restart.
    pub fn set_lateness(&mut self, lateness: i64) {
        self.lateness = lateness;
    }

    pub fn lateness(&self) -> i64 {
        self.lateness
    }

    /// The greatest source time so far.
    pub fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// Nothing before this is accepted any more.
    pub fn watermark(&self) -> i64 {
        self.newest.map_or(self.floor, |newest| newest.saturating_sub(self.lateness).max(self.floor))
    }

    /// Judges a frame and remembers its group's time.
    pub fn place(&mut self, group: GroupSlot, at: i64) -> Place {
        let known = self.groups.iter_mut().find(|(slot, _)| *slot == group.0);
        match known {
            Some((_, greatest)) if at < greatest.saturating_sub(self.lateness) => return Place::WentBack,
            Some((_, greatest)) => *greatest = at.max(*greatest),
            None => self.groups.push((group.0, at)),
        }
        if at < self.watermark() {
            return Place::Late;
        }
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        Place::InOrder
    }

    /// Closes the time up to `to` for good.
    pub fn raise_floor(&mut self, to: i64) {
        self.floor = self.floor.max(to);
    }

    /// Forgets everything: the sources' clocks were set back.
    pub fn restart(&mut self) {
        *self = Self::new(self.lateness);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lateness: i64, steps: &[(u32, i64, Place)]) {
        let mut order = Order::new(lateness);
        for (i, (group, at, expected)) in steps.iter().enumerate() {
            assert_eq!(order.place(GroupSlot(*group), *at), *expected, "step {i}");
        }
    }

    #[test]
    fn a_lagging_source_is_late_and_a_clock_set_back_went_back() {
        check(
            5,
            &[
                (0, 100, Place::InOrder),
                (1, 94, Place::Late),
                (1, 96, Place::InOrder),
                (0, 95, Place::InOrder),
                (0, 94, Place::WentBack),
                (1, 101, Place::InOrder),
            ],
        );
    }

    #[test]
    fn repeated_stamps_are_in_order() {
        check(0, &[(0, 7, Place::InOrder), (0, 7, Place::InOrder), (0, 6, Place::WentBack)]);
    }
}
