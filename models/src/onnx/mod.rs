//! Running models with ONNX Runtime: the only place that names `ort`.
//!
//! [`Runtime::load`] opens the library once per process. [`probe`] says which providers are really
//! usable on this box and why the others are not. [`Scorer::load`] turns a package into something
//! that judges windows – only after the graph has kept its contract, its test vectors and, beside
//! the CPU, the CPU's results (B28, B30, B31). A scorer has one owner; it may move to another thread.

mod bare;
mod class;
mod contract;
mod device;
mod engine;
mod engines;
mod error;
mod filling;
mod library;
mod load;
mod outputs;
mod probe;
mod runtime;
mod scorer;
mod session;
mod stop;

pub use bare::BareRun;
pub use class::{ExecutionClass, INLINE_US_MAX, RunTimes};
pub use device::{Device, FallbackRule, InvalidDevice};
pub use error::{LoadError, RuntimeError, RuntimeFailure, ScoreError};
pub use load::{LoadOptions, Stage};
pub use probe::{Unusable, Usability, probe};
pub use runtime::{InvalidPack, Pack, Runtime};
pub use scorer::{Fallback, Scored, Scorer};
pub use stop::Stopper;
