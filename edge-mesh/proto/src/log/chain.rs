//! The own log: what may be appended when, and when an entry may leave.
//!
//! Drive it so: ask the witnesses after a start and feed [`Chain::answered`] until the standing is
//! `Ready`; take [`Chain::next_place`], seal an entry for it, [`Chain::append`] and persist; then
//! [`Chain::durable`], claim the place at the witnesses, [`Chain::held`], and send what [`Chain::release`] gives.

use crate::ids::{Digest, LogPlace, PeerId};
use crate::limits::LOG_WAITING_MAX;
use crate::log::Entry;
use crate::membership::witnesses::{asked, written};
use std::collections::{BTreeMap, VecDeque};

/// Whether the log may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not enough witnesses have said what they hold.
    Asking,
    /// It may grow.
    Ready,
    /// Witnesses hold more than this disk does: it was restored or its key is in use elsewhere. The
    /// operator raises the incarnation in the member list.
    NeedsIncarnation,
}

/// Why nothing can be appended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// See [`Standing::Asking`].
    #[error("the witnesses have not answered yet")]
    Asking,
    /// See [`Standing::NeedsIncarnation`].
    #[error("this disk lies behind the witnesses: raise the gateway's incarnation in the member list")]
    NeedsIncarnation,
    /// [`LOG_WAITING_MAX`] entries wait for disk or witnesses.
    #[error("{LOG_WAITING_MAX} entries wait for the disk or the witnesses")]
    Full,
}

#[derive(Debug)]
struct Waiting {
    seq: u64,
    place: LogPlace,
    hash: Digest,
    durable: bool,
    to: PeerId,
    entry: Entry,
}

/// The own log's end.
#[derive(Debug)]
pub struct Chain {
    standing: Standing,
    incarnation: u32,
    /// Last entry appended.
    seq: u64,
    head: Digest,
    waiting: VecDeque<Waiting>,
    /// What each witness holds durably, in this incarnation.
    held: BTreeMap<PeerId, u64>,
    answered: BTreeMap<PeerId, ()>,
    /// Entries up to here may be sent, and sent again.
    released: u64,
}

impl Chain {
    /// From the newest entry in the store. The standing is `Asking` unless there is nobody to ask.
    pub fn new(incarnation: u32, last: Option<(LogPlace, Digest)>, witnesses: &[PeerId]) -> Self {
        let last = last.filter(|(place, _)| place.incarnation == incarnation);
        let (seq, head) = last.map_or((0, Digest::ZERO), |(place, hash)| (place.seq, hash));
        let mut chain = Self {
            standing: Standing::Asking,
            incarnation,
            seq,
            head,
            waiting: VecDeque::new(),
            held: BTreeMap::new(),
            answered: BTreeMap::new(),
            released: 0,
        };
        chain.set_witnesses(witnesses);
        if witnesses.is_empty() {
            chain.standing = Standing::Ready;
            chain.released = seq;
        }
        chain
    }

    /// The member list changed. New witnesses hold nothing yet.
    pub fn set_witnesses(&mut self, witnesses: &[PeerId]) {
        let old = std::mem::take(&mut self.held);
        self.held = witnesses.iter().map(|w| (*w, old.get(w).copied().unwrap_or(0))).collect();
        self.answered.retain(|w, ()| self.held.contains_key(w));
    }

    /// The operator raised the incarnation: the log starts again from an empty one.
    pub fn set_incarnation(&mut self, incarnation: u32) -> bool {
        if incarnation <= self.incarnation {
            return false;
        }
        let witnesses: Vec<PeerId> = self.held.keys().copied().collect();
        *self = Self::new(incarnation, None, &witnesses);
        true
    }

    /// Whether the log may grow.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The incarnation under which this log grows.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Witnesses that have not answered since the start.
    pub fn to_ask(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.held.keys().filter(|w| !self.answered.contains_key(w)).copied()
    }

    /// A witness showed what it holds of this log: nothing, or a claim whose own mark the caller has checked.
    pub fn answered(&mut self, witness: &PeerId, shown: Option<(u32, u64, Digest)>) {
        if !self.held.contains_key(witness) {
            return;
        }
        if let Some((incarnation, seq, hash)) = shown {
            self.compare(incarnation, seq, hash);
            self.held(witness, incarnation, seq, hash);
        }
        self.answered.insert(*witness, ());
        if self.standing == Standing::Asking && self.answered.len() >= asked(self.held.len()) {
            self.standing = Standing::Ready;
            self.rerelease();
        }
    }

