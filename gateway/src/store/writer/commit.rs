//! Group commit, and what happens while nothing can be committed.

use super::Writer;
use super::fold::upsert_cursors;
use crate::store::acks::Stuck;
use crate::store::db;
use crate::store::entry::{ConnectionSlot, Digest, Entry};
use crate::store::error::{StoreError, is_unwritable};
use crate::store::health::Counters;
use crate::store::layout::WhenUnwritable;
use crate::store::names::Names;
use crate::store::recover::begin_session;
use crate::store::row::{Tail, encode, gather};
use crate::store::spent;
use sqlx::{Error, SqliteConnection};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering::Relaxed;
use takt_adapters::Ticket;
use takt_plant::MonoTime;

/// Frames of one journal row. At 52 tags a row then has up to 440 kB: a few milliseconds.
const ROW_FRAMES_MAX: usize = 1_024;
/// Entries of one journal row, for those without frames.
const ROW_ENTRIES_MAX: usize = 1_024;

impl Writer {
    /// When the entries that wait must be committed: at once when the store was idle, after the
    /// linger when it is busy ([`Linger`](super::super::linger::Linger)), and at once when a group is
    /// full or the queue half full.
    pub(super) fn commit_due(&self) -> Option<MonoTime> {
        let (n, n_acknowledging) = self.shared.queue.len();
        if n == 0 {
            return self.retry_at.filter(|_| !self.backlog.is_empty() || self.now.unbegun.is_some());
        }
        let last = self.last_commit;
        if n_acknowledging >= self.options.entries_max || self.shared.queue.is_half_full(n) {
            return Some(last);
        }
        let linger = if n_acknowledging > 0 { self.linger.wait() } else { self.options.linger_unacknowledged };
        Some(last.plus(linger))
    }

    /// Whether the wait of the entries is over now, and is not worth going on.
    pub(super) fn must_commit(&mut self, now: MonoTime) -> bool {
        while self.commit_due().is_some_and(|due| due <= now) {
            let (n, n_acknowledging) = self.shared.queue.len();
            let lingers = n_acknowledging > 0
                && n_acknowledging < self.options.entries_max
                && !self.shared.queue.is_half_full(n)
                && self.retry_at.is_none();
            if !lingers || !self.linger.goes_on(n_acknowledging) {
                return true;
            }
        }
        false
    }

    /// Commits everything that waits, in rows of bounded size.
    pub(super) async fn commit(&mut self) {
        let spare = std::mem::take(&mut self.spare);
        let mut taken = self.shared.queue.take(spare).entries;
        let started = self.clock.mono();
        self.last_commit = started;
        self.linger.begin();
        self.backlog.append(&mut taken);
        self.spare = taken;
        if self.retry_at.is_some_and(|at| at > started) {
            self.let_go();
            return;
        }
        if let Err(error) = self.begin().await {
            self.cannot_write(&error);
            return;
        }
        while !self.backlog.is_empty() {
            let n = self.first_row();
            if let Err(error) = self.commit_first(n).await {
                self.cannot_write(&error);
                return;
            }
            self.backlog.drain(..n);
            self.n_let_go = self.n_let_go.saturating_sub(n);
        }
        if self.retry_at.take().is_some() {
            self.shared.counters.set_writable();
            self.redeem();
            tracing::info!("the store can be written again");
        }
        let us = self.clock.mono().since(started).as_micros() as u64;
        self.shared.counters.commit_us_sum.fetch_add(us, Relaxed);
        self.shared.counters.commit_us_max.fetch_max(us, Relaxed);
    }

    /// Does what opening could not do because nothing could be written: a connection that writes, and
    /// the new session.
    async fn begin(&mut self) -> Result<(), Error> {
        let Some(unbegun) = &self.now.unbegun else { return Ok(()) };
        let origin = unbegun.origin;
        let plain = |error| match error {
            StoreError::Unwritable(error) | StoreError::Database(error) => error,
            other => Error::Io(std::io::Error::other(other)),
        };
        if self.shared.still.is_in_use() {
            let conn = db::open_writer(&self.dir.join(db::FILE), &self.options).await.map_err(plain)?;
            self.shared.still.end().await;
            let old = std::mem::replace(&mut self.conn, conn);
            drop(sqlx::Connection::close(old).await);
        }
        begin_session(&mut self.conn, &self.dir, self.now.epoch, origin).await.map_err(plain)?;
        self.now.unbegun = None;
        Ok(())
    }

    /// How many entries of the backlog make the next row: one at least.
    fn first_row(&self) -> usize {
        let mut n_frames = 0;
        let fits = self.backlog.iter().take(ROW_ENTRIES_MAX).take_while(|(_, entry)| {
            n_frames += entry.frames.len();
            n_frames <= ROW_FRAMES_MAX
        });
        fits.count().max(1)
    }

