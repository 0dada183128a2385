//! The tags of a line by name, for everything that names one.

use super::report::Report;
use crate::place::At;
use crate::resolved::{Tag, TagSource};
use crate::written::decode::nearest;
use std::collections::HashMap;
use takt_plant::{TagId, TagSlot};

/// Above this many tags the nearest name is not looked for: it would cost more than it helps.
const NEAREST_TAGS_MAX: usize = 2_000;

/// The tags of a line by name.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    slots: HashMap<TagId, TagSlot>,
    /// In the order of slots; `None` for a tag whose source could not be resolved.
    sources: Vec<(TagId, Option<TagSource>)>,
}

impl Tags {
    /// The tags of a line; of two with one name, the first has it.
    pub fn of(resolved: &[(At<TagId>, Option<Tag>)]) -> Self {
        let mut tags = Tags::default();
        for (i, (id, tag)) in resolved.iter().enumerate() {
            let slot = TagSlot(u32::try_from(i).expect("a line has at most TAGS_PER_LINE_MAX tags"));
            tags.slots.entry(id.value.clone()).or_insert(slot);
            tags.sources.push((id.value.clone(), tag.as_ref().map(|t| t.source.clone())));
        }
        tags
    }

    /// The slot of a tag; reports a name that there is not.
    pub fn find(&self, id: &At<TagId>, report: &mut Report) -> Option<TagSlot> {
        let slot = self.slots.get(&id.value).copied();
        if slot.is_none() {
            let names: Vec<&str> = self.sources.iter().take(NEAREST_TAGS_MAX).map(|(id, _)| id.as_str()).collect();
            let hint = match nearest(id.as_str(), &names) {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => "write it under [[lines.tags]] of the same line".to_owned(),
            };
            report.reference(&id.place, format!("this line has no tag \"{id}\""), hint);
        }
        slot
    }

    /// Where a tag's samples come from, as far as that could be resolved.
    pub fn source(&self, slot: TagSlot) -> Option<&TagSource> {
        self.sources.get(slot.0 as usize).and_then(|(_, source)| source.as_ref())
    }

    /// The names, in the order of slots.
    pub fn names(&self) -> impl Iterator<Item = &TagId> {
        self.sources.iter().map(|(id, _)| id)
    }
}
