//! Packing from a folder, for models that were trained elsewhere.
//!
//! ```text
//! press-a/
//!   model.toml           the manifest; its list of files is left out, packing makes it
//!   model.onnx           the graph
//!   vectors/0001.json    test vectors, in the order of their names
//! ```

use super::archive::{MANIFEST, MODEL};
use super::{N_VECTORS_MAX, OpenError, PackError, Package, TestVector, read_bounded, written};
use std::path::{Path, PathBuf};

/// Why a folder was not packed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A part is missing or cannot be read as what it shall be.
    #[error("{} was not packed: {source}", path.display())]
    Part {
        /// The part.
        path: PathBuf,
        /// What is wrong.
        source: OpenError,
    },
    /// The folder of test vectors cannot be read.
    #[error("{} cannot be read; it holds the test vectors as 0001.json, 0002.json …", path.display())]
    Vectors {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing would show that the model runs as it was trained.
    #[error("{} holds no test vector; write at least one window with its scores", path.display())]
    NoVectors {
        /// The folder.
        path: PathBuf,
    },
    /// The parts do not fit.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl Package {
    /// Packs a folder: the bytes of a `.takt` file.
    ///
    /// # Errors
    /// See [`FolderError`]; each names the file and what to do.
    pub fn pack_folder(dir: &Path) -> Result<Vec<u8>, FolderError> {
        let part = |name: &str| {
            let path = dir.join(name);
            read_bounded(&path).map_err(|source| FolderError::Part { path, source })
        };
        let (toml, model) = (part(MANIFEST)?, part(MODEL)?);
        let manifest = written::from_toml(&toml);
        let (manifest, _) = manifest.map_err(|source| FolderError::Part { path: dir.join(MANIFEST), source })?;
        Ok(Self::pack(&manifest, &model, &vectors(&dir.join("vectors"))?)?)
    }
}

fn vectors(dir: &Path) -> Result<Vec<TestVector>, FolderError> {
    let unread = |source| FolderError::Vectors { path: dir.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(FolderError::NoVectors { path: dir.to_path_buf() });
    }
    files.sort();
    // One more than allowed is refused with the rest of the manifest's complaints.
    files.truncate(N_VECTORS_MAX + 1);
    let vector = |(i, path): (usize, PathBuf)| {
        let read = read_bounded(&path).and_then(|json| TestVector::from_json(i, &json));
        read.map_err(|source| FolderError::Part { path, source })
    };
    files.into_iter().enumerate().map(vector).collect()
}
