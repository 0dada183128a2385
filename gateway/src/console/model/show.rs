//! A package's manifest in words and in JSON.

use crate::console::table::bytes;
use crate::payload::time_text;
use serde_json::{Value, json};
use std::fmt::Write;
use takt_models::package::{
    ContributionForm, Cost, Element, FeatureKind, FeatureSpec, Input, Inspection, Layout, Manifest, ModelKind,
    Preprocessing, WindowContract,
};

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
    let m = &inspection.manifest;
    let scores = m
        .scores
        .iter()
        .map(|s| json!({ "name": s.name, "label": s.label, "limit": s.limit, "false_alarm_rate": s.false_alarm_rate }));
    let contributions = m.contributions.iter().map(|c| {
        let form = match c.form {
            ContributionForm::Shares => "shares",
            ContributionForm::Raw => "raw",
        };
        json!({ "score": c.score, "tensor": c.tensor, "form": form })
    });
    let features = features(m).iter().map(|f| match f.kind {
        FeatureKind::BandEnergy { low_hz, high_hz } => {
            json!({ "input": f.input, "kind": "band", "low_hz": low_hz, "high_hz": high_hz })
        }
        kind => json!({ "input": f.input, "kind": word(kind) }),
    });
    let provenance = &m.provenance;
    json!({
        "name": m.name.to_string(),
        "version": m.version.to_string(),
        "kind": kind(m.kind),
        "digest": inspection.digest.to_string(),
        "n_bytes": inspection.n_bytes,
        "n_model_bytes": inspection.n_model_bytes,
        "n_vectors": inspection.n_vectors,
        "inputs": m.inputs.iter().map(input_json).collect::<Vec<_>>(),
        "window": window_json(m.window),
        "element": if m.tensor.element == Element::F32 { "f32" } else { "f64" },
        "preprocessing": preprocessing(&m.tensor.preprocessing),
        "features": features.collect::<Vec<_>>(),
        "scores": scores.collect::<Vec<_>>(),
        "contributions": contributions.collect::<Vec<_>>(),
        "work_nanounits": match m.cost { Cost::Unmeasured => None, Cost::Nanounits(n) => Some(n) },
        "provenance": {
            "who": provenance.who, "when": time_text(provenance.when), "from": provenance.from,
            "notes": provenance.notes,
        },
    })
}

fn kind(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Baseline => "baseline",
        ModelKind::Trained => "trained",
    }
}

fn input_text(input: &Input) -> String {
    match &input.unit {
        Some(unit) => format!("{} [{unit}]", input.role),
        None => input.role.clone(),
    }
}

fn input_json(input: &Input) -> Value {
    json!({
        "role": input.role,
        "unit": input.unit,
        "range": input.range.map(|(low, high)| [low, high]),
        "cadence_s": input.cadence.map(|cadence| cadence.as_secs_f64()),
    })
}

fn window_text(manifest: &Manifest) -> String {
    match manifest.window {
        WindowContract::Frame => "each frame".to_owned(),
        WindowContract::Count { size } => format!("{size} frames"),
        WindowContract::Time { span, step } => format!("{span:?} in steps of {step:?}"),
        WindowContract::Trigger { n_min, n_max } => format!("around a trigger, {n_min} to {n_max} frames"),
    }
}

fn window_json(window: WindowContract) -> Value {
    match window {
        WindowContract::Frame => json!({ "kind": "frame" }),
        WindowContract::Count { size } => json!({ "kind": "count", "size": size }),
        WindowContract::Time { span, step } => {
            json!({ "kind": "time", "span_s": span.as_secs_f64(), "step_s": step.as_secs_f64() })
        }
        WindowContract::Trigger { n_min, n_max } => json!({ "kind": "trigger", "n_min": n_min, "n_max": n_max }),
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

fn features(manifest: &Manifest) -> &[FeatureSpec] {
    match &manifest.tensor.preprocessing {
        Preprocessing::Features { list } => list,
        Preprocessing::Frame | Preprocessing::Series { .. } => &[],
    }
}

fn word(kind: FeatureKind) -> &'static str {
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
