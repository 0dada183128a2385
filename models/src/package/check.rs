//! The rules of a manifest as a whole, all complaints at once.

use super::{
    ContributionSpec, FeatureKind, FeatureSpec, Manifest, N_VECTORS_MAX, Preprocessing, ScoreSpec, TestVector,
    Tolerance, WindowContract,
};
use crate::features::FeaturePlan;
use std::collections::BTreeSet;
use takt_plant::TagId;

/// Most inputs of a model.
pub const N_INPUTS_MAX: usize = 10_000;

/// Most scores of a model; each becomes a row of every verdict.
pub const N_SCORES_MAX: usize = 64;

/// Most numbers in a window and in a tensor: 128 MiB as f64.
pub const N_VALUES_MAX: u64 = 16 << 20;

/// What is wrong with a manifest; nothing when it keeps all rules.
pub(super) fn manifest(m: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    inputs(m, &mut found);
    window(m, &mut found);
    preprocessing(m, &mut found);
    scores(&m.scores, &mut found);
    contributions(m, &mut found);
    tolerances(m, &mut found);
    found
}

/// What is wrong with the test vectors.
pub(super) fn vectors(m: &Manifest, vectors: &[TestVector]) -> Vec<String> {
    let mut found = Vec::new();
    if vectors.is_empty() || vectors.len() > N_VECTORS_MAX {
        found.push(format!("vectors: give 1 to {N_VECTORS_MAX} test vectors, not {}", vectors.len()));
    }
    let (n_min, n_max) = m.window.n_samples_bounds();
    for (i, v) in vectors.iter().enumerate() {
        let place = format!("vectors/{:04}.json", i + 1);
        if v.columns.len() != m.inputs.len() {
            found.push(format!("{place}: {} columns, but the model has {} inputs", v.columns.len(), m.inputs.len()));
        }
        let n = v.columns.first().map_or(0, Vec::len);
        if v.columns.iter().any(|c| c.len() != n) || !(n_min as usize..=n_max as usize).contains(&n) {
            found.push(format!("{place}: each column needs the same number of values, {n_min} to {n_max}"));
        }
        if v.scores.len() != m.scores.len() {
            found.push(format!("{place}: {} scores, but the model has {}", v.scores.len(), m.scores.len()));
        }
        if v.columns.iter().flatten().chain(&v.scores).any(|x| !x.is_finite()) {
            found.push(format!("{place}: only finite numbers may stand here"));
        }
    }
    found
}

fn inputs(m: &Manifest, found: &mut Vec<String>) {
    if m.inputs.is_empty() || m.inputs.len() > N_INPUTS_MAX {
        found.push(format!("inputs: give 1 to {N_INPUTS_MAX}, not {}", m.inputs.len()));
    }
    let mut roles = BTreeSet::new();
    for input in &m.inputs {
        let role = &input.role;
        if let Err(why) = TagId::new(role) {
            found.push(format!("inputs: role '{}': {why}", role.escape_debug()));
        }
        if !roles.insert(role.as_str()) {
            found.push(format!("inputs: role '{role}' stands twice; give each input its own"));
        }
        if let Some((low, high)) = input.range
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            found.push(format!("inputs: range of '{role}': write [smallest, largest] as finite numbers"));
        }
        if input.cadence.is_some_and(|c| c.is_zero()) {
            found.push(format!("inputs: cadence of '{role}' must be above zero"));
        }
    }
}

fn window(m: &Manifest, found: &mut Vec<String>) {
    match m.window {
        WindowContract::Frame => {}
        WindowContract::Count { size: 0 } => found.push("window: size must be at least 1".into()),
        WindowContract::Count { .. } => {}
        WindowContract::Time { span, step } => {
            if step.is_zero() || span < step || span.as_nanos() % step.as_nanos() != 0 {
                found.push("window: span must be a whole multiple of step, and step above zero".into());
            }
        }
        WindowContract::Trigger { n_min, n_max } => {
            if n_min == 0 || n_max < n_min {
                found.push("window: n_min must be at least 1 and n_max at least n_min".into());
            }
        }
    }
    let n_values = m.inputs.len() as u64 * u64::from(m.window.n_samples_bounds().1);
    if n_values > N_VALUES_MAX {
        found.push(format!("window: {n_values} numbers in one window; at most {N_VALUES_MAX} are allowed"));
    }
}

