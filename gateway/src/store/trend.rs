//! Verdicts of one check over a span for a chart: as many as it can show, without losing a fail.

use super::entry::CheckSlot;
use super::error::StoreError;
use super::reader::{Reader, Snapshot};
use super::rows::{VERDICT_COLUMNS, verdict_row_of};
use super::samples::Span;
use super::verdict::{StoredVerdict, VerdictRow, verdict_of};
use super::verdicts::VerdictFilter;
use sqlx::{AssertSqlSafe, Row};
use takt_plant::{CheckId, LineId};

/// Every how many verdicts one is taken, of those that passed and of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Every {
    passed: u64,
    others: u64,
}

impl Every {
    fn takes(self, row: &VerdictRow) -> bool {
        row.seq.is_multiple_of(if row.outcome == 0 { self.passed } else { self.others })
    }
}

/// The ends of a span among a check's verdicts: epoch, number and id of the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    first: (u32, u64, i64),
    last: (u32, u64, i64),
}

impl Reader {
    /// Verdicts of a check over a span, oldest first. Where there are more than about `n_max`, passed
    /// ones are thinned evenly; the others only where they alone are more.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a verdict cannot be read.
    pub async fn trend(
        &self,
        line: &LineId,
        check: &CheckId,
        span: Span,
        n_max: usize,
    ) -> Result<Vec<StoredVerdict>, StoreError> {
        let mut view = self.snapshot().await?;
        let slot = view.names.checks(Some(line)).into_iter().find(|(_, _, c)| c == check);
        let Some((slot, ..)) = slot else { return Ok(Vec::new()) };
        let filter = VerdictFilter { span: Some(span), ..VerdictFilter::default() };
        let (waiting, _) = view.unfolded(&filter, &[slot]).await?;
        let ends = view.ends(slot, span).await?;
        let every = view.every(slot, ends, waiting.len(), n_max).await?;
        let mut rows = match ends {
            Some(ends) => view.between(slot, ends, every).await?,
            None => Vec::new(),
        };
        rows.extend(waiting.into_iter().filter(|row| every.takes(row)));
        rows.sort_unstable_by_key(|row| (row.epoch, row.seq));
        Ok(rows.iter().map(|row| verdict_of(row, &view.names)).collect::<Result<_, _>>()?)
    }
}

impl Snapshot {
    async fn ends(&mut self, check: CheckSlot, span: Span) -> Result<Option<Ends>, StoreError> {
        let mut found = Vec::new();
        for order in ["ASC", "DESC"] {
            let sql = format!(
                "SELECT epoch, seq, id FROM verdict WHERE chk = ? AND at_ns >= ? AND at_ns < ? ORDER BY at_ns {order} LIMIT 1"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(check.0).bind(span.from.as_ns()).bind(span.to.as_ns());
            let Some(row) = query.fetch_optional(&mut *self.tx).await? else { return Ok(None) };
            found.push((
                row.try_get::<u32, _>(0)?,
                row.try_get::<i64, _>(1)?.cast_unsigned(),
                row.try_get::<i64, _>(2)?,
            ));
        }
        Ok(Some(Ends { first: found[0].min(found[1]), last: found[0].max(found[1]) }))
    }

    async fn every(
        &mut self,
        check: CheckSlot,
        ends: Option<Ends>,
        n_waiting: usize,
        n_max: usize,
    ) -> Result<Every, StoreError> {
        let n_max = n_max.max(1) as u64;
        let Some(Ends { first, last }) = ends else { return Ok(Every { passed: 1, others: 1 }) };
        // Numbers begin anew with an epoch; then the last one's number is the best guess.
        let n_all = if first.0 == last.0 { last.1 - first.1 + 1 } else { last.1 } + n_waiting as u64;
        let sql = "SELECT COUNT(*) FROM verdict WHERE chk = ? AND outcome <> 0 AND id BETWEEN ? AND ?";
        let query = sqlx::query(sql).bind(check.0).bind(first.2.min(last.2)).bind(first.2.max(last.2));
        let n_others = query.fetch_one(&mut *self.tx).await?.try_get::<i64, _>(0)?.cast_unsigned();
        Ok(Every { passed: n_all.div_ceil(n_max).max(1), others: n_others.div_ceil(n_max).max(1) })
    }

    async fn between(&mut self, check: CheckSlot, ends: Ends, every: Every) -> Result<Vec<VerdictRow>, StoreError> {
        let sql = format!(
            "SELECT {VERDICT_COLUMNS} FROM verdict WHERE chk = ? AND (epoch, seq) >= (?, ?) AND (epoch, seq) <= (?, ?) \
             AND ((outcome = 0 AND seq % ? = 0) OR (outcome <> 0 AND seq % ? = 0)) ORDER BY epoch, seq"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(check.0);
        let query = query.bind(ends.first.0).bind(ends.first.1.cast_signed());
        let query = query.bind(ends.last.0).bind(ends.last.1.cast_signed());
        let query = query.bind(every.passed.cast_signed()).bind(every.others.cast_signed());
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(verdict_row_of).collect::<Result<_, _>>()?)
    }
}
