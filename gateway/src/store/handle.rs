//! The handle: how the rest of the gateway opens, feeds, asks and closes the store.

use super::acks::Acks;
use super::alarms::AlarmRecord;
use super::db;
use super::documents::{ArmingRecord, NewDocument};
use super::entry::{ConnectionSlot, Event};
use super::error::StoreError;
use super::feedback::Feedback;
use super::health::{Counters, StoreHealth};
use super::layout::{Layout, Slots};
use super::options::StoreOptions;
use super::queue::{Journal, Queue};
use super::reader::{Reader, Still};
use super::recover::{Progress, Recovered, recover};
use super::verdict::StoredVerdict;
use super::writer::request::{Reply, Request};
use super::writer::{Shared, Writer};
use sqlx::SqliteConnection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use takt_adapters::{Clock, Ticket};
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that may wait for the writer; the next one waits at its sender.
const REQUESTS_MAX: usize = 64;
const LOCK_FILE: &str = "takt.lock";

/// The open store. Clones share one writer; it ends when it is closed or the last clone goes.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    reader: Reader,
}

type Opened = Result<Recovered, StoreError>;

impl Store {
    /// Opens or makes the store in a folder, replays its journal and starts its writer thread.
    /// Blocks until that is done: milliseconds, or up to a second after a power cut under full load.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it open; [`StoreError::Folder`],
    /// [`StoreError::Unwritable`] or [`StoreError::Migration`] when it cannot be made or opened.
    pub fn open(dir: &Path, options: StoreOptions, clock: Clock) -> Result<(Self, Recovered), StoreError> {
        let lock = lock(dir)?;
        let shared = Arc::new(Shared {
            queue: Arc::new(Queue::new(options.queue_entries_max, options.entries_max)),
            acks: Acks::default(),
            counters: Counters::default(),
            still: Still::default(),
        });
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let (opened, opening) = sync_channel::<Opened>(1);
        let task = Task { dir: dir.to_path_buf(), options, clock, shared: Arc::clone(&shared), lock };
        let thread = std::thread::Builder::new().name("takt-store".into());
        let folder = |source| StoreError::Folder { dir: dir.to_path_buf(), source };
        thread.spawn(move || task.run(receiver, &opened)).map_err(folder)?;
        let recovered = opening.recv().map_err(|_| StoreError::Closed)??;
        let reader = Reader::beside(dir, shared.still.clone());
        Ok((Self { shared, requests, reader }, recovered))
    }

    /// Registers names and gives their slots. Blocks for milliseconds; never fails for want of space.
    ///
    /// # Errors
    /// [`StoreError::Closed`] after the end.
    pub fn register(&self, layout: &Layout) -> Result<Slots, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.push(Request::Register(layout.clone(), reply))?;
        answer.recv().map_err(|_| StoreError::Closed)
    }

    /// A shard's way in, and the last ticket of the shard that is durable.
    pub fn journal(&self, shard: u32) -> (Journal, watch::Receiver<Ticket>) {
        (Journal::new(shard, Arc::clone(&self.shared.queue)), self.shared.acks.shard(shard))
    }

    /// The last ticket that one connection of a shard may acknowledge, by the connection's own rule
    /// while the store cannot be written.
    pub fn durable(&self, shard: u32, connection: ConnectionSlot) -> watch::Receiver<Ticket> {
        self.shared.acks.connection(shard, connection)
    }

    /// How the store is.
    pub fn health(&self) -> StoreHealth {
        self.shared.counters.snapshot(self.shared.queue.n_refused())
    }

    /// The reading side.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Commits and folds everything that was handed in before.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(Request::Flush).await
    }

    /// Where checks and connections stand, everything that was handed in before included: what a cell
    /// that starts again goes on from. While the store cannot be written, what waits in memory counts.
    ///
    /// # Errors
    /// [`StoreError::Closed`] after the end; [`StoreError::Database`] when the store cannot be read.
    pub async fn progress(&self) -> Result<Progress, StoreError> {
        self.ask(Request::Progress).await
    }

    /// As [`Store::flush`], and seals every open chunk, however short.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn seal(&self) -> Result<(), StoreError> {
        self.ask(Request::Seal).await
    }

    /// Keeps a document version and gives its number.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn put_document(&self, document: NewDocument) -> Result<u32, StoreError> {
        self.ask(|reply| Request::PutDocument(document, reply)).await
    }

    /// Arms an output.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn arm(&self, record: ArmingRecord) -> Result<(), StoreError> {
        self.ask(|reply| Request::Arm(record, reply)).await
    }

    /// Disarms an output; tells whether it was armed.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn disarm(&self, output: &str) -> Result<bool, StoreError> {
        self.ask(|reply| Request::Disarm(output.to_string(), reply)).await
    }

    /// Keeps an event that happened outside the pipeline.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn record_event(&self, event: Event) -> Result<(), StoreError> {
        self.ask(|reply| Request::Event(event, reply)).await
    }

    /// Keeps what somebody said about a verdict; tells whether its check is known.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn put_feedback(&self, feedback: Feedback) -> Result<bool, StoreError> {
        self.ask(|reply| Request::Feedback(feedback, reply)).await
    }

    /// Keeps where alarms stand; those that are normal are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the store cannot be written now.
    pub async fn put_alarms(&self, alarms: Vec<AlarmRecord>) -> Result<(), StoreError> {
        self.ask(|reply| Request::Alarms(alarms, reply)).await
    }

    /// The oldest verdicts, at most `limit`, that a broker's connection has not confirmed.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when what waits cannot be written before.
    pub async fn outbox_pending(
        &self,
        connection: ConnectionSlot,
        limit: usize,
    ) -> Result<Vec<StoredVerdict>, StoreError> {
        self.ask(|reply| Request::OutboxPending(connection, limit, reply)).await
    }

    /// Commits and folds what waits, marks the end as clean and ends the writer. Blocks until then.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the last entries could not be written.
    pub fn close(self) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        self.push(Request::Close(reply))?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Sends a request from a plain thread or from a task, waiting for room.
    fn push(&self, mut request: Request) -> Result<(), StoreError> {
        loop {
            match self.requests.try_send(request) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(StoreError::Closed),
                Err(mpsc::error::TrySendError::Full(back)) => {
                    request = back;
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
        }
    }
}

