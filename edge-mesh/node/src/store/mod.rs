//! Where the core's records become durable.
//!
//! A record leaves the core with a number, and its completion is an event: nothing that cites it leaves
//! this box before [`Store::write`] has returned.

mod blocks;
mod file;
mod memory;

pub use file::{FileStore, read_ledger};
pub use memory::MemoryStore;

use std::io;
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::Digest;
use takt_mesh_proto::node::Record;

/// Keeps records. Called from one thread at a time, which may wait for the disk.
pub trait Store: Send + 'static {
    /// Everything that is kept, in the order in which it was written; of what replaces itself, the newest
    /// is enough. Chunks are left out.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&mut self) -> io::Result<Vec<Record>>;

    /// Durable, all of it and in this order, once it returns.
    ///
    /// # Errors
    /// When the disk refuses. The same records come again then; a part of them may have been kept.
    fn write(&mut self, records: &[Record]) -> io::Result<()>;

    /// A chunk that is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    fn chunk(&mut self, model: Digest, index: u32) -> io::Result<Option<Blob>>;
}
