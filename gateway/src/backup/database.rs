//! Whether a database of a backup is whole and has the tables of this program, and nothing else.

use super::error::BackupError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::collections::BTreeSet;
use std::path::Path;

/// Checks a copy and brings it up to date: one of an older program gets the tables that came since.
pub(super) async fn verify(file: &Path, migrator: &Migrator, what: &str) -> Result<(), BackupError> {
    let bad = |why: String| BackupError::unfit(format!("its {what} cannot be used: {why}"));
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Delete)
        .pragma("trusted_schema", "off")
        .disable_statement_logging();
    let mut conn = SqliteConnection::connect_with(&connect).await.map_err(|error| bad(error.to_string()))?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut conn)
        .await
        .map_err(|error| bad(error.to_string()))?;
    if found != "ok" {
        return Err(bad(found));
    }
    // What acts by itself could change what comes later; ours has none.
    let acts = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view')").fetch_optional(&mut conn);
    if acts.await.map_err(|error| bad(error.to_string()))?.is_some() {
        return Err(bad("it holds triggers or views".to_owned()));
    }
    migrator.run(&mut conn).await.map_err(|error| {
        bad(match error {
            MigrateError::VersionMissing(_) => "a newer program wrote it".to_owned(),
            other => other.to_string(),
        })
    })?;
    let tables = schema(&mut conn).await.map_err(|error| bad(error.to_string()))?;
    let ours = ours(migrator).await.map_err(|error| bad(error.to_string()))?;
    conn.close().await.map_err(|error| bad(error.to_string()))?;
    match tables == ours {
        true => Ok(()),
        false => Err(bad("its tables are not those of this program".to_owned())),
    }
}

async fn ours(migrator: &Migrator) -> Result<BTreeSet<(String, String)>, sqlx::Error> {
    let connect: SqliteConnectOptions = "sqlite::memory:".parse()?;
    let mut conn = SqliteConnection::connect_with(&connect).await?;
    migrator.run(&mut conn).await.map_err(sqlx::Error::from)?;
    schema(&mut conn).await
}

/// Every table and index with the words that made it.
async fn schema(conn: &mut SqliteConnection) -> Result<BTreeSet<(String, String)>, sqlx::Error> {
    let sql = "SELECT name, COALESCE(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let rows = sqlx::query(sql).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
