//! Which chunks of a model somebody has: one bit for each.

use crate::limits::CHUNKS_MAX;
use serde::{Deserialize, Serialize};

/// A bitmap over a model's chunks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChunkMap {
    n: u32,
    bits: Vec<u8>,
}

impl ChunkMap {
    /// None of `n` chunks.
    pub fn none(n: u32) -> Self {
        Self { n, bits: vec![0; (n as usize).div_ceil(8)] }
    }

    /// Whether it is a map over exactly `n` chunks; a decoded one is not used before.
    pub fn is_over(&self, n: u32) -> bool {
        self.n == n && n as usize <= CHUNKS_MAX && self.bits.len() == (n as usize).div_ceil(8)
    }

    /// Marks a chunk.
    pub fn set(&mut self, index: u32) {
        if index < self.n {
            self.bits[index as usize / 8] |= 1 << (index % 8);
        }
    }

    /// Whether a chunk is there.
    pub fn has(&self, index: u32) -> bool {
        index < self.n && self.bits[index as usize / 8] >> (index % 8) & 1 == 1
    }

    /// Whether all are.
    pub fn is_full(&self) -> bool {
        (0..self.n).all(|index| self.has(index))
    }

    /// How many are.
    pub fn count(&self) -> u32 {
        self.bits.iter().map(|byte| byte.count_ones()).sum()
    }
}
