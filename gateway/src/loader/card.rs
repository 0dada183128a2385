//! A model's card: what its package says about itself, as console and HTTP give it to programs.

use crate::payload::time_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_models::package::{
    ContributionForm, Cost, Element, FeatureKind, FeatureSpec, Input, Inspection, Layout, ModelKind, Preprocessing,
    WindowContract,
};
use utoipa::ToSchema;

/// What a package says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelCard {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `baseline` or `trained`.
    pub kind: String,
    /// BLAKE3 of the package.
    pub digest: String,
    /// Bytes of the package.
    pub n_bytes: u64,
    /// Bytes of the graph.
    pub n_model_bytes: u64,
    /// Test vectors.
    pub n_vectors: u64,
    /// Its inputs.
    pub inputs: Vec<InputCard>,
    /// The windows that it takes.
    pub window: WindowCard,
    /// `f32` or `f64`.
    pub element: String,
    /// How a window becomes its tensor.
    pub preprocessing: String,
    /// The features that are computed, where it takes features.
    pub features: Vec<FeatureCard>,
    /// Its scores with their limits.
    pub scores: Vec<ScoreCard>,
    /// Which scores it explains.
    pub contributions: Vec<ContributionCard>,
    /// What one run costs in nanounits; null where nobody measured it.
    pub work_nanounits: Option<u64>,
    /// Where it comes from.
    pub provenance: ProvenanceCard,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InputCard {
    /// Its name.
    pub role: String,
    /// The unit that the tag must have.
    pub unit: Option<String>,
    /// What it was made for.
    pub range: Option<[f64; 2]>,
    /// Time between two samples.
    pub cadence_s: Option<f64>,
}

/// The windows that it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WindowCard {
    /// Each frame.
    Frame,
    /// So many frames.
    Count {
        /// How many.
        size: u32,
    },
    /// A span in steps.
    Time {
        /// The span.
        span_s: f64,
        /// The step.
        step_s: f64,
    },
    /// What was collected around a trigger.
    Trigger {
        /// Fewest values.
        n_min: u32,
        /// Most values.
        n_max: u32,
    },
}

/// One feature of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeatureCard {
    /// The input.
    pub input: String,
    /// What is computed.
    pub kind: String,
    /// Of a band: from this frequency on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_hz: Option<f64>,
    /// Of a band: up to this frequency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
}

/// One score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreCard {
    /// Its name.
    pub name: String,
    /// What people read beside it.
    pub label: String,
    /// Above it a window fails.
    pub limit: f64,
    /// The share of good windows that the limit is expected to fail.
    pub false_alarm_rate: Option<f64>,
}

/// That a score is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContributionCard {
    /// The score.
    pub score: String,
    /// The tensor that explains it.
    pub tensor: String,
    /// `shares` or `raw`.
    pub form: String,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvenanceCard {
    /// Who made it.
    pub who: String,
    /// When.
    pub when: String,
    /// From what.
    pub from: String,
    /// What else was noted.
    pub notes: BTreeMap<String, String>,
}

impl ModelCard {
    /// The card of a package.
    pub fn of(inspection: &Inspection) -> Self {
        let m = &inspection.manifest;
        let features = match &m.tensor.preprocessing {
            Preprocessing::Features { list } => list.iter().map(feature).collect(),
            Preprocessing::Frame | Preprocessing::Series { .. } => Vec::new(),
        };
        let scores = m.scores.iter().map(|s| ScoreCard {
            name: s.name.clone(),
            label: s.label.clone(),
            limit: s.limit,
            false_alarm_rate: s.false_alarm_rate,
        });
        let contributions = m.contributions.iter().map(|c| ContributionCard {
            score: c.score.clone(),
            tensor: c.tensor.clone(),
            form: match c.form {
                ContributionForm::Shares => "shares",
                ContributionForm::Raw => "raw",
            }
            .to_owned(),
        });
        let provenance = &m.provenance;
        Self {
            name: m.name.to_string(),
            version: m.version.to_string(),
            kind: kind(m.kind).to_owned(),
            digest: inspection.digest.to_string(),
            n_bytes: inspection.n_bytes,
            n_model_bytes: inspection.n_model_bytes,
            n_vectors: inspection.n_vectors as u64,
            inputs: m.inputs.iter().map(input).collect(),
            window: window(m.window),
            element: if m.tensor.element == Element::F32 { "f32" } else { "f64" }.to_owned(),
            preprocessing: preprocessing(&m.tensor.preprocessing).to_owned(),
            features,
            scores: scores.collect(),
            contributions: contributions.collect(),
            work_nanounits: match m.cost {
                Cost::Unmeasured => None,
                Cost::Nanounits(n) => Some(n),
            },
            provenance: ProvenanceCard {
                who: provenance.who.clone(),
                when: time_text(provenance.when),
                from: provenance.from.clone(),
                notes: provenance.notes.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            },
        }
    }
}

/// How a model came to be, in a word.
pub fn kind(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Baseline => "baseline",
        ModelKind::Trained => "trained",
    }
}

/// A feature in a word.
pub fn word(kind: FeatureKind) -> &'static str {
    match kind {
        FeatureKind::Mean => "mean",
        FeatureKind::Std => "std",
        FeatureKind::Rms => "rms",
        FeatureKind::Peak => "peak",
        FeatureKind::Crest => "crest",
        FeatureKind::Kurtosis => "kurtosis",
        FeatureKind::Skewness => "skewness",
        FeatureKind::BandEnergy { .. } => "band",
    }
}

fn input(input: &Input) -> InputCard {
    InputCard {
        role: input.role.clone(),
        unit: input.unit.clone(),
        range: input.range.map(|(low, high)| [low, high]),
        cadence_s: input.cadence.map(|cadence| cadence.as_secs_f64()),
    }
}

fn feature(spec: &FeatureSpec) -> FeatureCard {
    let (low_hz, high_hz) = match spec.kind {
        FeatureKind::BandEnergy { low_hz, high_hz } => (Some(low_hz), Some(high_hz)),
        _ => (None, None),
    };
    FeatureCard { input: spec.input.clone(), kind: word(spec.kind).to_owned(), low_hz, high_hz }
}

fn window(window: WindowContract) -> WindowCard {
    match window {
        WindowContract::Frame => WindowCard::Frame,
        WindowContract::Count { size } => WindowCard::Count { size },
        WindowContract::Time { span, step } => {
            WindowCard::Time { span_s: span.as_secs_f64(), step_s: step.as_secs_f64() }
        }
        WindowContract::Trigger { n_min, n_max } => WindowCard::Trigger { n_min, n_max },
    }
}

fn preprocessing(preprocessing: &Preprocessing) -> &'static str {
    match preprocessing {
        Preprocessing::Frame => "frame",
        Preprocessing::Series { layout: Layout::ChannelsFirst } => "series, channels first",
        Preprocessing::Series { layout: Layout::SamplesFirst } => "series, samples first",
        Preprocessing::Features { .. } => "features",
    }
}
