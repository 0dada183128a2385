//! A chunk: the frames of one group over a span, as one shared time column, the arrival offsets and
//! one compressed column per tag; beside it the extents of its blocks, for zoomed-out views.

use super::bytes::{Corrupt, Cursor, put_f64, put_int, put_part, put_uint};
use super::column::{Column, Extent, compress, decompress};
use takt_plant::{Frame, Reading, WallTime};

/// Frames of one block of extents. At 25 bytes a tag and block this costs 0.05 bytes a sample, and a
/// day of 10 Hz still has 1,687 blocks: more than a chart has pixels.
pub const BLOCK_FRAMES: usize = 512;
const VERSION: u8 = 1;

/// A frame as the store gives it back: readings in the order of the group's tags.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFrame {
    /// When the values were taken.
    pub at: WallTime,
    /// When the gateway got them.
    pub arrived_at: WallTime,
    /// One reading per tag of the group.
    pub readings: Box<[Reading]>,
}

/// The frames of one group that are not sealed yet.
#[derive(Debug, Clone, Default)]
pub struct OpenChunk {
    at_ns: Vec<i64>,
    lag_ns: Vec<i64>,
    columns: Vec<Column>,
    n_bytes: usize,
}

/// A chunk ready for its table.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedChunk {
    /// Frames in it.
    pub n_frames: u32,
    /// Samples in it.
    pub n_samples: u64,
    /// Smallest source time, ns.
    pub from_ns: i64,
    /// Greatest source time, ns.
    pub to_ns: i64,
    /// Greatest arrival time, ns: the age of the data.
    pub arrived_ns: i64,
    /// Times and columns.
    pub body: Vec<u8>,
    /// Extents of blocks.
    pub blocks: Vec<u8>,
}

impl OpenChunk {
    /// Appends a frame and gives the memory that it takes, in bytes, about.
    pub fn push(&mut self, at: WallTime, arrived_at: WallTime, readings: &[Reading]) -> usize {
        if self.columns.len() < readings.len() {
            self.columns.resize_with(readings.len(), Column::default);
        }
        self.at_ns.push(at.as_ns());
        self.lag_ns.push(arrived_at.as_ns().wrapping_sub(at.as_ns()));
        let n_bytes = 16 + readings.iter().zip(&mut self.columns).map(|(r, c)| c.push(r)).sum::<usize>();
        self.n_bytes += n_bytes;
        n_bytes
    }

    /// Appends a frame of the pipeline.
    pub fn push_frame(&mut self, frame: &Frame) -> usize {
        self.push(frame.at, frame.arrived_at, &frame.readings)
    }

    /// Frames in it.
    pub fn len(&self) -> usize {
        self.at_ns.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.at_ns.is_empty()
    }

    /// Memory that it takes, in bytes, about.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Compresses everything. The chunk must hold at least one frame.
    pub fn seal(&self) -> SealedChunk {
        let n = self.at_ns.len();
        let mut body = vec![VERSION];
        put_uint(&mut body, n as u64);
        put_part(&mut body, &compress(&self.at_ns));
        put_part(&mut body, &compress(&self.lag_ns));
        let mut columns = Vec::new();
        put_uint(&mut body, self.columns.len() as u64);
        for column in &self.columns {
            let before = columns.len();
            column.encode(&mut columns);
            put_uint(&mut body, (columns.len() - before) as u64);
        }
        body.extend_from_slice(&columns);
        let arrived = self.at_ns.iter().zip(&self.lag_ns).map(|(at, lag)| at.wrapping_add(*lag));
        SealedChunk {
            n_frames: u32::try_from(n).expect("a chunk is sealed long before 2^32 frames"),
            n_samples: (n * self.columns.len()) as u64,
            from_ns: self.at_ns.iter().copied().min().unwrap_or(0),
            to_ns: self.at_ns.iter().copied().max().unwrap_or(0),
            arrived_ns: arrived.max().unwrap_or(0),
            body,
            blocks: self.encode_blocks(),
        }
    }

