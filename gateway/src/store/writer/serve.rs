//! Answers to requests.

use super::Writer;
use super::commit::push_mark;
use super::fold::insert_event;
use super::request::Request;
use crate::store::anchor;
use crate::store::documents::{ArmingRecord, NewDocument};
use crate::store::entry::{CheckSlot, ConnectionSlot};
use crate::store::error::StoreError;
use crate::store::layout::{Layout, Slots};
use crate::store::outbox::Cursor;
use crate::store::recover::{Progress, read_positions};
use crate::store::rows::{VERDICT_COLUMNS, verdict_row_of};
use crate::store::verdict::{StoredVerdict, VerdictRow, verdict_of};
use sqlx::{AssertSqlSafe, Error, Row};

impl Writer {
    pub(super) async fn serve(&mut self, request: Request) {
        match request {
            Request::Register(layout, reply) => drop(reply.send(self.register(&layout))),
            Request::Flush(reply) => drop(reply.send(self.flush().await)),
            Request::Progress(reply) => drop(reply.send(self.progress().await)),
            Request::Seal(reply) => drop(reply.send(self.flush_and_seal().await)),
            Request::PutDocument(document, reply) => drop(reply.send(self.put_document(&document).await)),
            Request::Arm(record, reply) => drop(reply.send(self.arm(&record).await)),
            Request::Disarm(output, reply) => drop(reply.send(self.disarm(&output).await)),
            Request::Event(event, reply) => {
                let result = insert_event(&mut self.conn, &event).await;
                drop(reply.send(result.map_err(StoreError::from)));
            }
            Request::Feedback(feedback, reply) => drop(reply.send(self.feedback(&feedback).await)),
            Request::Alarms(alarms, reply) => drop(reply.send(self.alarms(&alarms).await)),
            Request::OutboxPending(connection, limit, reply) => {
                drop(reply.send(self.outbox_pending(connection, limit).await));
            }
            Request::Close(_) => {}
        }
    }

    /// Names get their slots in memory; the next commit writes them. So registering never fails,
    /// whatever the disk does.
    fn register(&mut self, layout: &Layout) -> Slots {
        let names = &mut self.now.names;
        let mut slots = Slots::default();
        for connection in &layout.connections {
            let slot = names.connection(&connection.id);
            self.shared.acks.set_rule(slot, connection.when_unwritable);
            slots.connections.push(slot);
        }
        slots.groups = layout.groups.iter().map(|g| names.group(&g.line, &g.tags)).collect();
        for check in &layout.checks {
            let slot = names.check(&check.line, &check.check);
            let publishes: Vec<ConnectionSlot> =
                check.publishes.iter().filter_map(|i| slots.connections.get(*i).copied()).collect();
            let last_seq = self.now.last_seq.get(&slot.0).copied().unwrap_or(0);
            self.now.outbox.close_others(slot, &publishes);
            for connection in publishes {
                self.now.outbox.open(connection, slot, self.now.epoch, last_seq);
            }
            slots.checks.push(slot);
        }
        slots
    }

    /// Commits and folds everything; a full store gets a chance to drop what is old first.
    async fn flush(&mut self) -> Result<(), StoreError> {
        const ATTEMPTS: usize = 5;
        for _ in 0..ATTEMPTS {
            self.commit().await;
            self.fold().await;
            if self.retry_at.is_none() {
                return Ok(());
            }
            self.retain_slice().await;
            self.retry_at = Some(self.clock.mono());
        }
        let why = self.shared.counters.snapshot(0).unwritable.unwrap_or_default();
        Err(StoreError::Unwritable(Error::Io(std::io::Error::other(why))))
    }

