//! Backup and restore of the running gateway. A restore is verified here and put in place by a new start,
//! while no line and no writer holds anything.

use crate::api::BackupFile;
use crate::api::control::{ControlError, Why};
use crate::backup::{self, BackupError, Checked, Held, Incoming, Outgoing, RestoreReport};
use crate::loader::sentence;
use crate::run::{Shared, store_dir};
use crate::store::StoreError;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Shared {
    /// Makes a backup and streams it.
    pub(super) async fn back_up(self: Arc<Self>, who: &str, with_history: bool) -> Result<BackupFile, ControlError> {
        let one_at_a_time = Arc::clone(&self.moving).try_acquire_owned().map_err(|_| busy())?;
        self.store.flush().await.map_err(|error| refused(error.into()))?;
        let (gateway, at) = (&self.gateway, self.clock.wall());
        let made = backup::make(gateway, &store_dir(gateway), &self.source, with_history, at).await.map_err(refused)?;
        let name = made.file_name();
        let history = if with_history { " with the history" } else { "" };
        self.note(who, "backup.make", None, &format!("{name}{history}, {} bytes unpacked", made.n_bytes())).await;
        let (mut outgoing, body) = Outgoing::new();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = made.write(&mut outgoing).and_then(|()| outgoing.end()) {
                tracing::warn!(%error, "a backup was not written to its end");
            }
            drop(one_at_a_time);
        });
        Ok(BackupFile { name, body: body.boxed() })
    }

    /// Verifies a backup as it comes, and says what it would change. Unless that is all that is asked for, the
    /// gateway then starts anew with it.
    pub(super) async fn restore(
        self: Arc<Self>,
        who: &str,
        body: BoxStream<'static, Result<Bytes, String>>,
        dry_run: bool,
    ) -> Result<RestoreReport, ControlError> {
        let _one_at_a_time = self.moving.try_acquire().map_err(|_| busy())?;
        let checked = self.unpack(body).await?;
        // What is compared must be what is replaced.
        let _nobody_changes = self.changing.lock().await;
        let mut report = checked.report(&self.held().await?);
        let mut armed: Vec<String> =
            self.cells.lock().await.armed().iter().map(super::super::cells::Armed::name).collect();
        report.preview.outputs_disarmed.append(&mut armed);
        report.dry_run = dry_run;
        if dry_run || !report.is_possible() {
            return Ok(report);
        }
        let text = report.in_words();
        self.note(who, "backup.restore", None, &format!("{text} comes into force")).await;
        checked.order(&self.gateway.data_dir, who, text).map_err(refused)?;
        report.restored = true;
        self.again.store(true, Ordering::Relaxed);
        self.stop.cancel();
        Ok(report)
    }

    async fn unpack(&self, mut body: BoxStream<'static, Result<Bytes, String>>) -> Result<Checked, ControlError> {
        let (to, incoming) = Incoming::new();
        let sending = async move {
            // Whoever verifies may have seen enough before the end.
            while let Some(part) = body.next().await {
                if to.send(part).await.is_err() {
                    return;
                }
            }
        };
        let unpacking = backup::unpack(&self.gateway.data_dir, incoming);
        let ((), checked) = tokio::join!(sending, unpacking);
        checked.map_err(refused)
    }

    async fn held(&self) -> Result<Held, ControlError> {
        let loader = Arc::clone(&self.loader);
        let listed = tokio::task::spawn_blocking(move || loader.catalogue().list());
        let listed = listed.await.map_err(|error| ControlError::new(error.to_string(), "see the gateway's log"))?;
        Ok(Held {
            source: self.source.clone(),
            documents: self.in_force().await?,
            models: listed.map_err(|error| refused(error.into()))?,
            users: self.access.users().await.map_err(|error| refused(error.into()))?,
            whose: self.whose(),
            running: self.cells.lock().await.made_of(),
        })
    }
}

fn busy() -> ControlError {
    ControlError::conflict("a backup or a restore is under way", "try again when it is through")
}

fn refused(error: BackupError) -> ControlError {
    let why = match &error {
        BackupError::Unfit { .. } => Why::Refused,
        BackupError::Waiting | BackupError::Store(StoreError::InUse { .. }) => Why::Conflict,
        _ => Why::Unavailable,
    };
    ControlError::new(sentence(&error), error.hint()).because(why)
}
