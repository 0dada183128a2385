//! Folding: what commits brought, frames apart, goes from the journal into its tables, many commits
//! in one transaction, so that a table's page is written once per fold and not once per commit.

use super::Writer;
use crate::store::db::{self, placeholders};
use crate::store::entry::{CheckSlot, ConnectionSlot, Event};
use crate::store::health::Counters;
use crate::store::names::Names;
use crate::store::row::Tail;
use crate::store::verdict::VerdictRow;
use sqlx::{AssertSqlSafe, Error, Row, SqliteConnection};
use std::collections::BTreeMap;
use takt_plant::{LineId, MonoTime, WallTime};

/// Verdicts that end the wait for the next fold: they bound the memory and the readers' merging.
const VERDICTS_MAX: usize = 2_048;
/// Rows of one statement. Few different texts, so that SQLite keeps them prepared.
const STATEMENT_ROWS: [usize; 3] = [32, 8, 1];
/// Journal rows that one transaction deletes: about a millisecond.
const DELETED_ROWS_MAX: usize = 1_000;

/// A cursor of the outbox as its table holds it.
type CursorRow = (ConnectionSlot, CheckSlot, u32, u64);

impl Writer {
    /// When the next fold is due; `None` when there is nothing to fold.
    pub(super) fn fold_due(&self) -> Option<MonoTime> {
        let waits = !self.now.tail.is_empty() || !self.now.outbox.is_clean() || self.has_old_rows();
        let due = if self.now.tail.verdicts.len() >= VERDICTS_MAX {
            self.last_fold
        } else {
            self.last_fold.plus(self.options.fold)
        };
        waits.then(|| self.retry_at.map_or(due, |retry| retry.max(due)))
    }

    /// The first journal row that is needed after a fold of everything.
    fn first_needed_row(&self) -> i64 {
        let open = self.now.open.first_row();
        let sealing = self.sealing.as_ref().map(|s| s.first_row);
        open.into_iter().chain(sealing).min().unwrap_or(self.now.last_row + 1)
    }

    fn has_old_rows(&self) -> bool {
        self.now.journal.front().is_some_and(|(row, _)| *row < self.first_needed_row())
    }

    /// Folds everything that waits. What cannot be written stays for the next time.
    pub(super) async fn fold(&mut self) {
        let elapsed = self.clock.mono().since(self.last_fold).as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let per_s = std::mem::take(&mut self.n_uncovered) as f64 / elapsed;
        self.uncovered_per_s += 0.2 * (per_s - self.uncovered_per_s);
        self.last_fold = self.clock.mono();
        self.linger.forget();
        self.carry().await;
        if let Err(error) = self.make_room().await {
            tracing::debug!(%error, "no room could be made before a fold");
        }
        let mut tail = std::mem::take(&mut self.now.tail);
        self.merge_writes(&mut tail);
        let cursors = self.now.outbox.take_dirty();
        let first_needed = self.first_needed_row();
        let delete_to = self.deletable_row(first_needed);
        match self.write_fold(&tail, &cursors, delete_to).await {
            Ok(repeated) => {
                Counters::add(&self.shared.counters.n_repeated, repeated.n);
                Counters::add(&self.shared.counters.n_conflicting, repeated.differing.len());
                self.now.folded_row = self.now.last_row;
                self.marks_dirty.clear();
                while self.now.journal.front().is_some_and(|(row, _)| *row <= delete_to) {
                    self.now.journal.pop_front();
                }
            }
            Err(error) => {
                self.now.outbox.again(&cursors);
                tail.append(std::mem::take(&mut self.now.tail));
                self.now.tail = tail;
                self.cannot_write(&error);
            }
        }
    }

    fn deletable_row(&self, first_needed: i64) -> i64 {
        let old = self.now.journal.iter().take(DELETED_ROWS_MAX).take_while(|(row, _)| *row < first_needed);
        old.last().map_or(0, |(row, _)| *row)
    }

    /// Puts the ends of writes to the verdicts that wait beside them.
    fn merge_writes(&self, tail: &mut Tail) {
        let mut places = BTreeMap::new();
        for (i, verdict) in tail.verdicts.iter().enumerate() {
            if verdict.epoch >= self.now.since {
                places.insert((verdict.check, verdict.seq), i);
            }
        }
        let verdicts = &mut tail.verdicts;
        tail.writes.retain(|(check, seq, bytes)| match places.get(&(*check, *seq)) {
            Some(i) => {
                verdicts[*i].writes.extend_from_slice(bytes);
                false
            }
            None => true,
        });
    }

