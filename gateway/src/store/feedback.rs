//! What people said about a verdict: kept beside it, the newest word counts.

use super::error::StoreError;
use super::reader::Reader;
use sqlx::Row;
use takt_plant::{CheckId, LineId, WallTime};

/// What somebody said about a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The verdict's line.
    pub line: LineId,
    /// The verdict's check.
    pub check: CheckId,
    /// The verdict's epoch and number.
    pub numbered: (u32, u64),
    /// Whether the verdict was right.
    pub is_right: bool,
    /// In their words.
    pub text: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: WallTime,
}

impl Reader {
    /// What was said about a verdict.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn feedback(
        &self,
        line: &LineId,
        check: &CheckId,
        numbered: (u32, u64),
    ) -> Result<Option<Feedback>, StoreError> {
        let mut view = self.snapshot().await?;
        let slot = view.names.checks(Some(line)).into_iter().find(|(_, _, c)| c == check);
        let Some((slot, ..)) = slot else { return Ok(None) };
        let sql = "SELECT is_right, text, by, at_ns FROM feedback WHERE chk = ? AND epoch = ? AND seq = ?";
        let query = sqlx::query(sql).bind(slot.0).bind(numbered.0).bind(numbered.1.cast_signed());
        let Some(row) = query.fetch_optional(&mut *view.tx).await? else { return Ok(None) };
        Ok(Some(Feedback {
            line: line.clone(),
            check: check.clone(),
            numbered,
            is_right: row.try_get::<i64, _>(0)? != 0,
            text: row.try_get(1)?,
            by: row.try_get(2)?,
            at: WallTime::from_ns(row.try_get(3)?),
        }))
    }
}
