//! A gateway's ledger read and checked: needs the records and the gateway's key id, and nothing else.
//!
//! Checked are both signatures of every receipt, the own signature of every entry, that the own log is one
//! chain without a gap, and that no total ever falls. Not checked is what only others know: whether a
//! peer holds a newer receipt, and whether witnesses hold this head.

use std::collections::BTreeMap;
use takt_mesh_proto::ids::{Digest, LogPlace, PeerId};
use takt_mesh_proto::log::Entry;
use takt_mesh_proto::metering::{Totals, Voucher, check_receipt};
use takt_mesh_proto::node::Record;
use takt_plant::{ExportClass, WallTime};

/// What a line of the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signed for work that a peer did; its receipt may still be on its way.
    Voucher,
    /// A peer's work, with both signatures.
    Borrowed,
    /// Own work for a peer, with both signatures.
    Lent,
}

impl Kind {
    /// The word of tables and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Voucher => "voucher",
            Self::Borrowed => "borrowed",
            Self::Lent => "lent",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// The other side.
    pub with: PeerId,
    /// The number on the pair's channel.
    pub seq: u64,
    /// Place in the own log; none for a receipt that came from the lender.
    pub place: Option<(u32, u64)>,
    /// What the borrower's clock said; information only.
    pub at: WallTime,
    /// Running totals of the channel.
    pub totals: Totals,
    /// Strictest class of the inputs.
    pub class: ExportClass,
    /// The price list.
    pub prices: u32,
}

/// A ledger.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Its lines, in the order of writing.
    pub lines: Vec<Line>,
    /// By peer: lent to it, and borrowed from it.
    pub pairs: BTreeMap<PeerId, (Totals, Totals)>,
    /// What does not hold; empty for a ledger that is whole.
    pub wrong: Vec<String>,
}

impl Ledger {
    /// Reads and checks the records of the gateway `own`.
    pub fn read(own: &PeerId, records: &[Record]) -> Self {
        let mut ledger = Self::default();
        let mut chain: Option<(LogPlace, Digest)> = None;
        for (n, record) in records.iter().enumerate() {
            if let Err(why) = ledger.take(own, record, &mut chain) {
                ledger.wrong.push(format!("record {}: {why}", n + 1));
            }
        }
        ledger
    }

    /// Units lent minus borrowed, by receipts.
    pub fn balance(&self) -> i128 {
        self.pairs.values().map(|(lent, borrowed)| i128::from(lent.units.0) - i128::from(borrowed.units.0)).sum()
    }

    fn take(&mut self, own: &PeerId, record: &Record, chain: &mut Option<(LogPlace, Digest)>) -> Result<(), String> {
        match record {
            Record::Entry { place, with, entry } => {
                follows(own, place, entry, chain)?;
                match entry {
                    Entry::Voucher(sealed) => {
                        let voucher = sealed.open(own).map_err(|why| why.to_string())?;
                        self.add(Kind::Voucher, *with, Some(place), &voucher)
                    }
                    Entry::Receipt(sealed) => {
                        let checked = check_receipt(sealed, own, with).map_err(|why| why.to_string())?;
                        self.add(Kind::Lent, *with, Some(place), &checked.voucher)
                    }
                }
            }
            Record::Borrowed { lender, receipt } => {
                let checked = check_receipt(receipt, lender, own).map_err(|why| why.to_string())?;
                self.add(Kind::Borrowed, *lender, None, &checked.voucher)
            }
            Record::Lent { borrower, receipt } => {
                let checked = check_receipt(receipt, own, borrower).map_err(|why| why.to_string())?;
                self.add(Kind::Lent, *borrower, None, &checked.voucher)
            }
            Record::Head { .. } | Record::Chunk { .. } | Record::Installed { .. } | Record::Quarantine { .. } => Ok(()),
        }
    }

    fn add(&mut self, kind: Kind, with: PeerId, place: Option<&LogPlace>, voucher: &Voucher) -> Result<(), String> {
        let Voucher { seq, totals, prices, wall_us, .. } = *voucher;
        let (at, class) = (WallTime::from_ns(wall_us.saturating_mul(1_000)), voucher.class.into());
        self.lines.push(Line { kind, with, seq, place: place.map(LogPlace::rank), at, totals, class, prices });
        let pair = self.pairs.entry(with).or_default();
        let counted = match kind {
            Kind::Voucher => return Ok(()),
            Kind::Lent => &mut pair.0,
            Kind::Borrowed => &mut pair.1,
        };
        if !totals.covers(counted) {
            return Err(format!("the total of what was {} falls", kind.word()));
        }
        *counted = totals;
        Ok(())
    }
}

/// Whether an entry stands where it says, after the one before it.
fn follows(
    own: &PeerId,
    place: &LogPlace,
    entry: &Entry,
    chain: &mut Option<(LogPlace, Digest)>,
) -> Result<(), String> {
    let signed = entry.open(own).map_err(|why| why.to_string())?;
    let before = chain.replace((signed, entry.hash()));
    if signed != *place {
        return Err("the entry stands at another place than it was signed for".to_owned());
    }
    let expected = match before {
        Some((last, hash)) if last.incarnation == place.incarnation => (last.seq + 1, hash),
        Some((last, _)) if last.incarnation > place.incarnation => return Err("the incarnation falls".to_owned()),
        _ => (1, Digest::ZERO),
    };
    if (place.seq, place.prev) == expected {
        Ok(())
    } else {
        Err(format!("entry {} does not follow on the one before it", place.seq))
    }
}
