//! The omniscient books: what each side of each channel says, and what really came in time.

use std::collections::{BTreeMap, BTreeSet};
use takt_mesh_proto::ids::{Digest, PeerId, Units};
use takt_mesh_proto::metering::{Totals, Voucher};

type Number = (u64, u32);

#[derive(Debug, Default)]
struct Channel {
    /// As the lender's newest receipt says.
    lent: Totals,
    /// As the borrower's newest receipt says.
    borrowed: Totals,
    /// Counted by a voucher that the lender accepted, and by which.
    counted: BTreeMap<Number, Digest>,
    /// Windows that the borrower judged in time by this lender.
    in_time: BTreeSet<Number>,
    /// Chunks that the borrower asked for.
    chunks: BTreeSet<Number>,
}

/// All channels, by lender and borrower.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) pair_limit: Units,
    channels: BTreeMap<(PeerId, PeerId), Channel>,
    ids: BTreeMap<usize, PeerId>,
    balances: BTreeMap<PeerId, i128>,
    /// Sum of all gateways' own balances.
    pub(super) sum: i128,
    /// Sum over all channels of what the lender says less what the borrower says.
    pub(super) apart: i128,
}

impl Books {
    pub(super) fn new(pair_limit: Units) -> Self {
        let (channels, ids, balances) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { pair_limit, channels, ids, balances, sum: 0, apart: 0 }
    }

    pub(super) fn known(&mut self, gateway: usize, id: PeerId) {
        self.ids.entry(gateway).or_insert(id);
    }

    pub(super) fn in_time(&mut self, gateway: usize, lender: PeerId, epoch: u64, no: u32) {
        if let Some(id) = self.ids.get(&gateway) {
            self.channels.entry((lender, *id)).or_default().in_time.insert((epoch, no));
        }
    }

    pub(super) fn chunk_asked(&mut self, lender: PeerId, borrower: PeerId, number: Number) {
        self.channels.entry((lender, borrower)).or_default().chunks.insert(number);
    }

    /// A gateway's own balance now.
    pub(super) fn balance(&mut self, id: PeerId, balance: i128) {
        let old = self.balances.insert(id, balance).unwrap_or(0);
        self.sum += balance - old;
    }

    /// The lender's word on a channel; gives the word before.
    pub(super) fn lent(&mut self, lender: PeerId, borrower: PeerId, totals: Totals) -> Totals {
        let channel = self.channels.entry((lender, borrower)).or_default();
        self.apart += i128::from(totals.units.0) - i128::from(channel.lent.units.0);
        std::mem::replace(&mut channel.lent, totals)
    }

    /// The borrower's word on a channel; gives the word before.
    pub(super) fn borrowed(&mut self, lender: PeerId, borrower: PeerId, totals: Totals) -> Totals {
        let channel = self.channels.entry((lender, borrower)).or_default();
        self.apart -= i128::from(totals.units.0) - i128::from(channel.borrowed.units.0);
        std::mem::replace(&mut channel.borrowed, totals)
    }

    /// Both words.
    pub(super) fn both(&self, lender: PeerId, borrower: PeerId) -> (Totals, Totals) {
        self.channels.get(&(lender, borrower)).map_or_else(Default::default, |c| (c.lent, c.borrowed))
    }

    /// A lender accepted a voucher: each of its numbers counts for the first time, and came in time.
    pub(super) fn count(&mut self, voucher: &Voucher, hash: Digest, fair: bool) -> Result<(), String> {
        let channel = self.channels.entry((voucher.lender, voucher.borrower)).or_default();
        for no in voucher.span.counted() {
            let number = (voucher.span.epoch, no);
            if channel.counted.insert(number, hash).is_some_and(|other| other != hash) {
                return Err(format!("{number:?} of {:?} is counted twice", voucher.borrower));
            }
            if fair && !channel.in_time.contains(&number) && !channel.chunks.contains(&number) {
                return Err(format!("{number:?} of {:?} is counted and did not come in time", voucher.borrower));
            }
        }
        Ok(())
    }

    /// Whether all channels between gateways that nobody excuses are closed.
    pub(super) fn closed(
        &self,
        excused: impl Fn(&PeerId) -> bool,
        crashed: impl Fn(&PeerId) -> bool,
    ) -> Result<(), String> {
        let mut sum = 0i128;
        for ((lender, borrower), channel) in &self.channels {
            if excused(lender) || excused(borrower) {
                continue;
            }
            if channel.lent != channel.borrowed {
                return Err(format!("{lender:?} to {borrower:?}: {:?} and {:?}", channel.lent, channel.borrowed));
            }
            sum += i128::from(channel.lent.units.0) - i128::from(channel.borrowed.units.0);
            let missing = channel.in_time.iter().find(|number| !channel.counted.contains_key(*number));
            if let Some(number) = missing.filter(|_| !crashed(borrower)) {
                return Err(format!("{number:?} of {borrower:?} by {lender:?} came in time and is not counted"));
            }
        }
        if sum == 0 { Ok(()) } else { Err(format!("the balances sum to {sum}")) }
    }

    /// Everybody with whom a gateway ever had a channel.
    pub(super) fn with(&self, id: &PeerId) -> BTreeSet<PeerId> {
        let with = |(lender, borrower): &(PeerId, PeerId)| match (lender == id, borrower == id) {
            (true, _) => Some(*borrower),
            (_, true) => Some(*lender),
            _ => None,
        };
        self.channels.keys().filter_map(with).collect()
    }

    pub(super) fn counted(&self) -> (usize, usize) {
        let used = self.channels.values().filter(|c| !c.counted.is_empty());
        (used.clone().count(), used.map(|c| c.counted.len()).sum())
    }
}
