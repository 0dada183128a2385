//! Alarms over the store: where they stood, and where they stand.

use crate::alarms::{Alarms, Keep};
use crate::loader::sentence;
use crate::store::{AlarmRecord, Event, Store};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use takt_adapters::Clock;

/// The alarms as they stood at the end before.
pub(super) async fn resume(store: &Store, clock: Clock) -> Arc<Alarms> {
    let kept = store.reader().alarms().await.unwrap_or_else(|error| {
        tracing::warn!(error = sentence(&error), "where alarms stood cannot be read; they begin anew");
        Vec::new()
    });
    Alarms::resumed(&kept, Arc::new(Keeper(store.clone())), clock)
}

struct Keeper(Store);

impl Keep for Keeper {
    fn keep<'a>(&'a self, records: &'a [AlarmRecord], events: &'a [Event]) -> BoxFuture<'a, Result<(), String>> {
        async move {
            for event in events {
                self.0.record_event(event.clone()).await.map_err(|error| sentence(&error))?;
            }
            self.0.put_alarms(records.to_vec()).await.map_err(|error| sentence(&error))
        }
        .boxed()
    }
}