    fn encode_blocks(&self) -> Vec<u8> {
        let blocks = self.blocks();
        let mut out = vec![VERSION];
        put_uint(&mut out, blocks.len() as u64);
        put_uint(&mut out, self.columns.len() as u64);
        for block in &blocks {
            put_int(&mut out, block.from_ns);
            put_uint(&mut out, block.to_ns.wrapping_sub(block.from_ns).cast_unsigned());
            put_uint(&mut out, u64::from(block.n_frames));
            for extent in &block.extents {
                put_uint(&mut out, u64::from(extent.n));
                if extent.n > 0 {
                    put_f64(&mut out, extent.min);
                    put_f64(&mut out, extent.max);
                    put_f64(&mut out, extent.sum);
                }
            }
        }
        out
    }

    /// All frames, in the order in which they came.
    ///
    /// # Errors
    /// [`Corrupt`] never for a chunk that was filled by `push`.
    pub fn frames(&self) -> Result<Vec<StoredFrame>, Corrupt> {
        let arrived = self.at_ns.iter().zip(&self.lag_ns).map(|(at, lag)| at.wrapping_add(*lag)).collect();
        frames_of(&self.at_ns, arrived, self.columns.iter().map(Column::readings))
    }

    /// The extents of its blocks.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = self.at_ns.chunks(BLOCK_FRAMES).map(Block::new).collect();
        for column in &self.columns {
            let extents = column.extents(BLOCK_FRAMES);
            for (i, block) in blocks.iter_mut().enumerate() {
                block.extents.push(extents.get(i).copied().unwrap_or_default());
            }
        }
        blocks
    }
}

/// Up to [`BLOCK_FRAMES`] frames in a row: their span and the extent of each tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Smallest source time, ns.
    pub from_ns: i64,
    /// Greatest source time, ns.
    pub to_ns: i64,
    /// Frames in it.
    pub n_frames: u32,
    /// One extent per tag of the group.
    pub extents: Vec<Extent>,
}

impl Block {
    fn new(at_ns: &[i64]) -> Self {
        Self {
            from_ns: at_ns.iter().copied().min().unwrap_or(0),
            to_ns: at_ns.iter().copied().max().unwrap_or(0),
            n_frames: at_ns.len() as u32,
            extents: Vec::new(),
        }
    }

    /// Reads the blocks of a sealed chunk.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are not such blocks.
    pub fn decode(bytes: &[u8]) -> Result<Vec<Self>, Corrupt> {
        let mut cursor = Cursor::new(bytes);
        if cursor.byte("blocks")? != VERSION {
            return Err(Corrupt("version of the blocks"));
        }
        let n_blocks = cursor.count(3, "blocks")?;
        let n_columns: usize = cursor.count(0, "columns of blocks")?;
        let mut blocks = Vec::with_capacity(n_blocks);
        for _ in 0..n_blocks {
            let from_ns = cursor.int("block start")?;
            let to_ns = from_ns.wrapping_add(cursor.uint("block end")?.cast_signed());
            let n_frames = cursor.small("block frames")?;
            let mut extents = Vec::new();
            for _ in 0..n_columns {
                let n = cursor.small("block count")?;
                extents.push(if n == 0 {
                    Extent::default()
                } else {
                    Extent { n, min: cursor.f64("minimum")?, max: cursor.f64("maximum")?, sum: cursor.f64("sum")? }
                });
            }
            blocks.push(Self { from_ns, to_ns, n_frames, extents });
        }
        Ok(blocks)
    }
}

/// A sealed chunk that is read: times at once, columns on demand.
#[derive(Debug)]
pub struct ChunkView<'a> {
    /// Source times, ns, in the order in which the frames came.
    pub at_ns: Vec<i64>,
    lag: &'a [u8],
    columns: Vec<&'a [u8]>,
}

