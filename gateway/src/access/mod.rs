//! Who may do what: users, sessions, tokens, and how often somebody may try.
//!
//! Everything is kept in `access.sqlite`, apart from the store, so that a sign-in never waits for
//! the history and a damaged history locks nobody out. When that file itself cannot be used, the
//! gateway judges on, nobody can sign in, and the console's token still works: it lies in a file of
//! its own, new at each start.

mod credential;
mod error;
mod files;
mod order;
mod password;
mod random;
mod role;
mod sessions;
mod setup;
pub mod snapshot;
mod tables;
mod throttle;
mod tokens;
mod users;

pub use credential::Credential;
pub use error::AccessError;
pub use files::console_token;
pub(crate) use files::write_private;
pub use order::UserOrder;
pub use password::{PASSWORD_CHARS_MIN, Password};
pub use role::{Role, Who, name_of};
pub use sessions::{SessionId, SignedIn, csrf_matches, csrf_of};
pub use tokens::Token;
pub use users::{User, UserChange};

use password::Hasher;
use random::Digest;
use setup::SetUpCode;
use sqlx::SqlitePool;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use takt_adapters::Clock;
use throttle::{Admitted, Throttle};
use tokio::sync::watch;

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without use.
    pub idle: Duration,
    /// In any case.
    pub longest: Duration,
}

/// Takes what the audit log keeps. Must not wait: a sign-in never waits for the history.
pub trait Audit: Send + Sync + 'static {
    /// Who did what; `what` is a short stable word, `text` holds no secret.
    fn note(&self, who: &str, what: &str, text: &str);
}

/// The tables of the file of users.
pub(crate) fn migrator() -> sqlx::migrate::Migrator {
    tables::migrator()
}

/// Users, sessions and tokens of one gateway.
pub struct Access {
    pool: Result<SqlitePool, String>,
    hasher: Hasher,
    throttle: Mutex<Throttle>,
    console: Digest,
    setup: Option<SetUpCode>,
    audit: Arc<dyn Audit>,
    changes: watch::Sender<u64>,
    clock: Clock,
    limits: SessionLimits,
}

/// Puts a fresh token where the console finds it. On a full disk the one that lies there stays: whoever
/// may read the folder has it already, and the console is needed most when something is wrong.
fn console_secret(data_dir: &Path, fresh: String) -> String {
    let path = console_token(data_dir);
    let Err(why) = write_private(&path, &format!("{fresh}\n")) else { return fresh };
    let kept = std::fs::read_to_string(&path).map(|text| text.trim().to_owned());
    match kept.ok().filter(|kept| kept.len() == fresh.len()) {
        Some(kept) => {
            tracing::warn!("{} cannot be written anew: {why}; the token before stays", path.display());
            kept
        }
        None => {
            tracing::error!("{} cannot be written: {why}; `takt status` is refused", path.display());
            fresh
        }
    }
}

impl Access {
    /// Opens the file in a gateway's folder and writes the console's token.
    ///
    /// # Errors
    /// When the system gives no thread or no random numbers. Files that cannot be written or read are
    /// no error here: they are told, and lines go on without a sign-in.
    pub async fn open(
        data_dir: &Path,
        clock: Clock,
        limits: SessionLimits,
        audit: Arc<dyn Audit>,
    ) -> Result<Self, AccessError> {
        let no_thread = |why: std::io::Error| AccessError::Unavailable { why: why.to_string() };
        let token = console_secret(data_dir, random::secret()?);
        let pool = tables::open(data_dir).await;
        let setup = match &pool {
            Ok(pool) => SetUpCode::renew(data_dir, pool).await,
            Err(error) => Err(AccessError::Unavailable { why: error.to_string() }),
        };
        let setup = setup.unwrap_or_else(|error| {
            tracing::error!("{error}; {}", error.hint());
            None
        });
        Ok(Self {
            pool: pool.map_err(|error| error.to_string()),
            hasher: Hasher::start().map_err(no_thread)?,
            throttle: Mutex::default(),
            console: random::digest(&token),
            setup,
            audit,
            changes: watch::Sender::new(0),
            clock,
            limits,
        })
    }

    /// Opens the file for the console beside a gateway that does not run: no token, no set-up code.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn open_idle(data_dir: &Path, clock: Clock, audit: Arc<dyn Audit>) -> Result<Self, AccessError> {
        let thread = |why: std::io::Error| AccessError::Unavailable { why: why.to_string() };
        Ok(Self {
            pool: Ok(tables::open(data_dir).await?),
            hasher: Hasher::start().map_err(thread)?,
            throttle: Mutex::default(),
            console: random::digest(&random::secret()?),
            setup: None,
            audit,
            changes: watch::Sender::new(0),
            clock,
            limits: SessionLimits { idle: Duration::ZERO, longest: Duration::ZERO },
        })
    }

    /// How long a sign-in lasts.
    pub fn limits(&self) -> SessionLimits {
        self.limits
    }

    /// Puts something into the audit log.
    pub fn note(&self, who: &str, what: &str, text: &str) {
        self.audit.note(who, what, text);
    }

    /// Says when somebody may have lost what they had: an open stream looks again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    fn pool(&self) -> Result<&SqlitePool, AccessError> {
        self.pool.as_ref().map_err(|why| AccessError::Unavailable { why: why.clone() })
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        // Counters stay usable whatever happened to the thread that held them.
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
