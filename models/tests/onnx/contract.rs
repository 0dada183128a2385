//! A graph that is not what its manifest says is refused with words that say what to correct (B30).

use crate::kit::*;
use takt_models::package::*;

const IDENTITY_2: &[u8] = include_bytes!("../fixtures/identity_2.onnx");

fn frame(n_inputs: usize) -> Manifest {
    manifest(n_inputs, WindowContract::Frame, Preprocessing::Frame)
}

fn one(n_inputs: usize, n_samples: usize) -> Vec<TestVector> {
    vec![vector(vec![vec![0.5; n_samples]; n_inputs], vec![0.5])]
}

fn check(edit: impl Fn(&mut Manifest), graph: &[u8], n_samples: usize, expected: &[&str]) {
    let mut m = frame(2);
    edit(&mut m);
    let vectors = one(m.inputs.len(), n_samples);
    let error = refused(&m, graph, &vectors);
    for e in expected {
        assert!(error.contains(e), "expected '{e}' in: {error}");
    }
}

#[test]
fn names_types_and_shapes_are_checked() {
    check(|m| m.tensor.name = "input".into(), IDENTITY_2, 1, &["no input 'input'; it has 'x'"]);
    check(|m| m.tensor.element = Element::F64, IDENTITY_2, 1, &["'x' takes f32, and the manifest says f64"]);
    check(|m| m.scores[0].tensor = "z".into(), IDENTITY_2, 1, &["no output 'z'; it has 'y'"]);
    check(|m| m.scores[0].index = 2, IDENTITY_2, 1, &["'y' has 2 elements, and the manifest names number 3"]);
    let series = |m: &mut Manifest| {
        m.window = WindowContract::Count { size: 3 };
        m.tensor.preprocessing = Preprocessing::Series { layout: Layout::ChannelsFirst };
    };
    check(series, IDENTITY_2, 3, &["shape [1, 2], and the manifest's windows give [1, 2, 3]"]);
    check(
        |m| m.inputs.push(Input { role: "c".into(), ..m.inputs[0].clone() }),
        IDENTITY_2,
        1,
        &["windows give [1, 3]"],
    );
}

#[test]
fn graphs_that_cannot_be_fed_or_read_are_refused() {
    let integers = include_bytes!("../fixtures/integers.onnx");
    check(|_| {}, integers, 1, &["output 'y' gives i64; give f32 or f64"]);
    let two = include_bytes!("../fixtures/two_inputs.onnx");
    check(|_| {}, two, 1, &["further input 'w', which nothing feeds"]);
}

#[test]
fn contributions_must_explain_every_input() {
    let explain = |m: &mut Manifest| {
        m.inputs.truncate(2);
        let wide = ContributionSpec { score: "y".into(), tensor: "y".into(), form: ContributionForm::Shares };
        m.contributions = vec![wide];
    };
    let three = include_bytes!("../fixtures/identity_2x3.onnx");
    let series = |m: &mut Manifest| {
        explain(m);
        m.window = WindowContract::Count { size: 3 };
        m.tensor.preprocessing = Preprocessing::Series { layout: Layout::ChannelsFirst };
    };
    check(series, three, 3, &["'y' has 6 elements, and there are 2 to explain"]);
}

#[test]
fn all_complaints_come_at_once() {
    let edit = |m: &mut Manifest| {
        m.tensor.element = Element::F64;
        m.scores[0].tensor = "z".into();
    };
    check(edit, IDENTITY_2, 1, &["takes f32", "no output 'z'"]);
}
