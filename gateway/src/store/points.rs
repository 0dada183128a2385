//! Zoomed-out views: minimum, maximum and mean of a tag in a number of steps over a span, with
//! what was bad: no peak and no hole is lost.
//!
//! Where a whole block of frames fits into a step, its stored extent is used and nothing is
//! decompressed; where steps are finer, and at the span's edges, the samples themselves are read.
//! Where that were too many, steps get as coarse as blocks: a long span is answered at once, whatever
//! number of steps is asked for. Every sample of the span counts exactly once: in the step in which the
//! middle of its block lies, or in its own.

use super::chunk::{Block, ChunkView};
use super::column::Extent;
use super::error::StoreError;
use super::reader::Reader;
use super::samples::{GroupTags, Span, groups_of};
use sqlx::Row;
use takt_plant::{GroupSlot, LineId, TagId, WallTime};

/// Samples that are read one by one for one answer: some 50 ms of decompressing on a small box. A minute of
/// 50 tags at 1 kHz is three quarters of it; a day of them at 10 Hz would be ten times as much.
const READ_MAX: u64 = 4_000_000;

/// One step of a zoomed-out view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The step's start.
    pub at: WallTime,
    /// Samples.
    pub n_samples: u64,
    /// Of those, samples with a number.
    pub n: u32,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
}

/// The steps of one tag while they fill.
#[derive(Debug, Clone)]
struct Steps {
    from_ns: i128,
    span_ns: i128,
    extents: Vec<Extent>,
    n_samples: Vec<u64>,
}

impl Steps {
    fn new(span: Span, n: usize) -> Self {
        let from_ns = i128::from(span.from.as_ns());
        let span_ns = (i128::from(span.to.as_ns()) - from_ns).max(1);
        let n = n.max(1);
        Self { from_ns, span_ns, extents: vec![Extent::default(); n], n_samples: vec![0; n] }
    }

    fn step_ns(&self) -> i128 {
        self.span_ns / self.extents.len() as i128
    }

    fn place(&self, at_ns: i64) -> Option<usize> {
        let offset = i128::from(at_ns) - self.from_ns;
        if offset < 0 || offset >= self.span_ns {
            return None;
        }
        usize::try_from(offset * self.extents.len() as i128 / self.span_ns).ok()
    }

    fn add(&mut self, at_ns: i64, v: Option<f64>) {
        let Some(i) = self.place(at_ns) else { return };
        self.n_samples[i] += 1;
        if let Some(v) = v.filter(|v| v.is_finite()) {
            self.extents[i].add(v);
        }
    }

    fn points(&self) -> Vec<Point> {
        let n = self.extents.len() as i128;
        let filled = self.extents.iter().zip(&self.n_samples).enumerate().filter(|(_, (_, n_samples))| **n_samples > 0);
        filled
            .map(|(i, (e, n_samples))| {
                let at_ns = self.from_ns + self.span_ns * i as i128 / n;
                let at = WallTime::from_ns(i64::try_from(at_ns).unwrap_or(i64::MAX));
                Point { at, n_samples: *n_samples, n: e.n, min: e.min, max: e.max, mean: e.sum / f64::from(e.n) }
            })
            .collect()
    }
}