    async fn commit_first(&mut self, n: usize) -> Result<(), Error> {
        let entries = &self.backlog[..n];
        let mut next_verdict = self.now.next_verdict;
        let tail = gather(entries.iter().map(|e| &e.1), &mut next_verdict, &mut self.now.names);
        let frames = entries.iter().flat_map(|e| &e.1.frames);
        let body = encode(frames, &tail);
        let n_bytes = body.len();
        let row = self.now.last_row + 1;
        self.insert_row(row, body).await?;
        self.now.last_row = row;
        self.now.journal.push_back((row, n_bytes));
        self.now.next_verdict = next_verdict;
        self.acknowledge(n);
        self.apply(n, row, tail);
        Ok(())
    }

    pub(super) async fn insert_row(&mut self, row: i64, body: Vec<u8>) -> Result<(), Error> {
        let insert = sqlx::query("INSERT INTO journal (id, at_ns, body) VALUES (?, ?, ?)")
            .bind(row)
            .bind(self.clock.wall().as_ns())
            .bind(body);
        let cursors = self.now.outbox.unsaved();
        if self.now.names.is_saved() && cursors.is_empty() {
            insert.execute(&mut self.conn).await?;
            return Ok(());
        }
        let names = &self.now.names;
        db::transact(&mut self.conn, async |conn| {
            insert_names(conn, names).await?;
            upsert_cursors(conn, &cursors).await?;
            insert.execute(conn).await
        })
        .await?;
        self.now.outbox.saved();
        self.now.names.unsaved.clear();
        self.now.names.unsaved_groups.clear();
        Ok(())
    }

    fn acknowledge(&mut self, n: usize) {
        let mut upto: Vec<(u32, Ticket)> = Vec::new();
        for (shard, entry) in &self.backlog[..n] {
            match upto.iter_mut().find(|u| u.0 == *shard) {
                Some((_, ticket)) => *ticket = entry.ticket.max(*ticket),
                None => upto.push((*shard, entry.ticket)),
            }
        }
        self.shared.acks.durable(&upto);
    }

    /// Takes committed entries into the open chunks and into what waits for its folding.
    fn apply(&mut self, n: usize, row: i64, tail: Tail) {
        let now = self.clock.mono();
        let counters = &self.shared.counters;
        let mut n_frames = 0;
        let mut n_samples = 0;
        for (_, entry) in &self.backlog[..n] {
            let before = n_samples;
            for frame in &entry.frames {
                let open = self.now.open.group(frame.group, row, now);
                let n_bytes = open.chunk.push_frame(frame);
                let is_full = open.chunk.len() >= self.options.chunk_frames_max;
                self.now.open.grown(frame.group, n_bytes, is_full);
                n_samples += frame.readings.len();
            }
            n_frames += entry.frames.len();
            if entry.acknowledges.is_none() {
                self.n_uncovered += (n_samples - before) as u64;
            }
        }
        Counters::add(&counters.n_commits, 1);
        Counters::add(&counters.n_entries, n);
        Counters::add(&counters.n_frames, n_frames);
        Counters::add(&counters.n_samples, n_samples);
        Counters::add(&counters.n_verdicts, tail.verdicts.len());
        for verdict in &tail.verdicts {
            let last = self.now.last_seq.entry(verdict.check).or_default();
            *last = verdict.seq.max(*last);
        }
        tail.confirmed.iter().for_each(|c| self.now.outbox.confirm(c));
        for (connection, digest) in &tail.marks {
            push_mark(&mut self.now.marks, *connection, *digest, self.options.marks_max);
            self.marks_dirty.insert(*connection);
        }
        self.now.tail.append(tail);
    }

    /// A commit failed: alarm, let go what may go, keep the rest for the next attempt.
    pub(super) fn cannot_write(&mut self, error: &Error) {
        if !is_unwritable(error) {
            tracing::error!(%error, "the store refused a commit");
        } else if self.retry_at.is_none() {
            tracing::warn!(%error, "the store cannot be written");
        }
        self.spend();
        self.shared.counters.set_unwritable(&error.to_string());
        self.retry_at = Some(self.clock.mono().plus(self.options.retry));
        self.next_slice = self.clock.mono();
        self.let_go();
    }

    /// From now on numbers go out that are not kept: the next start must not give them again.
    fn spend(&mut self) {
        if self.spent.is_some() {
            return;
        }
        self.spent = Some(self.n_given_up());
        if let Err(error) = spent::spend(&self.dir, self.now.epoch) {
            tracing::error!(%error, "after a kill, numbers that go out now may be given again");
        }
    }