impl<'a> ChunkView<'a> {
    /// Reads directory and source times.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are not a chunk.
    pub fn new(body: &'a [u8]) -> Result<Self, Corrupt> {
        let mut cursor = Cursor::new(body);
        if cursor.byte("chunk")? != VERSION {
            return Err(Corrupt("version of the chunk"));
        }
        let n: u32 = cursor.small("chunk length")?;
        let at_ns = decompress(cursor.part("source times")?, n as usize)?;
        let lag = cursor.part("arrival times")?;
        let n_columns = cursor.count(1, "columns")?;
        let mut lengths = Vec::with_capacity(n_columns);
        for _ in 0..n_columns {
            lengths.push(cursor.small("column length")?);
        }
        let columns = lengths.into_iter().map(|n| cursor.take(n, "column")).collect::<Result<_, _>>()?;
        Ok(Self { at_ns, lag, columns })
    }

    /// Tags in it.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Arrival times, ns.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are damaged.
    pub fn arrived_ns(&self) -> Result<Vec<i64>, Corrupt> {
        let lag: Vec<i64> = decompress(self.lag, self.at_ns.len())?;
        Ok(self.at_ns.iter().zip(lag).map(|(at, lag)| at.wrapping_add(lag)).collect())
    }

    /// One tag's column.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are damaged.
    pub fn column(&self, i: usize) -> Result<Column, Corrupt> {
        Column::decode(self.columns.get(i).ok_or(Corrupt("column place"))?, self.at_ns.len())
    }

    /// All frames, in the order in which they came.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are damaged.
    pub fn frames(&self) -> Result<Vec<StoredFrame>, Corrupt> {
        let columns = (0..self.columns.len()).map(|i| self.column(i)?.readings());
        frames_of(&self.at_ns, self.arrived_ns()?, columns)
    }
}

fn frames_of(
    at_ns: &[i64],
    arrived_ns: Vec<i64>,
    columns: impl Iterator<Item = Result<Vec<Reading>, Corrupt>>,
) -> Result<Vec<StoredFrame>, Corrupt> {
    let mut columns = columns.map(|c| c.map(Vec::into_iter)).collect::<Result<Vec<_>, _>>()?;
    let mut frames = Vec::with_capacity(arrived_ns.len());
    for (at, arrived) in at_ns.iter().zip(arrived_ns) {
        let readings =
            columns.iter_mut().map(|c| c.next().ok_or(Corrupt("column length"))).collect::<Result<_, _>>()?;
        frames.push(StoredFrame { at: WallTime::from_ns(*at), arrived_at: WallTime::from_ns(arrived), readings });
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::reading::tests::{any_reading, bits};
    use proptest::prelude::*;

    fn any_frames() -> impl Strategy<Value = Vec<StoredFrame>> {
        (1_usize..5, 1_usize..40).prop_flat_map(|(n_tags, n_frames)| {
            let frame = (any::<i64>(), any::<i64>(), prop::collection::vec(any_reading(), n_tags));
            prop::collection::vec(frame, n_frames).prop_map(|frames| {
                let stored = |(at, arrived, readings): (i64, i64, Vec<Reading>)| StoredFrame {
                    at: WallTime::from_ns(at),
                    arrived_at: WallTime::from_ns(arrived),
                    readings: readings.into_boxed_slice(),
                };
                frames.into_iter().map(stored).collect()
            })
        })
    }

    fn text(frames: &[StoredFrame]) -> Vec<(i64, i64, Vec<String>)> {
        frames.iter().map(|f| (f.at.as_ns(), f.arrived_at.as_ns(), f.readings.iter().map(bits).collect())).collect()
    }

    proptest! {
        #[test]
        fn frames_come_back_bit_by_bit(frames in any_frames()) {
            let mut open = OpenChunk::default();
            for frame in &frames {
                open.push(frame.at, frame.arrived_at, &frame.readings);
            }
            let sealed = open.seal();
            let back = ChunkView::new(&sealed.body).unwrap().frames().unwrap();
            prop_assert_eq!(text(&frames), text(&back));
            let (want, got) = (open.blocks(), Block::decode(&sealed.blocks).unwrap());
            prop_assert_eq!(format!("{want:?}"), format!("{got:?}"));
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let _ = ChunkView::new(&bytes).and_then(|v| v.frames());
            let _ = Block::decode(&bytes);
        }
    }
}
