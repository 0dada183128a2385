//! Model packages: one file `NAME-VERSION.takt` that holds a graph, its manifest and test vectors.
//!
//! A package is a deterministic, uncompressed tar of `model.toml`, `model.onnx` and
//! `vectors/NNNN.json`, in this order: the same content gives the same bytes, and so the same
//! digest. [`Package::pack`] writes one, [`Package::open`] reads one that may be hostile.
//!
//! The [`Manifest`] is plain values; what stands in `model.toml` is mirrored privately in `written`.

mod archive;
mod check;
mod digest;
mod error;
mod folder;
mod manifest;
mod provider;
mod vector;
mod version;
mod written;

use std::io::Read;
use std::path::Path;

/// What a feature is; its formulas stand with it.
pub use crate::features::Feature as FeatureKind;
pub use archive::PACKAGE_BYTES_MAX;
pub use check::{N_INPUTS_MAX, N_SCORES_MAX, N_VALUES_MAX};
pub use digest::{Digest, InvalidDigest};
pub use error::{OpenError, PackError};
pub use folder::FolderError;
pub use manifest::{
    ContributionForm, ContributionSpec, Cost, Element, FeatureSpec, Input, Layout, Manifest, ModelKind, PairTolerance,
    Preprocessing, Provenance, ScoreSpec, TensorSpec, Tolerance, Tolerances, WindowContract,
};
pub use provider::{InvalidProvider, OpenVinoDevice, Provider};
pub use vector::{N_VECTORS_MAX, TestVector};
pub use version::{InvalidVersion, ModelVersion};

/// An opened package: everything in it has been checked against its manifest, but not yet run.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    manifest: Manifest,
    model: Vec<u8>,
    vectors: Vec<TestVector>,
    digest: Digest,
    n_bytes: u64,
}

/// What a package says about itself, without its graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The manifest.
    pub manifest: Manifest,
    /// The digest of the whole file.
    pub digest: Digest,
    /// Bytes of the whole file.
    pub n_bytes: u64,
    /// Bytes of the graph.
    pub n_model_bytes: u64,
    /// Test vectors.
    pub n_vectors: usize,
}

impl Package {
    /// Writes a package: the bytes of a `.takt` file.
    ///
    /// # Errors
    /// Every complaint about the manifest and the vectors at once, or what is too large. What this
    /// writes, [`Package::open`] reads.
    pub fn pack(manifest: &Manifest, model: &[u8], vectors: &[TestVector]) -> Result<Vec<u8>, PackError> {
        let mut complaints = check::manifest(manifest);
        complaints.extend(check::vectors(manifest, vectors));
        if !complaints.is_empty() {
            return Err(PackError::Manifest { complaints });
        }
        let vectors: Vec<Vec<u8>> = vectors.iter().map(TestVector::to_json).collect();
        let toml = written::to_toml(manifest, &written::listing(model, &vectors))?;
        archive::write(toml.as_bytes(), model, &vectors)
    }

    /// Reads a package from bytes that may be hostile. Memory stays within a small multiple of
    /// [`PACKAGE_BYTES_MAX`].
    ///
    /// # Errors
    /// See [`OpenError`]: each says what is wrong with the file and what to do.
    pub fn open(bytes: &[u8]) -> Result<Self, OpenError> {
        let parts = archive::read(bytes)?;
        let (manifest, listing) = written::from_toml(parts.manifest)?;
        listing.verify(&parts)?;
        let vectors = parts
            .vectors
            .iter()
            .enumerate()
            .map(|(i, json)| TestVector::from_json(i, json))
            .collect::<Result<Vec<_>, _>>()?;
        let mut complaints = check::manifest(&manifest);
        complaints.extend(check::vectors(&manifest, &vectors));
        if !complaints.is_empty() {
            return Err(OpenError::Manifest { complaints });
        }
        Ok(Self {
            manifest,
            model: parts.model.to_vec(),
            vectors,
            digest: Digest::of(bytes),
            n_bytes: bytes.len() as u64,
        })
    }

    /// Reads a package file, at most [`PACKAGE_BYTES_MAX`] of it.
    ///
    /// # Errors
    /// As [`Package::open`], and when the file cannot be read.
    pub fn open_file(path: &Path) -> Result<Self, OpenError> {
        Self::open(&read_bounded(path)?)
    }

    /// What the package says about itself. Checks as much as [`Package::open`].
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn inspect(bytes: &[u8]) -> Result<Inspection, OpenError> {
        Ok(Self::open(bytes)?.inspection())
    }

    /// What the package says about itself.
    pub fn inspection(&self) -> Inspection {
        Inspection {
            digest: self.digest,
            n_bytes: self.n_bytes,
            n_model_bytes: self.model.len() as u64,
            n_vectors: self.vectors.len(),
            manifest: self.manifest.clone(),
        }
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of the ONNX graph.
    pub fn model(&self) -> &[u8] {
        &self.model
    }

    /// Windows with the scores that the graph must give for them.
    pub fn vectors(&self) -> &[TestVector] {
        &self.vectors
    }

    /// The digest of the package's bytes: the model's name in the strict sense.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Reads a file of at most [`PACKAGE_BYTES_MAX`], whatever its size claims to be.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_path_buf(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(PACKAGE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > PACKAGE_BYTES_MAX {
        return Err(OpenError::TooLarge { what: "the package".into(), n_bytes_max: PACKAGE_BYTES_MAX });
    }
    Ok(bytes)
}
