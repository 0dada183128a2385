//! Table rows to rows of this module tree.

use super::verdict::VerdictRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};

/// The columns that [`verdict_row_of`] reads, in its order.
pub const VERDICT_COLUMNS: &str = "id, chk, epoch, seq, at_ns, outcome, part, body, writes";

/// Reads a row of the table of verdicts.
pub fn verdict_row_of(row: &SqliteRow) -> Result<VerdictRow, Error> {
    Ok(VerdictRow {
        id: row.try_get(0)?,
        check: row.try_get(1)?,
        epoch: row.try_get(2)?,
        seq: row.try_get::<i64, _>(3)?.cast_unsigned(),
        at_ns: row.try_get(4)?,
        outcome: row.try_get(5)?,
        part: row.try_get(6)?,
        body: row.try_get(7)?,
        writes: row.try_get(8)?,
    })
}