    async fn write_fold(&mut self, tail: &Tail, cursors: &[CursorRow], delete_to: i64) -> Result<Repeated, Error> {
        let (epoch, since) = (self.now.epoch, self.now.since);
        let marks: Vec<(ConnectionSlot, Vec<u8>)> =
            self.marks_dirty.iter().map(|c| (*c, self.mark_bytes(*c))).collect();
        let positions = self.position_rows(tail);
        let (names, last_row, next_verdict) = (&self.now.names, self.now.last_row, self.now.next_verdict);
        let (per_s, at) = (self.uncovered_per_s, self.clock.wall());
        let repeated = db::transact(&mut self.conn, async |conn| {
            super::commit::insert_names(conn, names).await?;
            let repeated = insert_verdicts(conn, &tail.verdicts).await?;
            if let Some(event) = conflict(&repeated.differing, names, at) {
                insert_event(conn, &event).await?;
            }
            append_writes(conn, [epoch, since], &tail.writes).await?;
            upsert_positions(conn, epoch, &positions).await?;
            upsert_marks(conn, &marks).await?;
            upsert_cursors(conn, cursors).await?;
            for event in &tail.events {
                insert_event(conn, event).await?;
            }
            let identity = "UPDATE identity SET folded_row = ?, next_verdict = ?, samples_per_s = ?";
            sqlx::query(identity).bind(last_row).bind(next_verdict).bind(per_s).execute(&mut *conn).await?;
            if delete_to > 0 {
                sqlx::query("DELETE FROM journal WHERE id <= ?").bind(delete_to).execute(conn).await?;
            }
            Ok(repeated)
        })
        .await?;
        self.now.names.unsaved.clear();
        self.now.names.unsaved_groups.clear();
        Ok(repeated)
    }

    fn mark_bytes(&self, connection: ConnectionSlot) -> Vec<u8> {
        self.now.marks.get(&connection).map(|m| m.iter().flatten().copied().collect()).unwrap_or_default()
    }

    /// The rows of checks whose position or number moved; a position that did not move is `None`.
    fn position_rows<'a>(&self, tail: &'a Tail) -> BTreeMap<u32, (u64, Option<&'a [u8]>)> {
        let mut rows = BTreeMap::new();
        let seq_of = |check: u32| self.now.last_seq.get(&check).copied().unwrap_or(0);
        for verdict in &tail.verdicts {
            rows.insert(verdict.check, (seq_of(verdict.check), None));
        }
        for (check, bytes) in &tail.positions {
            rows.insert(check.0, (seq_of(check.0), Some(bytes.as_slice())));
        }
        rows
    }
}

/// Splits rows into statements of few different sizes.
fn statements<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let n = STATEMENT_ROWS.into_iter().find(|n| *n <= rows.len())?;
        let (head, rest) = rows.split_at(n);
        rows = rest;
        Some(head)
    })
}

/// Verdicts whose key was stored already.
#[derive(Debug, Default)]
struct Repeated {
    /// All of them.
    n: usize,
    /// Check, epoch and number of those that are another verdict than the stored one.
    differing: Vec<(CheckSlot, u32, u64)>,
}

/// A number that was given twice is a defect of the gateway, and the second verdict is lost to the
/// store. Nobody may have to find that out by counting, so the log and an event say it.
fn conflict(differing: &[(CheckSlot, u32, u64)], names: &Names, at: WallTime) -> Option<Event> {
    let (check, epoch, seq) = *differing.first()?;
    let (line, check) = names.check_names(check).unzip();
    let check = check.map_or_else(|| "a check".to_owned(), |check| check.to_string());
    let n = differing.len();
    let text = format!(
        "{check}: number {seq} of epoch {epoch} was given twice, and the second verdict is not in the store ({n} such \
         verdicts at once); please report this as a defect"
    );
    tracing::error!(line = line.as_ref().map(LineId::as_str), text);
    Some(Event { at, who: "gateway".to_owned(), what: "verdict.conflict".to_owned(), line, text })
}

