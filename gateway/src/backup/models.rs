//! The catalogue's files, as its own description lays them out.

use super::error::BackupError;
use std::path::{Path, PathBuf};

/// The catalogue's folder, in a gateway's folder and in a backup.
pub(super) const FOLDER: &str = "models";
/// A model's pointer to its active version.
pub(super) const POINTER: &str = "active.toml";

/// The files of every model: the place in a backup, and where each lies. Packages come before pointers, so
/// that in this order nothing active is ever missing.
pub(super) fn files(catalogue: &Path) -> Result<Vec<(String, PathBuf)>, BackupError> {
    let mut found = Vec::new();
    for folder in entries(catalogue)? {
        let Some(model) = name(&folder).filter(|name| !name.starts_with('.') && folder.is_dir()) else { continue };
        for file in entries(&folder)? {
            let Some(name) = name(&file) else { continue };
            if name == POINTER || (name.ends_with(".takt") && !name.starts_with('.')) {
                found.push((format!("{FOLDER}/{model}/{name}"), file.clone()));
            }
        }
    }
    found.sort_by_key(|(path, _)| (path.ends_with(POINTER), path.clone()));
    Ok(found)
}

/// Moves the files of a backup's catalogue into the gateway's. Done again after an interruption, it goes on.
pub(super) fn put(from: &Path, catalogue: &Path) -> Result<(), BackupError> {
    for (place, file) in files(from)? {
        let to = catalogue.parent().unwrap_or(catalogue).join(place);
        let folder = to.parent().unwrap_or(catalogue);
        std::fs::create_dir_all(folder).map_err(BackupError::disk("make", folder))?;
        std::fs::rename(&file, &to).map_err(BackupError::disk("move a file to", &to))?;
        let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(BackupError::disk("sync", folder))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let read = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(BackupError::disk("read", folder))?,
    };
    let all: Result<Vec<_>, _> = read.map(|entry| entry.map(|entry| entry.path())).collect();
    all.map_err(BackupError::disk("read", folder))
}

fn name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}
