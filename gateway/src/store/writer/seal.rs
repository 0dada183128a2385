//! Sealing: an open chunk is compressed beside the writer, then it replaces its journal rows in one
//! transaction. And carrying: frames of slow groups move to a new row so that old rows can go.

use super::Writer;
use crate::store::chunk::SealedChunk;
use crate::store::db;
use crate::store::health::Counters;
use crate::store::open::OpenGroup;
use crate::store::row::encode_carried;
use sqlx::{Error, SqliteConnection};
use std::sync::Arc;
use std::time::Duration;
use takt_plant::GroupSlot;
use tokio::task::JoinHandle;

/// The journal may hold this much beside twice the open chunks before old rows are carried.
const JOURNAL_SLACK_BYTES: usize = 16 << 20;

/// Time until the next chunk is sealed, after one that could not be.
const SEAL_AGAIN: Duration = Duration::from_secs(60);

/// A chunk on its way into its table.
#[derive(Debug)]
pub(super) struct Sealing {
    group: GroupSlot,
    /// The first journal row that holds one of its frames.
    pub first_row: i64,
    last_row: i64,
    work: Work,
    /// What is compressed: it is open again if that fails.
    open: Arc<OpenGroup>,
}

#[derive(Debug)]
enum Work {
    Running(JoinHandle<SealedChunk>),
    Done(Box<SealedChunk>),
    /// It could not be compressed.
    Failed,
    /// Compressed, but its row could not be written; it is tried again by the timer.
    Waiting(Box<SealedChunk>),
}

impl Sealing {
    /// Waits until a running compression ends; for ever when none runs.
    pub async fn done(sealing: &mut Option<Self>) {
        match sealing {
            Some(Self { work: work @ Work::Running(_), .. }) => {
                let Work::Running(handle) = work else { return };
                *work = handle.await.map_or(Work::Failed, |sealed| Work::Done(Box::new(sealed)));
            }
            _ => std::future::pending().await,
        }
    }
}

impl Writer {
    /// Begins to seal the chunk that is due first, unless one is being sealed.
    pub(super) fn start_sealing(&mut self) {
        if self.sealing.is_some() || self.seal_after.is_some_and(|at| self.clock.mono() < at) {
            return;
        }
        let due = self.now.open.take_full().or_else(|| {
            let age = u64::try_from(self.options.chunk_age_max.as_nanos()).unwrap_or(u64::MAX);
            let before = takt_plant::MonoTime::from_ns(self.clock.mono().as_ns().saturating_sub(age));
            self.now.open.take_due(before, self.open_bytes_max())
        });
        if let Some((group, open)) = due {
            let (first_row, last_row) = (open.first_row, open.last_row);
            let open = Arc::new(open);
            let sealed = Arc::clone(&open);
            let work = Work::Running(tokio::task::spawn_blocking(move || sealed.chunk.seal()));
            self.sealing = Some(Sealing { group, first_row, last_row, work, open });
        }
    }

    /// A small store keeps less open, so that the journal stays a small part of it.
    fn open_bytes_max(&self) -> usize {
        let eighth = usize::try_from(self.options.bytes_max / 8).unwrap_or(usize::MAX);
        self.options.open_bytes_max.min(eighth)
    }

    fn journal_bytes_max(&self) -> usize {
        let quarter = usize::try_from(self.options.bytes_max / 4).unwrap_or(usize::MAX);
        (JOURNAL_SLACK_BYTES + 2 * self.now.open.n_bytes()).min(quarter)
    }

    /// Puts a compressed chunk into its table.
    pub(super) async fn put_sealed(&mut self) {
        let Some(sealing) = self.sealing.take() else { return };
        let Sealing { group, first_row, last_row, work, open } = sealing;
        let chunk = match work {
            Work::Done(chunk) | Work::Waiting(chunk) => chunk,
            Work::Failed => return self.open_again(group, open),
            Work::Running(_) => {
                self.sealing = Some(Sealing { group, first_row, last_row, work, open });
                return;
            }
        };
        let made = self.make_room().await;
        let put = match made {
            Ok(()) => self.insert_chunk(group, last_row, &chunk).await,
            Err(error) => Err(error),
        };
        match put {
            Ok(()) => {
                Counters::add(&self.shared.counters.n_chunks, 1);
                if self.seal_after.take().is_some() && self.retry_at.is_none() {
                    self.shared.counters.set_writable();
                }
            }
            Err(error) => {
                self.sealing = Some(Sealing { group, first_row, last_row, work: Work::Waiting(chunk), open });
                self.cannot_write(&error);
            }
        }
    }

