//! The ONNX Runtime library: opened once per process, and kept.

use super::error::{RuntimeError, RuntimeFailure};
use super::library;
use crate::package::{OpenVinoDevice, Provider};
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;

/// The name under which QNN's plug-in is registered; its options begin with it.
pub(super) const QNN: &str = "QNNExecutionProvider";

/// Which build of ONNX Runtime is loaded, and so which providers there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pack {
    /// The stock build: CPU only.
    Cpu,
    /// CUDA and TensorRT.
    Cuda,
    /// OpenVINO: Intel CPU, GPU and NPU.
    OpenVino,
    /// The stock build with Qualcomm's plug-in provider beside it.
    Qnn,
}

impl Pack {
    /// All packs.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Cuda, Self::OpenVino, Self::Qnn];

    /// The word of documents and of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::OpenVino => "openvino",
            Self::Qnn => "qnn",
        }
    }

    /// The providers that the pack can have, CPU first.
    pub fn providers(self) -> &'static [Provider] {
        match self {
            Self::Cpu => &[Provider::Cpu],
            Self::Cuda => &[Provider::Cpu, Provider::Cuda, Provider::TensorRt],
            Self::OpenVino => &[
                Provider::Cpu,
                Provider::OpenVino(OpenVinoDevice::Cpu),
                Provider::OpenVino(OpenVinoDevice::Gpu),
                Provider::OpenVino(OpenVinoDevice::Npu),
            ],
            Self::Qnn => &[Provider::Cpu, Provider::Qnn],
        }
    }

    /// The file name of a plug-in provider that must lie beside the runtime's library.
    fn plugin(self) -> Option<&'static str> {
        (self == Self::Qnn).then_some(if cfg!(windows) {
            "onnxruntime_providers_qnn.dll"
        } else {
            "libonnxruntime_providers_qnn.so"
        })
    }
}

impl fmt::Display for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that names no pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no pack; write one of cpu, cuda, openvino, qnn")]
pub struct InvalidPack {
    /// What was written.
    pub found: String,
}

impl FromStr for Pack {
    type Err = InvalidPack;

    fn from_str(text: &str) -> Result<Self, InvalidPack> {
        Self::ALL.into_iter().find(|p| p.word() == text).ok_or_else(|| InvalidPack { found: text.into() })
    }
}

/// The library, loaded. Cheap to clone; all clones are the same one.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Environment,
    library: PathBuf,
    pack: Pack,
}

/// What this process has loaded. `ort` holds its environment only weakly and refuses a second one,
/// so it is kept from the moment it exists, even where a plug-in then fails.
struct Kept {
    library: PathBuf,
    environment: Environment,
    /// `None` until the pack is complete.
    pack: Option<Pack>,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

impl Runtime {
    /// Loads the library, without telemetry. Called again with the same library and pack, it gives
    /// the same runtime.
    ///
    /// # Errors
    /// See [`RuntimeError`]; a missing library names where it was looked for.
    pub fn load(library: &Path, pack: Pack) -> Result<Self, RuntimeError> {
        // A panic while loading leaves what was true before.
        let mut kept = KEPT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let kept = match &mut *kept {
            Some(kept) if kept.library == library && kept.pack.is_none_or(|p| p == pack) => kept,
            Some(kept) => {
                let pack = kept.pack.unwrap_or(Pack::Cpu);
                return Err(RuntimeError::AlreadyLoaded { library: kept.library.clone(), pack });
            }
            none => {
                let environment = start(library)?;
                none.insert(Kept { library: library.to_path_buf(), environment, pack: None })
            }
        };
        if kept.pack.is_none() {
            register_plugin(&kept.environment, library, pack)?;
            kept.pack = Some(pack);
        }
        Ok(Self { environment: kept.environment.clone(), library: kept.library.clone(), pack })
    }

    /// The pack.
    pub fn pack(&self) -> Pack {
        self.pack
    }

    /// The library's path, as it was given.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// What the library says about its build: branch, commit, flags.
    pub fn build(&self) -> &'static str {
        ort::info()
    }

    /// The library's version, such as `1.32.0`, from its file's name; `None` where that has none.
    pub fn version(&self) -> Option<String> {
        // The name that people type is often a link to the one with the version.
        let file = std::fs::canonicalize(&self.library).ok()?;
        let name = file.file_name()?.to_str()?;
        name.split_once(".so.").map(|(_, version)| version.to_owned())
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Opens the library and makes the process's environment.
fn start(library: &Path) -> Result<Environment, RuntimeError> {
    let library = absolute(library);
    if !library.is_file() {
        return Err(RuntimeError::Missing { library });
    }
    // A file that cannot be read is reported by the loader in its own words.
    if let Ok(Some(n_bytes_min)) = library::missing_bytes(&library) {
        return Err(RuntimeError::CutOff { library, n_bytes_min });
    }
    let environment = ort::init_from(&library)
        .map_err(|source| RuntimeError::Unloadable { library, source })?
        .with_name("takt")
        .with_telemetry(false)
        .build()
        .map_err(|e| RuntimeError::Environment(e.into()))?;
    // Forwarding every verbose line to `tracing` would cost more than loading a model.
    environment.set_log_level(LogLevel::Warning);
    Ok(environment)
}

fn register_plugin(environment: &Environment, library: &Path, pack: Pack) -> Result<(), RuntimeError> {
    let Some(name) = pack.plugin() else { return Ok(()) };
    let plugin = absolute(library).with_file_name(name);
    environment.register_ep_library(QNN, &plugin).map_err(|e| RuntimeError::Plugin {
        pack,
        plugin,
        source: RuntimeFailure::from(e),
    })
}

/// A relative path would be looked for beside the program and then in the system's folders.
fn absolute(library: &Path) -> PathBuf {
    std::path::absolute(library).unwrap_or_else(|_| library.to_path_buf())
}
