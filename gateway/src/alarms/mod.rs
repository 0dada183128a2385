//! Alarms of this gateway: from what the board says is wrong, through the states of ISA-18.2, to what
//! operators see and answer.
//!
//! [`conditions`](condition::conditions) reads the status twice a second; each condition has an alarm
//! of its own ([`takt_plant::Alarm`]). A change of state is an event in the store, and what is not
//! normal is kept, so that a restart forgets no acknowledgement. Alarms look at the pipeline and never
//! touch it: nothing here can slow a verdict.

mod condition;
mod table;

pub use condition::{Kind, Priority};
pub use table::{AlarmView, AlarmsView, FloodView, OrderError};

use crate::board::{Status, Viewer};
use crate::store::{AlarmRecord, Event};
use condition::conditions;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use table::{Change, Table};
use takt_adapters::Clock;
use takt_plant::AlarmEvent;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often conditions are looked at: a person does not act faster.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Keeps where alarms stand and what happened to them. The gateway implements it over its store.
pub trait Keep: Send + Sync + 'static {
    /// Keeps both, or says that nothing can be kept now.
    fn keep<'a>(&'a self, records: &'a [AlarmRecord], events: &'a [Event]) -> BoxFuture<'a, Result<(), String>>;
}

/// All alarms. Clones of the `Arc` are for HTTP and the stream.
pub struct Alarms {
    held: Mutex<Held>,
    keeper: Arc<dyn Keep>,
    clock: Clock,
    changed: watch::Sender<u64>,
}

struct Held {
    table: Table,
    unkept: Unkept,
}

/// Records that wait for a store that cannot be written: one an alarm, so the table's bound is theirs.
type Unkept = Vec<AlarmRecord>;

impl Alarms {
    /// Takes over where alarms stood.
    pub fn resumed(kept: &[AlarmRecord], keeper: Arc<dyn Keep>, clock: Clock) -> Arc<Self> {
        let table = Table::resumed(kept, clock.mono(), clock.wall());
        let held = Held { table, unkept: Unkept::new() };
        Arc::new(Self { held: Mutex::new(held), keeper, clock, changed: watch::Sender::new(0) })
    }

    /// Looks at the conditions until it is told to end.
    pub async fn run(self: Arc<Self>, viewer: Arc<Viewer>, until: CancellationToken) {
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            self.look(&viewer.latest()).await;
        }
    }

    /// All that is not normal, the most urgent first, and whether there is a flood.
    pub fn view(&self) -> AlarmsView {
        self.held().table.view(self.clock.mono(), self.clock.wall())
    }

    /// Counts up whenever something changed.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Carries out what somebody wants of an alarm.
    ///
    /// # Errors
    /// When there is no such alarm, or it has no meaning where it stands.
    pub async fn order(
        &self,
        id: &str,
        event: AlarmEvent,
        span: Duration,
        by: &str,
        note: &str,
    ) -> Result<AlarmView, OrderError> {
        let (mono, wall) = (self.clock.mono(), self.clock.wall());
        let (view, change) = {
            let mut held = self.held();
            let change = held.table.order(id, event, span, by, mono, wall)?;
            let view = held.table.one(id, mono, wall).ok_or_else(|| OrderError::Unknown { id: id.to_owned() })?;
            (view, change)
        };
        let mut text = format!("{}: {} ({})", change.record.kind, event.word(), change.text);
        if !note.is_empty() {
            text = format!("{text}; {note}");
        }
        self.keep(vec![(change, by.to_owned(), text)]).await;
        Ok(view)
    }

    async fn look(&self, status: &Status) {
        let (mono, wall) = (self.clock.mono(), self.clock.wall());
        let changes = {
            let mut held = self.held();
            let found = conditions(status);
            held.table.look(&found, mono, wall)
        };
        let changes = changes.into_iter().map(|change| {
            let text = format!("{}: {} ({})", change.record.kind, change.record.state.word(), change.text);
            (change, "gateway".to_owned(), text)
        });
        self.keep(changes.collect()).await;
    }

    /// Keeps changes and tells them. What cannot be kept now is kept with the next change or look.
    async fn keep(&self, changes: Vec<(Change, String, String)>) {
        let mut records = std::mem::take(&mut self.held().unkept);
        if changes.is_empty() && records.is_empty() {
            return;
        }
        let mut events = Vec::new();
        for (change, who, text) in changes {
            let record = change.record;
            records.retain(|old| (&old.place, &old.kind) != (&record.place, &record.kind));
            let what = format!("alarm.{}", record.state.word());
            let line = record.place.split_once('/').and_then(|(line, _)| line.parse().ok());
            events.push(Event { at: record.since, who, what, line, text: format!("{} {text}", record.place) });
            records.push(record);
        }
        if let Err(why) = self.keeper.keep(&records, &events).await {
            tracing::debug!(why, "where alarms stand could not be kept");
            self.held().unkept = records;
        }
        self.changed.send_modify(|n| *n += 1);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Whoever panicked here left a table that is whole: every change is one assignment.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
