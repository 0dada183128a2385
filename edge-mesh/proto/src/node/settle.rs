//! Settling: vouchers out, receipts back, and what a restored disk has forgotten.

use super::gear::Then;
use super::{Alarm, Node, Output, Record};
use crate::frame::{Control, Hello};
use crate::ids::PeerId;
use crate::keys::Sealed;
use crate::limits;
use crate::log::Entry;
use crate::metering::{Receipt, Totals, Voucher, VoucherError, check_receipt};
use std::time::Duration;

impl Node {
    /// Signs for what is due with every lender.
    pub(super) fn settle_due(&mut self, every: Duration, out: &mut Vec<Output>) {
        let (now, batch) = (self.now, self.options.batch);
        let due = |side: &crate::metering::BorrowerSide| side.is_due(now, batch, every);
        let lenders: Vec<PeerId> = self
            .pairs
            .iter()
            .filter(|(_, pair)| pair.borrows.as_ref().is_some_and(|side| due(side)))
            .map(|(peer, _)| *peer)
            .collect();
        for lender in lenders {
            self.sign_voucher(lender, out);
        }
    }

    pub(super) fn settle_all(&mut self, out: &mut Vec<Output>) {
        self.settle_due(Duration::ZERO, out);
        self.want_upkeep();
    }

    fn sign_voucher(&mut self, lender: PeerId, out: &mut Vec<Output>) {
        let Ok(place) = self.chain.next_place() else { return };
        let (who, wall) = ((self.members.mesh, lender, self.id), self.wall);
        let prices = self.prices.version;
        let Some(side) = self.pairs.get_mut(&lender).and_then(|pair| pair.borrows.as_mut()) else { return };
        // An overflow of totals ends the channel: nothing is signed any more, nothing is lent any more.
        let Ok(mut voucher) = side.draft(who, prices, place) else { return };
        voucher.wall_us = wall.as_us();
        let sealed = Sealed::seal(&voucher, &self.key);
        side.signed(sealed.clone(), &voucher, self.now);
        self.log(Entry::Voucher(sealed), lender, place, out);
    }

    fn log(&mut self, entry: Entry, with: PeerId, place: crate::ids::LogPlace, out: &mut Vec<Output>) {
        let seq = self.chain.append(entry.clone(), with);
        let then = Then::Claim(place.incarnation, seq);
        self.persist(Record::Entry { place, with, entry }, then, out);
        self.want_upkeep();
    }

    pub(super) fn voucher(&mut self, from: PeerId, sealed: &Sealed<Voucher>, out: &mut Vec<Output>) {
        if self.quarantine.contains_key(&from) {
            return;
        }
        let who = (self.members.mesh, self.id, from);
        if !self.may_pair(&from) {
            return;
        }
        let pair = self.pairs.entry(from).or_default();
        let owing = pair.borrows.as_ref().map_or_else(Totals::default, |side| side.receipted()).units;
        let exposure = self.prices.exposure();
        let limit = self.prices.pair_limit.plus(owing).and_then(|limit| limit.plus(exposure?));
        let Ok(limit) = limit else { return };
        match pair.lends.get_or_insert_default().check(sealed, who, limit) {
            Ok((voucher, attested)) => self.countersign(from, sealed.clone(), &voucher, attested, out),
            Err(VoucherError::Older) => self.resend_receipt(from, out),
            Err(why) => {
                self.counts.n_vouchers_refused += 1;
                if why == VoucherError::Amounts {
                    out.push(Output::Alarm(Alarm::Disputed(from)));
                }
            }
        }
    }

