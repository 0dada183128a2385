//! Whether a graph is what its manifest says: names, types and shapes (B30).

use crate::package::{Element, Layout, Manifest, Preprocessing};
use ort::value::{Outlet, TensorElementType, ValueType};

/// The shape of the input tensor, in the order of its dimensions.
pub(super) fn input_shape(m: &Manifest) -> Vec<usize> {
    let n_inputs = m.inputs.len();
    let n_samples = m.window.n_samples().unwrap_or(0) as usize;
    match &m.tensor.preprocessing {
        Preprocessing::Frame => vec![1, n_inputs],
        Preprocessing::Series { layout: Layout::ChannelsFirst } => vec![1, n_inputs, n_samples],
        Preprocessing::Series { layout: Layout::SamplesFirst } => vec![1, n_samples, n_inputs],
        Preprocessing::Features { list } => vec![1, list.len()],
    }
}

/// The free dimensions of the graph's input that have a name, with the length that windows give them.
pub(super) fn free_dimensions(inputs: &[Outlet], m: &Manifest) -> Vec<(String, i64)> {
    let mut free = Vec::new();
    for outlet in inputs.iter().filter(|o| o.name() == m.tensor.name) {
        let ValueType::Tensor { dimension_symbols, .. } = outlet.dtype() else { continue };
        for (symbol, n) in dimension_symbols.iter().zip(input_shape(m)).filter(|(symbol, _)| !symbol.is_empty()) {
            free.push((symbol.clone(), n as i64));
        }
    }
    free
}

/// Every way in which the graph does not keep the manifest; nothing when it does.
pub(super) fn check(inputs: &[Outlet], outputs: &[Outlet], m: &Manifest) -> Vec<String> {
    let mut found = Vec::new();
    input(inputs, m, &mut found);
    for score in &m.scores {
        output(outputs, &score.tensor, u64::from(score.index) + 1, None, &mut found);
    }
    let n_inputs = m.inputs.len() as u64;
    let also = match &m.tensor.preprocessing {
        Preprocessing::Features { list } => list.len() as u64,
        _ => n_inputs,
    };
    for c in &m.contributions {
        output(outputs, &c.tensor, n_inputs, Some([n_inputs, also]), &mut found);
    }
    found
}

fn input(inputs: &[Outlet], m: &Manifest, found: &mut Vec<String>) {
    let name = &m.tensor.name;
    let Some(outlet) = inputs.iter().find(|o| o.name() == name) else {
        found.push(format!("the graph has no input '{name}'; it has {}", names(inputs)));
        return;
    };
    for other in inputs.iter().filter(|o| o.name() != name) {
        found.push(format!("the graph has a further input '{}', which nothing feeds", other.name()));
    }
    let (wanted_type, word) = match m.tensor.element {
        Element::F32 => (TensorElementType::Float32, "f32"),
        Element::F64 => (TensorElementType::Float64, "f64"),
    };
    let shape = input_shape(m);
    let ValueType::Tensor { ty, shape: dims, .. } = outlet.dtype() else {
        found.push(format!("input '{name}' is {}, not a tensor", outlet.dtype()));
        return;
    };
    if *ty != wanted_type {
        found.push(format!("input '{name}' takes {ty}, and the manifest says {word}"));
    }
    let fits = dims.len() == shape.len() && dims.iter().zip(&shape).all(|(d, n)| *d < 0 || *d == *n as i64);
    if !fits {
        found.push(format!("input '{name}' has shape {}, and the manifest's windows give {shape:?}", shown(dims)));
    }
}

/// Checks an output that must have at least `n_min` elements, or one of two exact counts.
fn output(outputs: &[Outlet], name: &str, n_min: u64, exactly: Option<[u64; 2]>, found: &mut Vec<String>) {
    let Some(outlet) = outputs.iter().find(|o| o.name() == name) else {
        found.push(format!("the graph has no output '{name}'; it has {}", names(outputs)));
        return;
    };
    let ValueType::Tensor { ty, shape, .. } = outlet.dtype() else {
        found.push(format!("output '{name}' is {}, not a tensor", outlet.dtype()));
        return;
    };
    if !matches!(ty, TensorElementType::Float32 | TensorElementType::Float64) {
        found.push(format!("output '{name}' gives {ty}; give f32 or f64"));
    }
    // A dynamic dimension is usually the batch, which is one here; the first run tells for sure.
    let n = shape.iter().map(|d| u64::try_from(*d).unwrap_or(1)).product::<u64>();
    let dynamic = shape.iter().any(|d| *d < 0);
    match exactly {
        Some(counts) if !dynamic && !counts.contains(&n) => {
            found.push(format!("output '{name}' has {n} elements, and there are {} to explain", counts[0]));
        }
        None if !dynamic && n < n_min => {
            found.push(format!("output '{name}' has {n} elements, and the manifest names number {n_min}"));
        }
        _ => {}
    }
}

fn names(outlets: &[Outlet]) -> String {
    outlets.iter().map(|o| format!("'{}'", o.name())).collect::<Vec<_>>().join(", ")
}

fn shown(dims: &[i64]) -> String {
    let dims: Vec<String> = dims.iter().map(|d| if *d < 0 { "any".into() } else { d.to_string() }).collect();
    format!("[{}]", dims.join(", "))
}
