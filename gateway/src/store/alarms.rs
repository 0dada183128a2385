//! Where alarms stood: kept, so that a restart neither forgets an acknowledgement nor wakes what was
//! put aside.

use super::error::StoreError;
use super::reader::Reader;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use takt_plant::{AlarmState, WallTime};

/// Where one alarm stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRecord {
    /// What it concerns, such as `press-3/stroke`.
    pub place: String,
    /// What kind it is.
    pub kind: String,
    /// Its state; one that is normal is not kept.
    pub state: AlarmState,
    /// Since when.
    pub since: WallTime,
    /// Who acknowledged it or put it aside; empty for nobody.
    pub by: String,
    /// Until when it is shelved.
    pub shelved_until: Option<WallTime>,
}

impl Reader {
    /// All alarms that are not normal.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn alarms(&self) -> Result<Vec<AlarmRecord>, StoreError> {
        let sql = "SELECT place, kind, state, since_ns, by, shelved_until_ns FROM alarm ORDER BY place, kind";
        let mut view = self.snapshot().await?;
        let rows = sqlx::query(sql).fetch_all(&mut *view.tx).await?;
        Ok(rows.iter().map(alarm_of).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

/// A state that a newer program wrote is left out: the alarm is then raised anew.
fn alarm_of(row: &SqliteRow) -> Result<Option<AlarmRecord>, sqlx::Error> {
    let word: String = row.try_get(2)?;
    let Some(state) = AlarmState::of_word(&word) else { return Ok(None) };
    let shelved_until_ns: i64 = row.try_get(5)?;
    Ok(Some(AlarmRecord {
        place: row.try_get(0)?,
        kind: row.try_get(1)?,
        state,
        since: WallTime::from_ns(row.try_get(3)?),
        by: row.try_get(4)?,
        shelved_until: (shelved_until_ns != 0).then(|| WallTime::from_ns(shelved_until_ns)),
    }))
}
