//! A package's manifest in words and in JSON.

use crate::console::table::bytes;
use crate::loader::card::{ModelCard, kind, word};
use crate::payload::time_text;
use serde_json::Value;
use std::fmt::Write;
use takt_models::package::{FeatureSpec, Input, Inspection, Manifest, Preprocessing, WindowContract};

/// For people.
pub(super) fn text(inspection: &Inspection) -> String {
    let manifest = &inspection.manifest;
    let mut text = format!("{} {}, {}\n", manifest.name, manifest.version, kind(manifest.kind));
    let mut say = |key: &str, value: String| {
        writeln!(text, "  {key:<12} {value}").expect("writing to a string never fails");
    };
    say("digest", inspection.digest.to_string());
    say("size", format!("{}, of which the graph {}", bytes(inspection.n_bytes), bytes(inspection.n_model_bytes)));
    say("inputs", manifest.inputs.iter().map(input_text).collect::<Vec<_>>().join(", "));
    say("window", window_text(manifest));
    let list: Vec<String> = features(manifest).iter().map(|f| format!("{}({})", word(f.kind), f.input)).collect();
    if !list.is_empty() {
        say("features", list.join(", "));
    }
    for score in &manifest.scores {
        let rate = score.false_alarm_rate.map(|rate| format!(", fails a share of {rate:.2e} of good windows"));
        say("score", format!("{} up to {}{}", score.name, score.limit, rate.unwrap_or_default()));
    }
    say("test vectors", inspection.n_vectors.to_string());
    let provenance = &manifest.provenance;
    say("made by", format!("{}, {}", provenance.who, time_text(provenance.when)));
    say("from", provenance.from.clone());
    for (key, value) in &provenance.notes {
        say("note", format!("{key}: {value}"));
    }
    text
}

/// For programs.
pub(super) fn json(inspection: &Inspection) -> Value {
    serde_json::to_value(ModelCard::of(inspection)).expect("a card has only text keys")
}

fn input_text(input: &Input) -> String {
    match &input.unit {
        Some(unit) => format!("{} [{unit}]", input.role),
        None => input.role.clone(),
    }
}

fn window_text(manifest: &Manifest) -> String {
    match manifest.window {
        WindowContract::Frame => "each frame".to_owned(),
        WindowContract::Count { size } => format!("{size} frames"),
        WindowContract::Time { span, step } => format!("{span:?} in steps of {step:?}"),
        WindowContract::Trigger { n_min, n_max } => format!("around a trigger, {n_min} to {n_max} frames"),
    }
}

fn features(manifest: &Manifest) -> &[FeatureSpec] {
    match &manifest.tensor.preprocessing {
        Preprocessing::Features { list } => list,
        Preprocessing::Frame | Preprocessing::Series { .. } => &[],
    }
}
