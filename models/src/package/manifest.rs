//! The manifest: what a model declares about itself. Plain values, no serialisation.

use super::{ModelVersion, Provider};
use crate::features::{Feature, FeatureError, FeaturePlan};
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::{ModelId, WallTime};

/// What a model declares: who it is, what it takes, what it gives and how it is judged.
///
/// The values are checked as a whole when a package is packed or opened, so a manifest that comes
/// out of a [`Package`](super::Package) keeps all the rules named here.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The model's name: a file name and a metric label.
    pub name: ModelId,
    /// Its version.
    pub version: ModelVersion,
    /// How it came to be.
    pub kind: ModelKind,
    /// Its inputs, in the order of a window's columns. At least one; roles are unique.
    pub inputs: Vec<Input>,
    /// The windows that it takes.
    pub window: WindowContract,
    /// The graph's input tensor and how a window becomes it.
    pub tensor: TensorSpec,
    /// Its scores with their limits, in the order in which they are shown. At least one.
    pub scores: Vec<ScoreSpec>,
    /// Which tensors say what each input contributed to a score; empty when the graph tells none.
    pub contributions: Vec<ContributionSpec>,
    /// How far results may differ from test vectors and between providers.
    pub tolerances: Tolerances,
    /// What one run costs.
    pub cost: Cost,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Manifest {
    /// Samples a second of one input: by the window's step, else by the input's cadence; `None` when
    /// neither is stated.
    pub fn sample_hz(&self, input: &Input) -> Option<f64> {
        let step = match self.window {
            WindowContract::Time { step, .. } => Some(step),
            _ => input.cadence,
        };
        step.filter(|s| !s.is_zero()).map(|s| 1.0 / s.as_secs_f64())
    }
}

impl Manifest {
    /// How the tensor's features are computed; the empty plan where the tensor is none of features.
    ///
    /// All bands share one sample rate, because one message or poll brings a window's columns
    /// together.
    ///
    /// # Errors
    /// A band without a sample rate, or one that holds no frequency.
    pub fn feature_plan(&self) -> Result<FeaturePlan, FeatureError> {
        let Preprocessing::Features { list } = &self.tensor.preprocessing else {
            return FeaturePlan::new(Vec::new(), None);
        };
        let place = |f: &FeatureSpec| self.inputs.iter().position(|i| i.role == f.input);
        let items: Vec<_> = list.iter().filter_map(|f| Some((place(f)?, f.kind))).collect();
        let band = items.iter().find(|(_, kind)| matches!(kind, Feature::BandEnergy { .. }));
        let sample_hz = band.and_then(|(input, _)| self.sample_hz(&self.inputs[*input]));
        FeaturePlan::new(items, sample_hz)
    }
}

/// How a model came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// T²/SPE, learned on a gateway from a period of good production.
    Baseline,
    /// Trained elsewhere and pushed as a package.
    Trained,
}

/// One input, bound by a line to one of its tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name; letters, digits, `_`, `-` and `.`, beginning with a letter or digit.
    pub role: String,
    /// The unit that the tag must have; `None` for a model that takes any.
    pub unit: Option<String>,
    /// The smallest and largest value that the model was made for; `None` when it was not stated.
    pub range: Option<(f64, f64)>,
    /// The time between two samples that the model was made for; `None` when it does not matter.
    /// Band features of count and trigger windows need it.
    pub cadence: Option<Duration>,
}

/// The windows that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowContract {
    /// One value per input.
    Frame,
    /// `size` values per input.
    Count {
        /// Values per input, at least 1.
        size: u32,
    },
    /// `span / step` values per input.
    Time {
        /// Length of the window; a whole multiple of `step`.
        span: Duration,
        /// Time between two values, above zero.
        step: Duration,
    },
    /// Any number of values per input from `n_min` to `n_max`: what was collected around a trigger.
    Trigger {
        /// Fewest values, at least 1.
        n_min: u32,
        /// Most values.
        n_max: u32,
    },
}

impl WindowContract {
    /// Values per input where the contract fixes them; `None` for a trigger window of any length.
    pub fn n_samples(&self) -> Option<u32> {
        match self {
            Self::Frame => Some(1),
            Self::Count { size } => Some(*size),
            Self::Time { span, step } => u32::try_from(span.as_nanos().checked_div(step.as_nanos()).unwrap_or(0)).ok(),
            Self::Trigger { n_min, n_max } => (n_min == n_max).then_some(*n_min),
        }
    }

