//! Where a check stands: what the journal keeps so that a restart goes on and gives the same keys.

use serde::{Deserialize, Serialize};
use takt_models::judge::JudgeMemory;
use takt_models::windower::Snapshot;

/// A check's position after a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The windower, without its samples.
    pub windower: Snapshot,
    /// The judges' memories, one per recipe.
    pub memories: Vec<Option<JudgeMemory>>,
    /// The number of the last verdict.
    pub seq: u64,
    /// Arrival of the line's last frame, in nanoseconds since 1970: later ones are pushed again.
    pub arrived_ns: i64,
}

impl Position {
    /// The bytes for the journal.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// A position from the journal; `None` when an older program wrote it in another shape.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
