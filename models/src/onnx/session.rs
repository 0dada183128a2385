//! A session for one graph on one provider, in the one way that does not fail silently.
//!
//! ONNX Runtime by default skips a provider that does not start and gives single nodes to the CPU.
//! Both hide that a device is not in use – and can change results – so both are turned off.

use super::error::RuntimeFailure;
use super::runtime::Runtime;
use crate::package::{OpenVinoDevice, Provider};
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::Path;

/// Makes a session that runs every node of the graph on `provider`, or none.
///
/// `cache` is a folder for compiled engines of exactly this graph, runtime and provider (B29).
pub(super) fn build(
    runtime: &Runtime,
    provider: Provider,
    graph: &[u8],
    cache: Option<&Path>,
) -> Result<Session, RuntimeFailure> {
    // One thread: the default pool spins a whole core between runs of a 100 Hz model.
    let builder = Session::builder(runtime.environment())?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    let mut builder = match provider {
        Provider::Cpu => builder,
        Provider::Qnn => qnn(runtime, builder)?.with_disable_cpu_fallback()?,
        other => builder.with_execution_providers([dispatch(other, cache)])?.with_disable_cpu_fallback()?,
    };
    Ok(builder.commit_from_memory(graph)?)
}

fn dispatch(provider: Provider, cache: Option<&Path>) -> ExecutionProviderDispatch {
    let built = match provider {
        Provider::Cuda => ep::CUDA::default().build(),
        Provider::TensorRt => match cache {
            Some(dir) => ep::TensorRT::default()
                .with_engine_cache(true)
                .with_engine_cache_path(dir.display())
                .with_timing_cache(true)
                .with_timing_cache_path(dir.display())
                .build(),
            None => ep::TensorRT::default().build(),
        },
        Provider::OpenVino(device) => {
            let openvino = ep::OpenVINO::default().with_device_type(openvino_word(device)).with_num_threads(1);
            match cache {
                Some(dir) => openvino.with_cache_dir(dir.display()).build(),
                None => openvino.build(),
            }
        }
        Provider::Cpu | Provider::Qnn => ep::CPU::default().build(),
    };
    built.error_on_failure()
}

fn openvino_word(device: OpenVinoDevice) -> &'static str {
    match device {
        OpenVinoDevice::Cpu => "CPU",
        OpenVinoDevice::Gpu => "GPU",
        OpenVinoDevice::Npu => "NPU",
    }
}

/// QNN is a plug-in: its devices come from the environment, and its options carry its name.
fn qnn(runtime: &Runtime, builder: SessionBuilder) -> Result<SessionBuilder, RuntimeFailure> {
    const NAME: &str = "QNNExecutionProvider";
    let device = runtime.environment().devices().find(|d| d.ep().is_ok_and(|name| name == NAME));
    let Some(device) = device else {
        return Err(RuntimeFailure {
            code: "NotFound".into(),
            message: "the plug-in found no device that it can drive".into(),
        });
    };
    let options = [(format!("{NAME}.backend_type"), "htp".to_owned())];
    Ok(builder.with_devices([device], Some(&options))?)
}
