//! The store in one file for a backup, and back: a consistent copy beside the running writer.
//!
//! A copy carries a session of its own, so that wherever it is opened it counts as another store: the
//! epoch rises and nothing is armed (see [`super::anchor`]).

use super::db;
use super::error::StoreError;
use super::handle::lock;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Error, SqliteConnection};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What is copied without the history: each table with its columns.
const KEPT: [(&str, &str); 2] = [
    ("document", "kind, name, version, text, by, at_ns, note"),
    ("alarm", "place, kind, state, since_ns, by, shelved_until_ns"),
];

/// The tables of this program's store.
pub fn migrator() -> Migrator {
    sqlx::migrate!("./migrations")
}

/// Copies the store of a folder into a new file: documents with their versions and where alarms stand, or
/// with the history everything. What was handed in and not committed is not in it.
///
/// # Errors
/// [`StoreError::Unwritable`] when the file cannot be written; [`StoreError::Database`] when the store cannot
/// be read.
pub async fn snapshot(dir: &Path, into: &Path, with_history: bool) -> Result<(), StoreError> {
    let store = dir.join(db::FILE);
    if with_history {
        let lying = SqliteConnectOptions::new().filename(&store).read_only(true).disable_statement_logging();
        let mut conn = SqliteConnection::connect_with(&lying).await?;
        sqlx::query("VACUUM INTO ?").bind(text(into)?).execute(&mut conn).await?;
        conn.close().await?;
    }
    let mut conn = open(into).await?;
    if with_history {
        sqlx::query("DELETE FROM arming").execute(&mut conn).await?;
        let session = "UPDATE identity SET session = randomblob(16), clean = 1";
        sqlx::query(session).execute(&mut conn).await?;
    } else {
        migrator().run(&mut conn).await.map_err(StoreError::Migration)?;
        copy(&mut conn, &store).await?;
    }
    Ok(conn.close().await?)
}

/// Puts a copy with its history in place of a folder's store, which is gone then. Done again after an
/// interruption, it goes on.
///
/// # Errors
/// [`StoreError::InUse`] when the store is open; [`StoreError::Folder`] when files cannot be moved.
pub fn replace(dir: &Path, from: &Path) -> Result<(), StoreError> {
    let _lock = lock(dir)?;
    let folder = |source| StoreError::Folder { dir: dir.to_path_buf(), source };
    let store = dir.join(db::FILE);
    for file in [with_end(&store, "-wal"), with_end(&store, "-shm"), store.clone()] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(folder(error)),
            _ => {}
        }
    }
    std::fs::rename(from, &store).and_then(|()| File::open(dir)?.sync_all()).map_err(folder)
}

/// Takes documents and alarms of a copy over into a folder's store, which keeps its history and is made
/// where it is not there. Whole or not at all.
///
/// # Errors
/// [`StoreError::InUse`] when the store is open; [`StoreError::Unwritable`] when it cannot be written.
pub async fn take_over(dir: &Path, from: &Path) -> Result<(), StoreError> {
    let _lock = lock(dir)?;
    let connect = SqliteConnectOptions::new()
        .filename(dir.join(db::FILE))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .disable_statement_logging();
    let mut conn = SqliteConnection::connect_with(&connect).await?;
    migrator().run(&mut conn).await.map_err(StoreError::Migration)?;
    copy(&mut conn, from).await?;
    Ok(conn.close().await?)
}

/// How many alarms a copy holds that are not simply normal.
///
/// # Errors
/// [`StoreError::Database`] when it cannot be read.
pub async fn n_alarms(copy: &Path) -> Result<u64, StoreError> {
    let mut conn = open(copy).await?;
    let n = db::first_i64(&mut conn, "SELECT COUNT(*) FROM alarm").await?;
    conn.close().await?;
    Ok(n.unwrap_or(0).cast_unsigned())
}

async fn open(file: &Path) -> Result<SqliteConnection, StoreError> {
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        // One file, and nothing beside it.
        .journal_mode(SqliteJournalMode::Delete)
        .disable_statement_logging();
    Ok(SqliteConnection::connect_with(&connect).await?)
}

/// Replaces what a store has of [`KEPT`] by what another one has, and makes it another store.
async fn copy(to: &mut SqliteConnection, from: &Path) -> Result<(), StoreError> {
    sqlx::query("ATTACH ? AS other").bind(text(from)?).execute(&mut *to).await?;
    db::transact(to, async |to| {
        for (table, columns) in KEPT {
            let there = sqlx::query("SELECT 1 FROM other.sqlite_schema WHERE name = ?").bind(table);
            let is_there = there.fetch_optional(&mut *to).await?.is_some();
            let delete = format!("DELETE FROM main.{table}");
            sqlx::query(sqlx::AssertSqlSafe(delete)).execute(&mut *to).await?;
            if is_there {
                let insert =
                    format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM other.{table} ORDER BY rowid");
                // Tables without a rowid have an order of their own.
                let insert = if table == "alarm" { insert.replace(" ORDER BY rowid", "") } else { insert };
                sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut *to).await?;
            }
        }
        let first = "INSERT OR IGNORE INTO main.identity \
                     (one, store, session, epoch, clean, folded_row, next_verdict, samples_per_s) \
                     SELECT 1, randomblob(16), randomblob(16), epoch, 1, 0, 1, 0 FROM other.identity";
        sqlx::query(first).execute(&mut *to).await?;
        let other = "UPDATE main.identity SET session = randomblob(16), clean = 1, \
                     epoch = MAX(epoch, COALESCE((SELECT epoch FROM other.identity), 0))";
        sqlx::query(other).execute(&mut *to).await?;
        sqlx::query("DELETE FROM main.arming").execute(&mut *to).await?;
        Ok(())
    })
    .await?;
    sqlx::query("DETACH other").execute(to).await?;
    Ok(())
}

fn text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| Error::Io(std::io::Error::other("the folder's name is not UTF-8")))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
