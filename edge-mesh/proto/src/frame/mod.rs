//! Frames on the wire: one closed enum, a bounded decoder, and messages that know how far they go.

mod message;
mod parts;

pub use message::{LoanRequest, Message, Outgoing};
pub use parts::{Ask, Control, Hello};

use crate::limits::{CHUNK_BYTES, CONTROL_BYTES_MAX, FRAME_BYTES_MAX, TENSOR_BYTES_MAX};
use serde::{Deserialize, Serialize};

/// One frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    /// A tensor to run. Only [`Message::request`] makes one.
    Loan(LoanRequest),
    /// Everything else.
    Control(Box<Control>),
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than any frame.
    #[error("the frame has {0} bytes; none has more than {FRAME_BYTES_MAX}")]
    TooLong(usize),
    /// Not this protocol, or cut off.
    #[error("the bytes are no frame of this version")]
    Encoding,
    /// A part is larger than it may be.
    #[error("a part of the frame exceeds its limit")]
    Part,
}

impl Frame {
    /// Decodes one whole frame. Memory is at most a few times `bytes`, whatever they claim.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(FrameError::TooLong(bytes.len()));
        }
        let (frame, rest) = postcard::take_from_bytes::<Self>(bytes).map_err(|_| FrameError::Encoding)?;
        if !rest.is_empty() {
            return Err(FrameError::Encoding);
        }
        if frame.is_sound(bytes.len()) { Ok(frame) } else { Err(FrameError::Part) }
    }

    /// The bytes to send.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("frames hold only types that postcard encodes")
    }

    fn is_sound(&self, n_bytes: usize) -> bool {
        match self {
            Self::Loan(request) => request.tensor().bytes().len() <= TENSOR_BYTES_MAX,
            Self::Control(control) => match control.as_ref() {
                Control::Result { output, .. } => output.bytes().len() <= TENSOR_BYTES_MAX,
                Control::Chunk { bytes, .. } => bytes.bytes().len() <= CHUNK_BYTES,
                Control::Advert(advert) => advert.is_sound() && n_bytes <= CONTROL_BYTES_MAX,
                _ => n_bytes <= CONTROL_BYTES_MAX,
            },
        }
    }
}