    /// Everything that waited is kept. Unless something had to be given up, every number is.
    fn redeem(&mut self) {
        if self.spent != Some(self.n_given_up()) {
            return;
        }
        match spent::redeem(&self.dir) {
            Ok(()) => self.spent = None,
            Err(error) => tracing::warn!(%error, "the next start begins a new epoch without need"),
        }
    }

    fn n_given_up(&self) -> u64 {
        self.shared.counters.n_verdicts_lost.load(Relaxed) + self.shared.queue.n_refused()
    }

    /// Releases acknowledgements by the connections' rules, and keeps the backlog within its memory.
    fn let_go(&mut self) {
        let acks = &self.shared.acks;
        let stuck = self.backlog.iter().map(|(shard, e)| Stuck {
            shard: *shard,
            ticket: e.ticket,
            acknowledges: e.acknowledges,
        });
        acks.let_go(stuck);
        let n_judged = self.backlog[self.n_let_go..]
            .iter()
            .filter(|(_, e)| e.acknowledges.is_some() && acks.rule(e.acknowledges) == WhenUnwritable::Judge)
            .count();
        Counters::add(&self.shared.counters.n_not_durable, n_judged);
        self.n_let_go = self.backlog.len();
        self.trim_backlog();
    }

    /// Drops frames, oldest first, and then whole entries. Held entries stay: their senders wait,
    /// so their receive maximum bounds them.
    fn trim_backlog(&mut self) {
        let mut n_bytes: usize = self.backlog.iter().map(|(_, e)| entry_bytes(e)).sum();
        if n_bytes <= self.options.backlog_bytes_max {
            return;
        }
        let acks = &self.shared.acks;
        let held = |e: &Entry| acks.rule(e.acknowledges) == WhenUnwritable::Hold;
        let mut n_frames = 0;
        for (_, entry) in &mut self.backlog {
            if n_bytes <= self.options.backlog_bytes_max {
                break;
            }
            if !held(entry) {
                let before = entry_bytes(entry);
                n_frames += entry.frames.len();
                entry.frames = Vec::new();
                n_bytes -= before - entry_bytes(entry);
            }
        }
        let mut n_verdicts = 0;
        let limit = self.options.backlog_bytes_max;
        self.backlog.retain(|(_, entry)| {
            let goes = n_bytes > limit && !held(entry);
            if goes {
                n_bytes -= entry_bytes(entry);
                n_verdicts += entry.verdicts.len();
                // Their numbers were given, perhaps to a broker too: no later verdict gets them again.
                for record in &entry.verdicts {
                    let check = self.now.names.check(&record.key.line, &record.key.check);
                    let last = self.now.last_seq.entry(check.0).or_default();
                    *last = record.key.seq.max(*last);
                }
            }
            !goes
        });
        self.n_let_go = self.backlog.len();
        Counters::add(&self.shared.counters.n_frames_lost, n_frames);
        Counters::add(&self.shared.counters.n_verdicts_lost, n_verdicts);
    }
}

/// Takes a consumed message into the marks of its connection, of which the newest stay.
pub(super) fn push_mark(
    marks: &mut BTreeMap<ConnectionSlot, VecDeque<Digest>>,
    connection: ConnectionSlot,
    digest: Digest,
    n_max: usize,
) {
    let marks = marks.entry(connection).or_default();
    marks.push_back(digest);
    while marks.len() > n_max {
        marks.pop_front();
    }
}

/// Memory of an entry, in bytes, about.
fn entry_bytes(entry: &Entry) -> usize {
    let readings: usize = entry.frames.iter().map(|f| 96 + 32 * f.readings.len()).sum();
    let positions: usize = entry.positions.iter().map(|p| 48 + p.1.len()).sum();
    256 + readings + positions + 512 * entry.verdicts.len() + 256 * (entry.events.len() + entry.writes.len())
}

/// Writes names that have no row yet.
pub(super) async fn insert_names(conn: &mut SqliteConnection, names: &Names) -> Result<(), Error> {
    for name in &names.unsaved {
        let insert = "INSERT OR IGNORE INTO name (id, kind, parent, text) VALUES (?, ?, ?, ?)";
        let query = sqlx::query(insert).bind(name.id).bind(name.kind.number()).bind(name.parent);
        query.bind(name.text.to_string()).execute(&mut *conn).await?;
    }
    for group in &names.unsaved_groups {
        let insert = "INSERT OR IGNORE INTO frame_group (id, line, tags, sealed_row) VALUES (?, ?, ?, 0)";
        let query = sqlx::query(insert).bind(group.group.0).bind(group.line);
        query.bind(group.tag_bytes()).execute(&mut *conn).await?;
    }
    Ok(())
}
