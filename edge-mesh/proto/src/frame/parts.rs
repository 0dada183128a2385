//! The frames that carry no tensor.

use crate::chunks::ChunkMap;
use crate::egress::{Blob, ClassOnWire};
use crate::ids::{Digest, PeerId};
use crate::keys::Sealed;
use crate::lending::{Advert, LoadView, Refusal};
use crate::log::{Checkpoint, Claim, Cosignature, Entry, ForkProof};
use crate::metering::{Receipt, Voucher};
use serde::{Deserialize, Serialize};

/// What a request names, without its tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The borrower's epoch.
    pub epoch: u64,
    /// The request's number on this channel.
    pub no: u32,
    /// Digest of the model's package.
    pub model: Digest,
    /// What remains of the deadline: a duration, so that clocks need not agree.
    pub remaining_us: u32,
    /// Class of the data.
    pub class: ClassOnWire,
}

/// First frame of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Newest receipt where the sender borrowed from the receiver.
    pub borrowed: Option<Sealed<Receipt>>,
    /// Newest receipt where the sender lent to the receiver.
    pub lent: Option<Sealed<Receipt>>,
}

/// All frames but a tensor's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Control {
    /// See [`Hello`].
    Hello(Hello),
    /// Load of the sender.
    Advert(Advert),
    /// Would you take this? Sent ahead of a large tensor.
    Probe(Ask),
    /// The answer to a probe that is welcome; a refusal says no.
    Welcome {
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
    },
    /// The request is not taken.
    Refused {
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
        /// Why.
        why: Refusal,
        /// The lender's load now.
        view: LoadView,
    },
    /// What the model said.
    Result {
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
        /// The model's outputs.
        output: Blob,
        /// The lender's load now.
        view: LoadView,
    },
    /// The borrower's running total.
    Voucher(Sealed<Voucher>),
    /// The lender's countersignature; also sent for a voucher that is older than the newest receipt.
    Receipt(Sealed<Receipt>),
    /// To a witness: the sender claims a place in its own log.
    Claim(Claim),
    /// From a witness: what it holds durably of the receiver's log.
    Held {
        /// Incarnation.
        incarnation: u32,
        /// Place.
        seq: u64,
        /// The entry's hash.
        hash: Digest,
    },
    /// To a witness after a start: what do you hold of my log?
    AskHead,
    /// From a witness: the newest claim that it holds of the receiver.
    Head(Option<Claim>),
    /// To a witness of the author: what the sender got from the author.
    Shown {
        /// Whose entry it is.
        author: PeerId,
        /// With the author's signature.
        entry: Entry,
    },
    /// To a witness: my signed head.
    Checkpoint(Sealed<Checkpoint>),
    /// From a witness.
    Cosigned(Sealed<Cosignature>),
    /// Somebody forked.
    Fork(Box<ForkProof>),
    /// Which chunks of this model do you have?
    Want {
        /// The model's package.
        model: Digest,
    },
    /// These.
    Have {
        /// The model's package.
        model: Digest,
        /// By chunk.
        chunks: ChunkMap,
    },
    /// Send me a chunk. It takes a request number: verified bytes are metered.
    AskChunk {
        /// The borrower's epoch.
        epoch: u64,
        /// Number on the channel.
        no: u32,
        /// The model's package.
        model: Digest,
        /// Which.
        index: u32,
    },
    /// A chunk.
    Chunk {
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
        /// As asked.
        model: Digest,
        /// As asked.
        index: u32,
        /// The chunk; to be verified before anything else.
        bytes: Blob,
    },
}
