//! Carrying models: fetches what is wanted, serves what is verified and durable, and nothing else.

use super::gear::LoanKey;
use super::{Alarm, Node, Output, Record, Then};
use crate::chunks::{Arrived, ChunkMap, Release, Wish};
use crate::egress::{Blob, ClassOnWire};
use crate::frame::Control;
use crate::ids::{Digest, PeerId, Units};
use crate::limits::TRANSFERS_MAX;
use crate::log::Standing;
use crate::metering::{Closing, Leaf};

impl Node {
    pub(super) fn fetch(&mut self, release: Release, stored: Option<ChunkMap>, out: &mut Vec<Output>) {
        let model = release.model;
        let newest = self.installed.get(&release.name).copied().unwrap_or(0);
        let known = self.fetches.contains_key(&model) || self.fetches.len() >= TRANSFERS_MAX;
        // An older version than the one installed needs an operator, who rolls back by a new release.
        if known || release.version < newest {
            return;
        }
        let Some(fetch) = crate::chunks::Fetch::new(release, stored) else { return };
        self.fetches.insert(model, fetch);
        self.complete(model, out);
        self.want_chunks(out);
    }

    /// Asks around for what is missing, and asks for chunks where they are.
    pub(super) fn want_chunks(&mut self, out: &mut Vec<Output>) {
        let missing: Vec<Digest> = self.fetches.iter().filter(|(_, f)| !f.is_complete()).map(|(m, _)| *m).collect();
        for model in missing {
            let connected = self.peers.iter().filter(|(_, view)| view.connected).map(|(peer, _)| *peer);
            for peer in connected.collect::<Vec<_>>() {
                self.send(peer, Control::Want { model }, out);
            }
            self.ask_chunks(model, out);
            self.want_upkeep();
        }
    }

    fn ask_chunks(&mut self, model: Digest, out: &mut Vec<Output>) {
        loop {
            let Some(fetch) = self.fetches.get_mut(&model) else { return };
            let wish = fetch.next(&mut self.rng, self.now);
            self.void_given_up(model);
            let Some(Wish { peer, index }) = wish else { return };
            let number = self.number(&peer);
            let Some(fetch) = self.fetches.get_mut(&model) else { return };
            let Some((epoch, no)) = number else { return fetch.unasked(index) };
            fetch.numbered(index, (epoch, no));
            self.send(peer, Control::AskChunk { epoch, no, model, index }, out);
        }
    }

    /// Chunks that nobody waits for count nothing on their channels.
    pub(super) fn void_given_up(&mut self, model: Digest) {
        let given_up = self.fetches.get_mut(&model).map(|fetch| fetch.take_given_up());
        for key in given_up.into_iter().flatten() {
            self.close(key, Closing::Void);
        }
    }

    pub(super) fn wanted(&mut self, from: PeerId, model: Digest, out: &mut Vec<Output>) {
        if let Some(fetch) = self.fetches.get(&model).filter(|fetch| fetch.have().count() > 0) {
            let chunks = fetch.have().clone();
            self.send(from, Control::Have { model, chunks }, out);
        }
    }

    pub(super) fn have(&mut self, from: PeerId, model: Digest, chunks: ChunkMap, out: &mut Vec<Output>) {
        if self.is_barred(&from) {
            return;
        }
        if let Some(fetch) = self.fetches.get_mut(&model).filter(|fetch| !fetch.is_complete()) {
            fetch.told(from, chunks);
            self.ask_chunks(model, out);
        }
    }

    pub(super) fn chunk_asked(
        &mut self,
        from: PeerId,
        (epoch, no): (u64, u32),
        (model, index): (Digest, u32),
        out: &mut Vec<Output>,
    ) {
        let has = self.fetches.get(&model).is_some_and(|fetch| fetch.have().has(index));
        let open = !self.quarantine.contains_key(&from) && self.chain.standing() == Standing::Ready;
        // The borrower's patience and its next wish answer a request that is not served.
        if has && open && self.has_credit(&from, self.chunk_units()) {
            out.push(Output::ReadChunk { to: from, epoch, no, model, index });
        }
    }

    fn chunk_units(&self) -> Units {
        self.prices.bytes(crate::limits::CHUNK_BYTES as u64).unwrap_or(Units(u64::MAX))
    }

    pub(super) fn chunk_read(
        &mut self,
        to: PeerId,
        (epoch, no): (u64, u32),
        (model, index): (Digest, u32),
        bytes: Blob,
        out: &mut Vec<Output>,
    ) {
        // The disk may have rotted: what goes out is checked as what comes in.
        let fits =
            self.fetches.get(&model).is_some_and(|f| f.have().has(index) && f.release().fits(index, bytes.bytes()));
        let Some(leaf) = self.chunk_leaf((epoch, no), (model, index), &bytes).filter(|_| fits) else { return };
        if self.book_lent(to, (epoch, no), leaf.units) {
            if let Some(side) = self.pairs.get_mut(&to).and_then(|pair| pair.lends.as_mut()) {
                side.executed((epoch, no), Some(leaf));
            }
            self.send(to, Control::Chunk { epoch, no, model, index, bytes }, out);
        }
    }

    fn chunk_leaf(&self, at: (u64, u32), (model, index): (Digest, u32), bytes: &Blob) -> Option<Leaf> {
        let n_bytes = u32::try_from(bytes.bytes().len()).ok()?;
        let units = self.prices.bytes(u64::from(n_bytes)).ok()?;
        let input = Digest::of("chunk", &[&index.to_le_bytes()]);
        Some(Leaf::new(at, &model, &input, &Self::digest_of(bytes), (units, n_bytes, ClassOnWire::Mesh)))
    }

    pub(super) fn chunk(&mut self, key: LoanKey, (model, index): (Digest, u32), bytes: Blob, out: &mut Vec<Output>) {
        let (from, epoch, no) = key;
        let Some(fetch) = self.fetches.get_mut(&model) else { return };
        match fetch.arrived(&from, index, bytes.bytes()) {
            Arrived::Store => {
                if let Some(leaf) = self.chunk_leaf((epoch, no), (model, index), &bytes) {
                    self.close(key, Closing::InTime(leaf));
                }
                let record = Record::Chunk { model, index, bytes };
                self.persist(record, Then::ChunkStored(model, index), out);
            }
            Arrived::Unasked => self.close(key, Closing::Void),
            Arrived::Wrong => {
                self.counts.n_wrong_chunks += 1;
                self.close(key, Closing::Void);
                out.push(Output::Alarm(Alarm::WrongChunk(from)));
            }
        }
        self.ask_chunks(model, out);
    }

    pub(super) fn chunk_stored(&mut self, model: Digest, index: u32, out: &mut Vec<Output>) {
        let done = self.fetches.get_mut(&model).is_some_and(|fetch| fetch.stored(index));
        if done {
            self.complete(model, out);
        }
    }

    fn complete(&mut self, model: Digest, out: &mut Vec<Output>) {
        let Some(fetch) = self.fetches.get(&model).filter(|fetch| fetch.is_complete()) else { return };
        let release = fetch.release().clone();
        let newest = self.installed.entry(release.name).or_insert(0);
        if release.version <= *newest {
            return;
        }
        *newest = release.version;
        let record = Record::Installed { name: release.name, version: release.version, model };
        self.persist(record, Then::Nothing, out);
        out.push(Output::Installed(release));
    }
}
