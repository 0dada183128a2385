//! Witnessing for others: the highest place claimed by each author, and entries that contradict each other.
//!
//! **Claims are marked, not signed.** Before a signed entry leaves, its author claims the place with a
//! hash at its witnesses. A claim carries a mark that only the author can check: after a restore it
//! convinces the author that its disk lies behind, while a lying witness cannot make one up. And it
//! convinces nobody else: a claim whose entry never left, because the box went down between two
//! witnesses, is no proof against an honest author. Signed entries come to the witnesses from the
//! *other* side of a channel, which is where a fork shows.

use crate::ids::{Digest, LogPlace, PeerId};
use crate::keys::{Keypair, SealError};
use crate::limits::{SEEN_MAX, WITNESSED_MAX};
use crate::log::{Entry, ForkProof, fork};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// An author's claim of a place in its own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The log's incarnation.
    pub incarnation: u32,
    /// The place.
    pub seq: u64,
    /// The entry's hash.
    pub hash: Digest,
    /// The hash of the entry before.
    pub prev: Digest,
    /// Up to here a quorum of witnesses holds this log.
    pub confirmed: u64,
    mark: Digest,
}

impl Claim {
    /// Claims a place.
    pub fn new(key: &Keypair, place: &LogPlace, hash: Digest, confirmed: u64) -> Self {
        let LogPlace { incarnation, seq, prev } = *place;
        Self { incarnation, seq, hash, prev, confirmed, mark: key.mark(&Self::bytes(incarnation, seq, &hash)) }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.rank() == other.rank() && self.hash == other.hash
    }

    /// Whether this claim goes on from one that is held: right after it, or after what a quorum holds.
    /// A claim that jumps over a place would confirm the entry in it, which another box with the same
    /// key may have claimed with another entry.
    fn follows(&self, held: &Self) -> bool {
        let next = held.seq.checked_add(1) == Some(self.seq) && self.prev == held.hash;
        self.incarnation > held.incarnation || next || (self.seq > held.seq && held.seq <= self.confirmed)
    }

    /// Whether this key made the claim.
    pub fn is_by(&self, key: &Keypair) -> bool {
        self.mark == key.mark(&Self::bytes(self.incarnation, self.seq, &self.hash))
    }

    fn bytes(incarnation: u32, seq: u64, hash: &Digest) -> Vec<u8> {
        [&incarnation.to_le_bytes()[..], &seq.to_le_bytes(), &hash.0].concat()
    }

    fn rank(&self) -> (u32, u64) {
        (self.incarnation, self.seq)
    }
}

/// What follows from a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Newer than anything held: persist, then [`Witnessing::durable`].
    Persist,
    /// Held durably already: say so to the author.
    Held,
    /// Something else is held at this place or a later one: show it to the author.
    Other(Claim),
    /// It waits for the disk; the answer comes then.
    Waits,
    /// Not witnessed here, or an incarnation that the operator did not give.
    Refused,
}

/// All that a gateway witnesses.
#[derive(Debug, Default)]
pub struct Witnessing {
    heads: BTreeMap<PeerId, (Claim, bool)>,
    seen: BTreeMap<PeerId, VecDeque<(LogPlace, Entry)>>,
}

impl Witnessing {
    /// A claim from the store.
    pub fn resume(&mut self, author: PeerId, claim: Claim) {
        self.heads.insert(author, (claim, true));
    }

    /// An author claims a place; `incarnation` is what the member list gives it.
    pub fn claimed(&mut self, author: &PeerId, claim: Claim, incarnation: u32) -> Answer {
        if claim.incarnation > incarnation {
            return Answer::Refused;
        }
        match self.heads.get(author) {
            Some((held, true)) if held.is_same(&claim) => return Answer::Held,
            Some((held, false)) if held.is_same(&claim) => return Answer::Waits,
            Some((held, _)) if claim.rank() <= held.rank() || !claim.follows(held) => return Answer::Other(*held),
            None if self.heads.len() >= WITNESSED_MAX => return Answer::Refused,
            Some(_) | None => {}
        }
        self.heads.insert(*author, (claim, false));
        Answer::Persist
    }

    /// A claim reached the disk: whether it is still the newest, and so is told to its author.
    pub fn durable(&mut self, author: &PeerId, claim: &Claim) -> bool {
        let Some((_, durable)) = self.heads.get_mut(author).filter(|(held, _)| held.is_same(claim)) else {
            return false;
        };
        *durable = true;
        true
    }

    /// What is held of an author. A claim that is not durable yet is told as well: the author errs on
    /// the safe side.
    pub fn asked(&self, author: &PeerId) -> Option<Claim> {
        self.heads.get(author).map(|(claim, _)| *claim)
    }

    /// The other side of a channel shows an author's signed entry. Gives a proof if it contradicts one
    /// seen before.
    pub fn shown(&mut self, author: &PeerId, entry: &Entry) -> Result<Option<ForkProof>, SealError> {
        let known = |seen: &VecDeque<(LogPlace, Entry)>| seen.iter().any(|(_, other)| other == entry);
        if self.seen.get(author).is_some_and(known) {
            return Ok(None);
        }
        let place = entry.open(author)?;
        if self.seen.len() >= WITNESSED_MAX && !self.seen.contains_key(author) {
            return Ok(None);
        }
        let hash = entry.hash();
        let seen = self.seen.entry(*author).or_default();
        let other = seen.iter().find(|(at, other)| fork::contradicts((at, &other.hash()), (&place, &hash)));
        if let Some((_, other)) = other {
            return Ok(ForkProof::new(*author, other.clone(), entry.clone()).ok());
        }
        if seen.len() >= SEEN_MAX {
            seen.pop_front();
        }
        seen.push_back((place, entry.clone()));
        Ok(None)
    }

    /// Authors held; at most [`WITNESSED_MAX`].
    pub fn n_authors(&self) -> usize {
        self.heads.len().max(self.seen.len())
    }
}
