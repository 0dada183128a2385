//! The lender's side of a channel: remembers what it executed, and countersigns what fits.

use crate::ids::{Digest, MeshId, Overflow, PeerId, Units};
use crate::keys::{SealError, Sealed};
use crate::limits::EXPOSURE_REQUESTS;
use crate::metering::voucher::{Checked, Receipt, Totals, VERSION, Voucher};
use crate::metering::{Leaf, merkle};
use std::collections::{BTreeMap, VecDeque};

/// Epochs that are remembered: frames from before the last eight starts are not on the way any more.
const RETIRED_MAX: usize = 8;

/// Why a voucher got no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VoucherError {
    /// Not signed by the borrower, or no voucher.
    #[error("the voucher is not what the borrower signed: {0}")]
    Seal(#[from] SealError),
    /// It names another mesh, lender or borrower, or a format that is not known.
    #[error("the voucher belongs to another channel")]
    Channel,
    /// A newer one was accepted; the newest receipt is sent back.
    #[error("a newer voucher was accepted")]
    Older,
    /// A counter lies below the last receipt, or numbers are settled twice.
    #[error("the voucher would lower a counter or settle a request twice")]
    Lowers,
    /// The amounts are not what was executed.
    #[error("the voucher's amounts or its batch root do not fit what was executed")]
    Amounts,
    /// More than the pair may owe.
    #[error("the voucher exceeds the pair's limit")]
    Limit,
    /// Out of range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// A request that is not signed for.
#[derive(Debug, Clone, Copy)]
struct Work {
    units: Units,
    /// None while it runs.
    leaf: Option<Leaf>,
}

/// One channel, seen by who lends.
#[derive(Debug, Default)]
pub struct LenderSide {
    epoch: u64,
    /// Epochs before this one: a frame of theirs that comes late changes nothing.
    retired: VecDeque<u64>,
    /// Numbers below are settled in this epoch.
    settled_to: u32,
    /// Admitted and not signed for, by number. At most [`EXPOSURE_REQUESTS`].
    open: BTreeMap<u32, Work>,
    open_units: Units,
    /// Open when the borrower started anew: it may still sign for that, so it counts as owed until the
    /// next voucher says what it was.
    carried: Units,
    seq: u64,
    totals: Totals,
    receipt: Option<Sealed<Receipt>>,
    voucher_hash: Option<Digest>,
}

impl LenderSide {
    /// From the newest receipt in the store.
    pub fn resume(&mut self, sealed: Sealed<Receipt>, checked: &Checked) {
        self.adopt(sealed, checked);
    }

    /// What the borrower owes by receipts and by work that it has not signed for.
    pub fn owed(&self) -> Result<Units, Overflow> {
        self.totals.units.plus(self.open_units)?.plus(self.carried)
    }

    /// Whether a request was taken up or settled before: this is another copy of it.
    pub fn knows(&self, (epoch, no): (u64, u32)) -> bool {
        let here = epoch == self.epoch && (no < self.settled_to || self.open.contains_key(&no));
        here || self.retired.contains(&epoch)
    }

    /// Takes up a request: `false` for a number that was used, or when too much is unsigned.
    pub fn admit(&mut self, (epoch, no): (u64, u32), units: Units) -> bool {
        if self.retired.contains(&epoch) {
            return false;
        }
        if epoch != self.epoch {
            // The borrower has started anew; what it had not signed for is mostly lost to us.
            self.retire(epoch);
            self.settled_to = 0;
            self.open.clear();
            self.carried = self.carried.plus(self.open_units).unwrap_or(self.carried);
            self.open_units = Units(0);
        }
        let full = self.open.len() >= EXPOSURE_REQUESTS as usize;
        let Ok(open_units) = self.open_units.plus(units) else { return false };
        if full || no < self.settled_to || self.open.contains_key(&no) {
            return false;
        }
        self.open.insert(no, Work { units, leaf: None });
        self.open_units = open_units;
        true
    }

    fn retire(&mut self, next: u64) {
        if self.retired.len() >= RETIRED_MAX {
            self.retired.pop_front();
        }
        self.retired.push_back(self.epoch);
        self.epoch = next;
    }

    /// The request ran; `None` when it was dropped instead.
    pub fn executed(&mut self, (epoch, no): (u64, u32), leaf: Option<Leaf>) {
        if epoch != self.epoch {
            return;
        }
        if leaf.is_some() {
            self.open.entry(no).and_modify(|work| work.leaf = leaf);
        } else if let Some(work) = self.open.remove(&no) {
            self.open_units = self.open_units.minus(work.units).expect("the sum holds every open request");
        }
    }

    /// Checks a voucher against what was executed. Admission keeps the pair's limit; `limit` here is that
    /// and one exposure, since a lender that crashed may have lent more than it remembers. `Ok` says
    /// whether every leaf was known, and the caller then makes a receipt, logs it, and gives it back
    /// with [`Self::signed`].
    pub fn check(
        &self,
        sealed: &Sealed<Voucher>,
        (mesh, lender, borrower): (MeshId, PeerId, PeerId),
        limit: Units,
    ) -> Result<(Voucher, bool), VoucherError> {
        if self.voucher_hash == Some(sealed.hash()) {
            return Err(VoucherError::Older);
        }
        let voucher = sealed.open(&borrower)?;
        let names = voucher.mesh == mesh && voucher.lender == lender && voucher.borrower == borrower;
        if !names || voucher.version != VERSION || !voucher.span.is_sound() {
            return Err(VoucherError::Channel);
        }
        if voucher.seq <= self.seq {
            return Err(VoucherError::Older);
        }
        let twice = voucher.span.epoch == self.epoch && voucher.span.from < self.settled_to;
        if twice || !voucher.totals.covers(&self.totals) {
            return Err(VoucherError::Lowers);
        }
        let attested = self.attests(&voucher)?;
        if voucher.totals.units > limit {
            return Err(VoucherError::Limit);
        }
        Ok((voucher, attested))
    }

    /// Whether all leaves are known and fit; an error when they are known and do not fit.
    fn attests(&self, voucher: &Voucher) -> Result<bool, VoucherError> {
        let gap = voucher.span.epoch != self.epoch || voucher.seq != self.seq + 1;
        let mut totals = self.totals;
        let mut leaves = Vec::new();
        for no in voucher.span.counted() {
            let known = self.open.get(&no).and_then(|work| work.leaf);
            let Some(leaf) = known.filter(|_| !gap) else { return Ok(false) };
            totals = totals.plus(&leaf)?;
            leaves.push(leaf.digest);
        }
        if gap {
            return Ok(false);
        }
        let fits = totals == voucher.totals && merkle::root(&leaves) == voucher.batch_root;
        if fits { Ok(true) } else { Err(VoucherError::Amounts) }
    }

    /// The receipt is signed and in the log: its span is settled.
    pub fn signed(&mut self, sealed: Sealed<Receipt>, checked: &Checked) {
        self.adopt(sealed, checked);
    }

    /// Takes a checked receipt from the borrower that a restored disk has forgotten; `false` if not newer.
    pub fn recover(&mut self, sealed: Sealed<Receipt>, checked: &Checked) -> bool {
        let newer = checked.voucher.seq > self.seq && checked.voucher.totals.covers(&self.totals);
        if newer {
            self.adopt(sealed, checked);
        }
        newer
    }

    fn adopt(&mut self, sealed: Sealed<Receipt>, checked: &Checked) {
        let span = &checked.voucher.span;
        let unused = self.open.is_empty() && !self.retired.contains(&span.epoch);
        if span.epoch == self.epoch || unused {
            if span.epoch != self.epoch {
                self.retire(span.epoch);
            }
            self.settled_to = span.to;
            self.open = self.open.split_off(&span.to);
            let open = self.open.values().try_fold(Units(0), |sum, work| sum.plus(work.units));
            self.open_units = open.expect("a part of a sum that fitted");
        }
        self.carried = Units(0);
        self.seq = checked.voucher.seq;
        self.totals = checked.voucher.totals;
        self.voucher_hash = Some(checked.voucher_hash);
        self.receipt = Some(sealed);
    }

    /// What both signed for.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The newest receipt.
    pub fn receipt(&self) -> Option<&Sealed<Receipt>> {
        self.receipt.as_ref()
    }

    /// Executed and not signed for.
    pub fn n_open(&self) -> usize {
        self.open.len()
    }
}
