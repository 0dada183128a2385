//! The writer: the one task that changes the database. It owns the connection, the open chunks and
//! what waits for its folding.
//!
//! Its turns, in the order of their weight: commit what waits ([`commit`]), answer a request
//! ([`serve`]), fold the journal into the tables ([`fold`]), seal a chunk ([`seal`]), one slice of
//! retention ([`retain`]).

mod commit;
mod fold;
pub(super) mod request;
mod retain;
mod said;
mod seal;
mod serve;

use super::acks::Acks;
use super::entry::{ConnectionSlot, Digest, Entry};
use super::error::StoreError;
use super::health::Counters;
use super::linger::Linger;
use super::names::Names;
use super::open::OpenGroups;
use super::options::StoreOptions;
use super::outbox::Outbox;
use super::queue::Queue;
use super::reader::Still;
use super::recover::Origin;
use super::row::Tail;
use request::{CloseReply, Request};
use seal::Sealing;
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::Clock;
use takt_plant::{MonoTime, WallTime};
use tokio::sync::mpsc;

/// What the writer shares with the handles.
#[derive(Debug)]
pub(super) struct Shared {
    pub queue: Arc<Queue>,
    pub acks: Acks,
    pub counters: Counters,
    pub still: Still,
}

/// A session that could not be written when the store was opened. The writer does it as soon as it can.
#[derive(Debug)]
pub(super) struct Unbegun {
    pub origin: Origin,
    pub why: String,
}

/// What recovery hands over: where the database stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub epoch: u32,
    /// The epoch of the run before, where its numbers go on in this one; else the same.
    pub since: u32,
    pub names: Names,
    pub open: OpenGroups,
    pub tail: Tail,
    pub journal: VecDeque<(i64, usize)>,
    pub last_row: i64,
    pub folded_row: i64,
    pub next_verdict: i64,
    pub outbox: Outbox,
    pub marks: BTreeMap<ConnectionSlot, VecDeque<Digest>>,
    pub last_seq: BTreeMap<u32, u64>,
    pub unbegun: Option<Unbegun>,
}

/// The writer's own state of affairs.
pub(super) struct Writer {
    conn: SqliteConnection,
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    clock: Clock,
    /// Wall time at opening; with the monotonic clock it gives the age of things, whatever jumps.
    opened_at: WallTime,
    opened: MonoTime,
    dir: PathBuf,
    options: StoreOptions,
    now: Standing,
    marks_dirty: BTreeSet<ConnectionSlot>,
    backlog: Vec<(u32, Entry)>,
    spare: Vec<(u32, Entry)>,
    /// Entries of the backlog whose acknowledgements were let go already.
    n_let_go: usize,
    sealing: Option<Sealing>,
    /// When the next chunk may be sealed, after one that could not be.
    seal_after: Option<MonoTime>,
    last_commit: MonoTime,
    linger: Linger,
    last_fold: MonoTime,
    next_slice: MonoTime,
    /// Retention worked since the log was emptied last.
    gave_back: bool,
    retry_at: Option<MonoTime>,
    /// Numbers of this epoch go out and are not kept; so many entries and verdicts had been given up before.
    spent: Option<u64>,
    /// Samples that no acknowledgement covers, since the last fold.
    n_uncovered: u64,
    uncovered_per_s: f64,
}

/// What woke the writer.
enum Wake {
    /// A submit.
    Queue,
    /// A deadline of its own.
    Timer,
    /// Somebody asks; `None`: every handle is gone.
    Request(Option<Request>),
    /// A chunk is compressed.
    Sealed,
}

/// Time between two looks at sizes and ages when there is nothing to drop.
const LOOK: Duration = Duration::from_secs(1);

impl Writer {
    pub fn new(
        conn: SqliteConnection,
        shared: Arc<Shared>,
        requests: mpsc::Receiver<Request>,
        clock: Clock,
        (dir, options): (PathBuf, StoreOptions),
        now: Standing,
    ) -> Self {
        let opened = clock.mono();
        let marked = now.marks.keys().copied().collect();
        if let Some(unbegun) = &now.unbegun {
            shared.counters.set_unwritable(&unbegun.why);
        }
        let retry_at = now.unbegun.as_ref().map(|_| opened.plus(options.retry));
        let spent = now.unbegun.as_ref().map(|_| 0);
        let linger = Linger::new(options.linger);
        Self {
            conn,
            shared,
            requests,
            clock,
            opened_at: clock.wall(),
            opened,
            dir,
            options,
            now,
            // Marks that the journal brought back stand in no table yet, and folding advances past their rows.
            marks_dirty: marked,
            backlog: Vec::new(),
            spare: Vec::new(),
            n_let_go: 0,
            sealing: None,
            seal_after: None,
            last_commit: MonoTime::from_ns(0),
            linger,
            last_fold: opened,
            next_slice: opened,
            gave_back: false,
            retry_at,
            spent,
            n_uncovered: 0,
            uncovered_per_s: 0.0,
        }
    }

    /// Runs until it is asked to close, or until every handle is gone. Gives the end's result, and
    /// who waits for it.
    pub async fn run(mut self) -> (Result<(), StoreError>, Option<CloseReply>) {
        let reply = loop {
            match self.wait().await {
                Wake::Queue | Wake::Timer => {}
                Wake::Sealed => self.put_sealed().await,
                Wake::Request(Some(Request::Close(reply))) => break Some(reply),
                Wake::Request(Some(request)) => self.serve(request).await,
                Wake::Request(None) => break None,
            }
            self.turn().await;
        };
        let result = self.finish().await;
        let closed = sqlx::Connection::close(self.conn).await;
        (result.and(closed.map_err(StoreError::from)), reply)
    }

    async fn wait(&mut self) -> Wake {
        let deadline = tokio::time::Instant::from_std(self.clock.instant(self.deadline()));
        tokio::select! {
            biased;
            request = self.requests.recv() => Wake::Request(request),
            () = Sealing::done(&mut self.sealing) => Wake::Sealed,
            () = self.shared.queue.woken() => Wake::Queue,
            () = tokio::time::sleep_until(deadline) => Wake::Timer,
        }
    }

    /// When something must be done even if nobody asks.
    fn deadline(&self) -> MonoTime {
        let mut deadline = self.next_slice;
        if let Some(due) = self.commit_due() {
            deadline = deadline.min(due);
        }
        if let Some(due) = self.fold_due() {
            deadline = deadline.min(due);
        }
        deadline
    }

    async fn turn(&mut self) {
        let now = self.clock.mono();
        if self.must_commit(now) {
            self.commit().await;
        }
        if self.fold_due().is_some_and(|due| due <= self.clock.mono()) {
            self.fold().await;
        }
        self.start_sealing();
        if self.next_slice <= self.clock.mono() {
            self.retain_slice().await;
        }
    }

    /// Wall time by the monotonic clock, so that a jump of the clock ages nothing (B25).
    fn steady_wall(&self) -> WallTime {
        self.opened_at.plus(self.clock.mono().since(self.opened))
    }
}
