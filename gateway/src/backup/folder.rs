//! Folders in which backups are made and unpacked: beside what they belong to, so that a rename suffices.

use super::error::BackupError;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes names of this process differ.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder that is gone with its last holder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A fresh one in a gateway's folder, for its owner alone: it holds hashes of passwords.
    pub(super) fn new(data_dir: &Path) -> Result<Self, BackupError> {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = of(data_dir).join(format!("at-{}-{n}", std::process::id()));
        // What a killed process of this number left.
        drop(std::fs::remove_dir_all(&path));
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(BackupError::disk("make", &path))?;
        Ok(Self { path })
    }

    /// The folder, or a file in it, whose own folder is made.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, BackupError> {
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder).map_err(BackupError::disk("make", folder))?;
        Ok(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder another name, under which it stays.
    pub(super) fn keep_as(self, to: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.path, to)?;
        let parent = to.parent().unwrap_or(Path::new("/"));
        std::fs::File::open(parent)?.sync_all()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.path));
    }
}

/// Where all of them lie.
pub(super) fn of(data_dir: &Path) -> PathBuf {
    data_dir.join("backup")
}

/// Where a restore lies that is to be put in place.
pub(super) fn ordered(data_dir: &Path) -> PathBuf {
    of(data_dir).join("restore")
}
