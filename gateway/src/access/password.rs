//! Passwords: what one must be, and argon2id on a thread of its own.
//!
//! One password is hashed at a time, on a thread of the lowest priority: a flood of sign-ins takes
//! 19 MiB and what the verdicts leave of one core, never a shard's time. Those that wait are
//! counted, and some places are kept for who is known (see [`super::throttle`]).

use super::error::AccessError;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// Fewer characters can be tried out (NIST SP 800-63B asks for 8 at least).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// More is a mistake; hashing takes the same time for all that are allowed.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Passwords that wait to be hashed: about three seconds of work.
const WAITING_MAX: usize = 32;
/// Of those places, for people who signed in from there before, and for the box itself.
const KEPT_FOR_KNOWN: usize = 12;

/// A password in clear, on its way to be hashed. Never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(format = Password)]
pub struct Password(String);

impl Password {
    /// Takes a text that must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// That it will do as a user's new password.
    ///
    /// # Errors
    /// [`AccessError::Unfit`] says what is wrong.
    pub(super) fn fits(&self, user: &str) -> Result<(), AccessError> {
        let refuse = |what: &str| {
            let hint = "a few words that nobody would guess do well; 10 characters at least";
            Err(AccessError::Unfit { what: what.to_owned(), hint })
        };
        let distinct: std::collections::BTreeSet<char> = self.0.chars().collect();
        match self.0.chars().count() {
            n if n < PASSWORD_CHARS_MIN => refuse("the password is too short"),
            _ if self.0.len() > PASSWORD_BYTES_MAX => refuse("the password is too long"),
            _ if distinct.len() < 4 => refuse("the password has too few different characters"),
            _ if self.0.to_lowercase().contains(&user.to_lowercase()) => {
                refuse("the password contains the user's name")
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

/// Hashes and compares, one at a time.
pub(super) struct Hasher {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

struct Job {
    password: Password,
    /// What is compared with; without it the password is hashed.
    kept: Option<String>,
    done: oneshot::Sender<Done>,
}

enum Done {
    Hash(Result<String, String>),
    IsRight(bool),
}

impl Hasher {
    /// Starts the thread. It ends with the hasher.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, asked) = sync_channel(WAITING_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let done = Arc::clone(&waiting);
        std::thread::Builder::new().name("takt-password".into()).spawn(move || work(&asked, &done))?;
        Ok(Self { jobs, waiting })
    }

    /// The hash of a new password, as it is kept.
    ///
    /// # Errors
    /// [`AccessError::Limited`] when too many wait.
    pub async fn hash(&self, password: &Password) -> Result<String, AccessError> {
        match self.ask(password, None, true).await? {
            Done::Hash(hash) => hash.map_err(|why| AccessError::Unavailable { why }),
            Done::IsRight(_) => Err(AccessError::Unavailable { why: "the password was not hashed".into() }),
        }
    }

    /// Whether a password is the kept one. Without a kept one it takes the same time and is wrong,
    /// so that nobody learns which users there are.
    ///
    /// # Errors
    /// [`AccessError::Limited`] when too many wait.
    pub async fn is_right(&self, password: &Password, kept: Option<&str>, known: bool) -> Result<bool, AccessError> {
        let compared = kept.unwrap_or(NOBODYS).to_owned();
        let done = self.ask(password, Some(compared), known).await?;
        Ok(kept.is_some() && matches!(done, Done::IsRight(true)))
    }

    async fn ask(&self, password: &Password, kept: Option<String>, known: bool) -> Result<Done, AccessError> {
        let full = AccessError::Limited { retry_after_s: 2 };
        let places = if known { WAITING_MAX } else { WAITING_MAX - KEPT_FOR_KNOWN };
        let taken = self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < places).then_some(n + 1));
        if taken.is_err() || password.0.len() > PASSWORD_BYTES_MAX {
            if taken.is_ok() {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
            }
            return Err(full);
        }
        let (done, answer) = oneshot::channel();
        // The channel has a place for each that was counted.
        if self.jobs.try_send(Job { password: password.clone(), kept, done }).is_err() {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(full);
        }
        answer.await.map_err(|_| AccessError::Unavailable { why: "the password thread ended".into() })
    }
}

/// A hash with the usual parameters that no password has.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dGFrdCBub2JvZHkncyBzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn work(asked: &Receiver<Job>, waiting: &AtomicUsize) {
    // The lowest priority: a verdict's thread always goes first. Refused, it works as the others do.
    let _ = rustix::process::nice(19);
    while let Ok(job) = asked.recv() {
        let done = match &job.kept {
            None => Done::Hash(hash(&job.password)),
            Some(kept) => Done::IsRight(is_right(&job.password, kept)),
        };
        waiting.fetch_sub(1, Ordering::AcqRel);
        // Whoever asked may have gone away.
        drop(job.done.send(done));
    }
}

fn hash(password: &Password) -> Result<String, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|why| why.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(password.0.as_bytes()).map(|hash| hash.to_string()).map_err(|why| why.to_string())
}

fn is_right(password: &Password, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    Argon2::default().verify_password(password.0.as_bytes(), &kept).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_must_be_long_enough() {
        for (text, fits) in [
            ("", false),
            ("short", false),
            ("aaaaaaaaaaaa", false),
            ("anna-2026-anna", false),
            ("correct horse battery", true),
            ("äöüßéàçñõ漢", true),
        ] {
            assert_eq!(Password::new(text).fits("anna").is_ok(), fits, "{text}");
        }
        assert!(Password::new("x1y2".repeat(257)).fits("anna").is_err());
    }

    #[tokio::test]
    async fn what_was_hashed_is_recognised() {
        let hasher = Hasher::start().expect("a thread");
        let password = Password::new("correct horse battery");
        let kept = hasher.hash(&password).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hasher.hash(&password).await.expect("hashed"), "each has its own salt");
        assert!(hasher.is_right(&password, Some(&kept), false).await.expect("compared"));
        assert!(!hasher.is_right(&Password::new("correct horse batterz"), Some(&kept), false).await.expect("compared"));
        assert!(!hasher.is_right(&password, None, false).await.expect("compared"));
        assert!(PasswordHash::new(NOBODYS).is_ok(), "nobody's hash costs as much as anybody's");
    }

    #[tokio::test]
    async fn a_flood_is_bounded_and_leaves_places_for_who_is_known() {
        let hasher = Arc::new(Hasher::start().expect("a thread"));
        let password = Password::new("wrong wrong wrong");
        let mut flood: Vec<_> =
            (0..10 * WAITING_MAX).map(|_| Box::pin(hasher.is_right(&password, None, false))).collect();
        let mut n_refused = 0;
        for one in &mut flood {
            let first = futures::poll!(one.as_mut());
            n_refused += usize::from(matches!(first, std::task::Poll::Ready(Err(AccessError::Limited { .. }))));
        }
        assert!(n_refused >= 8 * WAITING_MAX, "{n_refused} of {} were refused at once", flood.len());
        let known = hasher.is_right(&password, None, true).await;
        assert!(matches!(known, Ok(false)), "a place was kept");
    }

    #[test]
    fn it_shows_nothing() {
        assert!(!format!("{:?}", Password::new("hunter2")).contains("hunter2"));
    }
}
