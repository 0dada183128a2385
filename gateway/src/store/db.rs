//! The SQLite file: how it is opened, by its writer and by its readers.

use super::error::{StoreError, is_unwritable};
use super::options::StoreOptions;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;

/// The database's name in the store's folder.
pub const FILE: &str = "takt.db";
/// Bytes of a page: SQLite's default, and the unit of flash and of most file systems.
pub const PAGE_BYTES: u64 = 4_096;
/// Readers at once: more would only queue on the same disk.
const READERS_MAX: u32 = 4;

/// The part of the byte limit that is kept for the write-ahead log: it holds at least one sealed
/// chunk beside the running commits, and grows to what is written between two checkpoints.
pub fn wal_bytes_max(options: &StoreOptions) -> u64 {
    (options.bytes_max / 8).clamp(512 << 10, 16 << 20)
}

/// Pages that the database file may have, so that file and log together keep the limit.
pub fn pages_max(options: &StoreOptions) -> u64 {
    options.bytes_max.saturating_sub(wal_bytes_max(options)).max(1 << 20) / PAGE_BYTES
}

fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-4096")
}

/// Opens the writer's connection and brings the tables up to date.
pub async fn open_writer(path: &Path, options: &StoreOptions) -> Result<SqliteConnection, StoreError> {
    let checkpoint_pages = wal_bytes_max(options) / 2 / PAGE_BYTES;
    let is_new = path.metadata().map_or(true, |file| file.len() == 0);
    let mut connect = common(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", checkpoint_pages.to_string())
        .pragma("journal_size_limit", wal_bytes_max(options).to_string())
        // Nobody else writes; only a truncation of the log may wait for a reader.
        .busy_timeout(Duration::from_millis(20))
        .thread_name(|_| "takt-store-sql".into());
    // Setting it writes to the file, even where it is set already, and a full disk refuses that.
    if is_new {
        connect = connect.auto_vacuum(SqliteAutoVacuum::Incremental);
    }
    let mut conn = SqliteConnection::connect_with(&connect).await?;
    let tables: Option<i64> = first_i64(&mut conn, "SELECT 1 FROM sqlite_schema WHERE name = 'identity'").await?;
    let current: Option<i64> = match tables {
        Some(_) => first_i64(&mut conn, "SELECT MAX(version) FROM _sqlx_migrations WHERE success").await?,
        None => None,
    };
    let migrator = sqlx::migrate!("./migrations");
    if current != migrator.iter().map(|m| m.version).max() {
        migrator.run(&mut conn).await.map_err(migration_error)?;
    }
    let cap = AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages_max(options)));
    sqlx::query(cap).fetch_all(&mut conn).await?;
    Ok(conn)
}

fn migration_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if is_unwritable(&error) => {
            StoreError::Unwritable(error)
        }
        other => StoreError::Migration(other),
    }
}

/// Opens a store that cannot be written, not even the files that SQLite keeps beside it: what lies there
/// is read as it is, and where there is nothing, an empty store stands in memory for it. Every write
/// fails as on a read-only disk. Gives the way in for readers, too.
///
/// `None` when it cannot be opened so: the write-ahead log holds commits, which cannot be read without
/// its index.
pub async fn open_still(path: &Path) -> Result<Option<(SqliteConnection, SqliteConnectOptions)>, StoreError> {
    let has_log = path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0);
    if has_log {
        return Ok(None);
    }
    if path.metadata().is_ok_and(|file| file.len() > 0) {
        let lying = common(path).read_only(true).immutable(true);
        let mut conn = SqliteConnection::connect_with(&lying).await?;
        if first_i64(&mut conn, "SELECT 1 FROM sqlite_schema WHERE name = 'identity'").await?.is_some() {
            return Ok(Some((conn, lying)));
        }
    }
    // This spelling gives all connections of these options one database; it ends with the last of them.
    let memory: SqliteConnectOptions = "sqlite::memory:".parse()?;
    let mut conn = SqliteConnection::connect_with(&memory).await?;
    sqlx::migrate!("./migrations").run(&mut conn).await.map_err(StoreError::Migration)?;
    sqlx::query("PRAGMA query_only = 1").execute(&mut conn).await?;
    Ok(Some((conn, memory)))
}

/// Opens the readers' pool. Nothing is read yet.
pub fn open_readers(path: &Path) -> SqlitePool {
    pool(common(path).read_only(true).busy_timeout(Duration::from_millis(500)))
}

/// A pool of readers.
pub fn pool(connect: SqliteConnectOptions) -> SqlitePool {
    let connect = connect.thread_name(|_| "takt-store-read".into());
    SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(connect)
}

/// Runs some work as one transaction, whole or not at all.
///
/// Not by sqlx's own transactions: after an error that makes SQLite roll back by itself (a full
/// disk), sqlx still counts the transaction as open and refuses every later one.
pub async fn transact<T>(
    conn: &mut SqliteConnection,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let result = match work(&mut *conn).await {
        Ok(value) => sqlx::query("COMMIT").execute(&mut *conn).await.map(|_| value),
        Err(error) => Err(error),
    };
    if result.is_err() {
        // Fails when SQLite has rolled back already, and then there is nothing to do.
        let _ = sqlx::query("ROLLBACK").execute(conn).await;
    }
    result
}

/// The first number of the first row, if there is one.
pub async fn first_i64(conn: &mut SqliteConnection, sql: &'static str) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(sql).fetch_optional(conn).await?;
    row.map_or(Ok(None), |r| r.try_get(0))
}

/// `VALUES` rows of `n_columns` placeholders.
pub fn placeholders(n_rows: usize, n_columns: usize) -> String {
    let row = format!("({})", vec!["?"; n_columns].join(","));
    vec![row; n_rows].join(",")
}
