//! One connection: a kept-open stream for each class of traffic, and what comes in on the other side's.
//!
//! **When a queue is full** the newest frame is dropped and counted. The core stands that: requests have
//! deadlines of their own, vouchers and claims are sent again, chunks are asked for again.

use crate::event::{LinkId, PeerEvent};
use crate::wire::{self, Class, Ended, LIST_BYTES_MAX};
use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream, VarInt, WriteError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use takt_mesh_proto::frame::Frame;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Told to a peer whose bytes are no frames.
pub(crate) const CLOSE_GARBAGE: u32 = 2;
/// Told to a connection that another one has replaced.
pub(crate) const CLOSE_REPLACED: u32 = 3;
/// Told at an orderly end.
pub(crate) const CLOSE_END: u32 = 4;

/// Frames that wait for one stream: what can be in flight on a pair.
const QUEUE_MAX: usize = 64;

/// Large tensors on their way to one peer: each holds a megabyte.
const LARGE_MAX: usize = 4;

/// A peer that does not take a large tensor for this long does not get it; no deadline is longer.
const LARGE_PATIENCE: Duration = Duration::from_secs(10);

/// What went over a connection, by class; the same names in telemetry.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) n_frames: [AtomicU64; 5],
    pub(crate) n_bytes: [AtomicU64; 5],
    pub(crate) n_dropped: AtomicU64,
}

impl Traffic {
    fn sent(&self, class: Class, n_bytes: usize) {
        let at = class as usize - 1;
        self.n_frames[at].fetch_add(1, Ordering::Relaxed);
        self.n_bytes[at].fetch_add(n_bytes as u64, Ordering::Relaxed);
    }
}

/// This side of a connection. Dropping it ends its tasks.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) connection: Connection,
    /// The other side has let us in.
    pub(crate) up: bool,
    pub(crate) traffic: Arc<Traffic>,
    queues: [mpsc::Sender<Frame>; 3],
    large: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Link {
    /// Starts a connection's tasks.
    pub(crate) fn start(
        id: LinkId,
        connection: Connection,
        traffic: Arc<Traffic>,
        events: mpsc::Sender<PeerEvent>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let queues = Class::KEPT.map(|class| {
            let (to, from) = mpsc::channel(QUEUE_MAX);
            let (connection, traffic) = (connection.clone(), Arc::clone(&traffic));
            tasks.spawn(async move {
                // A stream ends with its connection, and that is told by `listen`.
                let _ended = keep_writing(connection, class, from, &traffic).await;
            });
            to
        });
        tasks.spawn(listen(id, connection.clone(), events));
        Self { id, connection, up: false, traffic, queues, large: Arc::new(Semaphore::new(LARGE_MAX)), tasks }
    }

    /// Sends a frame, or drops it when its queue is full.
    pub(crate) fn send(&mut self, frame: Frame) {
        // Ended tasks of large tensors make room.
        while self.tasks.try_join_next().is_some() {}
        let class = Class::of(&frame);
        let taken = match Class::KEPT.iter().position(|kept| *kept == class) {
            Some(at) => self.queues[at].try_send(frame).is_ok(),
            None => self.send_large(frame),
        };
        if !taken {
            self.traffic.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn send_large(&mut self, frame: Frame) -> bool {
        let Ok(permit) = Arc::clone(&self.large).try_acquire_owned() else { return false };
        let (connection, traffic) = (self.connection.clone(), Arc::clone(&self.traffic));
        self.tasks.spawn(async move {
            let whole = write_once(&connection, Class::Large, frame.encode().into(), &traffic);
            let _late = tokio::time::timeout(LARGE_PATIENCE, whole).await;
            drop(permit);
        });
        true
    }

    /// Sends a signed member list.
    pub(crate) fn send_list(&mut self, list: &Arc<[u8]>) {
        let (connection, traffic, list) = (self.connection.clone(), Arc::clone(&self.traffic), Arc::clone(list));
        self.tasks.spawn(async move {
            let whole = write_once(&connection, Class::List, Bytes::copy_from_slice(&list), &traffic);
            let _late = tokio::time::timeout(LARGE_PATIENCE, whole).await;
        });
    }

    /// Round trip as QUIC measures it.
    pub(crate) fn rtt(&self) -> Duration {
        let paths = self.connection.paths();
        let selected = paths.iter().find(|path| path.is_selected()).or_else(|| paths.iter().next());
        selected.map(|path| path.rtt()).unwrap_or_default()
    }

    /// Ends the connection, with the reason told to the other side.
    pub(crate) fn close(self, code: u32, why: &str) {
        self.connection.close(VarInt::from_u32(code), why.as_bytes());
    }
}

async fn keep_writing(
    connection: Connection,
    class: Class,
    mut frames: mpsc::Receiver<Frame>,
    traffic: &Traffic,
) -> Result<(), WriteError> {
    let mut stream = connection.open_uni().await?;
    // At once, also with nothing to say: it tells the other side that it has been let in.
    wire::begin(&mut stream, class).await?;
    while let Some(frame) = frames.recv().await {
        let block = Bytes::from(frame.encode());
        let n_bytes = block.len();
        wire::write(&mut stream, block).await?;
        traffic.sent(class, n_bytes);
    }
    Ok(())
}

async fn write_once(connection: &Connection, class: Class, block: Bytes, traffic: &Traffic) -> Result<(), WriteError> {
    let mut stream = connection.open_uni().await?;
    wire::begin(&mut stream, class).await?;
    let n_bytes = block.len();
    wire::write(&mut stream, block).await?;
    traffic.sent(class, n_bytes);
    let _closed = stream.finish();
    Ok(())
}

/// Takes the other side's streams until the connection ends.
async fn listen(id: LinkId, connection: Connection, events: mpsc::Sender<PeerEvent>) {
    let mut readers = JoinSet::new();
    let spoilt = Arc::new(AtomicBool::new(false));
    let mut up = false;
    while let Ok(stream) = connection.accept_uni().await {
        while readers.try_join_next().is_some() {}
        if !std::mem::replace(&mut up, true) && events.send(PeerEvent::Up(id)).await.is_err() {
            return;
        }
        let (connection, events, spoilt) = (connection.clone(), events.clone(), Arc::clone(&spoilt));
        // QUIC allows as many streams as the transport's limit says; so many readers there are at most.
        readers.spawn(async move {
            if let Ended::Garbage(why) = read_all(id, stream, &events).await
                && !spoilt.swap(true, Ordering::Relaxed)
            {
                tracing::warn!(peer = %id.peer, %why, "the peer sent bytes that are no frame; its connection is ended");
                connection.close(VarInt::from_u32(CLOSE_GARBAGE), b"no frame of this mesh");
                let _ended = events.send(PeerEvent::Garbage(id)).await;
            }
        });
    }
    while readers.join_next().await.is_some() {}
    let _ended = events.send(PeerEvent::Gone(id)).await;
}

async fn read_all(id: LinkId, mut stream: RecvStream, events: &mpsc::Sender<PeerEvent>) -> Ended {
    let class = match wire::head(&mut stream).await {
        Ok(class) => class,
        Err(ended) => return ended,
    };
    loop {
        let read = match class {
            Class::List => wire::read(&mut stream, LIST_BYTES_MAX).await.map(|bytes| PeerEvent::List(id, bytes)),
            _ => wire::read_frame(&mut stream).await.map(|frame| PeerEvent::Frame(id, frame)),
        };
        let event = match read {
            Ok(event) => event,
            Err(ended) => return ended,
        };
        if events.send(event).await.is_err() {
            return Ended::Closed;
        }
    }
}