    /// A chunk that cannot be compressed is a defect. It stays open, its frames stay in the journal, and
    /// everything else goes on.
    fn open_again(&mut self, group: GroupSlot, open: Arc<OpenGroup>) {
        let why = "a chunk of raw samples could not be compressed; please report this as a defect";
        tracing::error!(group = group.0, "{why}; its frames stay in the journal");
        self.shared.counters.set_unwritable(why);
        Counters::add(&self.shared.counters.n_damaged, 1);
        self.seal_after = Some(self.clock.mono().plus(SEAL_AGAIN));
        if let Err(error) = self.now.open.put_back(group, Arc::unwrap_or_clone(open), self.clock.mono()) {
            tracing::error!(group = group.0, %error, "the chunk cannot be read either");
        }
    }

    /// Tries again to put a chunk that could not be put.
    pub(super) async fn retry_sealed(&mut self) {
        if matches!(&self.sealing, Some(Sealing { work: Work::Waiting(_), .. })) {
            self.put_sealed().await;
        }
    }

    async fn insert_chunk(&mut self, group: GroupSlot, last_row: i64, chunk: &SealedChunk) -> Result<(), Error> {
        let insert = "INSERT INTO chunk (grp, from_ns, to_ns, arrived_ns, n_frames, n_samples, blocks, body) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        db::transact(&mut self.conn, async |conn| {
            let query = sqlx::query(insert).bind(group.0).bind(chunk.from_ns).bind(chunk.to_ns).bind(chunk.arrived_ns);
            let query = query.bind(chunk.n_frames).bind(chunk.n_samples.cast_signed());
            query.bind(chunk.blocks.as_slice()).bind(chunk.body.as_slice()).execute(&mut *conn).await?;
            set_sealed_row(conn, group, last_row).await
        })
        .await
    }

    /// Seals everything that is open, however short it is.
    pub(super) async fn seal_all(&mut self) -> Result<(), Error> {
        if self.sealing.is_some() {
            Sealing::finish(&mut self.sealing).await;
            self.put_sealed().await;
        }
        for group in self.now.open.slots() {
            let Some(open) = self.now.open.take(group) else { continue };
            let Ok(chunk) = std::panic::catch_unwind(|| open.chunk.seal()) else {
                self.open_again(group, Arc::new(open));
                continue;
            };
            self.insert_chunk(group, open.last_row, &chunk).await?;
            Counters::add(&self.shared.counters.n_chunks, 1);
        }
        Ok(())
    }

    /// When the journal grows because a few slow groups hold its old rows, moves their frames into
    /// a new row. Costs at most the bytes of the open chunks, and frees as many rows at least.
    pub(super) async fn carry(&mut self) {
        let n_bytes: usize = self.now.journal.iter().map(|(_, n)| n).sum();
        if n_bytes <= self.journal_bytes_max() || self.retry_at.is_some() {
            return;
        }
        let middle = self.now.journal.get(self.now.journal.len() / 2).map_or(0, |(row, _)| *row);
        // Not the group that is being sealed: its row numbers follow its chunk.
        let sealing = self.sealing.as_ref().map(|s| s.group);
        let mut groups = self.now.open.behind(middle);
        groups.retain(|g| Some(*g) != sealing);
        if groups.is_empty() {
            return;
        }
        if let Err(error) = self.carry_groups(&groups).await {
            self.cannot_write(&error);
        }
    }

    async fn carry_groups(&mut self, groups: &[GroupSlot]) -> Result<(), Error> {
        let frames: Vec<_> =
            groups.iter().filter_map(|g| Some((*g, self.now.open.get(*g)?.chunk.frames().ok()?))).collect();
        let body = encode_carried(&frames);
        let (row, n_bytes) = (self.now.last_row + 1, body.len());
        let at_ns = self.clock.wall().as_ns();
        db::transact(&mut self.conn, async |conn| {
            let insert = "INSERT INTO journal (id, at_ns, body) VALUES (?, ?, ?)";
            sqlx::query(insert).bind(row).bind(at_ns).bind(body).execute(&mut *conn).await?;
            for group in groups {
                set_sealed_row(conn, *group, row - 1).await?;
            }
            Ok(())
        })
        .await?;
        self.now.last_row = row;
        self.now.journal.push_back((row, n_bytes));
        groups.iter().for_each(|g| self.now.open.moved(*g, row));
        Ok(())
    }
}

/// Says up to which journal row a group needs no row any more.
async fn set_sealed_row(conn: &mut SqliteConnection, group: GroupSlot, row: i64) -> Result<(), Error> {
    let update = "UPDATE frame_group SET sealed_row = ? WHERE id = ?";
    sqlx::query(update).bind(row).bind(group.0).execute(conn).await?;
    Ok(())
}

impl Sealing {
    /// Waits for a running compression, if one runs, but not for ever.
    async fn finish(sealing: &mut Option<Self>) {
        let longest = Duration::from_secs(10);
        let _ = tokio::time::timeout(longest, Self::done(sealing)).await;
    }
}
