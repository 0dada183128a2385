//! ONNX Runtime packs: pinned wheels, checked by SHA-256, unpacked under the target folder.

use crate::shell;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

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

struct Wheel {
    provider: Provider,
    machine: &'static str,
    package: &'static str,
    version: &'static str,
    platform: &'static str,
    sha256: &'static str,
}

/// One interpreter tag for all, so that the same file is fetched whatever Python runs pip.
const PYTHON_TAG: &str = "311";

const WHEELS: [Wheel; 4] = [
    Wheel {
        provider: Provider::Cpu,
        machine: "x86_64",
        package: "onnxruntime",
        version: "1.32.0",
        platform: "manylinux_2_28_x86_64",
        sha256: "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
    },
    Wheel {
        provider: Provider::Cpu,
        machine: "aarch64",
        package: "onnxruntime",
        version: "1.32.0",
        platform: "manylinux_2_28_aarch64",
        sha256: "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
    },
    Wheel {
        provider: Provider::Openvino,
        machine: "x86_64",
        package: "onnxruntime-openvino",
        version: "1.24.1",
        platform: "manylinux_2_28_x86_64",
        sha256: "3007c803634cc69c6d52af1dea7ce729d9bb62b9a11070fd2f959119199007a8",
    },
    Wheel {
        provider: Provider::Qnn,
        machine: "x86_64",
        package: "onnxruntime-qnn",
        version: "2.7.0",
        platform: "manylinux_2_35_x86_64",
        sha256: "c56c01562b8534fe8980cfea4601408d950c065f8251fb862ce82101c52c9849",
    },
];

/// The pack's main library, fetched and unpacked when it is not there yet.
pub(crate) fn library(provider: Provider) -> Result<PathBuf> {
    let machine = std::env::consts::ARCH;
    let wheel = WHEELS
        .iter()
        .find(|w| w.provider == provider && w.machine == machine)
        .with_context(|| format!("no ONNX Runtime pack {provider:?} is pinned for {machine}"))?;
    let folder = shell::target().join("onnxruntime").join(format!("{}-{}", wheel.package, wheel.version));
    if let Ok(found) = find_library(&folder) {
        return Ok(found);
    }
    let file = fetch(wheel)?;
    unpack(&file, &folder)?;
    find_library(&folder)
}

fn fetch(wheel: &Wheel) -> Result<PathBuf> {
    let folder = shell::target().join("wheels");
    std::fs::create_dir_all(&folder)?;
    let name = wheel.package.replace('-', "_");
    let is_it = |file: &Path| {
        let text = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        text.starts_with(&format!("{name}-{}-", wheel.version)) && text.contains(wheel.machine)
    };
    let here = || -> Option<PathBuf> {
        let files = std::fs::read_dir(&folder).ok()?;
        files.flatten().map(|entry| entry.path()).find(|file| is_it(file))
    };
    if here().is_none() {
        shell::run(
            Command::new("python3")
                .args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"])
                .args(["--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON_TAG])
                .args(["--platform", wheel.platform, "--dest"])
                .arg(&folder)
                .arg(format!("{}=={}", wheel.package, wheel.version)),
        )?;
    }
    let file = here().context("pip said that it fetched the wheel, but it is not there")?;
    let found = sha256(&file)?;
    if found != wheel.sha256 {
        std::fs::remove_file(&file)?;
        bail!(
            "{} has SHA-256 {found}, but {} is pinned; it was removed, run the command again",
            file.display(),
            wheel.sha256
        );
    }
    Ok(file)
}

fn sha256(file: &Path) -> Result<String> {
    let digest = Sha256::digest(std::fs::read(file)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A wheel is a zip file, and Python, which fetched it, opens zip files.
fn unpack(file: &Path, folder: &Path) -> Result<()> {
    let half = folder.with_extension("half");
    let _ = std::fs::remove_dir_all(&half);
    std::fs::create_dir_all(&half)?;
    shell::run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(file).arg(&half))?;
    let _ = std::fs::remove_dir_all(folder);
    std::fs::rename(&half, folder)?;
    Ok(())
}

fn find_library(folder: &Path) -> Result<PathBuf> {
    let is_library = |name: &str| {
        (name.starts_with("libonnxruntime.so.1") || name == "libonnxruntime.so")
            || name == "libonnxruntime_providers_qnn.so"
    };
    walkdir::WalkDir::new(folder)
        .into_iter()
        .flatten()
        .find(|entry| is_library(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path().to_owned())
        .with_context(|| format!("no ONNX Runtime library under {}", folder.display()))
}
