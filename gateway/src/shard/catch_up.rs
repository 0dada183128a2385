//! Catching up: a broker that was away gets the verdicts that it has not confirmed, from the store.

use crate::payload::{Presence, state_json};
use crate::pipeline::cell::Cell;
use crate::pipeline::outbox::Way;
use crate::store::Store;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use takt_adapters::mqtt::options::Qos;
use takt_adapters::{Clock, Ticket};
use tokio::sync::watch;

/// Verdicts that are read from the store at a time.
const PAGE: usize = 256;
/// Time between two looks while an outbox is live, down, or waits for confirmations.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Brings a broker the verdicts that it has not confirmed.
pub(super) struct CatchUp {
    pub(super) cell: Rc<RefCell<Cell>>,
    pub(super) source: usize,
    pub(super) store: Store,
    pub(super) durable: watch::Receiver<Ticket>,
}

impl CatchUp {
    pub(super) async fn run(self, presence: Option<String>, clock: Clock) {
        let mut was = Way::Down;
        loop {
            let way = self.cell.borrow_mut().outbox(self.source).map_or(Way::Down, |outbox| outbox.way());
            if was == Way::Down && way != Way::Down {
                self.present(presence.as_deref(), clock);
            }
            was = way;
            let went_on = way == Way::CatchingUp && self.page().await;
            if !went_on {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Reads and offers a page; says whether to go on at once.
    async fn page(&self) -> bool {
        let Some(connection) = self.cell.borrow_mut().outbox(self.source).map(|outbox| outbox.connection()) else {
            return false;
        };
        let durable = *self.durable.borrow();
        let page = match self.store.outbox_pending(connection, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "verdicts for the broker cannot be read from the store");
                return false;
            }
        };
        let mut cell = self.cell.borrow_mut();
        if cell.catch_up(self.source, &page) {
            return true;
        }
        let all_in_store = cell.last_verdict() <= durable;
        let is_whole = page.len() < PAGE;
        if all_in_store
            && is_whole
            && let Some(outbox) = cell.outbox(self.source)
        {
            outbox.caught_up();
        }
        false
    }

    fn present(&self, topic: Option<&str>, clock: Clock) {
        let Some(topic) = topic else { return };
        let mut payload = Vec::new();
        state_json(Presence::Online, clock.wall(), env!("CARGO_PKG_VERSION"), &mut payload);
        let mut cell = self.cell.borrow_mut();
        if let Some(outbox) = cell.outbox(self.source) {
            // Refused: the next connection says it again.
            let _ = outbox.outlet().offer(topic, payload, Qos::AtLeastOnce, true, 0);
        }
    }
}
