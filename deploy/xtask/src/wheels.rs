//! ONNX Runtime packs: which wheels are pinned, and where their library lies once they are unpacked.

use crate::shell;
use crate::unpack::{self, Wheel};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A pack of execution providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Provider {
    /// The CPU, always there
    Cpu,
    /// Intel CPU, GPU and NPU through OpenVINO
    Openvino,
    /// NVIDIA GPUs through CUDA and TensorRT
    Cuda,
    /// Qualcomm NPUs, as a plug-in beside the CPU pack
    Qnn,
}

/// All are built for the API that `ort`'s feature `api-24` asks for, or newer. The builds for other
/// silicon follow the stock one by weeks or months, so each has the newest version that there is.
const WHEELS: [(Provider, Wheel); 5] = [
    (
        Provider::Cpu,
        Wheel {
            machine: "x86_64",
            package: "onnxruntime",
            version: "1.32.0",
            platform: "manylinux_2_28_x86_64",
            sha256: "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
            mb: 28,
        },
    ),
    (
        Provider::Cpu,
        Wheel {
            machine: "aarch64",
            package: "onnxruntime",
            version: "1.32.0",
            platform: "manylinux_2_28_aarch64",
            sha256: "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
            mb: 26,
        },
    ),
    (
        Provider::Openvino,
        Wheel {
            machine: "x86_64",
            package: "onnxruntime-openvino",
            version: "1.24.1",
            platform: "manylinux_2_28_x86_64",
            sha256: "3007c803634cc69c6d52af1dea7ce729d9bb62b9a11070fd2f959119199007a8",
            mb: 84,
        },
    ),
    (
        Provider::Cuda,
        Wheel {
            machine: "x86_64",
            package: "onnxruntime-gpu",
            version: "1.31.1",
            platform: "manylinux_2_28_x86_64",
            sha256: "e26c475fe361b2015f45b4b824bd13f0bb20204e59b62814e6f0acd5f3d491a6",
            mb: 256,
        },
    ),
    (
        Provider::Qnn,
        Wheel {
            machine: "x86_64",
            package: "onnxruntime-qnn",
            version: "2.7.0",
            platform: "manylinux_2_35_x86_64",
            sha256: "c56c01562b8534fe8980cfea4601408d950c065f8251fb862ce82101c52c9849",
            mb: 99,
        },
    ),
];

/// Whether a wheel of the pack is pinned for this machine.
pub(crate) fn pinned(provider: Provider) -> bool {
    wheel(provider).is_ok()
}

/// The library that `runtime.library` names for a pack, fetched and unpacked when it is not there yet.
pub(crate) fn library(provider: Provider) -> Result<PathBuf> {
    let wheel = wheel(provider)?;
    let folder = shell::target().join("onnxruntime").join(format!("{}-{}", wheel.package, wheel.version));
    if let Some(found) = find_library(&folder) {
        return Ok(found);
    }
    // A plug-in joins the stock library, and the runtime looks for it beside that.
    let core = (provider == Provider::Qnn).then(|| library(Provider::Cpu)).transpose()?;
    unpack::into(wheel, &folder, |half| core.as_deref().map_or(Ok(()), |core| beside_the_plugin(core, half)))?;
    find_library(&folder).with_context(|| format!("no ONNX Runtime library under {}", folder.display()))
}

/// What the box must have beside the pack, which no wheel of ours brings.
pub(crate) fn also_needed(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Cpu => None,
        Provider::Openvino => {
            Some("its GPU and NPU devices need Intel's drivers on the box; its CPU device needs nothing")
        }
        Provider::Cuda => Some(
            "it needs an NVIDIA driver (580 or newer), the CUDA 13 libraries (cudart, cublas, curand, cufft, nvrtc) \
             and cuDNN 9, and TensorRT 10 for device \"tensorrt\"; `takt doctor` names what is missing",
        ),
        Provider::Qnn => Some(
            "on x86-64 it runs Qualcomm's simulator; read Qualcomm_LICENSE.pdf beside the library before you ship it",
        ),
    }
}

fn wheel(provider: Provider) -> Result<&'static Wheel> {
    let machine = std::env::consts::ARCH;
    let here = |(of, w): &&(Provider, Wheel)| *of == provider && w.machine == machine && cfg!(target_os = "linux");
    WHEELS.iter().find(here).map(|(_, wheel)| wheel).with_context(|| {
        let system = std::env::consts::OS;
        format!("no ONNX Runtime pack {provider:?} is pinned for {machine} with {system}; set runtime.library yourself")
    })
}

fn beside_the_plugin(core: &Path, folder: &Path) -> Result<()> {
    let plugin = find(folder, |name| name.starts_with("libonnxruntime_providers_qnn.so"));
    let plugin = plugin.context("the QNN wheel holds no plug-in")?;
    let name = core.file_name().context("the stock library has a name")?;
    std::fs::copy(core, plugin.with_file_name(name)).context("cannot put the stock library beside the plug-in")?;
    Ok(())
}

fn find_library(folder: &Path) -> Option<PathBuf> {
    find(folder, |name| name.starts_with("libonnxruntime.so"))
}

fn find(folder: &Path, is_it: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let mut found = files.filter(|entry| is_it(&entry.file_name().to_string_lossy()));
    found.next().map(|entry| entry.path().to_owned())
}
