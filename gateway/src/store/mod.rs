//! The store: journal, raw samples, verdicts, events, document versions and arming in one SQLite
//! file that one writer thread owns.
//!
//! How it is driven:
//! ```text
//! Store::open(&dir, StoreOptions, Clock) -> Result<(Store, Recovered), StoreError>   // blocks; starts the writer thread
//! store.register(&Layout) -> Slots                                                   // names → stable slots; blocks for ms
//! store.journal(shard) -> (Journal, watch::Receiver<Ticket>)                          // one per shard
//! store.durable(shard, connection) -> watch::Receiver<Ticket>                        // what one connection may acknowledge
//! journal.submit(Entry) -> Result<(), Full>                                          // never blocks
//! store.frames(group, Since) -> Vec<StoredFrame>       (async)                       // refills windows after a restart
//! store.outbox_pending(connection, limit) -> Vec<StoredVerdict>  (async)             // not yet confirmed by that broker
//! store.close()                                                                      // folds, marks the end as clean
//! ```
//! The receiver of a shard advances when everything up to the ticket is durable, or was let go
//! undurably because the store cannot be written and all of the shard's connections say `judge`.
//! The receiver of a connection follows that connection's own rule.

pub mod entry;
pub mod layout;
pub mod options;
pub mod queue;

pub use entry::{CheckSlot, Confirmation, ConnectionSlot, Digest, Entry, Event, WriteOutcome, WriteResult};
pub use layout::{CheckLayout, ConnectionLayout, GroupLayout, Layout, Slots, WhenUnwritable};
pub use options::StoreOptions;
pub use queue::{Full, Journal};
