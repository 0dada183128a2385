//! Compiled engines that are kept between starts (B29): where they lie, and when they may be used.
//!
//! An engine belongs to one model, runtime, provider, driver and device; each has a folder of its own.
//! A provider does not notice every damage to its files – and a power cut leaves half of one – so a
//! folder is used only when its files are, byte for byte, those that passed the checks before. They
//! are written down in a seal; a folder without a valid one is emptied and compiled anew.

use super::runtime::Runtime;
use crate::package::{Digest, OpenVinoDevice, Package, Provider};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Models whose engines are kept: more than a box has checks. Beyond it those go that were not
/// loaded for the longest time, because engines of removed models are never asked for again.
const MODELS_MAX: usize = 32;

/// The list of the files that passed, with their digests.
const SEAL: &str = "checked.txt";

/// Held while engines of one model and provider are compiled or read, also against other processes.
const LOCK: &str = "lock";

/// The engines of one model on one provider, held for one load.
pub(super) struct Engines {
    root: PathBuf,
    folder: PathBuf,
    sealed: bool,
    _lock: File,
}

impl Engines {
    /// Takes the folder under `root`. Waits while another load compiles the same engine, and then
    /// finds it. `None` where the folder cannot be used: the engine is compiled each time then.
    pub(super) fn take(root: &Path, runtime: &Runtime, package: &Package, provider: Provider) -> Option<Self> {
        let of_provider = root.join(short(package.digest())).join(provider.word().replace(':', "-"));
        let version = runtime.version().unwrap_or_default();
        let made_for = format!("{}\n{version}\n{}", runtime.build(), driver(provider));
        let folder = of_provider.join(short(Digest::of(made_for.as_bytes())));
        let taken = take_folder(&of_provider, &folder);
        match taken {
            Ok((lock, sealed)) => Some(Self { root: root.to_owned(), folder, sealed, _lock: lock }),
            Err(e) => {
                tracing::warn!("engines are not cached: {} cannot be used: {e}", folder.display());
                None
            }
        }
    }

    /// Where the provider shall keep its files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it holds an engine that passed the checks before.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Throws the engine away.
    pub(super) fn clear(&mut self) {
        self.sealed = false;
        if let Err(e) = empty(&self.folder) {
            tracing::warn!("{} cannot be emptied: {e}", self.folder.display());
        }
    }

    /// Says that the engine passed the checks. What was made for another runtime or driver goes, and
    /// so do the engines of models that nobody has loaded for long.
    pub(super) fn seal(self) {
        let sealed = list(&self.folder).and_then(|text| write_whole(&self.folder.join(SEAL), &text));
        if let Err(e) = sealed {
            tracing::warn!("the engine in {} will be compiled again: {e}", self.folder.display());
        }
        let others = folders(self.folder.parent().unwrap_or(&self.root));
        for other in others.filter(|other| *other != self.folder) {
            remove(&other);
        }
        sweep(&self.root, &self.folder);
    }
}

fn take_folder(of_provider: &Path, folder: &Path) -> io::Result<(File, bool)> {
    std::fs::create_dir_all(of_provider)?;
    let lock = File::options().create(true).truncate(false).write(true).open(of_provider.join(LOCK))?;
    lock.lock()?;
    std::fs::create_dir_all(folder)?;
    let sealed = std::fs::read_to_string(folder.join(SEAL)).is_ok_and(|seal| list(folder).is_ok_and(|is| is == seal));
    if !sealed {
        empty(folder)?;
    }
    Ok((lock, sealed))
}

/// The files of a folder with their digests, in order.
fn list(folder: &Path) -> io::Result<String> {
    let mut lines = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder_below) = open.pop() {
        for entry in std::fs::read_dir(folder_below)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name != SEAL) {
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                lines.push(format!("{name} {}\n", Digest::of(&std::fs::read(&path)?)));
            }
        }
    }
    lines.sort();
    Ok(lines.concat())
}

fn empty(folder: &Path) -> io::Result<()> {
    std::fs::remove_dir_all(folder)?;
    std::fs::create_dir_all(folder)
}

/// A seal is there as a whole or not at all.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let half = path.with_extension("half");
    std::fs::write(&half, text)?;
    std::fs::rename(half, path)
}

