//! The file of users, sessions and tokens: `access.sqlite` in the gateway's folder.

use super::error::AccessError;
use super::role::Role;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqlitePool};
use std::path::Path;
use std::time::Duration;
use takt_plant::WallTime;

/// Its name.
pub(super) const FILE: &str = "access.sqlite";
/// Requests that look somebody up at once: each takes some 50 µs.
const CONNECTIONS_MAX: u32 = 4;

/// Opens the file, made when it is not there, readable by its owner alone.
///
/// # Errors
/// When it cannot be made, opened or brought up to date.
pub(super) async fn open(data_dir: &Path) -> Result<SqlitePool, AccessError> {
    let path = data_dir.join(FILE);
    let unusable = |why: std::io::Error| AccessError::Unavailable { why: format!("{}: {why}", path.display()) };
    private(&path).map_err(unusable)?;
    let connect = SqliteConnectOptions::new()
        .filename(&path)
        .disable_statement_logging()
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // The console may write at the same time; each write takes a millisecond.
        .busy_timeout(Duration::from_secs(2))
        .thread_name(|_| "takt-access-sql".into());
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(connect)
        .await?;
    let migrated = migrator().run(&pool).await;
    migrated.map_err(|why| AccessError::Unavailable { why: format!("{}: {why}", path.display()) })?;
    Ok(pool)
}

/// The tables of this program's file.
pub(super) fn migrator() -> Migrator {
    sqlx::migrate!("./migrations-access")
}

/// Makes a file that only its owner reads; SQLite gives its side files the same mode.
fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    std::fs::File::options().create(true).append(true).mode(0o600).open(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// Milliseconds since 1970: what the tables keep.
pub(super) fn ms(at: WallTime) -> i64 {
    at.as_us() / 1_000
}

/// Back from the tables.
pub(super) fn wall(ms: i64) -> WallTime {
    WallTime::from_ns(ms.saturating_mul(1_000_000))
}

/// A row's role.
pub(super) fn role(row: &SqliteRow, column: &str) -> Result<Role, AccessError> {
    let word: String = row.try_get(column)?;
    let unknown = || AccessError::Unavailable { why: format!("the role '{word}' is of another version") };
    Role::of_word(&word).ok_or_else(unknown)
}

/// Whether a statement was refused because the name is there already.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}
