//! Reading what stands beside the stream: documents, arming, events, and what retention dropped.

use super::documents::{ArmingRecord, DocumentVersion};
use super::entry::Event;
use super::error::StoreError;
use super::reader::Reader;
use super::recover::read_arming;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};
use takt_plant::{LineId, WallTime};

/// An event as the store gives it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place, for paging.
    pub id: i64,
    /// What happened.
    pub event: Event,
}

/// Which acts of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActFilter {
    /// Only by somebody whose text contains this; empty: everybody.
    pub who: String,
    /// Only words that begin with this; empty: all.
    pub what: String,
    /// Not before.
    pub from: WallTime,
    /// Not after.
    pub to: WallTime,
    /// Only before this place.
    pub before: Option<i64>,
}

/// How much of one kind retention dropped for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// `samples`, `verdicts` or `events`.
    pub kind: String,
    /// `age` or `size`.
    pub reason: String,
    /// How many, ever.
    pub n: u64,
}

impl Reader {
    /// The current documents of a kind, by name. Removed ones are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn documents(&self, kind: &str) -> Result<Vec<DocumentVersion>, StoreError> {
        let sql = "SELECT kind, name, version, text, by, at_ns, note FROM document AS d WHERE kind = ? AND text IS NOT NULL \
                   AND version = (SELECT MAX(version) FROM document WHERE kind = d.kind AND name = d.name) ORDER BY name";
        let mut view = self.snapshot().await?;
        let rows = sqlx::query(sql).bind(kind).fetch_all(&mut *view.tx).await?;
        Ok(rows.iter().map(document_of).collect::<Result<_, _>>()?)
    }

    /// One version of a document, or its newest.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when there is no such version.
    pub async fn document(&self, kind: &str, name: &str, version: Option<u32>) -> Result<DocumentVersion, StoreError> {
        let sql = "SELECT kind, name, version, text, by, at_ns, note FROM document \
                   WHERE kind = ? AND name = ? AND version = COALESCE(?, version) ORDER BY version DESC LIMIT 1";
        let mut view = self.snapshot().await?;
        let query = sqlx::query(sql).bind(kind).bind(name).bind(version);
        let row = query.fetch_optional(&mut *view.tx).await?;
        let row = row.ok_or_else(|| StoreError::Unknown { what: "document", name: name.to_string() })?;
        Ok(document_of(&row)?)
    }

    /// All versions of a document, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn document_history(&self, kind: &str, name: &str) -> Result<Vec<DocumentVersion>, StoreError> {
        let sql = "SELECT kind, name, version, text, by, at_ns, note FROM document \
                   WHERE kind = ? AND name = ? ORDER BY version DESC";
        let mut view = self.snapshot().await?;
        let rows = sqlx::query(sql).bind(kind).bind(name).fetch_all(&mut *view.tx).await?;
        Ok(rows.iter().map(document_of).collect::<Result<_, _>>()?)
    }

    /// What is armed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn arming(&self) -> Result<Vec<ArmingRecord>, StoreError> {
        let mut view = self.snapshot().await?;
        Ok(read_arming(&mut view.tx).await?)
    }

    /// Events, newest first, before a place.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn events(&self, before: Option<i64>, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = "SELECT id, at_ns, who, what, line, text FROM event WHERE id < ? ORDER BY id DESC LIMIT ?";
        let mut view = self.snapshot().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(sql).bind(before.unwrap_or(i64::MAX)).bind(limit).fetch_all(&mut *view.tx).await?;
        Ok(rows.iter().map(event_of).collect::<Result<_, _>>()?)
    }

    /// What people did, newest first, before a place: events of everybody but the gateway itself.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn acts(&self, filter: &ActFilter, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = "SELECT id, at_ns, who, what, line, text FROM event WHERE id < ?1 AND who <> 'gateway' \
                   AND instr(lower(who), lower(?2)) > 0 AND substr(what, 1, length(?3)) = ?3 \
                   AND at_ns BETWEEN ?4 AND ?5 ORDER BY id DESC LIMIT ?6";
        let mut view = self.snapshot().await?;
        let query = sqlx::query(sql).bind(filter.before.unwrap_or(i64::MAX)).bind(&filter.who).bind(&filter.what);
        let query = query.bind(filter.from.as_ns()).bind(filter.to.as_ns());
        let rows = query.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&mut *view.tx).await?;
        Ok(rows.iter().map(event_of).collect::<Result<_, _>>()?)
    }

    /// What retention dropped so far.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn dropped(&self) -> Result<Vec<Dropped>, StoreError> {
        let mut view = self.snapshot().await?;
        let rows =
            sqlx::query("SELECT kind, reason, n FROM dropped ORDER BY kind, reason").fetch_all(&mut *view.tx).await?;
        let dropped = |row: &SqliteRow| {
            let n = row.try_get::<i64, _>(2)?.cast_unsigned();
            Ok::<_, Error>(Dropped { kind: row.try_get(0)?, reason: row.try_get(1)?, n })
        };
        Ok(rows.iter().map(dropped).collect::<Result<_, _>>()?)
    }
}

fn document_of(row: &SqliteRow) -> Result<DocumentVersion, Error> {
    Ok(DocumentVersion {
        kind: row.try_get(0)?,
        name: row.try_get(1)?,
        version: row.try_get(2)?,
        text: row.try_get(3)?,
        by: row.try_get(4)?,
        at: WallTime::from_ns(row.try_get(5)?),
        note: row.try_get(6)?,
    })
}

fn event_of(row: &SqliteRow) -> Result<StoredEvent, Error> {
    let line: Option<String> = row.try_get(4)?;
    Ok(StoredEvent {
        id: row.try_get(0)?,
        event: Event {
            at: WallTime::from_ns(row.try_get(1)?),
            who: row.try_get(2)?,
            what: row.try_get(3)?,
            line: line.and_then(|l| LineId::new(&l).ok()),
            text: row.try_get(5)?,
        },
    })
}
