//! The log: each gateway's hash chain of what it signed, its witnesses, and proofs against rewriting.
//!
//! An entry *is* a signed voucher or receipt: the place and the previous hash stand inside the signed
//! bytes, so the fact, its order and its author need one signature. Nothing that cites a place leaves
//! before the entry is durable here and a quorum of witnesses holds the place.

mod chain;
mod checkpoint;
mod fork;
mod witness;

pub use chain::{Chain, NotReady, Standing};
pub use checkpoint::{Checkpoint, Cosignature, Cosigned};
pub use fork::{ForkError, ForkProof};
pub use witness::{Answer, Claim, Witnessing};

use crate::ids::{Digest, LogPlace, PeerId};
use crate::keys::{SealError, Sealed};
use crate::metering::{Receipt, Voucher};
use serde::{Deserialize, Serialize};

/// One entry of somebody's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// Signed as borrower.
    Voucher(Sealed<Voucher>),
    /// Signed as lender.
    Receipt(Sealed<Receipt>),
}

impl Entry {
    /// Where the entry says it stands, once the author's signature is checked.
    pub fn open(&self, author: &PeerId) -> Result<LogPlace, SealError> {
        let (signer, place) = match self {
            Self::Voucher(sealed) => sealed.open(author).map(|v| (v.borrower, v.place))?,
            Self::Receipt(sealed) => sealed.open(author).map(|r| (r.lender, r.place))?,
        };
        if signer == *author { Ok(place) } else { Err(SealError::Encoding) }
    }

    /// What the next entry cites as its previous hash.
    pub fn hash(&self) -> Digest {
        match self {
            Self::Voucher(sealed) => sealed.hash(),
            Self::Receipt(sealed) => sealed.hash(),
        }
    }
}
