//! The demo's folder: given and kept, or temporary and removed when all went well.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where everything of one demo lies.
pub(crate) struct Folder {
    path: PathBuf,
    temporary: Option<TempDir>,
    n_runs_before: u64,
}

impl Folder {
    /// Opens the folder that was asked for, or makes a temporary one.
    pub(crate) fn open(asked: Option<PathBuf>) -> Result<Self> {
        let (path, temporary) = match asked {
            Some(path) => {
                std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
                (path.canonicalize()?, None)
            }
            None => {
                let made = tempfile::Builder::new().prefix("takt-demo-").tempdir();
                let made = made.context("cannot make a temporary folder; name one with --data DIR")?;
                (made.path().to_owned(), Some(made))
            }
        };
        let count = path.join("demo-runs");
        let n_runs_before = std::fs::read_to_string(&count).ok().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        std::fs::write(&count, format!("{}\n", n_runs_before + 1)).context("cannot write to the demo's folder")?;
        Ok(Self { path, temporary, n_runs_before })
    }

    /// A file or folder in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes away at a clean end.
    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// How many demos ran in it before: a learned model of each is kept, so this one needs a new version.
    pub(crate) fn n_runs_before(&self) -> u64 {
        self.n_runs_before
    }

    /// After an unclean end: what lies in it stays, for whoever looks for the reason.
    pub(crate) fn keep(mut self) -> PathBuf {
        if let Some(temporary) = self.temporary.take() {
            let _ = temporary.keep();
        }
        self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_folder_counts_its_runs_and_stays() {
        let outer = tempfile::tempdir().expect("a folder");
        let path = outer.path().join("kept");
        for n in 0..3 {
            let folder = Folder::open(Some(path.clone())).expect("opens");
            assert_eq!((folder.n_runs_before(), folder.is_temporary()), (n, false));
        }
        assert!(path.exists());
    }

    #[test]
    fn a_temporary_folder_goes_unless_it_is_kept() {
        let folder = Folder::open(None).expect("opens");
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
        let kept = Folder::open(None).expect("opens").keep();
        assert!(kept.exists());
        std::fs::remove_dir_all(kept).expect("can be removed");
    }
}
