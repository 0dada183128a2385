//! Fetching one model: rarest chunk first, from several providers, each chunk verified on arrival.

use crate::chunks::ChunkMap;
use crate::ids::{Digest, PeerId};
use crate::limits::{CHUNK_BYTES, CHUNKS_ASKED_MAX, CHUNKS_ASKED_PER_PEER_MAX, CHUNKS_MAX};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::MonoTime;

/// A provider that has not sent a chunk after this long is asked for no more until others fail.
const CHUNK_PATIENCE: Duration = Duration::from_secs(5);

/// A model as the release key signed it; the caller has checked that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Digest of the package.
    pub model: Digest,
    /// Which model this is a version of.
    pub name: u64,
    /// Rises with each release of the name.
    pub version: u64,
    /// One digest for each chunk of [`CHUNK_BYTES`], the last one shorter.
    pub chunks: Arc<[Digest]>,
}

impl Release {
    /// Number of chunks; `None` for more than [`CHUNKS_MAX`] or none at all.
    pub fn n_chunks(&self) -> Option<u32> {
        let n = self.chunks.len();
        u32::try_from(n).ok().filter(|_| n > 0 && n <= CHUNKS_MAX)
    }

    /// Whether these bytes are that chunk.
    pub fn fits(&self, index: u32, bytes: &[u8]) -> bool {
        let expected = self.chunks.get(index as usize);
        bytes.len() <= CHUNK_BYTES && expected.is_some_and(|digest| *digest == Self::chunk_digest(bytes))
    }

    /// A chunk's digest.
    pub fn chunk_digest(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }
}

/// A chunk to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Whom.
    pub peer: PeerId,
    /// Which.
    pub index: u32,
}

/// What an arriving chunk was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// Right and new: store it, then [`Fetch::stored`].
    Store,
    /// Had or not asked for.
    Unasked,
    /// Not the chunk it claims to be; the peer is not asked again.
    Wrong,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    peer: PeerId,
    at: MonoTime,
    number: Option<(u64, u32)>,
}

#[derive(Debug)]
struct Provider {
    has: ChunkMap,
    slow: u32,
}

/// One model on its way, or complete and served.
#[derive(Debug)]
pub struct Fetch {
    release: Release,
    n: u32,
    stored: ChunkMap,
    /// Verified, on the way to the disk.
    storing: ChunkMap,
    asked: BTreeMap<u32, Asked>,
    providers: BTreeMap<PeerId, Provider>,
    given_up: Vec<(PeerId, u64, u32)>,
}

impl Fetch {
    /// Starts or resumes: `stored` are the verified chunks on disk. `None` for a release out of limits.
    pub fn new(release: Release, stored: Option<ChunkMap>) -> Option<Self> {
        let n = release.n_chunks()?;
        let stored = stored.filter(|map| map.is_over(n)).unwrap_or_else(|| ChunkMap::none(n));
        let storing = stored.clone();
        let (asked, providers, given_up) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Some(Self { release, n, stored, storing, asked, providers, given_up })
    }

    /// The release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// What is verified and durable: what may be told and served.
    pub fn have(&self) -> &ChunkMap {
        &self.stored
    }

    /// A peer said what it has.
    pub fn told(&mut self, peer: PeerId, has: ChunkMap) {
        if has.is_over(self.n) {
            self.providers.entry(peer).or_insert(Provider { has: ChunkMap::none(self.n), slow: 0 }).has = has;
        }
    }

    /// A peer is gone.
    pub fn lost(&mut self, peer: &PeerId) {
        self.providers.remove(peer);
        self.give_up(|asked| asked.peer == *peer);
    }

    /// The request for a chunk has this number on the provider's channel.
    pub fn numbered(&mut self, index: u32, number: (u64, u32)) {
        self.asked.entry(index).and_modify(|asked| asked.number = Some(number));
    }

    /// A chunk cannot be asked for now.
    pub fn unasked(&mut self, index: u32) {
        self.asked.remove(&index);
    }

