//! What goes wrong with the store, and what the operator may do.

use super::bytes::Corrupt;
use std::path::PathBuf;

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the store in {dir} is open in another process; stop that one first")]
    InUse {
        /// The store's folder.
        dir: PathBuf,
    },
    /// The folder or a file in it cannot be made, opened or locked.
    #[error("cannot use the folder {dir} for the store; check that it exists, is writable and has space")]
    Folder {
        /// The store's folder.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file was written by a newer program, or its tables were changed.
    #[error("the store's tables do not fit this program; use the program version that wrote it, or restore a backup")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// No space, read-only, or an input/output error: the store cannot be written now.
    #[error("the store cannot be written now; free space on its disk or make it writable, it recovers by itself")]
    Unwritable(#[source] sqlx::Error),
    /// SQLite refused something else.
    #[error("the store's database gave an error; the log has its words")]
    Database(#[source] sqlx::Error),
    /// Stored bytes are damaged.
    #[error("a part of the store is damaged and was left out")]
    Damaged(#[from] Corrupt),
    /// What was asked for is not there.
    #[error("there is no {what} {name}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
    /// An export could not be written.
    #[error("the export could not be written; check the space at its destination")]
    Export(#[source] std::io::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_unwritable(&error) { Self::Unwritable(error) } else { Self::Database(error) }
    }
}

/// Whether an error of SQLite says that nothing can be written now, though it may be later.
pub fn is_unwritable(error: &sqlx::Error) -> bool {
    /// Primary result codes: PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
    const CODES: [i32; 7] = [3, 5, 6, 8, 10, 13, 14];
    match error {
        sqlx::Error::Database(e) => {
            let code = e.code().and_then(|c| c.parse::<i32>().ok()).unwrap_or(0);
            CODES.contains(&(code & 0xff))
        }
        sqlx::Error::Io(_) => true,
        _ => false,
    }
}
