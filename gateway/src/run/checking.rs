//! Reading and comparing documents beside the threads that answer: a large one takes seconds, and whoever asks
//! for something small meanwhile must not wait for it.

use crate::api::control::{ControlError, Why};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use takt_config::{Source, difference};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Documents that are looked at at once for people: the other cores are the lines'.
const AT_ONCE_MAX: usize = 2;
/// The same for those who only read what is kept. Viewers may, and must not keep an engineer from a preview.
const READ_AT_ONCE_MAX: usize = 2;
/// Comparisons that are remembered: some forty bytes each.
const COMPARED_MAX: usize = 16_384;
/// How long one waits for a place among them.
const PLACE_WITHIN: Duration = Duration::from_secs(5);

/// Places for those who look at documents. Whoever applies some needs none: they come one after the other.
#[derive(Debug)]
pub(crate) struct Checks {
    places: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    compared: Arc<Compared>,
    patience: Duration,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            reading: Arc::new(Semaphore::new(READ_AT_ONCE_MAX)),
            compared: Arc::default(),
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

    /// What was compared already.
    pub(crate) fn compared(&self) -> Arc<Compared> {
        Arc::clone(&self.compared)
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

/// How much texts differ, by the texts' digests: what was compared once is not compared again, so that a document
/// of many versions costs whoever lists them its reading, and not the reading and comparing of every one.
#[derive(Debug, Default)]
pub(crate) struct Compared(Mutex<HashMap<[u8; 32], u64>>);

impl Compared {
    /// How many keys differ; none where one of the two cannot be read.
    pub(crate) fn n_changes(&self, old: &Source, new: &Source) -> u64 {
        let digest = digest(old, new);
        if let Some(known) = self.known().get(&digest) {
            return *known;
        }
        let n = difference(old, new).map_or(0, |changes| changes.len()) as u64;
        let mut known = self.known();
        if known.len() >= COMPARED_MAX {
            known.clear();
        }
        known.insert(digest, n);
        n
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of both names and texts; the names say how the texts are written.
fn digest(old: &Source, new: &Source) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in [&*old.name, old.text.as_str(), &*new.name, new.text.as_str()] {
        // With its length, so that no two pairs are one text.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
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

    #[test]
    fn what_was_compared_is_known() {
        let compared = Compared::default();
        let (old, new) = (Source::new("a.toml", ""), Source::new("a.toml", "[store]\npath = \"kept\"\n"));
        let n = compared.n_changes(&old, &new);
        assert_eq!(n, difference(&old, &new).map_or(0, |changes| changes.len()) as u64);
        assert_eq!((compared.n_changes(&old, &new), compared.known().len()), (n, 1));
        assert_ne!(digest(&old, &new), digest(&new, &old));
    }
}
