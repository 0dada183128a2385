//! Reading samples back: frames of a group for refilling windows, samples of tags over a span, and
//! a stream of chunks for exports.

use super::chunk::{ChunkView, StoredFrame};
use super::error::StoreError;
use super::reader::Reader;
use sqlx::Row;
use std::collections::VecDeque;
use takt_plant::{GroupSlot, LineId, Reading, TagId, WallTime};

/// From which frame on a group is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Every frame with this source time or a later one.
    Source(WallTime),
    /// The last so many frames.
    Last(usize),
}

/// A span of source time: from its start on, before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: WallTime,
    /// The first instant that no longer belongs to it.
    pub to: WallTime,
}

impl Span {
    /// Whether an instant lies in it.
    pub fn holds(&self, at: WallTime) -> bool {
        self.from <= at && at < self.to
    }
}

/// One stored sample of a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When the value was taken.
    pub at: WallTime,
    /// When the gateway got it.
    pub arrived_at: WallTime,
    /// The value with its quality.
    pub reading: Reading,
}

/// Some frames of one group, reduced to the tags that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// For each column, which of the tags that were asked for it is.
    pub tags: Vec<usize>,
    /// The frames, in the order in which they came, with one reading per column.
    pub frames: Vec<StoredFrame>,
}

/// A group that holds some of the wanted tags: places in the group, and among the wanted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupTags {
    pub group: GroupSlot,
    pub places: Vec<usize>,
    pub wanted: Vec<usize>,
}

impl Reader {
    /// The frames of a group, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a chunk cannot be read.
    pub async fn frames(&self, group: GroupSlot, since: Since) -> Result<Vec<StoredFrame>, StoreError> {
        let mut view = self.snapshot().await?;
        let mut frames: VecDeque<StoredFrame> = view.open_frames(&[group]).await?.into_iter().map(|f| f.1).collect();
        let earliest = match since {
            Since::Source(at) => at.as_ns(),
            Since::Last(_) => i64::MIN,
        };
        let sql = "SELECT id FROM chunk WHERE grp = ? AND to_ns >= ? ORDER BY id DESC";
        let ids: Vec<i64> = sqlx::query_scalar(sql).bind(group.0).bind(earliest).fetch_all(&mut *view.tx).await?;
        for id in ids {
            if matches!(since, Since::Last(n) if frames.len() >= n) {
                break;
            }
            let row = sqlx::query("SELECT body FROM chunk WHERE id = ?").bind(id).fetch_one(&mut *view.tx).await?;
            for frame in ChunkView::new(row.try_get(0)?)?.frames()?.into_iter().rev() {
                frames.push_front(frame);
            }
        }
        match since {
            Since::Source(at) => frames.retain(|f| f.at >= at),
            Since::Last(n) => drop(frames.drain(..frames.len().saturating_sub(n))),
        }
        Ok(frames.into())
    }

    /// Samples of tags of one line over a span, per tag and by source time, at most `limit` each.
    /// A tag without samples, or an unknown one, has an empty list.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a chunk cannot be read.
    pub async fn samples(
        &self,
        line: &LineId,
        tags: &[TagId],
        span: Span,
        limit: usize,
    ) -> Result<Vec<Vec<Sample>>, StoreError> {
        let mut series = vec![Vec::new(); tags.len()];
        let mut stream = self.stream(line, tags, span).await?;
        while let Some(batch) = stream.next().await? {
            for frame in batch.frames {
                for (tag, reading) in batch.tags.iter().zip(frame.readings) {
                    if series[*tag].len() < limit {
                        series[*tag].push(Sample { at: frame.at, arrived_at: frame.arrived_at, reading });
                    }
                }
            }
        }
        series.iter_mut().for_each(|s| s.sort_by_key(|s: &Sample| s.at));
        Ok(series)
    }

