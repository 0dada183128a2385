//! The task that replays one file: a thread reads, this task decodes, waits and delivers.

use crate::clock::Clock;
use crate::intake::{Delivery, Intake, Link, Ticket};
use crate::replay::codec::{Codec, RowPlace};
use crate::replay::options::Options;
use crate::replay::pacer::Pacer;
use crate::replay::plan::{InvalidColumns, Plan};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::cell::RefCell;
use std::fs::File;
use std::path::PathBuf;
use std::rc::Rc;
use takt_plant::WallTime;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Rows that the reading thread hands over at once.
const ROWS_PER_BATCH: usize = 64;

/// Batches that may wait; the reading thread waits when they do.
const BATCHES_MAX: usize = 4;

/// What connects a replay with its shard.
#[derive(Debug)]
pub struct Ports<I> {
    /// The process's clock.
    pub clock: Clock,
    /// The shard.
    pub intake: Rc<RefCell<I>>,
    /// Everything up to this ticket is durable.
    pub durable: watch::Receiver<Ticket>,
    /// Ends the replay.
    pub shutdown: CancellationToken,
}

/// How a replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every row was delivered.
    EndOfFile {
        /// Rows, those that were rejected included.
        n_rows: u64,
    },
    /// It was shut down.
    Shutdown,
}

/// Why a file was not replayed to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be opened or read.
    #[error("cannot read {}; check the path and the rights", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: csv::Error,
    },
    /// The columns are not there.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Columns(Vec<InvalidColumns>),
    /// The thread that reads could not be started or panicked.
    #[error("the reading thread failed")]
    Thread(#[source] tokio::task::JoinError),
}

type Batch = Vec<(u64, ByteRecord)>;

/// The names in a file's first row; empty where the options say that it has no header.
pub fn header(options: &Options) -> Result<Vec<String>, ReplayError> {
    let mut reader = open(options)?;
    if !options.has_header {
        return Ok(vec![]);
    }
    let row = reader.byte_headers().map_err(|source| unreadable(options, source))?;
    Ok(row.iter().map(|cell| String::from_utf8_lossy(cell.trim_ascii()).into_owned()).collect())
}

/// Replays a file from its first row to its last, in order. The end comes as `Link::Down`, with
/// "end of file" where the file is at its end.
pub async fn run<I: Intake>(options: Options, ports: Ports<I>) -> Result<Ended, ReplayError> {
    let intake = Rc::clone(&ports.intake);
    let ended = replay(options, ports).await;
    let why = match &ended {
        Ok(Ended::EndOfFile { .. }) => "end of file".to_owned(),
        Ok(Ended::Shutdown) => "stopped by the gateway".to_owned(),
        Err(error) => error.to_string(),
    };
    intake.borrow_mut().link(Link::Down { why, retry_ms: u64::MAX });
    ended
}

async fn replay<I: Intake>(options: Options, mut ports: Ports<I>) -> Result<Ended, ReplayError> {
    let for_header = options.clone();
    let names = tokio::task::spawn_blocking(move || header(&for_header)).await.map_err(ReplayError::Thread)??;
    let plan = Plan::new(&options, &names).map_err(ReplayError::Columns)?;
    let codec = Codec::new(plan, options.path.display().to_string(), ports.clock.wall());
    let mut pacer = Pacer::new(options.speed);
    let ahead_max = options.ahead_max;
    let (rows, mut batches) = mpsc::channel(BATCHES_MAX);
    let reading = tokio::task::spawn_blocking(move || read(&options, &rows));
    ports.intake.borrow_mut().link(Link::Up { session_present: false });
    let mut n_rows = 0;
    while let Some(batch) = batches.recv().await {
        for (line, row) in batch {
            let stamp = codec.stamp(&row, n_rows);
            if !wait(&mut ports, stamp, &mut pacer).await {
                return Ok(Ended::Shutdown);
            }
            let ticket = deliver(&ports, &codec, (line, stamp), &row);
            n_rows += 1;
            if !keep_up(&mut ports, ticket, ahead_max).await {
                return Ok(Ended::Shutdown);
            }
        }
        // Other drivers of the shard get their turn.
        tokio::task::yield_now().await;
    }
    reading.await.map_err(ReplayError::Thread)??;
    Ok(Ended::EndOfFile { n_rows })
}

/// Waits until a row is due; false at shutdown.
async fn wait<I>(ports: &mut Ports<I>, stamp: Option<WallTime>, pacer: &mut Pacer) -> bool {
    let now = ports.clock.mono();
    let due = pacer.due(stamp, now);
    if due <= now {
        return !ports.shutdown.is_cancelled();
    }
    tokio::select! {
        biased;
        () = ports.shutdown.cancelled() => false,
        () = tokio::time::sleep_until(ports.clock.instant(due).into()) => true,
    }
}

/// Waits while too many rows are not durable; false at shutdown or when the journal is gone.
async fn keep_up<I>(ports: &mut Ports<I>, ticket: Ticket, ahead_max: u64) -> bool {
    let is_near = |durable: &Ticket| ticket.0.saturating_sub(durable.0) <= ahead_max;
    if is_near(&ports.durable.borrow()) {
        return true;
    }
    tokio::select! {
        biased;
        () = ports.shutdown.cancelled() => false,
        near = ports.durable.wait_for(is_near) => near.is_ok(),
    }
}

fn deliver<I: Intake>(
    ports: &Ports<I>,
    codec: &Codec,
    (line, stamp): (u64, Option<WallTime>),
    row: &ByteRecord,
) -> Ticket {
    let mut delivery = Delivery::default();
    let Delivery { frames, rejects, .. } = &mut delivery;
    let place = RowPlace { line, stamp, arrived_at: ports.clock.wall(), arrived: ports.clock.mono() };
    codec.decode(row, place, frames, rejects);
    ports.intake.borrow_mut().deliver(delivery)
}

/// The reading thread: ends with the file, or when nobody takes rows any more.
fn read(options: &Options, rows: &mpsc::Sender<Batch>) -> Result<(), ReplayError> {
    let mut reader = open(options)?;
    loop {
        let mut batch = Vec::with_capacity(ROWS_PER_BATCH);
        while batch.len() < ROWS_PER_BATCH {
            let mut row = ByteRecord::new();
            if !reader.read_byte_record(&mut row).map_err(|source| unreadable(options, source))? {
                break;
            }
            let line = row.position().map_or(0, csv::Position::line);
            batch.push((line, row));
        }
        let is_last = batch.len() < ROWS_PER_BATCH;
        if rows.blocking_send(batch).is_err() || is_last {
            return Ok(());
        }
    }
}

fn open(options: &Options) -> Result<Reader<File>, ReplayError> {
    ReaderBuilder::new()
        .delimiter(options.delimiter)
        .has_headers(options.has_header)
        .flexible(true)
        .from_path(&options.path)
        .map_err(|source| unreadable(options, source))
}

fn unreadable(options: &Options, source: csv::Error) -> ReplayError {
    ReplayError::File { path: options.path.clone(), source }
}
