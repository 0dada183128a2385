//! Files that are there as a whole or not at all, also after a power cut.

use super::error::CatalogueError;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use takt_plant::WallTime;

/// What a file is called until it is whole. The dot keeps it out of every list.
const UNFINISHED: &str = ".new-";

/// Writes a file so that a reader sees the old content or the new one: temporary file, fsync,
/// rename, fsync of the folder. The caller holds the lock, so one temporary name per file is enough.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), CatalogueError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(CatalogueError::disk("make", folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!("{UNFINISHED}{name}"));
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(source) = written {
        // A full disk should not stay full of the half that did fit; if even that fails, the next
        // opening clears it away.
        let _ = std::fs::remove_file(&unfinished);
        return Err(CatalogueError::disk("write", &unfinished)(source));
    }
    std::fs::rename(&unfinished, path).map_err(CatalogueError::disk("rename into", path))?;
    sync_folder(folder)?;
    match folder.parent() {
        Some(parent) if is_new => sync_folder(parent),
        _ => Ok(()),
    }
}

/// Makes renames and removals in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), CatalogueError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(CatalogueError::disk("sync", folder))
}

/// Removes what a killed process left half written. The caller holds the lock.
pub(super) fn clear_debris(folder: &Path) -> Result<(), CatalogueError> {
    for name in entries(folder)?.iter().filter(|name| name.starts_with(UNFINISHED)) {
        let path = folder.join(name);
        tracing::info!("removing {}, which was never finished", path.display());
        std::fs::remove_file(&path).map_err(CatalogueError::disk("remove", &path))?;
    }
    Ok(())
}

/// The size of a file in bytes, and when it was written; zeros where the system does not say.
pub(super) fn size_and_age(path: &Path) -> (u64, WallTime) {
    let Ok(file) = std::fs::metadata(path) else { return (0, WallTime::from_ns(0)) };
    let since = file.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
    (file.len(), WallTime::from_ns(ns.unwrap_or(0)))
}

/// The names in a folder, sorted; none when it is not there. Names that are not UTF-8 are not ours.
pub(super) fn entries(folder: &Path) -> Result<Vec<String>, CatalogueError> {
    let found = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(CatalogueError::disk("read", folder))?,
    };
    let mut names = Vec::new();
    for entry in found {
        let entry = entry.map_err(CatalogueError::disk("read", folder))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// The right to change the catalogue, held until dropped. Killed processes lose it by themselves.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until no other process changes the catalogue.
    pub(super) fn take(path: &Path) -> Result<Self, CatalogueError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(CatalogueError::disk("open", path))?;
        file.lock().map_err(CatalogueError::disk("lock", path))?;
        Ok(Self { _file: file })
    }
}
