//! Reading verdicts back: pages, newest first, by line, check, outcome, part and time.

use super::entry::CheckSlot;
use super::error::StoreError;
use super::reader::{Reader, Snapshot};
use super::rows::{VERDICT_COLUMNS, verdict_row_of};
use super::samples::Span;
use super::verdict::{StoredVerdict, VerdictRow, verdict_of};
use sqlx::{AssertSqlSafe, Row};
use takt_plant::{CheckId, LineId, WallTime};

/// An outcome as a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Pass.
    Pass,
    /// Fail.
    Fail,
    /// Inconclusive for any reason.
    Inconclusive,
}

/// Which verdicts are wanted. Everything that is `None` is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerdictFilter {
    /// Of this line.
    pub line: Option<LineId>,
    /// Of this check.
    pub check: Option<CheckId>,
    /// With this outcome.
    pub outcome: Option<OutcomeKind>,
    /// Of this part, as its number or text is shown.
    pub part: Option<String>,
    /// Given in this span.
    pub span: Option<Span>,
    /// Before this place: the `id` of the last verdict of the page before.
    pub before: Option<i64>,
    /// Only this one: epoch and number.
    pub numbered: Option<(u32, u64)>,
}

/// Ids of verdicts follow their time but for clock steps; this many verdicts around the end of a
/// span are looked at as well.
const CLOCK_STEP_IDS: i64 = 4_096;

impl Reader {
    /// A page of verdicts, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a verdict cannot be read.
    pub async fn verdicts(&self, filter: &VerdictFilter, limit: usize) -> Result<Vec<StoredVerdict>, StoreError> {
        let mut view = self.snapshot().await?;
        let checks = view.names.checks(filter.line.as_ref()).into_iter();
        let checks: Vec<CheckSlot> =
            checks.filter(|(_, _, c)| filter.check.as_ref().is_none_or(|want| want == c)).map(|c| c.0).collect();
        let (mut rows, writes) = view.unfolded(filter, &checks).await?;
        rows.sort_unstable_by_key(|r| std::cmp::Reverse(r.id));
        rows.truncate(limit);
        if rows.len() < limit {
            let mut folded = view.folded(filter, &checks, limit - rows.len()).await?;
            for row in &mut folded {
                let late = writes.iter().filter(|w| (w.0, w.1) == (row.check, row.seq));
                late.for_each(|w| row.writes.extend_from_slice(&w.2));
            }
            rows.append(&mut folded);
        }
        Ok(rows.iter().map(|r| verdict_of(r, &view.names)).collect::<Result<_, _>>()?)
    }

    /// One verdict by its number; `None` where it never was or retention has dropped it.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when it cannot be read.
    pub async fn verdict(
        &self,
        line: &LineId,
        check: &CheckId,
        numbered: (u32, u64),
    ) -> Result<Option<StoredVerdict>, StoreError> {
        let filter = VerdictFilter {
            line: Some(line.clone()),
            check: Some(check.clone()),
            numbered: Some(numbered),
            ..VerdictFilter::default()
        };
        Ok(self.verdicts(&filter, 1).await?.pop())
    }

