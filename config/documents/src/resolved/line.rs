//! Lines: the unit of configuration, pipeline and model assignment.

use super::check::Check;
use super::output::WriteTarget;
use super::tag::Tag;
use crate::place::At;
use std::time::Duration;
use takt_plant::{LineId, TagId, TagSlot};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub id: At<LineId>,
    /// Its tags; a tag's slot is its index here.
    pub tags: Vec<Tag>,
    /// Its heartbeat to the PLC.
    pub heartbeat: Option<Heartbeat>,
    /// Its checks.
    pub checks: Vec<Check>,
}

impl Line {
    /// The slot of a tag.
    pub fn slot(&self, tag: &TagId) -> Option<TagSlot> {
        let i = self.tags.iter().position(|t| *t.id == *tag)?;
        u32::try_from(i).ok().map(TagSlot)
    }

    /// The tag of a slot.
    pub fn tag(&self, slot: TagSlot) -> Option<&Tag> {
        self.tags.get(slot.0 as usize)
    }
}

/// A number that moves while the gateway lives.
#[derive(Debug, Clone, PartialEq)]
pub struct Heartbeat {
    /// Where it is written.
    pub write: WriteTarget,
    /// How often it moves.
    pub every: Duration,
}
