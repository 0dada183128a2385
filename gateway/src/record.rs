//! The verdict record: everything that is said, kept and shown about one verdict.

use std::sync::Arc;
use takt_plant::{GatewayId, Outcome, Score, TagId, VerdictKey, WallTime};

/// Which model judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelStamp {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its package, as `b3:` and 64 hexadecimal digits.
    pub digest: String,
}

/// Where the time went, in microseconds. `total` runs from the arrival of the closing sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencySplit {
    /// From the arrival of the closing sample to the start of the features.
    pub queue_us: u32,
    /// Features and tensor.
    pub features_us: u32,
    /// The model's run.
    pub inference_us: u32,
    /// From the verdict to the write's confirmation; zero where nothing is written or not yet. The
    /// verdict goes out without waiting for the write; the store keeps the ends of writes beside it.
    pub write_us: u32,
    /// From the arrival of the closing sample to the verdict, before it is encoded and written.
    pub total_us: u32,
}

/// One verdict with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRecord {
    /// Its identity.
    pub key: VerdictKey,
    /// Pass, fail or inconclusive(why).
    pub outcome: Outcome,
    /// When it was given.
    pub at: WallTime,
    /// The model's scores with their limits.
    pub scores: Vec<Score>,
    /// The tags' shares of the score that stood out most, largest first.
    pub contributions: Vec<(TagId, f64)>,
    /// Which model judged; `None` when none did.
    pub model: Option<Arc<ModelStamp>>,
    /// Where the time went.
    pub latency: LatencySplit,
    /// The gateway that ran the model.
    pub executed_by: GatewayId,
}