    /// The numbers of a check's verdicts before and after one; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn neighbours(
        &self,
        line: &LineId,
        check: &CheckId,
        numbered: (u32, u64),
    ) -> Result<[Option<(u32, u64)>; 2], StoreError> {
        let mut view = self.snapshot().await?;
        let slot = view.names.checks(Some(line)).into_iter().find(|(_, _, c)| c == check);
        let Some((slot, ..)) = slot else { return Ok([None; 2]) };
        let filter = VerdictFilter { line: Some(line.clone()), check: Some(check.clone()), ..VerdictFilter::default() };
        let (waiting, _) = view.unfolded(&filter, &[slot]).await?;
        let waiting = waiting.iter().map(|row| (row.epoch, row.seq));
        let before = waiting.clone().filter(|number| *number < numbered).max();
        let after = waiting.filter(|number| *number > numbered).min();
        let folded =
            [view.nearest(slot, numbered, "<", "DESC").await?, view.nearest(slot, numbered, ">", "ASC").await?];
        Ok([folded[0].into_iter().chain(before).max(), folded[1].into_iter().chain(after).min()])
    }

    /// Verdicts given in a span, oldest first, after a place; for exports in bounded memory.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::Damaged`] when a verdict cannot be read.
    pub async fn verdicts_after(&self, span: Span, after: i64, limit: usize) -> Result<Vec<StoredVerdict>, StoreError> {
        let mut view = self.snapshot().await?;
        let sql = format!(
            "SELECT {VERDICT_COLUMNS} FROM verdict WHERE id > ? AND +at_ns >= ? AND +at_ns < ? ORDER BY id LIMIT ?"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(span.from.as_ns()).bind(span.to.as_ns());
        let rows = query.bind(limit_rows(limit)).fetch_all(&mut *view.tx).await?;
        let mut rows = rows.iter().map(verdict_row_of).collect::<Result<Vec<_>, _>>()?;
        if rows.len() < limit {
            let filter = VerdictFilter { span: Some(span), ..VerdictFilter::default() };
            let checks: Vec<CheckSlot> = view.names.checks(None).into_iter().map(|c| c.0).collect();
            let (mut waiting, _) = view.unfolded(&filter, &checks).await?;
            waiting.retain(|r| r.id > after);
            waiting.sort_unstable_by_key(|r| r.id);
            rows.append(&mut waiting);
            rows.truncate(limit);
        }
        Ok(rows.iter().map(|r| verdict_of(r, &view.names)).collect::<Result<_, _>>()?)
    }

    /// The place just before the first verdict of a span, for [`Reader::verdicts_after`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn place_before(&self, from: WallTime) -> Result<i64, StoreError> {
        let mut view = self.snapshot().await?;
        let sql = "SELECT id FROM verdict WHERE at_ns >= ? ORDER BY at_ns LIMIT 1";
        let row = sqlx::query(sql).bind(from.as_ns()).fetch_optional(&mut *view.tx).await?;
        Ok(row.map(|r| r.try_get::<i64, _>(0)).transpose()?.map_or(0, |id| id - CLOCK_STEP_IDS).max(0))
    }
}

type Late = Vec<(u32, u64, Vec<u8>)>;

impl Snapshot {
    /// Verdicts that still lie in the journal, and ends of writes that belong to folded verdicts.
    pub(super) async fn unfolded(
        &mut self,
        filter: &VerdictFilter,
        checks: &[CheckSlot],
    ) -> Result<(Vec<VerdictRow>, Late), StoreError> {
        let row = sqlx::query("SELECT folded_row FROM identity").fetch_one(&mut *self.tx).await?;
        let folded: i64 = row.try_get(0)?;
        let mut rows: Vec<VerdictRow> = Vec::new();
        let mut late = Late::new();
        self.each_journal_row(
            folded,
            |_, _| false,
            |mut row| {
                rows.append(&mut row.tail.verdicts);
                late.append(&mut row.tail.writes);
            },
        )
        .await?;
        late.retain(|(check, seq, bytes)| {
            let waiting = rows.iter_mut().find(|r| (r.check, r.seq) == (*check, *seq));
            waiting.map(|r| r.writes.extend_from_slice(bytes)).is_none()
        });
        rows.retain(|r| filter.takes(r) && checks.contains(&CheckSlot(r.check)));
        Ok((rows, late))
    }

