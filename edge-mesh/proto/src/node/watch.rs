//! Watching the logs: own entries to the witnesses, others' entries held, forks proved and remembered.

use super::{Alarm, Node, Output, Record, Then};
use crate::frame::Control;
use crate::ids::{Digest, PeerId};
use crate::keys::Sealed;
use crate::limits::{QUARANTINE_MAX, SHOWN_TO};
use crate::log::{Answer, Checkpoint, Claim, Cosignature, Cosigned, Entry, ForkProof, Standing};
use crate::membership::witnesses;

impl Node {
    /// After a start: asks the witnesses for the highest place that they have seen.
    pub(super) fn ask_heads(&mut self, out: &mut Vec<Output>) {
        if self.chain.standing() == Standing::Asking {
            for witness in self.chain.to_ask().collect::<Vec<_>>() {
                self.send(witness, Control::AskHead, out);
            }
        }
    }

    pub(super) fn head_answer(&mut self, from: PeerId, shown: Option<Claim>, out: &mut Vec<Output>) {
        if shown.is_some_and(|claim| !claim.is_by(&self.key)) {
            return;
        }
        let before = self.chain.standing();
        self.chain.answered(&from, shown.map(|claim| (claim.incarnation, claim.seq, claim.hash)));
        if self.chain.standing() != before && self.chain.standing() == Standing::NeedsIncarnation {
            out.push(Output::Alarm(Alarm::NeedsIncarnation));
        }
        self.claim_again(out);
    }

    pub(super) fn held(&mut self, from: PeerId, incarnation: u32, seq: u64, hash: Digest, out: &mut Vec<Output>) {
        self.chain.held(&from, incarnation, seq, hash);
        self.release(out);
    }

    /// An own entry is durable: its place is claimed at the witnesses; without any it leaves at once.
    pub(super) fn claim(&mut self, incarnation: u32, seq: u64, out: &mut Vec<Output>) {
        if incarnation != self.chain.incarnation() {
            return;
        }
        let Some((place, hash)) = self.chain.durable(seq) else { return };
        let claim = Claim::new(&self.key, &place, hash, self.chain.confirmed());
        for witness in self.witnesses.clone() {
            self.send(witness, Control::Claim(claim), out);
        }
        if self.witnesses.is_empty() {
            self.chain.release_alone();
            self.release(out);
        }
    }

    /// Durable entries that a witness has not confirmed are claimed again.
    pub(super) fn claim_again(&mut self, out: &mut Vec<Output>) {
        if self.chain.standing() != Standing::Ready {
            return;
        }
        for (place, hash, lacking) in self.chain.unheld() {
            let claim = Claim::new(&self.key, &place, hash, self.chain.confirmed());
            for witness in lacking {
                self.send(witness, Control::Claim(claim), out);
            }
        }
        self.release(out);
    }

    fn release(&mut self, out: &mut Vec<Output>) {
        while let Some((to, entry)) = self.chain.release() {
            let control = match entry {
                Entry::Voucher(sealed) => Control::Voucher(sealed),
                Entry::Receipt(sealed) => Control::Receipt(sealed),
            };
            self.send(to, control, out);
        }
    }

    pub(super) fn claimed(&mut self, from: PeerId, claim: Claim, out: &mut Vec<Output>) {
        let Some(incarnation) = self.members.get(&from).map(|m| m.incarnation) else { return };
        match self.witnessing.claimed(&from, claim, incarnation) {
            Answer::Persist => {
                self.persist(Record::Head { author: from, claim }, Then::TellHeld(from, claim), out);
            }
            Answer::Held => self.tell_held(from, &claim, out),
            Answer::Other(held) => self.send(from, Control::Head(Some(held)), out),
            Answer::Waits | Answer::Refused => {}
        }
    }

    fn tell_held(&self, to: PeerId, claim: &Claim, out: &mut Vec<Output>) {
        let Claim { incarnation, seq, hash, .. } = *claim;
        self.send(to, Control::Held { incarnation, seq, hash }, out);
    }

    pub(super) fn claim_durable(&mut self, author: PeerId, claim: &Claim, out: &mut Vec<Output>) {
        if self.witnessing.durable(&author, claim) {
            self.tell_held(author, claim, out);
        }
    }