    /// Where everything stands. What cannot be written now counts as well: it was judged, its numbers
    /// were given, and it is written as soon as that is possible.
    async fn progress(&mut self) -> Result<Progress, StoreError> {
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "a cell goes on from what waits in memory");
        }
        let mut positions = read_positions(&mut self.conn).await?;
        positions.extend(self.now.tail.positions.clone());
        let (mut last_seq, mut marks) = (self.now.last_seq.clone(), self.now.marks.clone());
        for (_, entry) in &self.backlog {
            positions.extend(entry.positions.iter().cloned());
            for record in &entry.verdicts {
                let last = last_seq.entry(self.now.names.check(&record.key.line, &record.key.check).0).or_default();
                *last = record.key.seq.max(*last);
            }
            for (connection, digest) in &entry.marks {
                push_mark(&mut marks, *connection, *digest, self.options.marks_max);
            }
        }
        Ok(Progress {
            epoch: self.now.epoch,
            positions,
            last_seq: last_seq.into_iter().map(|(check, seq)| (CheckSlot(check), seq)).collect(),
            marks: marks.into_iter().map(|(connection, marks)| (connection, marks.into())).collect(),
        })
    }

    async fn flush_and_seal(&mut self) -> Result<(), StoreError> {
        self.flush().await?;
        self.seal_all().await?;
        self.fold().await;
        Ok(())
    }

    /// The clean end: everything folded, and a mark that says so.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        self.retry_at = self.retry_at.map(|_| self.clock.mono());
        self.flush().await?;
        let session = anchor::random();
        anchor::prepare(&self.dir, self.now.epoch, &session).map_err(Error::Io)?;
        let update = "UPDATE identity SET clean = 1, session = ?";
        sqlx::query(update).bind(session.as_slice()).execute(&mut self.conn).await?;
        anchor::settle(&self.dir).map_err(Error::Io)?;
        Ok(())
    }

    async fn put_document(&mut self, d: &NewDocument) -> Result<u32, StoreError> {
        let insert = "INSERT INTO document (kind, name, version, text, by, at_ns, note) \
                      SELECT ?, ?, COALESCE(MAX(version), 0) + 1, ?, ?, ?, ? FROM document WHERE kind = ? AND name = ? \
                      RETURNING version";
        let query = sqlx::query(insert).bind(d.kind.as_str()).bind(d.name.as_str()).bind(d.text.as_deref());
        let query = query.bind(d.by.as_str()).bind(d.at.as_ns()).bind(d.note.as_str());
        let row = query.bind(d.kind.as_str()).bind(d.name.as_str()).fetch_one(&mut self.conn).await?;
        Ok(row.try_get("version")?)
    }

    async fn arm(&mut self, r: &ArmingRecord) -> Result<(), StoreError> {
        let upsert = "INSERT OR REPLACE INTO arming (output, by, at_ns, digest) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(upsert).bind(r.output.as_str()).bind(r.by.as_str()).bind(r.at.as_ns());
        query.bind(r.digest.as_str()).execute(&mut self.conn).await?;
        Ok(())
    }

    async fn disarm(&mut self, output: &str) -> Result<bool, StoreError> {
        let delete = sqlx::query("DELETE FROM arming WHERE output = ?").bind(output);
        Ok(delete.execute(&mut self.conn).await?.rows_affected() > 0)
    }

    /// The oldest unconfirmed verdicts of a connection, over all its checks.
    async fn outbox_pending(
        &mut self,
        connection: ConnectionSlot,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, StoreError> {
        self.flush().await?;
        let cursors: Vec<_> = self.now.outbox.of(connection).map(|(check, c)| (check, c.clone())).collect();
        let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut pending = Vec::new();
        for (check, cursor) in cursors {
            let rows = self.after(check, &cursor, limit_rows).await?;
            if let Some(first) = rows.first() {
                self.now.outbox.skip_to(connection, check, first.seq);
            }
            pending.extend(rows.into_iter().filter(|r| !cursor.has(r.seq)));
        }
        pending.sort_unstable_by_key(|r| r.id);
        pending.truncate(limit);
        Ok(pending.iter().map(|r| verdict_of(r, &self.now.names)).collect::<Result<_, _>>()?)
    }

    /// The first verdicts of a check behind a cursor, through every epoch whose numbers go on from the cursor's.
    async fn after(&mut self, check: CheckSlot, cursor: &Cursor, limit: i64) -> Result<Vec<VerdictRow>, Error> {
        let mut found = Vec::new();
        let mut epoch = Some(i64::from(cursor.epoch));
        while let Some(here) = epoch {
            let sql = format!(
                "SELECT {VERDICT_COLUMNS} FROM verdict WHERE chk = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(check.0).bind(here);
            let rows = query.bind(cursor.seq.cast_signed()).bind(limit).fetch_all(&mut self.conn).await?;
            for row in &rows {
                found.push(verdict_row_of(row)?);
            }
            let next = sqlx::query("SELECT MIN(epoch) FROM verdict WHERE chk = ? AND epoch > ?");
            epoch = next.bind(check.0).bind(here).fetch_one(&mut self.conn).await?.try_get(0)?;
        }
        Ok(found)
    }
}
