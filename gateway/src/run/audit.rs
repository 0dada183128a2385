//! What people did, on its way into the store's events.

use crate::access::Audit;
use crate::board::{Board, QueueGauge};
use crate::loader::sentence;
use crate::store::{Event, Store};
use std::sync::{Arc, Mutex, PoisonError};
use takt_adapters::Clock;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Acts that wait for the store: a second of a flood of wrong passwords takes a tenth of it.
const WAITING_MAX: usize = 256;

/// The end that takes acts. Never waits: one that finds the queue full is in the log alone, and counted.
pub(super) struct AuditQueue {
    acts: mpsc::Sender<Event>,
    gauge: Arc<QueueGauge>,
    clock: Clock,
}

/// The end that keeps them.
pub(super) struct Acts {
    acts: mpsc::Receiver<Event>,
    gauge: Arc<QueueGauge>,
}

/// Both ends.
pub(super) fn queue(board: &Board, clock: Clock) -> (AuditQueue, Acts) {
    let (send, acts) = mpsc::channel(WAITING_MAX);
    let gauge = board.queue("audit", WAITING_MAX, "the act is in the log, and not in the audit log");
    (AuditQueue { acts: send, gauge: Arc::clone(&gauge), clock }, Acts { acts, gauge })
}

impl Audit for AuditQueue {
    fn note(&self, who: &str, what: &str, text: &str) {
        tracing::info!(who, what, text);
        if self.acts.try_send(event(&self.clock, who, what, text)).is_err() {
            self.gauge.full();
            tracing::warn!(who, what, text, "this act is not in the audit log: too many at once");
        }
        self.gauge.waiting(WAITING_MAX - self.acts.capacity());
    }
}

impl Acts {
    /// Keeps acts until it is told to end, and then those that wait.
    pub(super) async fn keep(mut self, store: Store, until: CancellationToken) {
        loop {
            let act = tokio::select! {
                biased;
                act = self.acts.recv() => act,
                () = until.cancelled() => self.acts.try_recv().ok(),
            };
            let Some(act) = act else { return };
            self.gauge.waiting(self.acts.len());
            if let Err(error) = store.record_event(act).await {
                tracing::warn!(error = sentence(&error), "an act could not be kept in the audit log");
            }
        }
    }
}

/// For the console beside a gateway that does not run: gathers acts, to be kept by whoever has the store.
#[derive(Default)]
pub(crate) struct Direct(Mutex<Vec<(String, String, String)>>);

impl Direct {
    /// Keeps what was gathered.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) async fn keep(&self, store: &Store, clock: &Clock) -> Result<(), crate::store::StoreError> {
        let acts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (who, what, text) in acts {
            store.record_event(event(clock, &who, &what, &text)).await?;
        }
        Ok(())
    }
}

impl Audit for Direct {
    fn note(&self, who: &str, what: &str, text: &str) {
        let act = (who.to_owned(), what.to_owned(), text.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(act);
    }
}

fn event(clock: &Clock, who: &str, what: &str, text: &str) -> Event {
    Event { at: clock.wall(), who: who.to_owned(), what: what.to_owned(), line: None, text: text.to_owned() }
}