    /// A witness says that it holds a place durably. Its bare word only ever confirms an own entry.
    pub fn held(&mut self, witness: &PeerId, incarnation: u32, seq: u64, hash: Digest) {
        let own = incarnation == self.incarnation && self.hash_of(seq) == Some(hash);
        if let Some(held) = self.held.get_mut(witness).filter(|_| own) {
            *held = seq.max(*held);
            self.rerelease();
        }
    }

    /// An own claim that does not stand in this log: the log is not whole.
    fn compare(&mut self, incarnation: u32, seq: u64, hash: Digest) {
        let ahead = (incarnation, seq) > (self.incarnation, self.seq);
        let other = incarnation == self.incarnation && self.hash_of(seq).is_some_and(|own| own != hash);
        if ahead || other {
            self.standing = Standing::NeedsIncarnation;
        }
    }

    fn hash_of(&self, seq: u64) -> Option<Digest> {
        let waiting = || self.waiting.iter().find(|w| w.seq == seq).map(|w| w.hash);
        if seq == self.seq { Some(self.head) } else { waiting() }
    }

    /// Where the next entry goes.
    pub fn next_place(&self) -> Result<LogPlace, NotReady> {
        match self.standing {
            Standing::Asking => Err(NotReady::Asking),
            Standing::NeedsIncarnation => Err(NotReady::NeedsIncarnation),
            Standing::Ready if self.waiting.len() >= LOG_WAITING_MAX => Err(NotReady::Full),
            Standing::Ready => Ok(LogPlace { incarnation: self.incarnation, seq: self.seq + 1, prev: self.head }),
        }
    }

    /// Takes an entry that was sealed for [`Self::next_place`], and who it goes to once it may leave.
    pub fn append(&mut self, entry: Entry, to: PeerId) -> u64 {
        let prev = self.head;
        self.seq += 1;
        self.head = entry.hash();
        let place = LogPlace { incarnation: self.incarnation, seq: self.seq, prev };
        self.waiting.push_back(Waiting { seq: self.seq, place, hash: self.head, durable: false, to, entry });
        self.seq
    }

    /// An entry is on disk. Gives its place and hash for the witnesses.
    pub fn durable(&mut self, seq: u64) -> Option<(LogPlace, Digest)> {
        let waiting = self.waiting.iter_mut().find(|w| w.seq == seq)?;
        waiting.durable = true;
        Some((waiting.place, waiting.hash))
    }

    /// The last place that a quorum holds.
    pub fn confirmed(&self) -> u64 {
        self.released
    }

    /// Durable entries that wait, in order, with the witnesses that do not hold them: to be claimed again.
    pub fn unheld(&self) -> impl Iterator<Item = (LogPlace, Digest, Vec<PeerId>)> {
        self.waiting.iter().take_while(|w| w.durable).map(|w| {
            let lacking = self.held.iter().filter(|(_, seq)| **seq < w.seq).map(|(peer, _)| *peer);
            (w.place, w.hash, lacking.collect())
        })
    }

    /// Whether durable entries wait for witnesses.
    pub fn waits(&self) -> bool {
        self.waiting.iter().any(|w| w.durable)
    }

    /// An entry that a crash left durable but perhaps unannounced: it waits for witnesses again.
    pub fn resume(&mut self, place: LogPlace, entry: Entry, to: PeerId) {
        if self.seq > 0 && self.waiting.is_empty() {
            self.waiting.push_back(Waiting { seq: self.seq, place, hash: self.head, durable: true, to, entry });
        }
    }

    /// Takes the next entry that may leave.
    pub fn release(&mut self) -> Option<(PeerId, Entry)> {
        let first = self.waiting.front()?;
        if !first.durable || first.seq > self.released {
            return None;
        }
        self.waiting.pop_front().map(|w| (w.to, w.entry))
    }

    /// Whether an entry may be sent (again).
    pub fn may_leave(&self, place: &LogPlace) -> bool {
        place.incarnation < self.incarnation || (place.incarnation == self.incarnation && place.seq <= self.released)
    }

    fn rerelease(&mut self) {
        if self.standing != Standing::Ready {
            return;
        }
        let n = self.held.len();
        if n == 0 {
            self.released = self.seq;
            return;
        }
        let mut seqs: Vec<u64> = self.held.values().copied().collect();
        seqs.sort_unstable_by(|a, b| b.cmp(a));
        self.released = self.released.max(seqs[written(n) - 1]);
    }

    /// With nobody to witness, durable is enough.
    pub fn release_alone(&mut self) {
        self.rerelease();
    }

    /// Incarnation, sequence and hash of the last entry.
    pub fn head(&self) -> (u32, u64, Digest) {
        (self.incarnation, self.seq, self.head)
    }

    /// Entries that wait; at most [`LOG_WAITING_MAX`].
    pub fn n_waiting(&self) -> usize {
        self.waiting.len()
    }
}
