//! Reading and comparing documents beside the threads that answer: a large one takes seconds, and whoever asks
//! for something small meanwhile must not wait for it.

use crate::api::control::{ControlError, Why};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Documents that are looked at at once for people: the other cores are the lines'.
const AT_ONCE_MAX: usize = 2;
/// The same for those who only read what is kept. Viewers may, and must not keep an engineer from a preview.
const READ_AT_ONCE_MAX: usize = 2;
/// How long one waits for a place among them.
const PLACE_WITHIN: Duration = Duration::from_secs(5);

/// Places for those who look at documents. Whoever applies some needs none: they come one after the other.
#[derive(Debug)]
pub(crate) struct Checks {
    places: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            reading: Arc::new(Semaphore::new(READ_AT_ONCE_MAX)),
            patience: PLACE_WITHIN,
        }
    }
}

impl Checks {
    /// Waits for a place, for a while.
    ///
    /// # Errors
    /// That so many are looked at already.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, ControlError> {
        self.place_of(&self.places, AT_ONCE_MAX).await
    }

    async fn place_of(&self, places: &Arc<Semaphore>, n_max: usize) -> Result<OwnedSemaphorePermit, ControlError> {
        match tokio::time::timeout(self.patience, Arc::clone(places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => {
                let error = format!("{n_max} others have documents looked at; nothing was done");
                Err(ControlError::new(error, "say it again in a few seconds").because(Why::Unavailable))
            }
        }
    }

    /// [`beside`], in a place that is free again when it is done, whoever has gone away meanwhile.
    ///
    /// # Errors
    /// That so many are looked at already.
    pub(crate) async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ControlError> {
        held(self.place().await?, work).await
    }

    /// [`Checks::beside`] for those who only read what is kept, in a place of theirs.
    ///
    /// # Errors
    /// That so many read already.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ControlError> {
        held(self.place_of(&self.reading, READ_AT_ONCE_MAX).await?, work).await
    }
}

/// [`beside`], with a place until it is done.
async fn held<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ControlError> {
    beside(move || {
        let done = work();
        drop(place);
        done
    })
    .await
}

/// Does something that takes a while and asks nobody, on a thread of its own.
///
/// # Errors
/// That it ended without a result.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ControlError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| {
        ControlError::new(error.to_string(), "see the gateway's log for what became of it").because(Why::Unavailable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_too_many_is_told_so_and_has_a_place_later() {
        let checks = Checks { patience: Duration::from_millis(1), ..Checks::default() };
        let mut held = Vec::new();
        for _ in 0..AT_ONCE_MAX {
            held.push(checks.place().await.expect("there is room"));
        }
        let refused = checks.place().await.expect_err("there is none");
        assert_eq!(refused.why, Why::Unavailable, "{}", refused.error);
        held.pop();
        assert!(checks.place().await.is_ok());
    }

    #[tokio::test]
    async fn who_reads_takes_no_place_from_who_previews() {
        let checks = Checks { patience: Duration::from_millis(1), ..Checks::default() };
        let mut held = Vec::new();
        for _ in 0..READ_AT_ONCE_MAX {
            held.push(checks.place_of(&checks.reading, READ_AT_ONCE_MAX).await.expect("there is room"));
        }
        let refused = checks.read(|| ()).await.expect_err("nobody else reads");
        assert_eq!(refused.why, Why::Unavailable, "{}", refused.error);
        assert!(checks.beside(|| ()).await.is_ok());
        held.clear();
        assert!(checks.read(|| ()).await.is_ok());
    }
}
