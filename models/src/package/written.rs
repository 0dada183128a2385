//! `model.toml` as it stands in a package: the serde mirror of [`Manifest`], converted by hand.
//!
//! Numbers carry their unit in their key; an absent key is an absence, never a default value.

use super::archive::{MANIFEST, MODEL, Parts, vector_name};
use super::{
    ContributionForm, ContributionSpec, Cost, Digest, Element, FeatureKind, FeatureSpec, Input, Layout, Manifest,
    ModelKind, OpenError, PackError, PairTolerance, Preprocessing, Provenance, ScoreSpec, TensorSpec, Tolerance,
    Tolerances, WindowContract,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::{ModelId, WallTime};

/// The format written here. It rises when a reader of the old one would misunderstand the new one.
const FORMAT: u32 = 1;

/// The digests of all other entries: a flipped bit is found when the package is opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Listing(BTreeMap<String, String>);

/// The listing of what is packed beside the manifest.
pub(super) fn listing(model: &[u8], vectors: &[Vec<u8>]) -> Listing {
    let vectors = vectors.iter().enumerate().map(|(i, v)| (vector_name(i), Digest::of(v).to_string()));
    Listing(vectors.chain([(MODEL.to_owned(), Digest::of(model).to_string())]).collect())
}

impl Listing {
    /// Whether the entries are those that were packed.
    pub(super) fn verify(&self, parts: &Parts<'_>) -> Result<(), OpenError> {
        let changed = |part: &str| OpenError::Changed { part: part.into() };
        let vectors = parts.vectors.iter().enumerate().map(|(i, v)| (vector_name(i), *v));
        for (name, content) in vectors.chain([(MODEL.to_owned(), parts.model)]) {
            if self.0.get(&name) != Some(&Digest::of(content).to_string()) {
                return Err(changed(&name));
            }
        }
        if self.0.len() == parts.vectors.len() + 1 { Ok(()) } else { Err(changed("the list of files in model.toml")) }
    }
}

/// Only the format, read first so that a newer one is named as such.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    name: String,
    version: String,
    kind: KindWord,
    window: Window,
    tensor: Tensor,
    inputs: Vec<WrittenInput>,
    scores: Vec<WrittenScore>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contributions: Vec<WrittenContribution>,
    tolerance: WrittenTolerances,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<WrittenCost>,
    provenance: WrittenProvenance,
    /// Left out in a folder that is yet to be packed; a package without it is refused.
    #[serde(default)]
    files: Listing,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindWord {
    Baseline,
    Trained,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Window {
    Frame {},
    Count { size: u32 },
    Time { span_ns: u64, step_ns: u64 },
    Trigger { n_min: u32, n_max: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    name: String,
    element: ElementWord,
    preprocessing: Prep,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ElementWord {
    F32,
    F64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Prep {
    Frame {},
    Series { layout: LayoutWord },
    Features { list: Vec<Feature> },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LayoutWord {
    ChannelsFirst,
    SamplesFirst,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Feature {
    Mean { input: String },
    Std { input: String },
    Rms { input: String },
    Peak { input: String },
    Crest { input: String },
    Kurtosis { input: String },
    Skewness { input: String },
    Band { input: String, low_hz: f64, high_hz: f64 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenInput {
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<[f64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cadence_ns: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScore {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    label: String,
    tensor: String,
    #[serde(default)]
    index: u32,
    limit: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    false_alarm_rate: Option<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenContribution {
    score: String,
    tensor: String,
    form: FormWord,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FormWord {
    Shares,
    Raw,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTolerances {
    absolute: f64,
    relative: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<WrittenPair>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPair {
    between: [String; 2],
    absolute: f64,
    relative: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCost {
    work_nanounits: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProvenance {
    who: String,
    when: String,
    from: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<String, String>,
}

/// Writes `model.toml`.
pub(super) fn to_toml(m: &Manifest, files: &Listing) -> Result<String, PackError> {
    let written = Written {
        format: FORMAT,
        name: m.name.to_string(),
        version: m.version.to_string(),
        kind: m.kind.into(),
        window: m.window.into(),
        tensor: (&m.tensor).into(),
        inputs: m.inputs.iter().map(Into::into).collect(),
        scores: m.scores.iter().map(Into::into).collect(),
        contributions: m.contributions.iter().map(Into::into).collect(),
        tolerance: (&m.tolerances).into(),
        cost: match m.cost {
            Cost::Unmeasured => None,
            Cost::Nanounits(work_nanounits) => Some(WrittenCost { work_nanounits }),
        },
        provenance: WrittenProvenance {
            who: m.provenance.who.clone(),
            when: rfc3339(m.provenance.when),
            from: m.provenance.from.clone(),
            notes: m.provenance.notes.clone(),
        },
        files: files.clone(),
    };
    Ok(toml::to_string(&written)?)
}

/// Reads `model.toml`.
pub(super) fn from_toml(bytes: &[u8]) -> Result<(Manifest, Listing), OpenError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| OpenError::NotCanonical { why: format!("{MANIFEST} is not UTF-8") })?;
    let refuse = |e| OpenError::Toml(Box::new(e));
    let FormatOnly { format } = toml::from_str(text).map_err(refuse)?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format, known: FORMAT });
    }
    let written: Written = toml::from_str(text).map_err(refuse)?;
    let mut complaints = Vec::new();
    let name = ModelId::new(&written.name).map_err(|e| complaints.push(format!("name: {e}")));
    let version = written.version.parse().map_err(|e| complaints.push(format!("version: {e}")));
    let tolerances = written.tolerance.parse().map_err(|e| complaints.push(format!("tolerance: {e}")));
    let when = wall(&written.provenance.when).map_err(|e| complaints.push(format!("provenance: when: {e}")));
    let (Ok(name), Ok(version), Ok(tolerances), Ok(when)) = (name, version, tolerances, when) else {
        return Err(OpenError::Manifest { complaints });
    };
    let WrittenProvenance { who, from, notes, .. } = written.provenance;
    let manifest = Manifest {
        name,
        version,
        kind: written.kind.into(),
        inputs: written.inputs.into_iter().map(Into::into).collect(),
        window: written.window.into(),
        tensor: written.tensor.into(),
        scores: written.scores.into_iter().map(Into::into).collect(),
        contributions: written.contributions.into_iter().map(Into::into).collect(),
        tolerances,
        cost: written.cost.map_or(Cost::Unmeasured, |c| Cost::Nanounits(c.work_nanounits)),
        provenance: Provenance { who, when, from, notes },
    };
    Ok((manifest, written.files))
}

fn rfc3339(at: WallTime) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(at.as_ns()))
        .map_or_else(|_| "1970-01-01T00:00:00Z".into(), |t| t.to_string())
}

fn wall(text: &str) -> Result<WallTime, String> {
    let write = |_| format!("'{}' is no time; write one as 2026-01-31T12:00:00Z", text.escape_debug());
    let at: jiff::Timestamp = text.parse().map_err(write)?;
    i64::try_from(at.as_nanosecond()).map(WallTime::from_ns).map_err(|_| format!("'{text}' lies too far away"))
}

fn ns(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

macro_rules! same_words {
    ($($word:ident = $plain:ident { $($variant:ident),* };)*) => {$(
        impl From<$plain> for $word {
            fn from(plain: $plain) -> Self {
                match plain { $($plain::$variant => Self::$variant),* }
            }
        }
        impl From<$word> for $plain {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant),* }
            }
        }
    )*};
}

same_words! {
    KindWord = ModelKind { Baseline, Trained };
    ElementWord = Element { F32, F64 };
    LayoutWord = Layout { ChannelsFirst, SamplesFirst };
    FormWord = ContributionForm { Shares, Raw };
}

impl From<WindowContract> for Window {
    fn from(plain: WindowContract) -> Self {
        match plain {
            WindowContract::Frame => Self::Frame {},
            WindowContract::Count { size } => Self::Count { size },
            WindowContract::Time { span, step } => Self::Time { span_ns: ns(span), step_ns: ns(step) },
            WindowContract::Trigger { n_min, n_max } => Self::Trigger { n_min, n_max },
        }
    }
}

impl From<Window> for WindowContract {
    fn from(written: Window) -> Self {
        match written {
            Window::Frame {} => Self::Frame,
            Window::Count { size } => Self::Count { size },
            Window::Time { span_ns, step_ns } => {
                Self::Time { span: Duration::from_nanos(span_ns), step: Duration::from_nanos(step_ns) }
            }
            Window::Trigger { n_min, n_max } => Self::Trigger { n_min, n_max },
        }
    }
}

impl From<&TensorSpec> for Tensor {
    fn from(plain: &TensorSpec) -> Self {
        let preprocessing = match &plain.preprocessing {
            Preprocessing::Frame => Prep::Frame {},
            Preprocessing::Series { layout } => Prep::Series { layout: (*layout).into() },
            Preprocessing::Features { list } => Prep::Features { list: list.iter().map(Into::into).collect() },
        };
        Self { name: plain.name.clone(), element: plain.element.into(), preprocessing }
    }
}

impl From<Tensor> for TensorSpec {
    fn from(written: Tensor) -> Self {
        let preprocessing = match written.preprocessing {
            Prep::Frame {} => Preprocessing::Frame,
            Prep::Series { layout } => Preprocessing::Series { layout: layout.into() },
            Prep::Features { list } => Preprocessing::Features { list: list.into_iter().map(Into::into).collect() },
        };
        Self { name: written.name, element: written.element.into(), preprocessing }
    }
}

impl From<&FeatureSpec> for Feature {
    fn from(plain: &FeatureSpec) -> Self {
        let input = plain.input.clone();
        match plain.kind {
            FeatureKind::Mean => Self::Mean { input },
            FeatureKind::Std => Self::Std { input },
            FeatureKind::Rms => Self::Rms { input },
            FeatureKind::Peak => Self::Peak { input },
            FeatureKind::Crest => Self::Crest { input },
            FeatureKind::Kurtosis => Self::Kurtosis { input },
            FeatureKind::Skewness => Self::Skewness { input },
            FeatureKind::BandEnergy { low_hz, high_hz } => Self::Band { input, low_hz, high_hz },
        }
    }
}

impl From<Feature> for FeatureSpec {
    fn from(written: Feature) -> Self {
        let (input, kind) = match written {
            Feature::Mean { input } => (input, FeatureKind::Mean),
            Feature::Std { input } => (input, FeatureKind::Std),
            Feature::Rms { input } => (input, FeatureKind::Rms),
            Feature::Peak { input } => (input, FeatureKind::Peak),
            Feature::Crest { input } => (input, FeatureKind::Crest),
            Feature::Kurtosis { input } => (input, FeatureKind::Kurtosis),
            Feature::Skewness { input } => (input, FeatureKind::Skewness),
            Feature::Band { input, low_hz, high_hz } => (input, FeatureKind::BandEnergy { low_hz, high_hz }),
        };
        Self { input, kind }
    }
}

impl From<&Input> for WrittenInput {
    fn from(plain: &Input) -> Self {
        Self {
            role: plain.role.clone(),
            unit: plain.unit.clone(),
            range: plain.range.map(|(low, high)| [low, high]),
            cadence_ns: plain.cadence.map(ns),
        }
    }
}

impl From<WrittenInput> for Input {
    fn from(written: WrittenInput) -> Self {
        Self {
            role: written.role,
            unit: written.unit,
            range: written.range.map(|[low, high]| (low, high)),
            cadence: written.cadence_ns.map(Duration::from_nanos),
        }
    }
}

impl From<&ScoreSpec> for WrittenScore {
    fn from(plain: &ScoreSpec) -> Self {
        let ScoreSpec { name, label, tensor, index, limit, false_alarm_rate } = plain.clone();
        Self { name, label, tensor, index, limit, false_alarm_rate }
    }
}

impl From<WrittenScore> for ScoreSpec {
    fn from(written: WrittenScore) -> Self {
        let WrittenScore { name, label, tensor, index, limit, false_alarm_rate } = written;
        Self { name, label, tensor, index, limit, false_alarm_rate }
    }
}

impl From<&ContributionSpec> for WrittenContribution {
    fn from(plain: &ContributionSpec) -> Self {
        Self { score: plain.score.clone(), tensor: plain.tensor.clone(), form: plain.form.into() }
    }
}

impl From<WrittenContribution> for ContributionSpec {
    fn from(written: WrittenContribution) -> Self {
        Self { score: written.score, tensor: written.tensor, form: written.form.into() }
    }
}

impl From<&Tolerances> for WrittenTolerances {
    fn from(plain: &Tolerances) -> Self {
        let pair = |p: &PairTolerance| WrittenPair {
            between: p.between.map(|provider| provider.to_string()),
            absolute: p.tolerance.absolute,
            relative: p.tolerance.relative,
        };
        Self {
            absolute: plain.default.absolute,
            relative: plain.default.relative,
            pairs: plain.pairs.iter().map(pair).collect(),
        }
    }
}

impl WrittenTolerances {
    fn parse(self) -> Result<Tolerances, super::InvalidProvider> {
        let pair = |p: WrittenPair| {
            let [a, b] = p.between;
            let tolerance = Tolerance { absolute: p.absolute, relative: p.relative };
            Ok(PairTolerance { between: [a.parse()?, b.parse()?], tolerance })
        };
        Ok(Tolerances {
            default: Tolerance { absolute: self.absolute, relative: self.relative },
            pairs: self.pairs.into_iter().map(pair).collect::<Result<_, _>>()?,
        })
    }
}
