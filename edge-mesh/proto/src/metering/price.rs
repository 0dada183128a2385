//! The price list: what one run of a model version costs, fixed by the release key, never by a lender.

use crate::ids::{Digest, Overflow, Units};
use crate::limits::EXPOSURE_REQUESTS;
use std::collections::BTreeMap;

/// Price of one model version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// For one run.
    pub run: Units,
}

/// Prices of all models, and of bytes. The caller has checked its signatures.
#[derive(Debug, Clone, Default)]
pub struct PriceList {
    /// Rises with every change; written into receipts.
    pub version: u32,
    /// For each KiB of verified model bytes.
    pub kib: Units,
    /// By digest of the package.
    pub models: BTreeMap<Digest, Price>,
    /// How far one borrower may fall behind one lender.
    pub pair_limit: Units,
    /// How far a gateway may fall behind the whole mesh.
    pub mesh_limit: Units,
}

impl PriceList {
    /// What one run of a model costs; `None` for a model without a price, which is not lent.
    pub fn run(&self, model: &Digest) -> Option<Units> {
        self.models.get(model).map(|price| price.run)
    }

    /// The most that can be open on a pair: a full exposure of the dearest model.
    pub fn exposure(&self) -> Result<Units, Overflow> {
        let dearest = self.models.values().map(|price| price.run).max().unwrap_or_default();
        dearest.times(u64::from(EXPOSURE_REQUESTS))
    }

    /// What `n_bytes` of verified model cost; a started KiB counts.
    pub fn bytes(&self, n_bytes: u64) -> Result<Units, Overflow> {
        self.kib.times(n_bytes.div_ceil(1024))
    }
}
