//! The independent implementation: `models/tests/peers/baseline.py`, run with numpy, scipy, onnx and onnxruntime.

use ndarray::ArrayView2;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Asks the peer one question and takes its answer.
pub fn ask(question: &Value) -> Value {
    let python = std::env::var("TAKT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/baseline.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("'{python}' does not start ({e}); run `cargo xtask setup` or set TAKT_PYTHON"));
    let mut input = child.stdin.take().expect("a pipe was asked for");
    input.write_all(question.to_string().as_bytes()).expect("the peer reads its question");
    drop(input);
    let output = child.wait_with_output().expect("the peer ends");
    assert!(
        output.status.success(),
        "the peer failed; it needs numpy, scipy, onnx and onnxruntime (`cargo xtask setup` installs them)"
    );
    serde_json::from_slice(&output.stdout).expect("the peer answers in JSON")
}

/// A matrix as a list of rows.
pub fn rows(matrix: ArrayView2<'_, f64>) -> Value {
    json!(matrix.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>())
}

/// A list of numbers of the answer.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
}

/// Fails unless every pair agrees to `relative`, or to `absolute` where values are small.
#[track_caller]
pub fn check_close(what: &str, found: &[f64], expected: &[f64], relative: f64, absolute: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: how many");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= absolute + relative * e.abs(), "{what}[{i}]: {f} is not {e}");
    }
}
