//! What can go wrong with the runtime, with loading a model and with a run.

use super::runtime::Pack;
use crate::features::FeatureError;
use crate::package::Provider;
use std::path::PathBuf;
use takt_plant::Inconclusive;

/// ONNX Runtime's own words, as the cause of an error of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ONNX Runtime says {code}: {message}")]
pub struct RuntimeFailure {
    /// Its error code, such as `InvalidProtobuf`.
    pub code: String,
    /// Its message.
    pub message: String,
}

impl<R> From<ort::Error<R>> for RuntimeFailure {
    fn from(e: ort::Error<R>) -> Self {
        Self { code: format!("{:?}", e.code()), message: tidied(e.message()).to_owned() }
    }
}

/// Its message without the place in its source, which comes before a mark of its own.
fn tidied(message: &str) -> &str {
    let after_place = message.split_once("[ONNXRuntimeError] : ").map_or(message, |(_, rest)| rest);
    // What follows the mark is a number and a word: `1 : FAIL : `.
    let mut parts = after_place.splitn(3, " : ");
    match (parts.next(), parts.next(), parts.next()) {
        (Some(number), Some(_), Some(text)) if number.parse::<u32>().is_ok() => text.trim(),
        _ => after_place.trim(),
    }
}

/// Why ONNX Runtime could not be used at all.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// There is no such file.
    #[error(
        "ONNX Runtime was not found at {}; run `cargo xtask setup`, or put the library beside the program",
        library.display()
    )]
    Missing {
        /// Where it was looked for.
        library: PathBuf,
    },
    /// The file is shorter than it says.
    #[error(
        "{} is cut off: it needs at least {n_bytes_min} bytes; run `cargo xtask setup`, or copy it again",
        library.display()
    )]
    CutOff {
        /// The file.
        library: PathBuf,
        /// What its header says.
        n_bytes_min: u64,
    },
    /// The file is no library that can be loaded, or too old.
    #[error(
        "{} is not usable as ONNX Runtime 1.{} or newer; run `cargo xtask setup` to fetch the pinned one",
        library.display(), ort::MINOR_VERSION
    )]
    Unloadable {
        /// The file.
        library: PathBuf,
        /// What the loader says.
        source: ort::LoadDynamicError,
    },
    /// Another library was loaded before; a process has one.
    #[error(
        "this process already uses ONNX Runtime from {} with pack {pack}; restart it to change `runtime`",
        library.display()
    )]
    AlreadyLoaded {
        /// The one in use.
        library: PathBuf,
        /// Its pack.
        pack: Pack,
    },
    /// A plug-in provider is missing or cannot be used.
    #[error(
        "the plug-in provider {} cannot be used; run `cargo xtask setup --provider {pack}`, or choose another `runtime.pack`",
        plugin.display()
    )]
    Plugin {
        /// The pack that needs it.
        pack: Pack,
        /// The plug-in's library.
        plugin: PathBuf,
        /// What the runtime says.
        source: RuntimeFailure,
    },
    /// The environment could not be made.
    #[error("ONNX Runtime loaded but did not start; run `takt doctor`, and report this with the library's version")]
    Environment(#[source] RuntimeFailure),
}