/// Inserts verdicts. A key that is there already stays as it is, and is given back.
async fn insert_verdicts(conn: &mut SqliteConnection, rows: &[VerdictRow]) -> Result<Repeated, Error> {
    let mut repeated = Repeated::default();
    for rows in statements(rows) {
        let sql = format!(
            "INSERT OR IGNORE INTO verdict (id, chk, epoch, seq, at_ns, outcome, part, body, writes) VALUES {}",
            placeholders(rows.len(), 9)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in rows {
            query = query.bind(row.id).bind(row.check).bind(row.epoch).bind(row.seq.cast_signed()).bind(row.at_ns);
            query =
                query.bind(row.outcome).bind(row.part.as_deref()).bind(row.body.as_slice()).bind(row.writes.as_slice());
        }
        if (query.execute(&mut *conn).await?.rows_affected() as usize) < rows.len() {
            find_repeated(conn, rows, &mut repeated).await?;
        }
    }
    Ok(repeated)
}

async fn find_repeated(conn: &mut SqliteConnection, rows: &[VerdictRow], found: &mut Repeated) -> Result<(), Error> {
    for row in rows {
        let sql = "SELECT id, at_ns, outcome, part, body FROM verdict WHERE chk = ? AND epoch = ? AND seq = ?";
        let query = sqlx::query(sql).bind(row.check).bind(row.epoch).bind(row.seq.cast_signed());
        let Some(stored) = query.fetch_optional(&mut *conn).await? else { continue };
        if stored.try_get::<i64, _>(0)? == row.id {
            continue;
        }
        found.n += 1;
        let is_same = stored.try_get::<i64, _>(1)? == row.at_ns
            && stored.try_get::<u8, _>(2)? == row.outcome
            && stored.try_get::<Option<String>, _>(3)? == row.part
            && stored.try_get::<Vec<u8>, _>(4)? == row.body;
        if !is_same {
            found.differing.push((CheckSlot(row.check), row.epoch, row.seq));
        }
    }
    Ok(())
}

/// Puts the ends of writes to their verdicts: those of this epoch, or of the one whose numbers go on in it.
async fn append_writes(
    conn: &mut SqliteConnection,
    epochs: [u32; 2],
    writes: &[(u32, u64, Vec<u8>)],
) -> Result<(), Error> {
    for (check, seq, bytes) in writes {
        for epoch in epochs {
            let update =
                "UPDATE verdict SET writes = CAST(writes || ? AS BLOB) WHERE chk = ? AND epoch = ? AND seq = ?";
            let query = sqlx::query(update).bind(bytes.as_slice()).bind(*check).bind(epoch);
            if query.bind(seq.cast_signed()).execute(&mut *conn).await?.rows_affected() > 0 {
                break;
            }
        }
    }
    Ok(())
}

async fn upsert_marks(conn: &mut SqliteConnection, marks: &[(ConnectionSlot, Vec<u8>)]) -> Result<(), Error> {
    for (connection, digests) in marks {
        let upsert = "INSERT OR REPLACE INTO mark (connection, digests) VALUES (?, ?)";
        sqlx::query(upsert).bind(connection.0).bind(digests.as_slice()).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn upsert_positions(
    conn: &mut SqliteConnection,
    epoch: u32,
    rows: &BTreeMap<u32, (u64, Option<&[u8]>)>,
) -> Result<(), Error> {
    let rows: Vec<_> = rows.iter().collect();
    for rows in statements(&rows) {
        let sql = format!(
            "INSERT INTO position (chk, epoch, seq, body) VALUES {} ON CONFLICT (chk) DO UPDATE \
             SET epoch = excluded.epoch, seq = excluded.seq, body = CASE excluded.body WHEN x'' THEN body ELSE excluded.body END",
            placeholders(rows.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (check, (seq, body)) in rows {
            query = query.bind(**check).bind(epoch).bind(seq.cast_signed()).bind(body.unwrap_or(&[]));
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Writes cursors of the outbox.
pub(super) async fn upsert_cursors(conn: &mut SqliteConnection, rows: &[CursorRow]) -> Result<(), Error> {
    for rows in statements(rows) {
        let sql = format!(
            "INSERT OR REPLACE INTO outbox (connection, chk, epoch, seq) VALUES {}",
            placeholders(rows.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (connection, check, epoch, seq) in rows {
            query = query.bind(connection.0).bind(check.0).bind(*epoch).bind(seq.cast_signed());
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Inserts an event.
pub(super) async fn insert_event(conn: &mut SqliteConnection, event: &Event) -> Result<(), Error> {
    let insert = "INSERT INTO event (at_ns, who, what, line, text) VALUES (?, ?, ?, ?, ?)";
    let query = sqlx::query(insert).bind(event.at.as_ns()).bind(event.who.as_str()).bind(event.what.as_str());
    query.bind(event.line.as_ref().map(LineId::as_str)).bind(event.text.as_str()).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_into_few_sizes_and_none_is_lost() {
        for n in [0, 1, 7, 8, 31, 32, 75] {
            let rows: Vec<usize> = (0..n).collect();
            let parts: Vec<&[usize]> = statements(&rows).collect();
            assert!(parts.iter().all(|p| STATEMENT_ROWS.contains(&p.len())));
            assert_eq!(parts.concat(), rows);
        }
    }
}