    fn countersign(
        &mut self,
        borrower: PeerId,
        sealed: Sealed<Voucher>,
        voucher: &Voucher,
        attested: bool,
        out: &mut Vec<Output>,
    ) {
        // Without a place now, the borrower's next copy of the voucher finds one.
        let Ok(place) = self.chain.next_place() else { return };
        let voucher_hash = sealed.hash();
        let receipt = Receipt { voucher: sealed, lender: self.id, attested, place, wall_us: self.wall.as_us() };
        let receipt = Sealed::seal(&receipt, &self.key);
        let checked = crate::metering::Checked { voucher: voucher.clone(), voucher_hash, place, attested };
        if let Some(side) = self.pairs.get_mut(&borrower).and_then(|pair| pair.lends.as_mut()) {
            side.signed(receipt.clone(), &checked);
        }
        if let Ok(entry) = receipt.peek().map(|receipt| Entry::Voucher(receipt.voucher)) {
            self.show(borrower, &entry, out);
        }
        self.log(Entry::Receipt(receipt), borrower, place, out);
    }

    fn resend_receipt(&mut self, to: PeerId, out: &mut Vec<Output>) {
        let newest = self.pairs.get(&to).and_then(|pair| pair.lends.as_ref()).and_then(|side| side.receipt());
        let Some(receipt) = newest.cloned() else { return };
        let may = receipt.peek().is_ok_and(|r| self.chain.may_leave(&r.place));
        if may {
            self.send(to, Control::Receipt(receipt), out);
        }
    }

    pub(super) fn receipt(&mut self, from: PeerId, sealed: Sealed<Receipt>, out: &mut Vec<Output>) {
        let known = self.pairs.get(&from).and_then(|pair| pair.borrows.as_ref()).and_then(|side| side.receipt());
        if known == Some(&sealed) {
            return;
        }
        let Ok(checked) = check_receipt(&sealed, &from, &self.id) else {
            self.counts.n_receipts_refused += 1;
            return;
        };
        if checked.voucher.mesh != self.members.mesh || !self.may_pair(&from) {
            return;
        }
        let (now, rng) = (self.now, &mut self.rng);
        let pair = self.pairs.entry(from).or_default();
        let new = || Box::new(crate::metering::BorrowerSide::new(rng.u64(1..), now));
        let side = pair.borrows.get_or_insert_with(new);
        if !side.accept(sealed.clone(), &checked) {
            self.counts.n_receipts_refused += 1;
            return;
        }
        if checked.attested {
            self.auditor.pick(from, &checked.voucher.span, &mut self.rng);
        }
        self.show(from, &Entry::Receipt(sealed.clone()), out);
        self.persist(Record::Borrowed { lender: from, receipt: sealed }, Then::Nothing, out);
    }

    /// A connection stands: each shows the other the newest receipts, so that whoever has lost one gets it back.
    pub(super) fn greet(&mut self, peer: PeerId, out: &mut Vec<Output>) {
        let pair = self.pairs.get(&peer);
        let borrowed = pair.and_then(|p| p.borrows.as_ref()).and_then(|side| side.receipt()).cloned();
        let lent = pair.and_then(|p| p.lends.as_ref()).and_then(|side| side.receipt()).cloned();
        let lent = lent.filter(|sealed| sealed.peek().is_ok_and(|r| self.chain.may_leave(&r.place)));
        if borrowed.is_some() || lent.is_some() {
            self.send(peer, Control::Hello(Hello { borrowed, lent }), out);
        }
    }

    pub(super) fn hello(&mut self, from: PeerId, hello: Hello, out: &mut Vec<Output>) {
        if let Some(receipt) = hello.lent {
            self.receipt(from, receipt, out);
        }
        let Some(receipt) = hello.borrowed.filter(|_| self.may_pair(&from)) else { return };
        let side = self.pairs.entry(from).or_default().lends.get_or_insert_default();
        if side.receipt() == Some(&receipt) {
            return;
        }
        let Ok(checked) = check_receipt(&receipt, &self.id, &from) else {
            self.counts.n_receipts_refused += 1;
            return;
        };
        if side.recover(receipt.clone(), &checked) {
            self.persist(Record::Lent { borrower: from, receipt }, Then::Nothing, out);
        }
    }

