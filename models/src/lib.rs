//! Models: how a window becomes a verdict.
//!
//! [`windower`] cuts samples into windows, [`features`] turns a window into numbers, [`onnx`] runs
//! the model (the only place that names `ort`), [`judge`] compares scores with limits. A model comes
//! as a [`package`], lives in the [`catalogue`], and can be learned on the gateway by [`baseline`].
//! No runtime and no clock in here: time is an argument.

pub mod baseline;
pub mod catalogue;
pub mod features;
pub mod judge;
pub mod onnx;
pub mod package;
pub mod windower;
