//! Records on their way to the disk: everything that waits goes in one batch, one batch at a time.

use crate::store::Store;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::node::{PersistId, Record};
use tokio::task::JoinHandle;

/// After a failed write, before it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// A batch that came back from the disk.
pub(super) struct Batch {
    store: Box<dyn Store>,
    ids: Vec<PersistId>,
    records: Vec<Record>,
    result: io::Result<()>,
}

/// The store, and what waits for it.
pub(super) struct Writing {
    /// None while a batch is being written.
    store: Option<Box<dyn Store>>,
    waiting: Vec<(PersistId, Record)>,
    /// Records of the batch that is being written.
    n_underway: usize,
    underway: Option<JoinHandle<Batch>>,
    failed: Option<Arc<str>>,
}

impl Writing {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        Self { store: Some(store), waiting: Vec::new(), n_underway: 0, underway: None, failed: None }
    }

    /// A record wants to be durable.
    pub(super) fn push(&mut self, id: PersistId, record: Record) {
        self.waiting.push((id, record));
    }

    /// Records that are not durable yet.
    pub(super) fn n_waiting(&self) -> usize {
        self.waiting.len() + self.n_underway
    }

    /// Why the last write failed.
    pub(super) fn failed(&self) -> Option<Arc<str>> {
        self.failed.clone()
    }

    /// Starts the next batch if the store is free.
    pub(super) fn begin(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let (ids, records): (Vec<PersistId>, Vec<Record>) = std::mem::take(&mut self.waiting).into_iter().unzip();
        self.n_underway = ids.len();
        let pause = self.failed.is_some();
        self.underway = Some(tokio::task::spawn_blocking(move || {
            if pause {
                std::thread::sleep(AGAIN);
            }
            let result = store.write(&records);
            Batch { store, ids, records, result }
        }));
    }

    /// The next batch that comes back. Safe to drop before it has.
    pub(super) async fn written(&mut self) -> Batch {
        loop {
            let Some(underway) = self.underway.as_mut() else { return std::future::pending().await };
            let joined = underway.await;
            self.underway = None;
            match joined {
                Ok(batch) => return batch,
                // The store is lost with its thread: nothing is durable any more, so nothing leaves.
                Err(why) => {
                    tracing::error!(%why, "the mesh's log cannot be written any more; lending stops");
                    self.failed = Some("the log's writer ended".into());
                }
            }
        }
    }

    /// Takes a batch back; gives what is durable now. What could not be written waits again, in its order.
    pub(super) fn done(&mut self, batch: Batch) -> Vec<PersistId> {
        let Batch { store, ids, records, result } = batch;
        self.store = Some(store);
        self.n_underway = 0;
        match result {
            Ok(()) => {
                self.failed = None;
                ids
            }
            Err(why) => {
                tracing::error!(%why, "the mesh's log cannot be written; lending waits for it");
                self.failed = Some(why.to_string().into());
                let newer = std::mem::take(&mut self.waiting);
                self.waiting = ids.into_iter().zip(records).chain(newer).collect();
                Vec::new()
            }
        }
    }

    /// Writes what waits, as the last thing.
    pub(super) async fn finish(&mut self) {
        self.begin();
        if let Some(underway) = self.underway.take() {
            let _lost = underway.await;
        }
    }

    /// The store, when it is not writing.
    pub(super) fn store(&mut self) -> Option<&mut Box<dyn Store>> {
        self.store.as_mut()
    }
}
