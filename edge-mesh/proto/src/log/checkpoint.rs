//! Checkpoints: a gateway's signed head with its balance, and the witnesses' signatures under it.

use crate::ids::{Digest, PeerId};
use crate::keys::{Fact, SealError, Sealed};
use crate::limits::WITNESSES;
use crate::membership::witnesses::written;
use serde::{Deserialize, Serialize};

/// What an author says of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Who signs.
    pub author: PeerId,
    /// The log's incarnation.
    pub incarnation: u32,
    /// Its last entry.
    pub seq: u64,
    /// That entry's hash.
    pub head: Digest,
    /// Units lent minus borrowed, by receipts, with the allowance.
    pub balance: i64,
}

/// A witness holds this head too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosignature {
    /// Who signs.
    pub witness: PeerId,
    /// The checkpoint's bytes.
    pub checkpoint: Digest,
}

impl Fact for Checkpoint {
    const DOMAIN: &'static str = "takt checkpoint 1";
}

impl Fact for Cosignature {
    const DOMAIN: &'static str = "takt cosignature 1";
}

/// A checkpoint with the cosignatures collected so far.
#[derive(Debug, Clone)]
pub struct Cosigned {
    /// The author's bytes.
    pub checkpoint: Sealed<Checkpoint>,
    signatures: Vec<(PeerId, Sealed<Cosignature>)>,
}

impl Cosigned {
    /// Without signatures yet.
    pub fn new(checkpoint: Sealed<Checkpoint>) -> Self {
        Self { checkpoint, signatures: Vec::new() }
    }

    /// Takes a witness's signature. `Ok(true)` once a quorum of `n` witnesses has signed.
    pub fn add(&mut self, witness: PeerId, sealed: Sealed<Cosignature>, n: usize) -> Result<bool, SealError> {
        let cosignature = sealed.open(&witness)?;
        if cosignature.witness != witness || cosignature.checkpoint != self.checkpoint.hash() {
            return Err(SealError::Encoding);
        }
        if self.signatures.len() < WITNESSES && self.signatures.iter().all(|(w, _)| *w != witness) {
            self.signatures.push((witness, sealed));
        }
        Ok(self.signatures.len() >= written(n))
    }
}
