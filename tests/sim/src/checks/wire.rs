//! Invariants of what leaves a gateway, and of each pair's books after an event.

use super::Checks;
use crate::gateway::{Gateway, RUN_PRICE};
use std::collections::BTreeMap;
use takt_mesh_proto::chunks::Release;
use takt_mesh_proto::frame::{Control, Frame};
use takt_mesh_proto::ids::{Digest, LogPlace, PeerId};
use takt_mesh_proto::limits::EXPOSURE_REQUESTS;
use takt_mesh_proto::log::Entry;
use takt_mesh_proto::node::Node;
use takt_plant::ExportClass;

impl Checks {
    /// A frame leaves.
    pub fn sent(
        &mut self,
        gateways: &[Gateway],
        gateway: usize,
        to: &PeerId,
        frame: &Frame,
        releases: &BTreeMap<Digest, Release>,
    ) {
        let this = &gateways[gateway];
        if !self.watch || !this.behaviour.is_honest() {
            return;
        }
        match frame {
            Frame::Loan(request) => self.export(gateways, this, to, request.tensor().bytes()),
            Frame::Control(control) => match control.as_ref() {
                Control::Voucher(sealed) => self.entry_leaves(this, &Entry::Voucher(sealed.clone())),
                Control::Receipt(sealed) => self.entry_leaves(this, &Entry::Receipt(sealed.clone())),
                Control::AskChunk { epoch, no, .. } => self.books.chunk_asked(*to, this.id, (*epoch, *no)),
                Control::Chunk { model, index, bytes, .. } => {
                    let right = releases.get(model).is_some_and(|release| release.fits(*index, bytes.bytes()));
                    let durable = this.disk.chunk(*model, *index).as_ref() == Some(bytes);
                    self.must(right && durable, "no unverified chunk is forwarded", || {
                        format!("{gateway} chunk {index}")
                    });
                }
                _ => {}
            },
        }
    }

    /// The tensor says itself how far it may go.
    fn export(&self, gateways: &[Gateway], this: &Gateway, to: &PeerId, bytes: &[u8]) {
        let Some(other) = self.find(gateways, to) else { return };
        let class = ExportClass::ALL[usize::from(bytes[0])];
        let class = if bytes[1] == 1 { class.for_raw() } else { class };
        let distance = match (this.company == other.company, this.site == other.site) {
            (true, true) => ExportClass::SameSite,
            (true, false) => ExportClass::SameCompany,
            (false, _) => ExportClass::Mesh,
        };
        self.must(class.allows(distance), "no export class is violated", || format!("{class:?} to {distance:?}"));
    }

    /// An entry of the own log leaves: it is durable, and no other ever stood in its place.
    fn entry_leaves(&mut self, this: &Gateway, entry: &Entry) {
        let hash = entry.hash();
        let durable = !this.disk.is_waiting(&hash);
        self.must(durable, "an entry leaves only when it is durable", || format!("{:?}", this.id));
        let place: Option<LogPlace> = match entry {
            Entry::Voucher(sealed) => sealed.peek().ok().map(|v| v.place),
            Entry::Receipt(sealed) => sealed.peek().ok().map(|r| r.place),
        };
        let Some(place) = place.filter(|_| !self.cloned.contains(&this.id)) else { return };
        let key = (this.id, place.incarnation, place.seq);
        let old = *self.entries.entry(key).or_insert(hash);
        self.must(old == hash, "an honest gateway never forks", || format!("{key:?}"));
    }

    /// The books of a gateway with one peer. `anew` after a start, when unshown word may be forgotten.
    pub(super) fn pair(&mut self, gateways: &[Gateway], gateway: usize, peer: &PeerId, anew: bool) {
        let this = &gateways[gateway];
        let Some(node) = this.node.as_ref() else { return };
        self.books.known(gateway, this.id);
        if self.cloned.contains(&this.id) {
            return;
        }
        let (lent, borrowed) = node.pair(peer);
        let lent_before = self.books.lent(this.id, *peer, lent);
        let borrowed_before = self.books.borrowed(*peer, this.id, borrowed);
        let rises = lent.covers(&lent_before) && borrowed.covers(&borrowed_before);
        self.must(rises || anew, "no accepted receipt lowers a counter", || format!("{gateway} with {peer:?}"));
        self.books.balance(this.id, node.balance());
        // A lender that lost its leaves in a crash learns from the borrower's voucher what it was owed
        // for them: up to one exposure above the limit, in its own favour.
        let forgot = if self.crashed.contains(&gateway) { u64::from(EXPOSURE_REQUESTS) * RUN_PRICE.0 } else { 0 };
        let limit = i128::from(self.books.pair_limit.0 + forgot);
        let debt = node.debt(peer);
        self.must(debt <= limit, "a pair's debt stays within its limit", || format!("{debt} of {limit}"));
        self.count_receipt(gateways, node, this, peer);
        self.apart(gateways, this, peer);
    }

    fn count_receipt(&mut self, gateways: &[Gateway], node: &Node, this: &Gateway, peer: &PeerId) {
        let (Some(receipt), _) = node.receipts(peer) else { return };
        let Ok(voucher) = receipt.peek().and_then(|r| r.voucher.peek().map(|v| (v, r.voucher.hash()))) else { return };
        let other = self.find(gateways, peer);
        let fair = other.is_some_and(|g| g.behaviour.is_honest() && !g.restored) && this.behaviour.is_honest();
        if let Err(what) = self.books.count(&voucher.0, voucher.1, fair) {
            self.must(false, "no leaf is counted twice, and none that came late", || what);
        }
    }

    /// What the lender says is at least what the borrower holds a receipt for, and at most a batch more.
    fn apart(&self, gateways: &[Gateway], this: &Gateway, peer: &PeerId) {
        let odd = |g: &Gateway| g.restored || !g.behaviour.is_honest();
        if odd(this) || self.find(gateways, peer).is_none_or(odd) {
            return;
        }
        for (lender, borrower) in [(this.id, *peer), (*peer, this.id)] {
            let (lent, borrowed) = self.books.both(lender, borrower);
            let n = lent.n_requests.checked_sub(borrowed.n_requests);
            let near = lent.covers(&borrowed) && n.is_some_and(|n| n <= u64::from(EXPOSURE_REQUESTS));
            self.must(near, "the counts are at most a batch apart", || {
                format!("{lender:?} to {borrower:?}: {lent:?} and {borrowed:?}")
            });
        }
    }
}