    /// Streams samples chunk by chunk: bounded memory, and no long view that would make the
    /// write-ahead log grow.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn stream(&self, line: &LineId, tags: &[TagId], span: Span) -> Result<SampleStream, StoreError> {
        let mut view = self.snapshot().await?;
        let groups = groups_of(&view.names, line, tags);
        let mut chunks = Vec::new();
        for (i, group) in groups.iter().enumerate() {
            let sql = "SELECT id, from_ns FROM chunk WHERE grp = ? AND to_ns >= ? AND from_ns < ? ORDER BY id";
            let query = sqlx::query(sql).bind(group.group.0).bind(span.from.as_ns()).bind(span.to.as_ns());
            for row in query.fetch_all(&mut *view.tx).await? {
                chunks.push((row.try_get::<i64, _>(1)?, row.try_get::<i64, _>(0)?, i));
            }
        }
        chunks.sort_unstable();
        let slots: Vec<GroupSlot> = groups.iter().map(|g| g.group).collect();
        let mut open: Vec<Batch> =
            groups.iter().map(|g| Batch { tags: g.wanted.clone(), frames: Vec::new() }).collect();
        for (group, frame) in view.open_frames(&slots).await? {
            let Some(i) = slots.iter().position(|s| *s == group) else { continue };
            if span.holds(frame.at) {
                let readings = groups[i].places.iter().filter_map(|p| frame.readings.get(*p).cloned()).collect();
                open[i].frames.push(StoredFrame { readings, ..frame });
            }
        }
        open.retain(|b| !b.frames.is_empty());
        Ok(SampleStream { reader: self.clone(), groups, chunks: chunks.into(), open: open.into(), span })
    }
}

/// Finds the groups of a line that hold some of the tags.
pub(super) fn groups_of(names: &super::names::Names, line: &LineId, tags: &[TagId]) -> Vec<GroupTags> {
    let mut groups: Vec<GroupTags> = Vec::new();
    for (wanted, tag) in tags.iter().enumerate() {
        for (group, place) in names.groups_with(line, tag) {
            match groups.iter_mut().find(|g| g.group == group) {
                Some(found) => {
                    found.places.push(place);
                    found.wanted.push(wanted);
                }
                None => groups.push(GroupTags { group, places: vec![place], wanted: vec![wanted] }),
            }
        }
    }
    groups
}

/// Samples in chunks: sealed ones by their start, then what is still open.
#[derive(Debug)]
pub struct SampleStream {
    reader: Reader,
    groups: Vec<GroupTags>,
    chunks: VecDeque<(i64, i64, usize)>,
    open: VecDeque<Batch>,
    span: Span,
}

impl SampleStream {
    /// The next frames; `None` at the end. Chunks that retention took meanwhile are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a chunk cannot be read.
    pub async fn next(&mut self) -> Result<Option<Batch>, StoreError> {
        while let Some((_, id, group)) = self.chunks.pop_front() {
            let mut view = self.reader.snapshot().await?;
            let query = sqlx::query("SELECT body FROM chunk WHERE id = ?").bind(id);
            let Some(row) = query.fetch_optional(&mut *view.tx).await? else { continue };
            let batch = batch_of(row.try_get(0)?, &self.groups[group], self.span)?;
            if !batch.frames.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(self.open.pop_front())
    }
}

fn batch_of(body: &[u8], group: &GroupTags, span: Span) -> Result<Batch, StoreError> {
    let view = ChunkView::new(body)?;
    let arrived = view.arrived_ns()?;
    let mut columns = Vec::new();
    for place in &group.places {
        columns.push(view.column(*place)?.readings()?.into_iter());
    }
    let mut frames = Vec::new();
    for (at, arrived) in view.at_ns.iter().zip(arrived) {
        let readings = columns.iter_mut().filter_map(Iterator::next).collect();
        let at = WallTime::from_ns(*at);
        if span.holds(at) {
            frames.push(StoredFrame { at, arrived_at: WallTime::from_ns(arrived), readings });
        }
    }
    Ok(Batch { tags: group.wanted.clone(), frames })
}
