//! A store that lasts as long as somebody holds it: for tests, and for a restart inside one.

use super::Store;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::Digest;
use takt_mesh_proto::node::Record;

/// Copies share what they keep.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Vec<Record>>>);

impl MemoryStore {
    /// Everything kept so far.
    pub fn records(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> io::Result<Vec<Record>> {
        Ok(self.records())
    }

    fn write(&mut self, records: &[Record]) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(records);
        Ok(())
    }

    fn chunk(&mut self, model: Digest, index: u32) -> io::Result<Option<Blob>> {
        let found = self.records().into_iter().find_map(|record| match record {
            Record::Chunk { model: m, index: i, bytes } if (m, i) == (model, index) => Some(bytes),
            _ => None,
        });
        Ok(found)
    }
}
