//! What goes wrong with a backup or a restore. Nothing was changed then.

use crate::access::AccessError;
use crate::store::StoreError;
use std::io;
use std::path::{Path, PathBuf};
use takt_models::catalogue::CatalogueError;

/// Why there is no backup, or no restore.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be one of ours, or not all of it.
    #[error("this is no whole backup: {why}")]
    Unfit {
        /// What is wrong with it.
        why: String,
    },
    /// There is too little room.
    #[error("the backup needs {needed} bytes on the disk of {}, and {free} are free", folder.display())]
    Room {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        free: u64,
        /// Where.
        folder: PathBuf,
    },
    /// One was ordered and is not in place yet.
    #[error("a restore waits for the gateway's next start")]
    Waiting,
    /// There is nothing to back up.
    #[error("the gateway never ran on {}", folder.display())]
    Nothing {
        /// The gateway's folder.
        folder: PathBuf,
    },
    /// The disk refused something.
    #[error("cannot {action} {}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The users.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The models.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl BackupError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unfit { .. } => "nothing was changed; fetch the file again, or take another one",
            Self::Room { .. } => "nothing was changed; free space on the disk of data_dir",
            Self::Waiting => "start the gateway again, or let it end its own start",
            Self::Nothing { .. } => "name its configuration with --config, or run it once",
            Self::Disk { .. } => "see `takt doctor` for the disk",
            Self::Store(_) | Self::Catalogue(_) => "see the gateway's log",
            Self::Access(why) => why.hint(),
        }
    }

    pub(super) fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit { why: why.into() }
    }

    pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Disk { action, path, source }
    }
}
