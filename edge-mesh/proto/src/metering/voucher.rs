//! Vouchers and receipts: the two signed facts of a channel, and how a receipt is checked.

use crate::egress::ClassOnWire;
use crate::ids::{Digest, LogPlace, MeshId, Overflow, PeerId, Units};
use crate::keys::{Fact, SealError, Sealed};
use crate::metering::span::{Leaf, Span};
use serde::{Deserialize, Serialize};

/// The format of both facts.
pub const VERSION: u8 = 1;

/// Running totals of a channel. They only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Work and bytes, by the price list.
    pub units: Units,
    /// Verified model bytes.
    pub n_bytes: u64,
    /// Requests that count.
    pub n_requests: u64,
}

impl Totals {
    /// With one more leaf, or refused.
    pub fn plus(self, leaf: &Leaf) -> Result<Self, Overflow> {
        Ok(Self {
            units: self.units.plus(leaf.units)?,
            n_bytes: self.n_bytes.checked_add(u64::from(leaf.n_bytes)).ok_or(Overflow)?,
            n_requests: self.n_requests.checked_add(1).ok_or(Overflow)?,
        })
    }

    /// Whether no counter lies below `earlier`.
    pub fn covers(&self, earlier: &Self) -> bool {
        self.units >= earlier.units && self.n_bytes >= earlier.n_bytes && self.n_requests >= earlier.n_requests
    }
}

/// The borrower's signed running total. It is also an entry of the borrower's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// [`VERSION`].
    pub version: u8,
    /// Which mesh.
    pub mesh: MeshId,
    /// Who executed.
    pub lender: PeerId,
    /// Who signs.
    pub borrower: PeerId,
    /// Rises by one with every voucher of the channel.
    pub seq: u64,
    /// The price list that was used.
    pub prices: u32,
    /// What this voucher settles.
    pub span: Span,
    /// Everything that the channel ever settled.
    pub totals: Totals,
    /// Merkle root over the leaves that count in the span.
    pub batch_root: Digest,
    /// Strictest export class of the inputs in the span.
    pub class: ClassOnWire,
    /// Where it stands in the borrower's log.
    pub place: LogPlace,
    /// The borrower's wall clock in µs; information only.
    pub wall_us: i64,
}

/// The lender's countersignature over a voucher. It is also an entry of the lender's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// As the borrower sent it.
    pub voucher: Sealed<Voucher>,
    /// Who signs.
    pub lender: PeerId,
    /// Whether the lender knew every leaf and found the same root. A lender that lost its leaves in a
    /// crash accepts the amount but vouches for no output, and such a batch is not audited.
    pub attested: bool,
    /// Where it stands in the lender's log.
    pub place: LogPlace,
    /// The lender's wall clock in µs; information only.
    pub wall_us: i64,
}

impl Fact for Voucher {
    const DOMAIN: &'static str = "takt voucher 1";
}

impl Fact for Receipt {
    const DOMAIN: &'static str = "takt receipt 1";
}

/// A receipt with both signatures checked.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the borrower signed.
    pub voucher: Voucher,
    /// Identifies the voucher's bytes.
    pub voucher_hash: Digest,
    /// Where the receipt stands in the lender's log.
    pub place: LogPlace,
    /// See [`Receipt::attested`].
    pub attested: bool,
}

/// Checks both signatures and that both name the same pair.
pub fn check_receipt(sealed: &Sealed<Receipt>, lender: &PeerId, borrower: &PeerId) -> Result<Checked, SealError> {
    let receipt = sealed.open(lender)?;
    let voucher = receipt.voucher.open(borrower)?;
    let fits = receipt.lender == *lender && voucher.lender == *lender && voucher.borrower == *borrower;
    if !(fits && voucher.version == VERSION && voucher.span.is_sound()) {
        return Err(SealError::Encoding);
    }
    let voucher_hash = receipt.voucher.hash();
    Ok(Checked { voucher, voucher_hash, place: receipt.place, attested: receipt.attested })
}
