//! Test vectors: windows with the scores that the model must give for them (B31).

use super::OpenError;
use serde::{Deserialize, Serialize};

/// Most test vectors in a package.
pub const N_VECTORS_MAX: usize = 64;

/// One window and what the model must say about it, before it may judge.
#[derive(Debug, Clone, PartialEq)]
pub struct TestVector {
    /// One column of finite numbers per input, in the manifest's order, as in a window.
    pub columns: Vec<Vec<f64>>,
    /// One number per score, in the manifest's order.
    pub scores: Vec<f64>,
}

/// A test vector as it stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    columns: Vec<Vec<f64>>,
    scores: Vec<f64>,
}

impl TestVector {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let written = Written { columns: self.columns.clone(), scores: self.scores.clone() };
        let mut json = serde_json::to_vec(&written).expect("lists of numbers always have a form in JSON");
        json.push(b'\n');
        json
    }

    pub(super) fn from_json(index: usize, json: &[u8]) -> Result<Self, OpenError> {
        let Written { columns, scores } =
            serde_json::from_slice(json).map_err(|source| OpenError::Vector { index, source })?;
        Ok(Self { columns, scores })
    }
}
