//! Models on ONNX Runtime's CPU provider, from package to score.

mod contract;
#[allow(dead_code, reason = "other test programs use other parts of the kit")]
mod kit;
mod loading;
mod scoring;
