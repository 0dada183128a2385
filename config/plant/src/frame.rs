//! Frames: the readings of several tags of one line that came together, in one message or one poll.

use crate::{MonoTime, Reading, WallTime};
use std::sync::Arc;

/// A tag's place in its line: an index that `assemble` gave out. Dense, from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagSlot(pub u32);

/// A frame group's place in the gateway: the tags of one line that one message or poll delivers.
///
/// All frames of a group carry the same tags in the same order, so history keeps one time column
/// for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupSlot(pub u32);

/// The readings of one group at one source time.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Which group this is; it decides the line.
    pub group: GroupSlot,
    /// The tags, shared by all frames of the group.
    pub tags: Arc<[TagSlot]>,
    /// One reading per tag, in the order of `tags`.
    pub readings: Box<[Reading]>,
    /// When the values were taken; the arrival time when the source gives none.
    pub at: WallTime,
    /// When the gateway got them, by the wall clock.
    pub arrived_at: WallTime,
    /// When the gateway got them, by the monotonic clock: deadlines run from here.
    pub arrived: MonoTime,
}

impl Frame {
    /// The reading of a tag, when this group carries it.
    pub fn reading(&self, tag: TagSlot) -> Option<&Reading> {
        let i = self.tags.iter().position(|t| *t == tag)?;
        self.readings.get(i)
    }
}
