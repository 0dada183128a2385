//! The baseline learner against real data, published figures and an independent implementation in Python.

#[allow(dead_code, reason = "other test programs use other parts of the kit")]
#[path = "../onnx/kit.rs"]
mod kit;
mod peer;
mod real;

mod agrees_with_python;
mod exact;
mod in_process;
mod package;
mod skab;
mod tep;
