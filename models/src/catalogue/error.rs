//! What can go wrong with the catalogue, and what to do then.

use crate::package::{Digest, ModelVersion, OpenError};
use std::path::{Path, PathBuf};
use takt_plant::ModelId;

/// Why an action on the catalogue did not happen. The catalogue is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The package itself is refused.
    #[error("the package was not installed: {0}")]
    Package(
        #[from]
        #[source]
        OpenError,
    ),
    /// Another package has this name and version.
    #[error(
        "{name} {version} is already installed with other content ({found}); a version never changes, so raise the version and pack again"
    )]
    VersionTaken {
        /// The model.
        name: ModelId,
        /// The version.
        version: ModelVersion,
        /// What is installed.
        found: Digest,
    },
    /// No such version.
    #[error("{name} {version} is not installed; `takt model list` shows what is, `takt model install FILE` adds it")]
    NotInstalled {
        /// The model.
        name: ModelId,
        /// The version.
        version: ModelVersion,
    },
    /// No version is active.
    #[error("no version of {name} is active; choose one with `takt model activate {name} VERSION`")]
    NoneActive {
        /// The model.
        name: ModelId,
    },
    /// Nothing to go back to.
    #[error("{name} has no earlier version to go back to; choose one with `takt model activate {name} VERSION`")]
    NothingBefore {
        /// The model.
        name: ModelId,
    },
    /// The active version cannot be removed.
    #[error("{name} {version} is active; activate another version first, then remove it")]
    Active {
        /// The model.
        name: ModelId,
        /// The version.
        version: ModelVersion,
    },
    /// A package on disk is not what was installed.
    #[error("{} is damaged ({why}); install the package again", path.display())]
    Damaged {
        /// The package.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A pointer cannot be read.
    #[error(
        "{} cannot be read ({why}); write it anew with `takt model activate {name} VERSION`, which loses its history",
        path.display()
    )]
    Pointer {
        /// The pointer.
        path: PathBuf,
        /// The model.
        name: ModelId,
        /// What is wrong.
        why: String,
    },
    /// The disk refused something.
    #[error("cannot {action} {}; check its permissions and the free space", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl CatalogueError {
    pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Disk { action, path, source }
    }
}
