//! Frames of one line as they came, read back from the store group by group and merged by arrival.

use crate::assemble::LinePlan;
use crate::store::{Batch, Reader, SampleStream, Span, StoredFrame};
use anyhow::Result;
use std::collections::VecDeque;
use std::sync::Arc;
use takt_plant::{Frame, GroupSlot, MonoTime, TagSlot};

/// The frames of a span, oldest arrival first. Of each group one chunk is held.
pub(super) struct Frames {
    groups: Vec<Group>,
    /// Arrival of the first frame: the origin of the monotonic times that stand in for the lost ones.
    origin_ns: Option<i64>,
}

struct Group {
    slot: GroupSlot,
    /// The tags that were asked for.
    tags: Vec<TagSlot>,
    stream: SampleStream,
    waiting: VecDeque<Frame>,
    is_over: bool,
}

impl Frames {
    /// Begins to read the frames that carry some of the tags.
    pub async fn open(reader: &Reader, plan: &LinePlan, wanted: &[TagSlot], span: Span) -> Result<Self> {
        let mut groups = Vec::new();
        for (group, slot) in plan.groups.iter().zip(&plan.slots) {
            let tags: Vec<TagSlot> = group.tags.iter().copied().filter(|tag| wanted.contains(tag)).collect();
            let ids: Vec<_> =
                tags.iter().filter_map(|tag| plan.line.tag(*tag)).map(|tag| tag.id.value.clone()).collect();
            if !ids.is_empty() {
                let stream = reader.stream(&plan.line.id, &ids, span).await?;
                groups.push(Group { slot: *slot, tags, stream, waiting: VecDeque::new(), is_over: false });
            }
        }
        Ok(Self { groups, origin_ns: None })
    }

    /// The next frame.
    pub async fn next(&mut self) -> Result<Option<Frame>> {
        for group in &mut self.groups {
            group.fill().await?;
        }
        let first = |group: &Group| group.waiting.front().map(|frame| frame.arrived_at);
        let earliest =
            self.groups.iter_mut().filter(|group| !group.waiting.is_empty()).min_by_key(|group| first(group));
        let Some(mut frame) = earliest.and_then(|group| group.waiting.pop_front()) else { return Ok(None) };
        let arrived_ns = frame.arrived_at.as_ns();
        let origin_ns = *self.origin_ns.get_or_insert(arrived_ns);
        frame.arrived = MonoTime::from_ns(u64::try_from(arrived_ns.saturating_sub(origin_ns)).unwrap_or(0));
        Ok(Some(frame))
    }
}

impl Group {
    /// Reads until a frame waits or the group is over.
    async fn fill(&mut self) -> Result<()> {
        while self.waiting.is_empty() && !self.is_over {
            match self.stream.next().await? {
                Some(batch) => self.take(batch),
                None => self.is_over = true,
            }
        }
        Ok(())
    }

    fn take(&mut self, batch: Batch) {
        let tags: Arc<[TagSlot]> = batch.tags.iter().filter_map(|i| self.tags.get(*i).copied()).collect();
        let frame = |StoredFrame { at, arrived_at, readings }: StoredFrame| Frame {
            group: self.slot,
            tags: Arc::clone(&tags),
            readings,
            at,
            arrived_at,
            arrived: MonoTime::from_ns(0),
        };
        self.waiting.extend(batch.frames.into_iter().map(frame));
    }
}