fn preprocessing(m: &Manifest, found: &mut Vec<String>) {
    if m.tensor.name.is_empty() {
        found.push("tensor: name the graph's input tensor".into());
    }
    match &m.tensor.preprocessing {
        Preprocessing::Frame => {}
        Preprocessing::Series { .. } => {
            if m.window.n_samples().is_none() {
                found.push(
                    "tensor: preprocessing 'series' needs a fixed number of samples; make n_min and n_max equal, or use 'features'"
                        .into(),
                );
            }
        }
        Preprocessing::Features { list } => {
            if list.is_empty() || list.len() as u64 > N_VALUES_MAX {
                found.push("tensor: preprocessing 'features' needs a list of features".into());
            }
            features(m, list, found);
        }
    }
}

fn features(m: &Manifest, list: &[FeatureSpec], found: &mut Vec<String>) {
    let mut rate: Option<f64> = None;
    for spec in list {
        let Some(input) = m.inputs.iter().find(|i| i.role == spec.input) else {
            found.push(format!("tensor: a feature names '{}', which is no input", spec.input.escape_debug()));
            continue;
        };
        if !matches!(spec.kind, FeatureKind::BandEnergy { .. }) {
            continue;
        }
        let sample_hz = m.sample_hz(input);
        if let Err(e) = FeaturePlan::new(vec![(0, spec.kind)], sample_hz) {
            found.push(format!("tensor: a band of '{}': {e}", input.role));
        }
        if sample_hz.is_some_and(|hz| *rate.get_or_insert(hz) != hz) {
            found.push(format!("inputs: '{}' has another cadence than the other inputs with bands", input.role));
        }
    }
}

fn scores(scores: &[ScoreSpec], found: &mut Vec<String>) {
    if scores.is_empty() || scores.len() > N_SCORES_MAX {
        found.push(format!("scores: give 1 to {N_SCORES_MAX}, not {}", scores.len()));
    }
    let mut names = BTreeSet::new();
    for score in scores {
        let name = &score.name;
        if let Err(why) = TagId::new(name) {
            found.push(format!("scores: name '{}': {why}", name.escape_debug()));
        }
        if !names.insert(name.as_str()) {
            found.push(format!("scores: '{name}' stands twice; give each score its own name"));
        }
        if score.tensor.is_empty() {
            found.push(format!("scores: name the output tensor of '{name}'"));
        }
        if !score.limit.is_finite() {
            found.push(format!("scores: the limit of '{name}' must be a finite number"));
        }
        if score.false_alarm_rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            found.push(format!("scores: false_alarm_rate of '{name}' lies between 0 and 1"));
        }
    }
}

fn contributions(m: &Manifest, found: &mut Vec<String>) {
    let mut explained = BTreeSet::new();
    for ContributionSpec { score, tensor, .. } in &m.contributions {
        if !m.scores.iter().any(|s| s.name == *score) {
            found.push(format!("contributions: '{}' is no score of this model", score.escape_debug()));
        }
        if !explained.insert(score.as_str()) {
            found.push(format!("contributions: '{score}' is explained twice"));
        }
        if tensor.is_empty() {
            found.push(format!("contributions: name the output tensor for '{score}'"));
        }
    }
}

fn tolerances(m: &Manifest, found: &mut Vec<String>) {
    let good = |t: &Tolerance| [t.absolute, t.relative].iter().all(|x| x.is_finite() && *x >= 0.0);
    if !good(&m.tolerances.default) || !m.tolerances.pairs.iter().all(|p| good(&p.tolerance)) {
        found.push("tolerance: absolute and relative are finite and not negative".into());
    }
    let mut pairs = BTreeSet::new();
    for pair in &m.tolerances.pairs {
        let [a, b] = pair.between;
        if a == b || !pairs.insert((a.min(b), a.max(b))) {
            found.push(format!("tolerance: the pair {a}, {b} must be two providers and stand once"));
        }
    }
}