    /// Requests that nobody waits for any more: they count nothing.
    pub fn take_given_up(&mut self) -> Vec<(PeerId, u64, u32)> {
        std::mem::take(&mut self.given_up)
    }

    fn give_up(&mut self, which: impl Fn(&Asked) -> bool) {
        let given_up = &mut self.given_up;
        self.asked.retain(|_, asked| {
            let gone = which(asked);
            if let Some((epoch, no)) = asked.number.filter(|_| gone) {
                given_up.push((asked.peer, epoch, no));
            }
            !gone
        });
    }

    /// The next chunk to ask for: the rarest that somebody has, from the quickest of its providers
    /// with the fewest open requests; ties fall at random, so that gateways that start together
    /// fetch different chunks and have something to give each other.
    pub fn next(&mut self, rng: &mut fastrand::Rng, now: MonoTime) -> Option<Wish> {
        self.give_up_slow(now);
        if self.asked.len() >= CHUNKS_ASKED_MAX {
            return None;
        }
        let open = |peer: &PeerId| self.asked.values().filter(|asked| asked.peer == *peer).count();
        let ready: Vec<(&PeerId, &Provider, usize)> = self
            .providers
            .iter()
            .map(|(peer, provider)| (peer, provider, open(peer)))
            .filter(|(_, _, n_open)| *n_open < CHUNKS_ASKED_PER_PEER_MAX)
            .collect();
        let missing = (0..self.n).filter(|i| !self.storing.has(*i) && !self.asked.contains_key(i));
        let rarity = |i: u32| self.providers.values().filter(|p| p.has.has(i)).count();
        let reachable = missing.filter(|i| ready.iter().any(|(_, p, _)| p.has.has(*i)));
        let index = reachable.map(|i| (rarity(i), rng.u32(..), i)).min().map(|(_, _, i)| i)?;
        let holders = ready.iter().filter(|(_, provider, _)| provider.has.has(index));
        let best = holders.map(|(peer, p, n_open)| (p.slow, *n_open, rng.u32(..), **peer)).min();
        let peer = best.map(|(_, _, _, peer)| peer)?;
        self.asked.insert(index, Asked { peer, at: now, number: None });
        Some(Wish { peer, index })
    }

    fn give_up_slow(&mut self, now: MonoTime) {
        let slow = |asked: &Asked| now.since(asked.at) >= CHUNK_PATIENCE;
        for asked in self.asked.values().filter(|asked| slow(asked)) {
            if let Some(provider) = self.providers.get_mut(&asked.peer) {
                provider.slow = provider.slow.saturating_add(1);
            }
        }
        self.give_up(slow);
    }

    /// A chunk came from a peer. It is verified here, before anything else sees it.
    pub fn arrived(&mut self, peer: &PeerId, index: u32, bytes: &[u8]) -> Arrived {
        if index >= self.n || self.storing.has(index) {
            return Arrived::Unasked;
        }
        if !self.release.fits(index, bytes) {
            self.asked.remove(&index);
            self.lost(peer);
            return Arrived::Wrong;
        }
        // A late chunk from a peer that was given up is as good as any; whoever is asked now is not needed.
        if self.asked.get(&index).is_some_and(|asked| asked.peer == *peer) {
            self.asked.remove(&index);
        } else {
            let other = self.asked.remove(&index);
            let number = other.and_then(|other| other.number.map(|(epoch, no)| (other.peer, epoch, no)));
            self.given_up.extend(number);
        }
        self.storing.set(index);
        Arrived::Store
    }

    /// A verified chunk is durable. `true` when that was the last.
    pub fn stored(&mut self, index: u32) -> bool {
        let was_full = self.stored.is_full();
        self.stored.set(index);
        !was_full && self.stored.is_full()
    }

    /// Whether all chunks are durable.
    pub fn is_complete(&self) -> bool {
        self.stored.is_full()
    }

    /// Chunks asked for; at most [`CHUNKS_ASKED_MAX`].
    pub fn n_asked(&self) -> usize {
        self.asked.len()
    }
}