impl Reader {
    /// At most `n` points per tag; steps without a sample have no point. Where a point has samples
    /// but none with a number, its minimum and maximum are infinite and its mean is none.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a chunk cannot be read.
    pub async fn points(
        &self,
        line: &LineId,
        tags: &[TagId],
        span: Span,
        n: usize,
    ) -> Result<Vec<Vec<Point>>, StoreError> {
        let mut steps = vec![Steps::new(span, n); tags.len()];
        let mut view = self.snapshot().await?;
        let groups = groups_of(&view.names, line, tags);
        let mut fine = Vec::new();
        for group in &groups {
            let sql =
                "SELECT id, from_ns, to_ns, n_frames, blocks FROM chunk WHERE grp = ? AND to_ns >= ? AND from_ns < ?";
            let query = sqlx::query(sql).bind(group.group.0).bind(span.from.as_ns()).bind(span.to.as_ns());
            for row in query.fetch_all(&mut *view.tx).await? {
                let blocks: &[u8] = row.try_get(4)?;
                if add_blocks(&Block::decode(blocks)?, group, &mut steps, Fit::Steps) {
                    continue;
                }
                let is_inside =
                    row.try_get::<i64, _>(1)? >= span.from.as_ns() && row.try_get::<i64, _>(2)? < span.to.as_ns();
                let n_samples = u64::from(row.try_get::<u32, _>(3)?) * group.places.len() as u64;
                let blocks = is_inside.then(|| blocks.to_vec());
                fine.push(Fine { group, id: row.try_get(0)?, n_samples, blocks });
            }
        }
        let too_many = fine.iter().map(|chunk| chunk.n_samples).sum::<u64>() > READ_MAX;
        for Fine { group, id, blocks, .. } in fine {
            match blocks.filter(|_| too_many) {
                Some(blocks) => drop(add_blocks(&Block::decode(&blocks)?, group, &mut steps, Fit::Span)),
                None => {
                    let row = sqlx::query("SELECT body FROM chunk WHERE id = ?").bind(id);
                    add_samples(row.fetch_one(&mut *view.tx).await?.try_get(0)?, group, &mut steps)?;
                }
            }
        }
        let slots: Vec<GroupSlot> = groups.iter().map(|g| g.group).collect();
        for (slot, frame) in view.open_frames(&slots).await? {
            let Some(group) = groups.iter().find(|g| g.group == slot) else { continue };
            for (place, wanted) in group.places.iter().zip(&group.wanted) {
                if let Some(reading) = frame.readings.get(*place) {
                    steps[*wanted].add(frame.at.as_ns(), reading.as_f64());
                }
            }
        }
        Ok(steps.iter().map(Steps::points).collect())
    }
}

/// A chunk whose blocks are coarser than the steps, or that reaches over the span's edge.
struct Fine<'a> {
    group: &'a GroupTags,
    id: i64,
    /// Samples that are wanted of it.
    n_samples: u64,
    /// Its blocks, where it lies inside the span.
    blocks: Option<Vec<u8>>,
}

/// Where every block of a chunk must fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Into one step, inside the span.
    Steps,
    /// Inside the span.
    Span,
}

/// Adds a chunk by its blocks, if every one of them fits.
fn add_blocks(blocks: &[Block], group: &GroupTags, steps: &mut [Steps], fit: Fit) -> bool {
    let Some(first) = group.wanted.first().map(|w| &steps[*w]) else { return true };
    let fits = |b: &Block| {
        (fit == Fit::Span || i128::from(b.to_ns) - i128::from(b.from_ns) <= first.step_ns())
            && first.place(b.from_ns).is_some()
            && first.place(b.to_ns).is_some()
    };
    if !blocks.iter().all(fits) {
        return false;
    }
    for block in blocks {
        let middle = i64::midpoint(block.from_ns, block.to_ns);
        let Some(i) = first_place(steps, group, middle) else { continue };
        for (place, wanted) in group.places.iter().zip(&group.wanted) {
            if let Some(extent) = block.extents.get(*place) {
                steps[*wanted].extents[i].merge(extent);
                steps[*wanted].n_samples[i] += u64::from(block.n_frames);
            }
        }
    }
    true
}

fn first_place(steps: &[Steps], group: &GroupTags, at_ns: i64) -> Option<usize> {
    steps.get(*group.wanted.first()?)?.place(at_ns)
}

fn add_samples(body: &[u8], group: &GroupTags, steps: &mut [Steps]) -> Result<(), StoreError> {
    let view = ChunkView::new(body)?;
    for (place, wanted) in group.places.iter().zip(&group.wanted) {
        let column = view.column(*place)?;
        column.each_number(|i, v| {
            steps[*wanted].add(view.at_ns[i], v);
        });
    }
    Ok(())
}
