//! Which providers are really usable on this box, and why the others are not (B28).
//!
//! A provider that was compiled in may still lack its driver or device, so the probe loads a tiny
//! graph (four numbers through one addition and one rectifier) and runs it.

use super::error::RuntimeFailure;
use super::runtime::Runtime;
use super::session;
use crate::package::Provider;
use ort::ep::ExecutionProvider;
use ort::value::Tensor;

/// Written by `models/tests/fixtures/make.py`.
const GRAPH: &[u8] = include_bytes!("probe.onnx");

/// Whether a provider is usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usability {
    /// The provider.
    pub provider: Provider,
    /// `Ok` when it ran the probe's graph and gave the right numbers.
    pub verdict: Result<(), Unusable>,
}

/// Why a provider is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The pack cannot have it.
    #[error("not in this runtime.pack")]
    NotInPack,
    /// The library was built without it.
    #[error("this build of ONNX Runtime does not contain it")]
    NotCompiled,
    /// It did not start or run.
    #[error("it does not start on this box: {0}")]
    DoesNotRun(RuntimeFailure),
    /// It ran and gave wrong numbers.
    #[error("it computed {found:?} instead of {expected:?}")]
    Wrong {
        /// What it gave, as text because numbers do not compare.
        found: String,
        /// What is right.
        expected: String,
    },
}

/// Tries every provider. Takes up to seconds where an accelerator has to wake.
pub fn probe(runtime: &Runtime) -> Vec<Usability> {
    Provider::ALL.iter().map(|p| Usability { provider: *p, verdict: try_one(runtime, *p) }).collect()
}

fn try_one(runtime: &Runtime, provider: Provider) -> Result<(), Unusable> {
    if !runtime.pack().providers().contains(&provider) {
        return Err(Unusable::NotInPack);
    }
    if !compiled_in(provider) {
        return Err(Unusable::NotCompiled);
    }
    let found = run(runtime, provider).map_err(Unusable::DoesNotRun)?;
    // relu(x + 1) of [-2, -1, 0, 1].
    let expected = [0.0, 0.0, 1.0, 2.0];
    // Half precision on an NPU keeps three digits.
    if found.len() == expected.len() && found.iter().zip(expected).all(|(f, e): (&f32, f32)| (f - e).abs() < 1e-2) {
        Ok(())
    } else {
        Err(Unusable::Wrong { found: format!("{found:?}"), expected: format!("{expected:?}") })
    }
}

/// Whether the library contains the provider. A plug-in is asked for its devices instead.
fn compiled_in(provider: Provider) -> bool {
    let available = match provider {
        Provider::Cpu | Provider::Qnn => Ok(true),
        Provider::Cuda => ort::ep::CUDA::is_available(),
        Provider::TensorRt => ort::ep::TensorRT::is_available(),
        Provider::OpenVino(_) => ort::ep::OpenVINO::is_available(),
    };
    available.unwrap_or(false)
}

fn run(runtime: &Runtime, provider: Provider) -> Result<Vec<f32>, RuntimeFailure> {
    let mut session = session::build(runtime, provider, GRAPH, &[], None)?;
    let input = Tensor::from_array(([1_usize, 4], vec![-2.0_f32, -1.0, 0.0, 1.0]))?;
    let outputs = session.run(ort::inputs![&input])?;
    let (_, numbers) = outputs[0].try_extract_tensor::<f32>()?;
    Ok(numbers.to_vec())
}
