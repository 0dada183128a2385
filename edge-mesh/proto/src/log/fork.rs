//! Self-contained proof that an author wrote two histories.
//!
//! Two different entries at one (author, incarnation, seq), or an entry whose previous hash is not that
//! of the entry before it: both signed by the author, so the proof needs no witness to be believed.

use crate::ids::{Digest, LogPlace, PeerId};
use crate::keys::SealError;
use crate::log::Entry;
use serde::{Deserialize, Serialize};

/// Two entries that contradict each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForkProof {
    author: PeerId,
    one: Entry,
    other: Entry,
}

/// Why two entries prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// One is not the author's.
    #[error("an entry of the proof is not the author's: {0}")]
    Seal(#[from] SealError),
    /// They can stand in one log.
    #[error("the two entries can stand in one log")]
    Consistent,
}

impl ForkProof {
    /// Puts two entries together, if they contradict each other.
    pub fn new(author: PeerId, one: Entry, other: Entry) -> Result<Self, ForkError> {
        let proof = Self { author, one, other };
        proof.check().map(|_| proof)
    }

    /// Who forked and under which incarnation, if the proof holds.
    pub fn check(&self) -> Result<(PeerId, u32), ForkError> {
        let (a, b) = (self.one.open(&self.author)?, self.other.open(&self.author)?);
        let forks = contradicts((&a, &self.one.hash()), (&b, &self.other.hash()));
        if forks { Ok((self.author, a.incarnation)) } else { Err(ForkError::Consistent) }
    }

    /// Whom it accuses; believed only after [`Self::check`].
    pub fn author(&self) -> PeerId {
        self.author
    }
}

/// Whether two entries of one author cannot stand in one log.
pub(super) fn contradicts((a, a_hash): (&LogPlace, &Digest), (b, b_hash): (&LogPlace, &Digest)) -> bool {
    let twice = a.seq == b.seq && a_hash != b_hash;
    let after = |first: &LogPlace, hash: &Digest, second: &LogPlace| {
        first.seq.checked_add(1) == Some(second.seq) && second.prev != *hash
    };
    a.incarnation == b.incarnation && (twice || after(a, a_hash, b) || after(b, b_hash, a))
}
