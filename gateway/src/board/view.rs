//! A verdict as viewers get it: the payload's JSON with line and check, as a type with a schema.
//!
//! The same document as [`crate::payload::named_verdict_json`] writes; a test holds the two together.

use crate::payload::{time_text, window_key};
use crate::record::{LatencySplit, ModelStamp, VerdictRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_plant::{Outcome, Value};
use utoipa::ToSchema;

/// One verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictView {
    /// The line.
    pub line: String,
    /// The check.
    pub check: String,
    /// Rises when the store is restored or replaced.
    pub epoch: u32,
    /// Rises by one per verdict of the check within an epoch.
    pub seq: u64,
    /// `pass`, `fail` or `inconclusive`.
    #[schema(example = "fail")]
    pub verdict: String,
    /// Why it is inconclusive: a stable word, then particulars after a colon.
    pub reason: Option<String>,
    /// The part that was judged: a number, text or boolean.
    #[schema(value_type = Option<serde_json::Value>)]
    pub part: Option<serde_json::Value>,
    /// When it was given: RFC 3339, UTC, microseconds.
    pub at: String,
    /// The model's scores by name.
    pub scores: BTreeMap<String, ScoreView>,
    /// The tags' shares of the score that stood out most, largest first.
    pub contributions: Vec<ContributionView>,
    /// Which model judged; absent when none did.
    pub model: Option<ModelView>,
    /// The window that was judged.
    pub window: WindowView,
    /// Where the time went, in microseconds.
    pub latency_us: LatencyView,
    /// The gateway that ran the model.
    pub executed_by: String,
}

/// A score and its limit; a number that is not finite is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreView {
    /// The number.
    pub value: Option<f64>,
    /// A value above it fails the window.
    pub limit: Option<f64>,
}

/// A tag's share of the score, between 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContributionView {
    /// The tag.
    pub tag: String,
    /// Its share; the shares of one verdict sum to 1.
    pub share: Option<f64>,
}

/// Which model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its package, as `b3:` and 64 hexadecimal digits.
    pub digest: String,
}

/// Which window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowView {
    /// Its identity in one text.
    pub key: String,
    /// Source time of its first sample.
    pub from: String,
    /// Source time of its last sample.
    pub to: String,
    /// Frames or instants in it.
    pub n: u32,
}

/// Where the time went, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LatencyView {
    /// Arrival of the closing sample to features.
    pub queue: u32,
    /// Features and tensor.
    pub features: u32,
    /// The model's run.
    pub inference: u32,
    /// Verdict to the write's confirmation; zero where nothing was written or not yet. What is published
    /// and streamed does not wait for the write, so there it is zero; a verdict read back from the store has it.
    pub write: u32,
    /// Arrival of the closing sample to the hand-over of the verdict.
    pub total: u32,
}

impl VerdictView {
    /// The view of a record with at most so many contributions (the largest).
    pub fn of(record: &VerdictRecord, n_contributions_max: usize) -> Self {
        let key = &record.key;
        let score =
            |s: &takt_plant::Score| (s.name.to_string(), ScoreView { value: finite(s.value), limit: finite(s.limit) });
        let shares = record.contributions.iter().take(n_contributions_max);
        Self {
            line: key.line.to_string(),
            check: key.check.to_string(),
            epoch: key.epoch,
            seq: key.seq,
            verdict: record.outcome.word().to_owned(),
            reason: match &record.outcome {
                Outcome::Inconclusive(why) => Some(why.to_string()),
                Outcome::Pass | Outcome::Fail => None,
            },
            part: key.window.part.as_ref().map(part_json),
            at: time_text(record.at),
            scores: record.scores.iter().map(score).collect(),
            contributions: shares
                .map(|(tag, share)| ContributionView { tag: tag.to_string(), share: finite(*share) })
                .collect(),
            model: record.model.as_deref().map(ModelView::of),
            window: WindowView {
                key: window_key(&key.window),
                from: time_text(key.window.from),
                to: time_text(key.window.to),
                n: key.window.n,
            },
            latency_us: LatencyView::of(&record.latency),
            executed_by: record.executed_by.to_string(),
        }
    }
}

impl ModelView {
    /// The view of a stamp.
    pub fn of(stamp: &ModelStamp) -> Self {
        Self { name: stamp.name.clone(), version: stamp.version.clone(), digest: stamp.digest.clone() }
    }
}

impl LatencyView {
    fn of(split: &LatencySplit) -> Self {
        Self {
            queue: split.queue_us,
            features: split.features_us,
            inference: split.inference_us,
            write: split.write_us,
            total: split.total_us,
        }
    }
}

/// A value as JSON: integers keep all their bits.
pub fn part_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Real(v) => serde_json::Value::from(*v),
        Value::Integer(v) => serde_json::Value::from(*v),
        Value::Unsigned(v) => serde_json::Value::from(*v),
        Value::Flag(v) => serde_json::Value::from(*v),
        Value::Text(v) => serde_json::Value::from(&**v),
    }
}

fn finite(v: f64) -> Option<f64> {
    v.is_finite().then_some(v)
}
