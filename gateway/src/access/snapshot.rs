//! The users in one file for a backup, and back: with their roles and the hashes of their passwords, without
//! sessions and tokens.

use super::error::AccessError;
use super::role::Role;
use super::tables::{FILE, migrator, role};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::io;
use std::path::{Path, PathBuf};

const COLUMNS: &str = "name, role, password, disabled, created_ms, changed_ms, signed_in_ms";

/// Copies the users of a gateway's folder into a new file. Gives the names of the tokens, which are left out:
/// one that was revoked since would hold again.
///
/// # Errors
/// [`AccessError::Unavailable`] when either file cannot be used.
pub async fn snapshot(data_dir: &Path, into: &Path) -> Result<Vec<String>, AccessError> {
    let mut conn = open(into).await?;
    let migrated = migrator().run(&mut conn).await;
    migrated.map_err(|why| AccessError::Unavailable { why: format!("{}: {why}", into.display()) })?;
    let of = data_dir.join(FILE);
    let mut tokens = Vec::new();
    if of.exists() {
        sqlx::query("ATTACH ? AS other").bind(of.to_string_lossy().into_owned()).execute(&mut conn).await?;
        let copy = format!("INSERT INTO main.user ({COLUMNS}) SELECT {COLUMNS} FROM other.user");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut conn).await?;
        tokens = sqlx::query_scalar("SELECT name FROM other.token ORDER BY name").fetch_all(&mut conn).await?;
        sqlx::query("DETACH other").execute(&mut conn).await?;
    }
    conn.close().await?;
    Ok(tokens)
}

/// The users of a copy by name, with what they may do.
///
/// # Errors
/// [`AccessError::Unavailable`] when it cannot be read.
pub async fn users(copy: &Path) -> Result<Vec<(String, Role)>, AccessError> {
    let mut conn = open(copy).await?;
    let rows = sqlx::query("SELECT name, role FROM user ORDER BY name").fetch_all(&mut conn).await?;
    conn.close().await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, role(row, "role")?))).collect()
}

/// Puts a copy in place of a folder's users. Done again after an interruption, it goes on.
///
/// # Errors
/// When files cannot be moved.
pub fn replace(data_dir: &Path, from: &Path) -> io::Result<()> {
    let file = data_dir.join(FILE);
    for end in ["-wal", "-shm", ""] {
        super::files::remove(&PathBuf::from(format!("{}{end}", file.display())))?;
    }
    std::fs::rename(from, &file)?;
    std::fs::File::open(data_dir)?.sync_all()
}

async fn open(file: &Path) -> Result<SqliteConnection, AccessError> {
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Delete)
        .disable_statement_logging();
    Ok(SqliteConnection::connect_with(&connect).await?)
}