    /// Fewest and most values per input.
    pub fn n_samples_bounds(&self) -> (u32, u32) {
        match self {
            Self::Trigger { n_min, n_max } => (*n_min, *n_max),
            fixed => fixed.n_samples().map_or((0, 0), |n| (n, n)),
        }
    }
}

/// The graph's input tensor and how a window becomes it.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// The tensor's name in the graph.
    pub name: String,
    /// Its element type.
    pub element: Element,
    /// How a window becomes it.
    pub preprocessing: Preprocessing,
}

/// The element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

/// How a window becomes a tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Preprocessing {
    /// The newest value of each input: shape `[1, n_inputs]`.
    Frame,
    /// All values: shape `[1, n_inputs, n_samples]` or `[1, n_samples, n_inputs]`.
    Series {
        /// Which of the two.
        layout: Layout,
    },
    /// Numbers computed from the window: shape `[1, n_features]`, in this order.
    Features {
        /// The features. At least one.
        list: Vec<FeatureSpec>,
    },
}

/// The order of a series tensor's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[1, n_inputs, n_samples]`: what 1-D convolutions take.
    ChannelsFirst,
    /// `[1, n_samples, n_inputs]`: what recurrent layers take.
    SamplesFirst,
}

/// One feature of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSpec {
    /// The input's role.
    pub input: String,
    /// What is computed.
    pub kind: Feature,
}

/// One number that the model gives, and its upper control limit.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSpec {
    /// The score's name, such as `t2` or `spe`; unique in the model.
    pub name: String,
    /// What people read beside it; empty when the name says enough.
    pub label: String,
    /// The output tensor that holds it.
    pub tensor: String,
    /// Its place in that tensor, counted over all elements in row-major order.
    pub index: u32,
    /// A value above this fails the window.
    pub limit: f64,
    /// The share of good windows that the limit is expected to fail; `None` when it was not stated.
    pub false_alarm_rate: Option<f64>,
}

/// A tensor that says what each input contributed to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ContributionSpec {
    /// The score that it explains, by name.
    pub score: String,
    /// The output tensor, with one element per input – or, with [`Preprocessing::Features`], one
    /// per feature, which are added up by input.
    pub tensor: String,
    /// What its elements are.
    pub form: ContributionForm,
}

/// What the elements of a contributions tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContributionForm {
    /// Shares that sum to 1.
    Shares,
    /// Amounts of the score. Negative amounts lower it and explain no failure: they count as zero
    /// before the rest is divided by its sum (Kourti and MacGregor, J. Quality Technology 28, 1996).
    Raw,
}

/// How far two results may differ: `|a − b| ≤ absolute + relative · |b|`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Not negative.
    pub absolute: f64,
    /// Not negative.
    pub relative: f64,
}

impl Tolerance {
    /// Whether `found` is close enough to `expected`. Two NaN or two equal infinities agree.
    pub fn allows(&self, found: f64, expected: f64) -> bool {
        if found.is_nan() || expected.is_nan() {
            return found.is_nan() && expected.is_nan();
        }
        // Exactly equal first: the difference of two infinities is no number.
        found.total_cmp(&expected).is_eq() || (found - expected).abs() <= self.absolute + self.relative * expected.abs()
    }
}

/// How far results may differ from test vectors and between providers.
#[derive(Debug, Clone, PartialEq)]
pub struct Tolerances {
    /// From the test vectors, on the CPU; and between any pair of providers not named below.
    pub default: Tolerance,
    /// Between named pairs of providers.
    pub pairs: Vec<PairTolerance>,
}

impl Tolerances {
    /// How far results on `a` and `b` may differ.
    pub fn between(&self, a: Provider, b: Provider) -> Tolerance {
        let named = |p: &&PairTolerance| p.between == [a, b] || p.between == [b, a];
        self.pairs.iter().find(named).map_or(self.default, |p| p.tolerance)
    }
}

/// How far results of one pair of providers may differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairTolerance {
    /// The two providers.
    pub between: [Provider; 2],
    /// How far.
    pub tolerance: Tolerance,
}

/// What one run costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Nobody measured it; such a model is not lent.
    Unmeasured,
    /// Work units, in integer nanounits (time relative to the calibration graph).
    Nanounits(u64),
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Who made it.
    pub who: String,
    /// When.
    pub when: WallTime,
    /// From which data.
    pub from: String,
    /// Anything else, by name: tools and their versions, settings, reports.
    pub notes: BTreeMap<String, String>,
}