/// Why a model was not loaded. The running version stays (B31).
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The device does not belong to the runtime's pack: a configuration error.
    #[error(
        "device {provider} is not in runtime.pack = \"{pack}\"; choose another device, or another pack and restart"
    )]
    OutsidePack {
        /// What was asked for.
        provider: Provider,
        /// What is loaded.
        pack: Pack,
    },
    /// The provider cannot run this graph as a whole on this box.
    #[error(
        "the model cannot run on {provider}; see `takt doctor`, choose another device, or allow the fallback to the CPU"
    )]
    Provider {
        /// What was asked for.
        provider: Provider,
        /// Why not.
        source: RuntimeFailure,
    },
    /// The graph is no valid ONNX model.
    #[error("the graph in the package cannot be loaded; export it again, with an opset this ONNX Runtime knows")]
    Graph(#[source] RuntimeFailure),
    /// The graph is not what the manifest says (B30); all complaints at once.
    #[error("the graph does not keep the manifest; correct {}", complaints.join("; "))]
    Contract {
        /// Each names a tensor and what was expected.
        complaints: Vec<String>,
    },
    /// A run failed.
    #[error("the model failed on its own test vector {}; try it with ONNX Runtime where it was made", index + 1)]
    Run {
        /// Which test vector, from 0.
        index: usize,
        /// Why.
        source: ScoreError,
    },
    /// A test vector gave another score (B31).
    #[error(
        "test vector {} gave {found} for score '{score}' on the CPU instead of {expected}; the package and its graph \
         do not belong together, so pack it again",
        index + 1
    )]
    Vector {
        /// Which test vector, from 0.
        index: usize,
        /// The score.
        score: String,
        /// What the package says.
        expected: f64,
        /// What the graph gave.
        found: f64,
    },
    /// The provider gave another score than the CPU.
    #[error(
        "on {provider}, test vector {} gave {found} for score '{score}' where the CPU gives {expected}; this device \
         computes the model wrongly, so choose another, or state a tolerance for the pair in the manifest",
        index + 1
    )]
    Golden {
        /// The provider.
        provider: Provider,
        /// Which test vector, from 0.
        index: usize,
        /// The score.
        score: String,
        /// What the CPU gives.
        expected: f64,
        /// What the provider gives.
        found: f64,
    },
    /// No provider of the pack could run it.
    #[error("no provider of this pack runs the model: {}", tried.join("; "))]
    NoneUsable {
        /// What was tried and why not.
        tried: Vec<String>,
    },
}

/// Why a window got no scores. The check says inconclusive(model error), or inconclusive(samples) where
/// only their number does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScoreError {
    /// The window has a hole; a model never sees such a window.
    #[error("input '{role}' has a hole; this window is inconclusive")]
    Hole {
        /// The input's role.
        role: String,
    },
    /// The window is not of the model's shape.
    #[error(
        "the window has {n_columns} columns and {n_samples} samples in column {column}, and the model takes \
         {n_inputs} columns of {n_min} to {n_max}; bind the check's window to the model again"
    )]
    Shape {
        /// Columns found.
        n_columns: usize,
        /// The first column that does not fit.
        column: usize,
        /// Its samples.
        n_samples: usize,
        /// Inputs of the model.
        n_inputs: usize,
        /// Fewest samples.
        n_min: u32,
        /// Most samples.
        n_max: u32,
    },
    /// A feature could not be computed.
    #[error("the window's features could not be computed; bind the check's window to the model again")]
    Features(#[source] FeatureError),
    /// The run was stopped by its [`Stopper`](super::Stopper).
    #[error("the run was stopped at its deadline; give the check more time, or the model a faster device")]
    Stopped,
    /// The runtime gave an error.
    #[error("the model's run failed; the log has the runtime's words")]
    Run(#[source] RuntimeFailure),
    /// An output was not what it was while warming up.
    #[error("output '{tensor}' is missing elements that it had while warming up; export the graph with fixed shapes")]
    Output {
        /// The tensor.
        tensor: String,
    },
}

impl ScoreError {
    /// Why the check is inconclusive for it.
    pub fn reason(&self) -> Inconclusive {
        match self {
            Self::Shape { n_columns, n_inputs, n_samples, n_min, n_max, .. } if n_columns == n_inputs => {
                Inconclusive::Samples {
                    why: format!("{n_samples} in the window, and the model takes {n_min} to {n_max}"),
                }
            }
            other => Inconclusive::ModelError { why: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_with_what_is_wrong() {
        let long = "/src/provider_bridge.cc:2043 onnxruntime::Provider& onnxruntime::Get() [ONNXRuntimeError] : 1 : FAIL \
                    : Failed to load library a.so with error: b.so: cannot open : No such file ";
        assert_eq!(tidied(long), "Failed to load library a.so with error: b.so: cannot open : No such file");
        assert_eq!(tidied(" Failed to load provider "), "Failed to load provider");
        assert_eq!(tidied("a : b : c"), "a : b : c");
    }

    #[test]
    fn too_few_samples_are_no_error_of_the_model() {
        let shape =
            |n_columns| ScoreError::Shape { n_columns, column: 0, n_samples: 5, n_inputs: 4, n_min: 14, n_max: 120 };
        let why = "5 in the window, and the model takes 14 to 120".to_owned();
        assert_eq!(shape(4).reason(), Inconclusive::Samples { why });
        assert!(matches!(shape(3).reason(), Inconclusive::ModelError { .. }));
    }
}
