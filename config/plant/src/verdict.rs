//! Verdicts: pass, fail or inconclusive(why), with what led to them.

use crate::{CheckId, LineId, WindowKey};

/// Why a window could be judged neither good nor bad. A result, never an error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Inconclusive {
    /// An input had no value at an instant that the model needs; names the tag's input role.
    MissingData { input: String },
    /// An input's reading was bad; names the input role and the reason.
    BadReading { input: String, why: String },
    /// No model is loaded for this check.
    NoModel,
    /// The recipe tag's value maps to no model, or the tag has no value.
    UnknownRecipe,
    /// The model gave an error.
    ModelError { why: String },
    /// A score is not finite.
    NotFinite { score: String },
    /// A newer window took the executor's place.
    Overload,
    /// The result came after the deadline.
    Deadline,
    /// Not enough windows since the start for a decision over several windows.
    Evidence,
    /// The segment ended before the window was whole.
    Segment,
    /// The window holds fewer or more samples than the model takes: the source is slower or faster than it
    /// was when the model was made.
    Samples { why: String },
}

impl Inconclusive {
    /// A short stable word for counters, documents and the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::MissingData { .. } => "missing_data",
            Self::BadReading { .. } => "bad_reading",
            Self::NoModel => "no_model",
            Self::UnknownRecipe => "unknown_recipe",
            Self::ModelError { .. } => "model_error",
            Self::NotFinite { .. } => "not_finite",
            Self::Overload => "overload",
            Self::Deadline => "deadline",
            Self::Evidence => "evidence",
            Self::Segment => "segment",
            Self::Samples { .. } => "samples",
        }
    }
}

impl std::fmt::Display for Inconclusive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MissingData { input } => write!(f, "missing_data: {input}"),
            Self::BadReading { input, why } => write!(f, "bad_reading: {input}: {why}"),
            Self::ModelError { why } => write!(f, "model_error: {why}"),
            Self::Samples { why } => write!(f, "samples: {why}"),
            Self::NotFinite { score } => write!(f, "not_finite: {score}"),
            other => f.write_str(other.word()),
        }
    }
}

/// The verdict itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Within every limit.
    Pass,
    /// Beyond at least one limit.
    Fail,
    /// Neither, for this reason.
    Inconclusive(Inconclusive),
}

impl Outcome {
    /// `pass`, `fail` or `inconclusive`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive(_) => "inconclusive",
        }
    }
}

/// A number that a model gave, and its control limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The score's name in the manifest, such as `t2` or `spe`.
    pub name: std::sync::Arc<str>,
    /// The number.
    pub value: f64,
    /// The upper control limit; a value above it fails the window.
    pub limit: f64,
}

/// A tag's share of the score that stood out most, between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Index of the input in the model's order.
    pub input: u32,
    /// Share of the score; the shares of one verdict sum to 1.
    pub share: f64,
}

/// The identity of a verdict: judging again after a crash gives the same key (B23).
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictKey {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// Rises when the store is restored from a backup or replaced.
    pub epoch: u32,
    /// Rises by one per verdict of the check within an epoch, from 1.
    pub seq: u64,
    /// The window that was judged.
    pub window: WindowKey,
}