/// Only one process may hold the store. The lock goes with the process, also when it is killed.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let folder = |source| StoreError::Folder { dir: dir.to_path_buf(), source };
    std::fs::create_dir_all(dir).map_err(folder)?;
    let path = dir.join(LOCK_FILE);
    let file = match File::options().create(true).truncate(false).write(true).open(&path) {
        // A lock needs no right to write.
        Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => File::open(&path).map_err(folder)?,
        opened => opened.map_err(folder)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse { dir: dir.to_path_buf() }),
        Err(std::fs::TryLockError::Error(source)) => Err(folder(source)),
    }
}

/// Says that the writer has ended, however it ended.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.counters.set_unwritable("the store's writer has ended; start the gateway again");
    }
}

/// What the writer thread begins with.
struct Task {
    dir: PathBuf,
    options: StoreOptions,
    clock: Clock,
    shared: Arc<Shared>,
    lock: File,
}

impl Task {
    /// The store cannot be opened for writing now. The gateway judges all the same, and the writer
    /// opens it as soon as that is possible.
    async fn open_still(&self, path: &Path, error: sqlx::Error) -> Result<SqliteConnection, StoreError> {
        tracing::warn!(%error, "the store cannot be opened for writing; going on from what can be read of it");
        let Some((conn, connect)) = db::open_still(path).await? else { return Err(StoreError::Unwritable(error)) };
        self.shared.still.begin(connect);
        Ok(conn)
    }

    fn run(self, requests: mpsc::Receiver<Request>, opened: &SyncSender<Opened>) {
        // Also when the thread dies of a defect: then nothing is durable any more, and that is said.
        let says_so = Ended(Arc::clone(&self.shared));
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().max_blocking_threads(2).build()
        {
            Ok(runtime) => runtime,
            Err(source) => {
                let _ = opened.send(Err(StoreError::Folder { dir: self.dir, source }));
                return;
            }
        };
        let ended = runtime.block_on(async {
            let path = self.dir.join(db::FILE);
            let begin = async {
                let mut conn = match db::open_writer(&path, &self.options).await {
                    Err(StoreError::Unwritable(error)) => self.open_still(&path, error).await?,
                    opened => opened?,
                };
                let (standing, recovered) = recover(&mut conn, &self.dir, &self.options, self.clock).await?;
                Ok::<_, StoreError>((conn, standing, recovered))
            };
            match begin.await {
                Err(error) => {
                    let _ = opened.send(Err(error));
                    None
                }
                Ok((conn, standing, recovered)) => {
                    let _ = opened.send(Ok(recovered));
                    let place = (self.dir.clone(), self.options.clone());
                    Some(Writer::new(conn, Arc::clone(&self.shared), requests, self.clock, place, standing).run().await)
                }
            }
        });
        drop(says_so);
        // Whoever waits for the end may open the store again at once.
        drop(self.lock);
        if let Some((result, Some(reply))) = ended {
            let _ = reply.send(result);
        }
    }
}