/// Removes the engines of the models that were not loaded for the longest time.
fn sweep(root: &Path, in_use: &Path) {
    let mut models: Vec<(SystemTime, PathBuf)> = folders(root).map(|model| (last_loaded(&model), model)).collect();
    models.sort();
    let n_over = models.len().saturating_sub(MODELS_MAX);
    for (_, model) in models.iter().take(n_over).filter(|(_, model)| !in_use.starts_with(model)) {
        let locked = |provider: PathBuf| File::open(provider.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        if !folders(model).any(locked) {
            remove(model);
        }
    }
}

/// The newest seal of a model: every load writes it again.
fn last_loaded(model: &Path) -> SystemTime {
    let keys = folders(model).flat_map(|provider| folders(&provider));
    let sealed = keys.filter_map(|key| std::fs::metadata(key.join(SEAL)).ok()?.modified().ok());
    sealed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn folders(parent: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

fn remove(folder: &Path) {
    if let Err(e) = std::fs::remove_dir_all(folder) {
        tracing::warn!("stale engines in {} cannot be removed: {e}", folder.display());
    }
}

/// Enough of a digest for a folder's name.
fn short(digest: Digest) -> String {
    digest.to_string()[3..19].to_owned()
}

/// What the kernel says of the device and its driver. Engines for one do not fit another, and not
/// every provider notices.
fn driver(provider: Provider) -> String {
    let files: Vec<PathBuf> = match provider {
        Provider::Cpu => Vec::new(),
        Provider::OpenVino(OpenVinoDevice::Cpu) => vec![PROCESSOR.into()],
        Provider::OpenVino(OpenVinoDevice::Gpu) => vec![KERNEL.into(), GRAPHICS.into()],
        Provider::OpenVino(OpenVinoDevice::Npu) | Provider::Qnn => vec![KERNEL.into(), NPU.into()],
        Provider::Cuda | Provider::TensorRt => {
            let gpus = folders(Path::new(NVIDIA_GPUS)).map(|gpu| gpu.join("information"));
            gpus.chain([NVIDIA_DRIVER.into()]).collect()
        }
    };
    let mut lines = std::collections::BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        // Of a processor, only what does not change from moment to moment.
        let lasts =
            |line: &str| file != Path::new(PROCESSOR) || ["model name", "flags"].iter().any(|w| line.starts_with(w));
        lines.extend(text.lines().filter(|line| lasts(line)).map(str::to_owned));
    }
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

const PROCESSOR: &str = "/proc/cpuinfo";
/// The drivers of graphics and NPU are part of the kernel.
const KERNEL: &str = "/proc/sys/kernel/osrelease";
const GRAPHICS: &str = "/sys/class/drm/renderD128/device/uevent";
const NPU: &str = "/sys/class/accel/accel0/device/uevent";
const NVIDIA_DRIVER: &str = "/proc/driver/nvidia/version";
const NVIDIA_GPUS: &str = "/proc/driver/nvidia/gpus";

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        std::fs::write(path, text).expect("writes");
    }

    #[test]
    fn a_folder_is_sealed_until_a_byte_of_it_changes() {
        let dir = tempfile::tempdir().expect("a folder");
        let (of_provider, folder) = (dir.path().join("m/p"), dir.path().join("m/p/key"));
        let again = || take_folder(&of_provider, &folder).expect("the folder can be used").1;
        assert!(!again(), "nothing is there");
        write(&folder, "a.blob", "engine");
        write(&folder, "deeper/b.blob", "engine");
        write_whole(&folder.join(SEAL), &list(&folder).expect("lists")).expect("seals");
        assert!(again() && folder.join("a.blob").exists());
        write(&folder, "deeper/b.blob", "engin");
        assert!(!again(), "one file is cut off");
        assert!(!folder.join("a.blob").exists(), "a folder that is not as it was is emptied");
    }

    #[test]
    fn the_models_that_were_loaded_last_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        for n in 0..MODELS_MAX + 3 {
            write(root, &format!("model{n:02}/p/key/{SEAL}"), "");
            let seal = File::options().write(true).open(root.join(format!("model{n:02}/p/key/{SEAL}")));
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000 + n as u64);
            seal.and_then(|seal| seal.set_modified(at)).expect("sets the time");
        }
        // One of the oldest is being read, another is the one in use.
        let lock = take_folder(&root.join("model00/p"), &root.join("model00/p/other")).expect("takes");
        sweep(root, &root.join("model01/p/key"));
        let mut left: Vec<_> = folders(root).map(|f| f.file_name().expect("a name").to_owned()).collect();
        left.sort();
        assert_eq!(left.len(), MODELS_MAX + 2, "{left:?}");
        assert!(left.iter().any(|name| name == "model01") && !left.iter().any(|name| name == "model02"), "{left:?}");
        drop(lock);
    }
}
