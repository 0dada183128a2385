//! Fetches a pinned wheel by pip, checks its SHA-256 and unpacks what a program without Python needs.

use crate::shell;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One interpreter tag for all, so that the same file is fetched whatever Python runs pip.
const PYTHON_TAG: &str = "311";

/// A wheel as its index has it, and the digest of the very file that was looked at.
pub(crate) struct Wheel {
    pub(crate) machine: &'static str,
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) platform: &'static str,
    pub(crate) sha256: &'static str,
    /// To say what a download costs before it starts.
    pub(crate) mb: u32,
}

/// Fetches the wheel and unpacks it into `folder`; `finish` may add to the files before they count as there.
pub(crate) fn into(wheel: &Wheel, folder: &Path, finish: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let file = fetch(wheel)?;
    let mut half = folder.as_os_str().to_owned();
    half.push(".half");
    let half = PathBuf::from(half);
    let _ = std::fs::remove_dir_all(&half);
    std::fs::create_dir_all(&half)?;
    // A wheel is a zip file, and Python, which fetched it, opens zip files.
    shell::run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&file).arg(&half))?;
    keep_libraries(&half)?;
    finish(&half)?;
    let _ = std::fs::remove_dir_all(folder);
    std::fs::rename(&half, folder)?;
    // Up to a quarter of a gigabyte that nothing reads again.
    std::fs::remove_file(&file)?;
    Ok(())
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
        eprintln!("fetching {} {} ({} MB)", wheel.package, wheel.version, wheel.mb);
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
    let mut digest = Sha256::new();
    std::io::copy(&mut std::fs::File::open(file)?, &mut digest)?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Removes what only Python reads, and links the copies that a zip file makes of symbolic links:
/// a third of OpenVINO's files.
fn keep_libraries(folder: &Path) -> Result<()> {
    let mut seen: HashMap<(PathBuf, String), PathBuf> = HashMap::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if !is_kept(&name) {
            std::fs::remove_file(path)?;
            continue;
        }
        let parent = path.parent().unwrap_or(folder).to_owned();
        let first = seen.entry((parent, sha256(path)?)).or_insert_with(|| path.to_owned());
        if first != path {
            std::fs::remove_file(path)?;
            std::os::unix::fs::symlink(first.file_name().context("a library has a name")?, path)?;
        }
    }
    Ok(())
}

/// Libraries, apart from the one for Python, and the texts that must travel with them.
fn is_kept(name: &str) -> bool {
    let library = name.contains(".so") && !name.starts_with("onnxruntime_pybind11");
    library || ["LICENSE", "ThirdPartyNotices", "Privacy"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_licences_are_kept_and_copies_become_links() {
        let folder = std::env::temp_dir().join(format!("takt-xtask-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("capi")).expect("a folder");
        for (name, text) in [
            ("capi/liba.so.1", "a"),
            ("capi/liba.so", "a"),
            ("capi/libb.so", "b"),
            ("capi/onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so", "python"),
            ("capi/a.py", "python"),
            ("Qualcomm_LICENSE.pdf", "licence"),
        ] {
            std::fs::write(folder.join(name), text).expect("writes");
        }
        keep_libraries(&folder).expect("prunes");
        let mut left: Vec<String> = walkdir::WalkDir::new(&folder)
            .sort_by_file_name()
            .into_iter()
            .flatten()
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| format!("{} {}", entry.file_name().to_string_lossy(), entry.path_is_symlink()))
            .collect();
        left.sort();
        assert_eq!(left, ["Qualcomm_LICENSE.pdf false", "liba.so false", "liba.so.1 true", "libb.so false"]);
        assert_eq!(std::fs::read_to_string(folder.join("capi/liba.so.1")).expect("reads"), "a");
        std::fs::remove_dir_all(&folder).expect("removes");
    }
}