    /// Units lent minus borrowed, by receipts, with the allowance.
    pub fn balance(&self) -> i128 {
        let one = |totals: Totals| i128::from(totals.units.0);
        let lent: i128 = self.pairs.values().filter_map(|p| p.lends.as_ref()).map(|side| one(side.totals())).sum();
        let borrowed: i128 =
            self.pairs.values().filter_map(|p| p.borrows.as_ref()).map(|side| one(side.receipted())).sum();
        i128::from(self.options.allowance.0) + lent - borrowed
    }

    /// What was lent to a peer and what was borrowed from it, by receipts.
    pub fn pair(&self, peer: &PeerId) -> (Totals, Totals) {
        let pair = self.pairs.get(peer);
        let lent = pair.and_then(|p| p.lends.as_ref()).map_or_else(Totals::default, |side| side.totals());
        let borrowed = pair.and_then(|p| p.borrows.as_ref()).map_or_else(Totals::default, |side| side.receipted());
        (lent, borrowed)
    }

    /// What a peer owes by receipts and by work that it has not signed for, less what is owed to it.
    pub fn debt(&self, peer: &PeerId) -> i128 {
        let Some(pair) = self.pairs.get(peer) else { return 0 };
        let owed = pair.lends.as_ref().map_or(0, |side| side.owed().map_or(i128::MAX, |units| i128::from(units.0)));
        let owing = pair.borrows.as_ref().map_or(0, |side| i128::from(side.receipted().units.0));
        owed - owing
    }

    /// Whether there is room for a channel with this peer.
    pub(super) fn may_pair(&self, peer: &PeerId) -> bool {
        self.pairs.len() < limits::PAIRS_MAX || self.pairs.contains_key(peer)
    }

    /// Peers with a channel.
    pub fn pairs(&self) -> impl Iterator<Item = &PeerId> {
        self.pairs.keys()
    }

    /// Every queue: its name, its length, its limit.
    pub fn sizes(&self) -> [(&'static str, usize, usize); 10] {
        let open = self.pairs.values().filter_map(|p| p.lends.as_ref()).map(|side| side.n_open()).max();
        let slots = self.pairs.values().filter_map(|p| p.borrows.as_ref()).map(|side| side.n_waiting()).max();
        [
            ("peers", self.peers.len(), limits::PEERS_MAX),
            ("own waiting", self.queue.n_own(), limits::OWN_WAITING_MAX),
            ("borrowed waiting", self.queue.n_borrowed(), self.options.lending.borrowed_max),
            ("loans", self.loans.len(), limits::LOANS_MAX),
            ("pairs", self.pairs.len(), limits::PAIRS_MAX),
            ("unsigned lent", open.unwrap_or(0), limits::EXPOSURE_REQUESTS as usize),
            ("unsigned borrowed", slots.unwrap_or(0), limits::BATCH_SPAN_MAX as usize),
            ("log", self.chain.n_waiting(), limits::LOG_WAITING_MAX),
            ("witnessed", self.witnessing.n_authors(), limits::WITNESSED_MAX),
            ("audits", self.auditor.n_waiting(), limits::AUDITS_WAITING_MAX),
        ]
    }

    /// Whether everything borrowed is signed and countersigned.
    pub fn is_settled(&self) -> bool {
        self.pairs.values().filter_map(|p| p.borrows.as_ref()).all(|side| side.is_settled())
    }

    /// The newest receipts: where this gateway lent, and where it borrowed.
    pub fn receipts(&self, peer: &PeerId) -> (Option<&Sealed<Receipt>>, Option<&Sealed<Receipt>>) {
        let Some(pair) = self.pairs.get(peer) else { return (None, None) };
        (pair.lends.as_ref().and_then(|s| s.receipt()), pair.borrows.as_ref().and_then(|s| s.receipt()))
    }
}
