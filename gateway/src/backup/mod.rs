//! Backup and restore: what makes a gateway this one, as one file without clear secrets.
//!
//! The file is a gzipped tar, so that anybody can look into it:
//! ```text
//! backup.json                what it is, and each file with its size and BLAKE3 (first, so that it is known early)
//! store/takt.db              documents with their versions, where alarms stand; on demand the history
//! access.sqlite              users with their roles and the hashes of their passwords
//! models/NAME/…              the catalogue: packages, and which is active
//! configuration/takt.toml    the configuration file, to be looked at; a restore leaves the box's own in place
//! ```
//! Left out on purpose: secrets (documents name them), sessions and tokens, arming, certificates, and what can
//! be made again (engines of accelerators).
//!
//! A restore has two halves. [`unpack`] and [`Checked`] verify everything in a folder of its own: digests, the
//! databases and their tables, every package, and that the documents can run here. Then [`Checked::order`]
//! makes the restore a fact by one rename, and [`complete`] puts it in place while nothing runs: at the next
//! start, again if that was interrupted.

mod archive;
mod check;
mod database;
mod error;
mod folder;
mod make;
mod manifest;
mod models;
mod pipe;
mod place;
mod report;

pub use check::{Checked, unpack};
pub use error::BackupError;
pub use make::{Made, make};
pub use pipe::{Incoming, Outgoing};
pub use place::{Order, complete};
pub use report::{
    Change, Configuration, Held, RestoreReport, RestoredDocument, RestoredModel, RestoredSecret, RestoredUser,
};

/// Does something on a thread where it may block: digests, unpacking, and SQLite with it.
async fn apart<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, BackupError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, BackupError>>,
{
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work())).await;
    done.unwrap_or_else(|error| Err(BackupError::unfit(error.to_string())))
}

/// How a backup's file name ends.
pub const ENDING: &str = "takt-backup";
