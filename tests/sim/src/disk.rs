//! A simulated store: what is durable, what is on its way, and an old copy to restore from.

use std::collections::{BTreeMap, VecDeque};
use takt_mesh_proto::chunks::ChunkMap;
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::log::Entry;
use takt_mesh_proto::node::{PersistId, Record};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    VoucherTo(PeerId),
    ReceiptTo(PeerId),
    Borrowed(PeerId),
    Lent(PeerId),
    Head(PeerId),
    Chunk(Digest, u32),
    Installed(u64),
    Quarantine(PeerId),
}

fn key(record: &Record) -> Key {
    match record {
        Record::Entry { with, entry: Entry::Voucher(_), .. } => Key::VoucherTo(*with),
        Record::Entry { with, entry: Entry::Receipt(_), .. } => Key::ReceiptTo(*with),
        Record::Borrowed { lender, .. } => Key::Borrowed(*lender),
        Record::Lent { borrower, .. } => Key::Lent(*borrower),
        Record::Head { author, .. } => Key::Head(*author),
        Record::Chunk { model, index, .. } => Key::Chunk(*model, *index),
        Record::Installed { name, .. } => Key::Installed(*name),
        Record::Quarantine { proof } => Key::Quarantine(proof.author()),
    }
}

/// The newest record of each key; a real store keeps all entries of the log.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    durable: BTreeMap<Key, (u64, Record)>,
    order: u64,
    waiting: VecDeque<(PersistId, Record)>,
}

impl Disk {
    /// A write begins.
    pub fn begin(&mut self, id: PersistId, record: Record) {
        self.waiting.push_back((id, record));
    }

    /// The oldest write becomes durable.
    pub fn sync(&mut self) -> Option<PersistId> {
        let (id, record) = self.waiting.pop_front()?;
        self.order += 1;
        self.durable.insert(key(&record), (self.order, record));
        Some(id)
    }

    /// The power fails: the first `n` writes in flight reach the disk, the others do not.
    pub fn crash(&mut self, n: usize) {
        for _ in 0..n {
            self.sync();
        }
        self.waiting.clear();
    }

    /// Writes in flight.
    pub fn n_waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether an entry of the log is still on its way to the disk.
    pub fn is_waiting(&self, hash: &Digest) -> bool {
        self.waiting.iter().any(|(_, r)| matches!(r, Record::Entry { entry, .. } if entry.hash() == *hash))
    }

    /// A copy of what is durable.
    pub fn copy(&self) -> Self {
        Self { waiting: VecDeque::new(), ..self.clone() }
    }

    /// Records in the order in which they were written.
    pub fn records(&self) -> Vec<Record> {
        let mut all: Vec<&(u64, Record)> = self.durable.values().collect();
        all.sort_by_key(|(order, _)| *order);
        all.into_iter().map(|(_, record)| record.clone()).collect()
    }

    /// A durable chunk.
    pub fn chunk(&self, model: Digest, index: u32) -> Option<Blob> {
        match self.durable.get(&Key::Chunk(model, index)) {
            Some((_, Record::Chunk { bytes, .. })) => Some(bytes.clone()),
            _ => None,
        }
    }

    /// Which of a model's `n` chunks are durable.
    pub fn chunks(&self, model: Digest, n: u32) -> ChunkMap {
        let mut map = ChunkMap::none(n);
        (0..n).filter(|i| self.durable.contains_key(&Key::Chunk(model, *i))).for_each(|i| map.set(i));
        map
    }
}
