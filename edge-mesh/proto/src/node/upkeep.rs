//! Timers, finished writes, and the start from the store.

use super::gear::{Then, Timer};
use super::{Node, Output, PersistId, Record};
use crate::frame::Control;
use crate::ids::{Digest, LogPlace, PeerId};
use crate::log::{Chain, Entry, Standing};
use crate::metering::{BorrowerSide, check_receipt};

impl Node {
    pub(super) fn wake(&mut self, out: &mut Vec<Output>) {
        while let Some((at, timer)) = self.timers.first().copied().filter(|(at, _)| *at <= self.now) {
            self.timers.remove(&(at, timer));
            match timer {
                Timer::Deadline(key) => self.overdue(key, out),
                Timer::Upkeep => self.upkeep(out),
                Timer::Advert => {
                    let due = self.now.since(self.advert_at) >= self.options.lending.advert_every;
                    if due || self.advert_seq == 0 || self.has_crossed() {
                        self.advertise(out);
                    }
                    let next = self.now.plus(self.options.lending.advert_gap);
                    self.timers.insert((next, Timer::Advert));
                }
            }
        }
    }

    /// Asks for an upkeep, which comes again as long as anything waits for an answer.
    pub(super) fn want_upkeep(&mut self) {
        if self.upkeep_at.is_none() {
            let at = self.now.plus(self.options.upkeep_every);
            self.timers.insert((at, Timer::Upkeep));
            self.upkeep_at = Some(at);
        }
    }

    fn upkeep(&mut self, out: &mut Vec<Output>) {
        self.upkeep_at = None;
        self.ask_heads(out);
        self.claim_again(out);
        self.settle_due(self.options.settle_every, out);
        self.resend_vouchers(out);
        self.checkpoint_due(out);
        self.want_chunks(out);
        self.audit_when_idle(out);
        let unsettled = |side: &BorrowerSide| side.n_waiting() > 0 || side.outstanding().is_some();
        let waits = self.chain.standing() == Standing::Asking
            || self.chain.waits()
            || self.auditor.n_waiting() > 0
            || self.pairs.values().any(|pair| pair.borrows.as_ref().is_some_and(|side| unsettled(side)));
        if waits {
            self.want_upkeep();
        }
    }

    fn resend_vouchers(&mut self, out: &mut Vec<Output>) {
        let open = self.pairs.iter().filter_map(|(peer, pair)| Some((*peer, pair.borrows.as_ref()?.outstanding()?)));
        let may = open.filter(|(_, sealed)| sealed.peek().is_ok_and(|v| self.chain.may_leave(&v.place)));
        for (lender, sealed) in may.map(|(peer, sealed)| (peer, sealed.clone())).collect::<Vec<_>>() {
            self.send(lender, Control::Voucher(sealed), out);
        }
    }

    pub(super) fn persisted(&mut self, id: PersistId, out: &mut Vec<Output>) {
        match self.writes.remove(&id) {
            Some(Then::Claim(incarnation, seq)) => self.claim(incarnation, seq, out),
            Some(Then::TellHeld(author, claim)) => self.claim_durable(author, &claim, out),
            Some(Then::ChunkStored(model, index)) => self.chunk_stored(model, index, out),
            Some(Then::Nothing) | None => {}
        }
    }

    /// Takes up what the store holds, in the order in which it was written.
    pub(super) fn restore(&mut self, records: impl IntoIterator<Item = Record>) {
        let mut last: Option<(LogPlace, Digest, PeerId, Entry)> = None;
        for record in records {
            match record {
                Record::Entry { place, with, entry } => {
                    self.restore_entry(with, &entry);
                    if last.as_ref().is_none_or(|(newest, ..)| place.rank() > newest.rank()) {
                        last = Some((place, entry.hash(), with, entry));
                    }
                }
                Record::Borrowed { lender, receipt } => {
                    let Ok(checked) = check_receipt(&receipt, &lender, &self.id) else { continue };
                    self.borrower_side(lender).accept(receipt, &checked);
                }
                Record::Lent { borrower, receipt } => {
                    let Ok(checked) = check_receipt(&receipt, &self.id, &borrower) else { continue };
                    let side = self.pairs.entry(borrower).or_default().lends.get_or_insert_default();
                    side.recover(receipt, &checked);
                }
                Record::Head { author, claim } => self.witnessing.resume(author, claim),
                Record::Installed { name, version, .. } => {
                    let newest = self.installed.entry(name).or_insert(0);
                    *newest = version.max(*newest);
                }
                Record::Quarantine { proof } => {
                    if let Ok((author, incarnation)) = proof.check() {
                        self.quarantine.insert(author, incarnation);
                    }
                }
                Record::Chunk { .. } => {}
            }
        }
        let (incarnation, ..) = self.chain.head();
        let place = last.as_ref().map(|(place, hash, ..)| (*place, *hash));
        self.chain = Chain::new(incarnation, place, &self.witnesses);
        if let Some((place, _, with, entry)) = last.filter(|(place, ..)| place.incarnation == incarnation) {
            self.chain.resume(place, entry, with);
        }
    }

    fn restore_entry(&mut self, with: PeerId, entry: &Entry) {
        match entry {
            Entry::Voucher(sealed) => {
                if let Ok(voucher) = sealed.peek() {
                    self.borrower_side(with).resume_voucher(sealed.clone(), &voucher);
                }
            }
            Entry::Receipt(sealed) => {
                if let Ok(checked) = check_receipt(sealed, &self.id, &with) {
                    let side = self.pairs.entry(with).or_default().lends.get_or_insert_default();
                    side.resume(sealed.clone(), &checked);
                }
            }
        }
    }

    fn borrower_side(&mut self, lender: PeerId) -> &mut BorrowerSide {
        let (now, rng) = (self.now, &mut self.rng);
        let new = || Box::new(BorrowerSide::new(rng.u64(1..), now));
        self.pairs.entry(lender).or_default().borrows.get_or_insert_with(new)
    }
}
