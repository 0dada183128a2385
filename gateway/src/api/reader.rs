//! Who reads a live stream: how many may, and for how long each is still signed in.

use super::identity::Identity;
use crate::access::Access;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often a stream looks whether its reader is still signed in; at once when something changed.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// The streams that are open, of all and of each user or token.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    open: Arc<Mutex<HashMap<String, usize>>>,
    n_max: usize,
    n_of_user_max: usize,
}

/// A stream's place, free again when it is dropped.
pub(super) struct Place {
    streams: Streams,
    user: String,
}

impl Streams {
    pub(super) fn new(n_max: usize, n_of_user_max: usize) -> Self {
        Self { open: Arc::default(), n_max, n_of_user_max }
    }

    /// A place for one more, if there is one.
    pub(super) fn open(&self, user: &str) -> Option<Place> {
        let mut open = self.counts();
        let of_user = open.get(user).copied().unwrap_or(0);
        if open.values().sum::<usize>() >= self.n_max || of_user >= self.n_of_user_max {
            return None;
        }
        open.insert(user.to_owned(), of_user + 1);
        Some(Place { streams: self.clone(), user: user.to_owned() })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.counts();
        match open.get(&self.user).copied().unwrap_or(1) {
            1 => drop(open.remove(&self.user)),
            n => drop(open.insert(self.user.clone(), n - 1)),
        }
    }
}

/// Whose stream it is, for as long as they are signed in.
pub(super) struct Signed {
    access: Arc<Access>,
    identity: Identity,
    changes: watch::Receiver<u64>,
    look_at: Instant,
}

impl Signed {
    pub(super) fn new(access: &Arc<Access>, identity: Identity) -> Self {
        Self { access: Arc::clone(access), identity, changes: access.changes(), look_at: Instant::now() + LOOK_EVERY }
    }

    /// Returns when the reader's session or token no longer holds. An open page is in use: looking
    /// at it is what notes the session's use.
    pub(super) async fn gone(&mut self) {
        loop {
            tokio::select! {
                changed = self.changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep_until(self.look_at) => {}
            }
            self.look_at = Instant::now() + LOOK_EVERY;
            let Identity { who, credential, .. } = &self.identity;
            // While the file of users cannot be read, what holds goes on.
            if let Ok(now) = self.access.who(credential, who.address).await
                && now.is_none_or(|now| now.role != who.role)
            {
                return;
            }
        }
    }
}
