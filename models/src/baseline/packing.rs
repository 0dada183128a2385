//! From a learned baseline to a package: manifest, graph and test vectors.

use super::graph::{Batch, INPUT, SCORES, SPE_CONTRIBUTIONS, T2_CONTRIBUTIONS, graph};
use super::learn::Learned;
use super::options::{Components, Limits};
use super::text::rule_text;
use super::vectors::{Numbers, spread_rows, vectors};
use crate::package::{
    ContributionForm, ContributionSpec, Cost, Element, FeatureSpec, Input, Manifest, ModelKind, ModelVersion,
    PackError, Package, Preprocessing, Provenance, ScoreSpec, TensorSpec, TestVector, Tolerances, WindowContract,
};
use takt_plant::{ModelId, WallTime};

/// What the columns of the learned rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Each column is an input: the newest value in a window.
    Frame,
    /// Each column is a feature of an input's window.
    Features {
        /// The features, in the order of the columns.
        list: Vec<FeatureSpec>,
        /// The inputs that the features are computed from.
        inputs: Vec<Input>,
        /// The windows that they are computed over.
        window: WindowContract,
        /// Windows to test the package with, one column per input, and their features in the order of `list`. They
        /// travel with the package: make them up ([`made_up_windows`](super::made_up_windows)), never take recorded
        /// ones.
        examples: Vec<(Vec<Vec<f64>>, Vec<f64>)>,
    },
}

/// What a package needs beside what was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Packing {
    /// The model's name.
    pub name: ModelId,
    /// Its version.
    pub version: ModelVersion,
    /// What the columns are.
    pub source: Source,
    /// Element type of the graph; [`Element::F64`] unless the device has no f64.
    pub element: Element,
    /// Who learned it.
    pub who: String,
    /// When.
    pub when: WallTime,
    /// From which rows: a connection, a file, a span of time.
    pub from: String,
}

impl Learned {
    /// The bytes of a `.takt` package that scores as this baseline does.
    ///
    /// The scores are `t2` and, unless the plane takes in all variance, `spe`. Its test vectors are drawn from the
    /// learned mean and scale, not from training rows, and their expected scores come from the plane in f64.
    ///
    /// # Errors
    /// What the manifest's rules refuse, such as a role that is no name; features that are not the learned columns.
    pub fn pack(&self, packing: &Packing) -> Result<Vec<u8>, PackError> {
        self.check_features(&packing.source)?;
        let (vectors, numbers) = self.examples(packing);
        let manifest = self.manifest(packing, numbers);
        Package::pack(&manifest, &graph(&self.plane, packing.element, Batch::One), &vectors)
    }

    fn check_features(&self, source: &Source) -> Result<(), PackError> {
        let Source::Features { list, examples, .. } = source else { return Ok(()) };
        let n = self.options.columns.len();
        let mut complaints = Vec::new();
        if list.len() != n {
            complaints.push(format!("features: {} are named, but the baseline was learned from {n}", list.len()));
        }
        if examples.iter().any(|(_, row)| row.len() != n) {
            complaints.push(format!("examples: each window needs the {n} features that it gives"));
        }
        if complaints.is_empty() { Ok(()) } else { Err(PackError::Manifest { complaints }) }
    }

    fn examples(&self, packing: &Packing) -> (Vec<TestVector>, Numbers) {
        match &packing.source {
            Source::Frame => {
                let rows = spread_rows(&self.plane);
                let windows = rows.iter().map(|row| row.iter().map(|value| vec![*value]).collect());
                vectors(&self.plane, packing.element, windows.zip(rows.iter().cloned()))
            }
            Source::Features { examples, .. } => vectors(&self.plane, packing.element, examples.iter().cloned()),
        }
    }

    fn manifest(&self, packing: &Packing, numbers: Numbers) -> Manifest {
        let (inputs, window, preprocessing) = match &packing.source {
            Source::Frame => (self.inputs(), WindowContract::Frame, Preprocessing::Frame),
            Source::Features { list, inputs, window, .. } => {
                (inputs.clone(), *window, Preprocessing::Features { list: list.clone() })
            }
        };
        let explains = |score: &str, tensor: &str| ContributionSpec {
            score: score.to_owned(),
            tensor: tensor.to_owned(),
            form: ContributionForm::Raw,
        };
        let mut scores = vec![self.score("t2", "T²", 0, self.limits.t2)];
        let mut contributions = vec![explains("t2", T2_CONTRIBUTIONS)];
        if let Some(limit) = self.limits.spe {
            scores.push(self.score("spe", "SPE", 1, limit));
            contributions.push(explains("spe", SPE_CONTRIBUTIONS));
        }
        Manifest {
            name: packing.name.clone(),
            version: packing.version.clone(),
            kind: ModelKind::Baseline,
            inputs,
            window,
            tensor: TensorSpec { name: INPUT.to_owned(), element: packing.element, preprocessing },
            scores,
            contributions,
            tolerances: Tolerances { default: numbers.tolerance(&self.limits), pairs: Vec::new() },
            cost: Cost::Unmeasured,
            provenance: self.provenance(packing),
        }
    }

    fn inputs(&self) -> Vec<Input> {
        let input = |column: &super::options::Column| Input {
            role: column.role.clone(),
            unit: (!column.unit.is_empty()).then(|| column.unit.clone()),
            range: None,
            cadence: None,
        };
        self.options.columns.iter().map(input).collect()
    }

    fn score(&self, name: &str, label: &str, index: u32, limit: f64) -> ScoreSpec {
        ScoreSpec {
            name: name.to_owned(),
            label: label.to_owned(),
            tensor: SCORES.to_owned(),
            index,
            limit,
            false_alarm_rate: self.false_alarm_rate(),
        }
    }

    /// The share of good rows that each limit is set to fail.
    fn false_alarm_rate(&self) -> Option<f64> {
        match self.options.limits {
            Limits::Theory { confidence, .. } => Some(1.0 - confidence),
            Limits::Quantile(quantile) => Some(1.0 - quantile),
            Limits::Rank(rank) => Some((rank - 1) as f64 / self.report.limit_set.len().max(1) as f64),
        }
    }

    fn provenance(&self, packing: &Packing) -> Provenance {
        let report = &self.report;
        let mut notes = [
            ("rows", report.training.len().to_string()),
            ("components", self.plane.n_components.to_string()),
            ("variance_share", format!("{:.4}", report.variance_share)),
            ("limits", rule_text(report.rule)),
            ("contributions", "complete decomposition (Alcala, Qin 2009)".to_owned()),
        ]
        .map(|(key, text)| (key.to_owned(), text))
        .to_vec();
        if let Components::ParallelAnalysis { seed, .. } = self.options.components {
            notes.push(("seed".to_owned(), seed.to_string()));
        }
        if !report.constant.is_empty() {
            notes.push(("constant".to_owned(), report.constant.join(", ")));
        }
        Provenance {
            who: packing.who.clone(),
            when: packing.when,
            from: packing.from.clone(),
            notes: notes.into_iter().collect(),
        }
    }
}