    /// A signed entry came from its author: the author's first witnesses get to see it.
    pub(super) fn show(&mut self, author: PeerId, entry: &Entry, out: &mut Vec<Output>) {
        let version = self.members.version;
        let pair = self.pairs.entry(author).or_default();
        if pair.watchers.0 != version {
            let mut all = witnesses::of(&self.members, &author);
            all.truncate(SHOWN_TO);
            pair.watchers = (version, all);
        }
        for witness in pair.watchers.1.clone() {
            if witness == self.id {
                self.shown(author, entry, out);
            } else {
                self.send(witness, Control::Shown { author, entry: entry.clone() }, out);
            }
        }
    }

    pub(super) fn shown(&mut self, author: PeerId, entry: &Entry, out: &mut Vec<Output>) {
        if self.members.get(&author).is_none() {
            return;
        }
        match self.witnessing.shown(&author, entry) {
            Ok(Some(proof)) => self.accused(proof, out),
            Ok(None) => {}
            Err(_) => self.counts.n_receipts_refused += 1,
        }
    }

    /// A fork proof: believed after a check, remembered, and passed on once.
    pub(super) fn accused(&mut self, proof: ForkProof, out: &mut Vec<Output>) {
        let author = proof.author();
        let current = self.members.get(&author).map(|m| m.incarnation);
        let known = self.quarantine.contains_key(&author) || self.quarantine.len() >= QUARANTINE_MAX;
        if known || current.is_none() {
            return;
        }
        let Ok((author, incarnation)) = proof.check() else { return };
        if current.is_some_and(|now| incarnation < now) {
            return;
        }
        self.quarantine.insert(author, incarnation);
        self.persist(Record::Quarantine { proof: proof.clone() }, Then::Nothing, out);
        out.push(Output::Alarm(Alarm::Forked(author)));
        let connected = self.peers.iter().filter(|(_, view)| view.connected).map(|(peer, _)| *peer);
        for peer in connected.collect::<Vec<_>>() {
            self.send(peer, Control::Fork(Box::new(proof.clone())), out);
        }
    }

    /// Signs the head if enough was added or enough time has passed.
    pub(super) fn checkpoint_due(&mut self, out: &mut Vec<Output>) {
        let (incarnation, seq, head) = self.chain.head();
        let (last, at) = self.checkpoint_at;
        let many = seq.saturating_sub(last) >= self.options.checkpoint_entries;
        let long = self.now.since(at) >= self.options.checkpoint_every && seq > last;
        if !(many || long) || self.chain.n_waiting() > 0 || self.chain.standing() != Standing::Ready {
            return;
        }
        self.checkpoint_at = (seq, self.now);
        let Ok(balance) = i64::try_from(self.balance()) else { return };
        let checkpoint = Sealed::seal(&Checkpoint { author: self.id, incarnation, seq, head, balance }, &self.key);
        self.checkpoint = Some(Cosigned::new(checkpoint.clone()));
        for witness in self.witnesses.clone() {
            self.send(witness, Control::Checkpoint(checkpoint.clone()), out);
        }
    }

    /// Signs another's head if it is the one held here.
    pub(super) fn cosign(&mut self, from: PeerId, sealed: &Sealed<Checkpoint>, out: &mut Vec<Output>) {
        let Ok(checkpoint) = sealed.open(&from) else { return };
        let claimed = (checkpoint.incarnation, checkpoint.seq, checkpoint.head);
        let held = self.witnessing.asked(&from);
        let same = held.is_some_and(|held| (held.incarnation, held.seq, held.hash) == claimed);
        if checkpoint.author == from && same {
            let cosignature = Cosignature { witness: self.id, checkpoint: sealed.hash() };
            self.send(from, Control::Cosigned(Sealed::seal(&cosignature, &self.key)), out);
        }
    }

    pub(super) fn cosigned(&mut self, from: PeerId, sealed: Sealed<Cosignature>, out: &mut Vec<Output>) {
        let n = self.witnesses.len();
        if !self.witnesses.contains(&from) {
            return;
        }
        if let Some(mut checkpoint) = self.checkpoint.take() {
            match checkpoint.add(from, sealed, n) {
                Ok(true) => out.push(Output::Checkpointed(checkpoint)),
                Ok(false) | Err(_) => self.checkpoint = Some(checkpoint),
            }
        }
    }
}