    /// Verdicts of the table. One query per check, each by an index, merged: a rare check is found
    /// as fast as a busy one.
    async fn folded(
        &mut self,
        filter: &VerdictFilter,
        checks: &[CheckSlot],
        limit: usize,
    ) -> Result<Vec<VerdictRow>, StoreError> {
        let before = self.before(filter).await?;
        let (condition, order) = filter.condition();
        let each = filter.line.is_some() || filter.check.is_some() || filter.outcome.is_some();
        let wanted: Vec<Option<u32>> = if each { checks.iter().map(|c| Some(c.0)).collect() } else { vec![None] };
        let mut found = Vec::new();
        for check in wanted {
            let (of_check, order) = match check {
                Some(check) => (format!("chk = {check} AND"), order),
                None => (String::new(), "id DESC"),
            };
            let sql = format!(
                "SELECT {VERDICT_COLUMNS} FROM verdict WHERE {of_check} {condition} AND id < ? ORDER BY {order} LIMIT ?"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            if let Some(part) = &filter.part {
                query = query.bind(part.as_str());
            }
            if let Some(span) = filter.span {
                query = query.bind(span.from.as_ns()).bind(span.to.as_ns());
            }
            let rows = query.bind(before).bind(limit_rows(limit)).fetch_all(&mut *self.tx).await?;
            found.extend(rows.iter().map(verdict_row_of).collect::<Result<Vec<_>, _>>()?);
        }
        found.sort_unstable_by_key(|r| std::cmp::Reverse(r.id));
        found.truncate(limit);
        Ok(found)
    }

    /// The number that is nearest to one on a side of it.
    async fn nearest(
        &mut self,
        check: CheckSlot,
        (epoch, seq): (u32, u64),
        side: &str,
        order: &str,
    ) -> Result<Option<(u32, u64)>, StoreError> {
        let sql = format!(
            "SELECT epoch, seq FROM verdict WHERE chk = ? AND (epoch, seq) {side} (?, ?) \
             ORDER BY epoch {order}, seq {order} LIMIT 1"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(check.0).bind(epoch).bind(seq.cast_signed());
        let Some(row) = query.fetch_optional(&mut *self.tx).await? else { return Ok(None) };
        Ok(Some((row.try_get(0)?, row.try_get::<i64, _>(1)?.cast_unsigned())))
    }

    async fn before(&mut self, filter: &VerdictFilter) -> Result<i64, StoreError> {
        let before = filter.before.unwrap_or(i64::MAX);
        let Some(span) = filter.span else { return Ok(before) };
        let sql = "SELECT id FROM verdict WHERE at_ns < ? ORDER BY at_ns DESC LIMIT 1";
        let row = sqlx::query(sql).bind(span.to.as_ns()).fetch_optional(&mut *self.tx).await?;
        let last: i64 = row.map_or(Ok(0), |r| r.try_get(0))?;
        Ok(before.min(last.saturating_add(CLOCK_STEP_IDS)))
    }
}

impl VerdictFilter {
    /// Whether a row is wanted, but for its check.
    fn takes(&self, row: &VerdictRow) -> bool {
        self.outcome.is_none_or(|o| o as u8 == row.outcome)
            && self.part.as_ref().is_none_or(|p| row.part.as_ref() == Some(p))
            && self.span.is_none_or(|s| s.holds(WallTime::from_ns(row.at_ns)))
            && self.before.is_none_or(|b| row.id < b)
            && self.numbered.is_none_or(|n| (row.epoch, row.seq) == n)
    }

    /// The condition in SQL, with placeholders for part and span, and the order that has an index.
    fn condition(&self) -> (String, &'static str) {
        let mut terms = vec!["1".to_string()];
        let mut order = "epoch DESC, seq DESC";
        match self.outcome {
            Some(OutcomeKind::Pass) => terms.push("outcome = 0".into()),
            Some(kind) => {
                order = "id DESC";
                terms.push(format!("outcome <> 0 AND outcome = {}", kind as u8));
            }
            None => {}
        }
        if self.part.is_some() {
            order = "id DESC";
            terms.push("part = ?".into());
        }
        if self.span.is_some() {
            terms.push("+at_ns >= ? AND +at_ns < ?".into());
        }
        if let Some((epoch, seq)) = self.numbered {
            terms.push(format!("epoch = {epoch} AND seq = {seq}"));
        }
        (terms.join(" AND "), order)
    }
}

fn limit_rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
