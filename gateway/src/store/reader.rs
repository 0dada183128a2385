//! The reading side: a pool of connections of its own, so that no reader ever waits for the writer
//! or makes it wait. A reader sees what is committed, folded or not.

use super::chunk::StoredFrame;
use super::db;
use super::error::StoreError;
use super::names::{GroupRow, Names};
use super::row::{Row as JournalRow, decode};
use futures::TryStreamExt;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Row, Sqlite, SqlitePool, Transaction};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use takt_plant::GroupSlot;

/// Reads a store. Works beside a running gateway, also from another process.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: SqlitePool,
    still: Still,
    names: Arc<Mutex<Arc<Names>>>,
    names_max: Arc<Mutex<(i64, i64)>>,
}

/// The readers' way in while the store cannot even be opened for writing; nothing at other times.
#[derive(Debug, Clone, Default)]
pub(super) struct Still(Arc<Mutex<Option<SqlitePool>>>);

impl Still {
    fn lock(&self) -> MutexGuard<'_, Option<SqlitePool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, readers go this way.
    pub fn begin(&self, connect: SqliteConnectOptions) {
        *self.lock() = Some(db::pool(connect));
    }

    /// Whether readers go this way.
    pub fn is_in_use(&self) -> bool {
        self.lock().is_some()
    }

    /// From now on, readers go the ordinary way.
    pub async fn end(&self) {
        /// A reader that takes longer reads files that change under it, and its answer is an error.
        const READERS_END_WITHIN: Duration = Duration::from_secs(1);
        let pool = self.lock().take();
        if let Some(pool) = pool {
            let _ = tokio::time::timeout(READERS_END_WITHIN, pool.close()).await;
        }
    }
}

/// One consistent view of the database.
pub(super) struct Snapshot {
    /// Ends with the view.
    pub tx: Transaction<'static, Sqlite>,
    /// All names of this view.
    pub names: Arc<Names>,
}

impl Reader {
    /// A reader of the store in a folder. Connects with the first question.
    pub fn open(dir: &Path) -> Self {
        Self::beside(dir, Still::default())
    }

    /// A reader beside the writer of this process.
    pub(super) fn beside(dir: &Path, still: Still) -> Self {
        let pool = db::open_readers(&dir.join(db::FILE));
        Self { pool, still, names: Arc::default(), names_max: Arc::default() }
    }

    /// Ends all connections. Without it they end with the last clone.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let pool = self.still.lock().clone().unwrap_or_else(|| self.pool.clone());
        let mut tx = pool.begin().await?;
        let sql = "SELECT (SELECT COALESCE(MAX(id), 0) FROM name), (SELECT COALESCE(MAX(id), 0) FROM frame_group)";
        let row = sqlx::query(sql).fetch_one(&mut *tx).await?;
        let max: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let known = *self.names_max.lock().unwrap_or_else(PoisonError::into_inner);
        if known != max {
            let names = Arc::new(load_names(&mut tx).await?);
            *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
            *self.names_max.lock().unwrap_or_else(PoisonError::into_inner) = max;
        }
        let names = Arc::clone(&self.names.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Snapshot { tx, names })
    }
}

async fn load_names(tx: &mut Transaction<'static, Sqlite>) -> Result<Names, StoreError> {
    let mut names = Names::default();
    for row in sqlx::query("SELECT id, kind, parent, text FROM name").fetch_all(&mut **tx).await? {
        names.load(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    }
    for row in sqlx::query("SELECT id, line, tags FROM frame_group").fetch_all(&mut **tx).await? {
        names.load_group(GroupRow::new(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(names)
}

impl Snapshot {
    /// Visits the journal's rows after a row, oldest first. Damaged rows are left out.
    pub async fn each_journal_row(
        &mut self,
        after: i64,
        wanted: impl Fn(GroupSlot, i64) -> bool,
        mut visit: impl FnMut(JournalRow),
    ) -> Result<(), StoreError> {
        let mut rows =
            sqlx::query("SELECT id, body FROM journal WHERE id > ? ORDER BY id").bind(after).fetch(&mut *self.tx);
        while let Some(row) = rows.try_next().await? {
            let (id, body): (i64, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
            match decode(body, |group| wanted(group, id)) {
                Ok(row) => visit(row),
                Err(error) => tracing::error!(%error, row = id, "a journal row cannot be read and is left out"),
            }
        }
        Ok(())
    }

    /// The frames of some groups that are not sealed, in the order in which they came.
    pub async fn open_frames(&mut self, groups: &[GroupSlot]) -> Result<Vec<(GroupSlot, StoredFrame)>, StoreError> {
        let mut sealed = BTreeMap::new();
        for group in groups {
            let row = sqlx::query("SELECT sealed_row FROM frame_group WHERE id = ?").bind(group.0);
            if let Some(row) = row.fetch_optional(&mut *self.tx).await? {
                sealed.insert(*group, row.try_get::<i64, _>(0)?);
            }
        }
        let Some(after) = sealed.values().min().copied() else { return Ok(Vec::new()) };
        let mut frames = Vec::new();
        let wanted = |group: GroupSlot, row: i64| sealed.get(&group).is_some_and(|s| row > *s);
        self.each_journal_row(after, wanted, |mut row| frames.append(&mut row.frames)).await?;
        Ok(frames)
    }
}
