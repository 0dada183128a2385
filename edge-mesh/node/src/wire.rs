//! Frames on streams: a head that names the traffic class, then length and bytes, again and again.

use bytes::Bytes;
use iroh::endpoint::{ReadExactError, RecvStream, SendStream, WriteError};
use takt_mesh_proto::frame::{Control, Frame, FrameError};
use takt_mesh_proto::limits::{FRAME_BYTES_MAX, PROBE_ABOVE_BYTES};

/// The protocol between members.
pub(crate) const ALPN: &[u8] = b"takt/mesh/1";

/// First bytes of every stream: this protocol, its version, and a class.
const MAGIC: [u8; 2] = *b"T\x01";

/// Bytes of a signed member list: 16,384 members at some 200 bytes.
pub(crate) const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a stream carries. Each class has one stream that stays open, so that none waits behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Requests and results: a deadline runs.
    Lending = 1,
    /// Vouchers, receipts, claims, adverts.
    Books = 2,
    /// Chunks of models: whenever nothing else is to be sent.
    Chunks = 3,
    /// One large tensor on a stream of its own, so that small ones overtake it.
    Large = 4,
    /// A signed member list.
    List = 5,
}

impl Class {
    /// All that carry frames and stay open.
    pub(crate) const KEPT: [Self; 3] = [Self::Lending, Self::Books, Self::Chunks];

    /// Where a frame goes.
    pub(crate) fn of(frame: &Frame) -> Self {
        match frame {
            Frame::Loan(request) if request.tensor().bytes().len() > PROBE_ABOVE_BYTES => Self::Large,
            Frame::Loan(_) => Self::Lending,
            Frame::Control(control) => match control.as_ref() {
                Control::Result { output, .. } if output.bytes().len() > PROBE_ABOVE_BYTES => Self::Large,
                Control::Result { .. } | Control::Refused { .. } | Control::Probe(_) | Control::Welcome { .. } => {
                    Self::Lending
                }
                Control::Chunk { .. } => Self::Chunks,
                _ => Self::Books,
            },
        }
    }

    /// Streams with a higher one go first.
    pub(crate) fn priority(self) -> i32 {
        match self {
            Self::Lending => 3,
            Self::Large => 2,
            Self::Books | Self::List => 1,
            Self::Chunks => 0,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Lending, Self::Books, Self::Chunks, Self::Large, Self::List].into_iter().find(|c| *c as u8 == byte)
    }
}

/// Why a stream ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The other side finished it, or the connection is gone.
    Closed,
    /// It carried something that is no frame; the connection is ended for it.
    Garbage(FrameError),
}

impl From<ReadExactError> for Ended {
    fn from(_: ReadExactError) -> Self {
        Self::Closed
    }
}

/// Writes a stream's head.
pub(crate) async fn begin(stream: &mut SendStream, class: Class) -> Result<(), WriteError> {
    // A stream that is gone says so at the write.
    let _gone = stream.set_priority(class.priority());
    stream.write_all(&[MAGIC[0], MAGIC[1], class as u8]).await
}

/// Reads a stream's head.
pub(crate) async fn head(stream: &mut RecvStream) -> Result<Class, Ended> {
    let mut head = [0u8; 3];
    stream.read_exact(&mut head).await?;
    let class = Class::from_byte(head[2]).filter(|_| head[..2] == MAGIC);
    class.ok_or(Ended::Garbage(FrameError::Encoding))
}

/// Writes one block.
pub(crate) async fn write(stream: &mut SendStream, block: Bytes) -> Result<(), WriteError> {
    let length = u32::try_from(block.len()).expect("blocks are far below 4 GiB");
    let length = Bytes::copy_from_slice(&length.to_le_bytes());
    stream.write_all_chunks(&mut [length, block]).await
}

/// Reads one block of at most `n_max` bytes.
pub(crate) async fn read(stream: &mut RecvStream, n_max: usize) -> Result<Vec<u8>, Ended> {
    let mut length = [0u8; 4];
    stream.read_exact(&mut length).await?;
    let length = u32::from_le_bytes(length) as usize;
    if length > n_max {
        return Err(Ended::Garbage(FrameError::TooLong(length)));
    }
    let mut block = vec![0; length];
    stream.read_exact(&mut block).await?;
    Ok(block)
}

/// Reads one frame.
pub(crate) async fn read_frame(stream: &mut RecvStream) -> Result<Frame, Ended> {
    let block = read(stream, FRAME_BYTES_MAX).await?;
    Frame::decode(&block).map_err(Ended::Garbage)
}
