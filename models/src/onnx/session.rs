//! A session for one graph on one provider, in the one way that does not fail silently.
//!
//! ONNX Runtime by default skips a provider that does not start and gives single nodes to the CPU.
//! Both hide that a device is not in use – and can change results – so both are turned off.

use super::error::RuntimeFailure;
use super::runtime::{QNN, Runtime};
use crate::package::{OpenVinoDevice, Provider};
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::Path;

/// Makes a session that runs every node of the graph on `provider`, or none.
///
/// `fixed` gives free dimensions of the graph, by name, their one length: accelerators take no graph
/// with a free batch. `cache` is a folder for compiled engines of exactly this graph, runtime and provider (B29).
pub(super) fn build(
    runtime: &Runtime,
    provider: Provider,
    graph: &[u8],
    fixed: &[(String, i64)],
    cache: Option<&Path>,
) -> Result<Session, RuntimeFailure> {
    // One thread: the default pool spins a whole core between runs of a 100 Hz model.
    let mut builder = Session::builder(runtime.environment())?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    for (name, n) in fixed {
        builder = builder.with_dimension_override(name, *n)?;
    }
    let mut builder = match provider {
        // Named even though it is the default: with a plug-in registered, the runtime would give a
        // session without a provider to the plug-in.
        Provider::Cpu => with_device(runtime, builder, "CPUExecutionProvider", &[])?,
        // `htp` is the Hexagon NPU, or its simulator where there is none.
        Provider::Qnn => with_device(runtime, builder, QNN, &[("backend_type", "htp")])?.with_disable_cpu_fallback()?,
        other => builder.with_execution_providers([dispatch(other, cache)])?.with_disable_cpu_fallback()?,
    };
    Ok(builder.commit_from_memory(graph)?)
}

/// Whether a provider compiles graphs into engines that it can keep.
pub(super) fn caches(provider: Provider) -> bool {
    matches!(provider, Provider::TensorRt | Provider::OpenVino(_))
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

/// Takes a provider by the device that the environment lists for it: the only way to a plug-in.
fn with_device(
    runtime: &Runtime,
    builder: SessionBuilder,
    provider: &str,
    options: &[(&str, &str)],
) -> Result<SessionBuilder, RuntimeFailure> {
    let device = runtime.environment().devices().find(|d| d.ep().is_ok_and(|name| name == provider));
    let Some(device) = device else {
        let message = format!("{provider} found no device that it can drive");
        return Err(RuntimeFailure { code: "NotFound".into(), message });
    };
    let options: Vec<_> = options.iter().map(|(k, v)| (format!("{provider}.{k}"), (*v).to_owned())).collect();
    Ok(builder.with_devices([device], Some(&options))?)
}
