//! Names and quantities of the mesh: peers, digests, places in a log, work units.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Another gateway of the mesh; its id is its public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerId(pub [u8; 32]);

/// A BLAKE3 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

/// Which mesh a fact belongs to: the digest of its root keys.
pub type MeshId = Digest;

impl Digest {
    /// Before the first entry of a log, and the root of an empty batch.
    pub const ZERO: Self = Self([0; 32]);

    /// Digest of `parts` under a domain, so that no two kinds of bytes ever share a digest.
    pub fn of(domain: &'static str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[u8::try_from(domain.len()).expect("domains are short words")]);
        hasher.update(domain.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The first eight bytes, for filters where a collision costs only a refusal.
    pub fn short(&self) -> u64 {
        let (head, _) = self.0.split_first_chunk().expect("a digest has 32 bytes");
        u64::from_le_bytes(*head)
    }
}

macro_rules! short_hex {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    )*};
}

short_hex! { PeerId Digest }

/// Where an entry stands in its author's log. Two different entries of one author at one
/// (incarnation, seq) prove a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// Raised by the operator, in the member list, after a restore.
    pub incarnation: u32,
    /// From 1, without gaps.
    pub seq: u64,
    /// Hash of the entry before; zero for the first.
    pub prev: Digest,
}

impl LogPlace {
    /// What orders places of one author.
    pub fn rank(&self) -> (u32, u64) {
        (self.incarnation, self.seq)
    }
}

/// Work in integer nanounits: one unit is one run of the calibration graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Units(pub u64);

/// Arithmetic of credit left its range. The fact that caused it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount exceeds 64 bits; the fact is refused")]
pub struct Overflow;

impl Units {
    /// Sum, or refused.
    pub fn plus(self, more: Self) -> Result<Self, Overflow> {
        self.0.checked_add(more.0).map(Self).ok_or(Overflow)
    }

    /// Difference, or refused when it would be negative.
    pub fn minus(self, less: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(less.0).map(Self).ok_or(Overflow)
    }

    /// `n` times, or refused.
    pub fn times(self, n: u64) -> Result<Self, Overflow> {
        self.0.checked_mul(n).map(Self).ok_or(Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_reject_instead_of_wrapping() {
        assert_eq!(Units(u64::MAX).plus(Units(1)), Err(Overflow));
        assert_eq!(Units(1).minus(Units(2)), Err(Overflow));
        assert_eq!(Units(1 << 40).times(1 << 30), Err(Overflow));
        assert_eq!(Units(2).plus(Units(3)), Ok(Units(5)));
    }

    #[test]
    fn a_digest_depends_on_where_parts_end() {
        assert_ne!(Digest::of("a", &[b"bc", b"d"]), Digest::of("a", &[b"b", b"cd"]));
        assert_ne!(Digest::of("a", &[b"b"]), Digest::of("ab", &[b""]));
    }
}
