//! The board: the only link from the pipeline to those who watch it.
//!
//! The pipeline writes to gauges, viewers (HTTP, metrics, the live page) read them. Writing never
//! waits for a reader: counts and latencies are atomics, verdicts and rejects go through bounded
//! rings that push out their oldest entry and count it, and only what changes rarely (links,
//! models, arming) stands behind a lock. So nothing that looks can slow a verdict.
//!
//! The gateway's assembly makes the gauges and hands their `Arc`s to the pipeline; a viewer's task
//! calls [`Board::pump`] every [`PUMP_EVERY`].
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use takt::board::{Board, CheckPlan, ConnectionPlan, DeviceInUse, Identity, LinePlan, ModelStanding, Now};
//! use takt::record::{LatencySplit, ModelStamp, VerdictRecord};
//! use takt_plant::{
//!     Books, CheckId, ConnectionId, GatewayId, LineId, Outcome, SiteId, VerdictKey, WallTime, WindowKey,
//! };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = takt_adapters::Clock::new();
//! let gateway = GatewayId::new("box-1")?;
//! let identity = Identity {
//!     gateway: gateway.clone(),
//!     site: SiteId::new("graz")?,
//!     version: "0.1.0".into(),
//!     runtime: "cpu, ONNX Runtime 1.32.0".into(),
//! };
//! let board = Board::new(identity, Now::of(&clock));
//!
//! // Assembly:
//! let plc = ConnectionPlan { id: ConnectionId::new("plc")?, kind: "modbus-tcp".into(), address: "10.0.0.10:502".into() };
//! let plc = board.connection(plc, Now::of(&clock));
//! let line = board.line(LinePlan { id: LineId::new("press-3")?, tags: vec![] }, Now::of(&clock));
//! let check = line.check(CheckPlan {
//!     id: CheckId::new("stroke")?,
//!     deadline: Duration::from_millis(20),
//!     window: "frame".into(),
//!     inputs: vec![],
//!     models: vec!["press-a".into()],
//!     outputs: vec![],
//!     quiet_max: None,
//! });
//! let stamp = Arc::new(ModelStamp { name: "press-a".into(), version: "1".into(), digest: "b3:00".into() });
//! let device = DeviceInUse { asked: "auto".into(), used: "cpu".into(), fallback: None };
//! check.model("press-a", ModelStanding::Ready { stamp: stamp.clone(), device, since: clock.wall() });
//!
//! // The pipeline, for every delivery and every verdict:
//! plc.delivered(1, clock.mono());
//! let mut books = Books::default();
//! (books.received, books.judged) = (1, 1);
//! let at = clock.wall();
//! let window = WindowKey { from: at, to: at, n: 1, part: None };
//! let key = VerdictKey { line: line.plan().id.clone(), check: check.plan().id.clone(), epoch: 1, seq: 1, window };
//! let record = Arc::new(VerdictRecord {
//!     key, outcome: Outcome::Pass, at, scores: vec![], contributions: vec![], model: Some(stamp),
//!     latency: LatencySplit::default(), executed_by: gateway,
//! });
//! check.verdict(&record, &books, clock.mono());
//! assert_eq!(check.counts().n_pass, 1);
//! # Ok(()) }
//! ```

mod beat;
mod check;
mod connection;
mod health;
mod latency;
pub mod leaving;
mod line;
mod output;
mod plan;
mod queue;
pub mod show;
pub mod status;
mod tally;
mod view;
mod viewer;

pub use check::{CheckGauge, DeviceInUse, FRESH_MAX, ModelStanding, Production, Refused};
pub use connection::{ConnectionGauge, LinkStanding, REJECTS_MAX, Traffic};
pub use health::cut_text;
pub use latency::{HALF, STAGES, Spread};
pub use line::{LIVE_EVERY, LineGauge, LiveReading};
pub use output::{OutputGauge, WriteNote, WriteOutcome};
pub use plan::{CheckPlan, ConnectionPlan, Identity, LinePlan, Now, OutputPlan, TagPlan};
pub use queue::{QueueGauge, QueueLosses};
pub use status::Status;
pub use tally::{Counts, REASONS};
pub use view::{LatencyView, ModelView, ScoreView, VerdictView, WindowView};
pub use viewer::{STATUS_EVERY, Viewer};

use crate::egress::Egress;
use crate::record::VerdictRecord;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use takt_plant::{CheckId, ConnectionId, LineId, OutputId};
use tokio::sync::broadcast;

/// How often a viewer's task should call [`Board::pump`].
pub const PUMP_EVERY: Duration = Duration::from_millis(25);

/// Verdicts that a slow reader of the live stream may lag behind before it is told that it missed some.
pub const LIVE_MAX: usize = 1_024;

/// Verdicts that are kept for viewers who have just come.
pub const RECENT_MAX: usize = 100;

/// What the live stream carries.
#[derive(Debug, Clone)]
pub enum Live {
    /// A verdict.
    Verdict(Arc<VerdictRecord>),
    /// A write that ended.
    Write(Arc<LiveWrite>),
}

/// A write that ended, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveWrite {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// The output.
    pub output: OutputId,
    /// What became of it.
    pub note: WriteNote,
}

/// How the store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreStanding {
    /// Not opened yet.
    Opening,
    /// What is acknowledged is durable.
    Durable {
        /// Bytes in use.
        n_bytes: u64,
        /// The byte limit.
        n_bytes_max: u64,
    },
    /// It cannot be written: verdicts go on, messages are acknowledged undurably or held back.
    Unwritable {
        /// Why, and what to do.
        why: String,
    },
}

/// What the store lost, and what it could not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreLosses {
    /// Frames that were given up, because it could not take them.
    pub n_frames: u64,
    /// Verdicts likewise.
    pub n_verdicts: u64,
    /// Events, ends of writes and confirmations likewise.
    pub n_records: u64,
    /// Verdicts under a number that was given before: a defect.
    pub n_conflicting: u64,
    /// Stored parts that could not be read.
    pub n_damaged: u64,
    /// What the end of the run before may have cost; `None`: it ended cleanly, or there was none.
    pub cut: Option<Cut>,
}

/// The end of a run that was cut off (B36). Nothing that was acknowledged is lost; of the samples that
/// nobody acknowledges, at most these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// So many samples at most.
    pub n_samples_max: u64,
    /// All of them of this span before the end.
    pub window: Duration,
}

/// Where the program stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Documents are read, models loaded, connections opened.
    Starting,
    /// It judges.
    Running,
    /// It was told to end and finishes what is open.
    Draining,
}

/// All gauges of the gateway.
pub struct Board {
    identity: Identity,
    began: Now,
    lines: RwLock<Vec<Arc<LineGauge>>>,
    connections: RwLock<Vec<Arc<ConnectionGauge>>>,
    queues: RwLock<Vec<Arc<QueueGauge>>>,
    ways: RwLock<Vec<Egress>>,
    rare: Mutex<Rare>,
    n_clock_jumps: AtomicU64,
    n_not_durable: AtomicU64,
    clock_jump_ms_last: AtomicI64,
    live: broadcast::Sender<Live>,
    recent: Mutex<VecDeque<Arc<VerdictRecord>>>,
}

struct Rare {
    phase: Phase,
    store: StoreStanding,
    losses: StoreLosses,
}

impl Board {
    /// An empty board.
    pub fn new(identity: Identity, now: Now) -> Arc<Self> {
        let (live, _) = broadcast::channel(LIVE_MAX);
        Arc::new(Self {
            identity,
            began: now,
            lines: RwLock::default(),
            connections: RwLock::default(),
            queues: RwLock::default(),
            ways: RwLock::default(),
            rare: Mutex::new(Rare {
                phase: Phase::Starting,
                store: StoreStanding::Opening,
                losses: StoreLosses::default(),
            }),
            n_clock_jumps: AtomicU64::new(0),
            n_not_durable: AtomicU64::new(0),
            clock_jump_ms_last: AtomicI64::new(0),
            live,
            recent: Mutex::default(),
        })
    }

    /// Adds a connection, or replaces the one of the same name.
    pub fn connection(&self, plan: ConnectionPlan, now: Now) -> Arc<ConnectionGauge> {
        let gauge = Arc::new(ConnectionGauge::new(plan, now));
        let mut all = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|old| old.plan().id != gauge.plan().id);
        all.push(Arc::clone(&gauge));
        gauge
    }

    /// Adds a line, or replaces the one of the same name.
    pub fn line(&self, plan: LinePlan, now: Now) -> Arc<LineGauge> {
        let gauge = Arc::new(LineGauge::new(plan, now));
        let mut all = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|old| old.plan().id != gauge.plan().id);
        all.push(Arc::clone(&gauge));
        gauge
    }

    /// Adds a bounded queue, or replaces the one of the same name. `when_full` says in words what
    /// happens to an entry that meets it full.
    pub fn queue(&self, name: &str, n_max: usize, when_full: &str) -> Arc<QueueGauge> {
        let gauge = Arc::new(QueueGauge::new(name, n_max, when_full));
        let mut all = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|old| old.name() != name);
        all.push(Arc::clone(&gauge));
        gauge
    }

    /// Takes a line off the board.
    pub fn remove_line(&self, id: &LineId) {
        self.lines.write().unwrap_or_else(PoisonError::into_inner).retain(|line| line.plan().id != *id);
    }

    /// Takes a connection off the board.
    pub fn remove_connection(&self, id: &ConnectionId) {
        self.connections.write().unwrap_or_else(PoisonError::into_inner).retain(|c| c.plan().id != *id);
    }

    /// Shows that the wall clock jumped by so many milliseconds against the monotonic one (B25).
    pub fn clock_jump(&self, by_ms: i64) {
        self.n_clock_jumps.fetch_add(1, Ordering::Relaxed);
        self.clock_jump_ms_last.store(by_ms, Ordering::Relaxed);
    }

    /// Shows how many messages the store let go undurably since the start.
    pub fn not_durable(&self, n: u64) {
        self.n_not_durable.store(n, Ordering::Relaxed);
    }

    /// Messages that the store let go undurably.
    pub fn n_not_durable(&self) -> u64 {
        self.n_not_durable.load(Ordering::Relaxed)
    }

    /// Shows where the program stands in its life.
    pub fn phase(&self, phase: Phase) {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).phase = phase;
    }

    /// Shows how the store stands.
    pub fn store(&self, standing: StoreStanding) {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).store = standing;
    }

    /// Shows what the store lost.
    pub fn store_losses(&self, losses: StoreLosses) {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).losses = losses;
    }

    /// What the store lost.
    pub fn losses(&self) -> StoreLosses {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner).losses
    }

    /// Who this gateway is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// When the program began.
    pub fn began(&self) -> Now {
        self.began
    }

    /// Its lines.
    pub fn lines(&self) -> Vec<Arc<LineGauge>> {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its connections.
    pub fn connections(&self) -> Vec<Arc<ConnectionGauge>> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its queues.
    pub fn queues(&self) -> Vec<Arc<QueueGauge>> {
        self.queues.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often the wall clock jumped, and by how many milliseconds the last time.
    pub fn clock_jumps(&self) -> (u64, i64) {
        (self.n_clock_jumps.load(Ordering::Relaxed), self.clock_jump_ms_last.load(Ordering::Relaxed))
    }

    /// Where the program stands in its life, and how the store stands.
    pub fn standing(&self) -> (Phase, StoreStanding) {
        let rare = self.rare.lock().unwrap_or_else(PoisonError::into_inner);
        (rare.phase, rare.store.clone())
    }

    /// Hands fresh verdicts and writes to the live stream. Called by a viewer's task, never by the
    /// pipeline. Verdicts are merged by time; those of one check keep their order unless the wall
    /// clock stepped back between them.
    pub fn pump(&self) {
        // Held throughout, so that two viewers who pump at once cannot mix up a check's order.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = Vec::new();
        let mut writes = Vec::new();
        for line in self.lines() {
            for check in line.checks() {
                check.drain(&mut fresh);
                drain_writes(&check, &mut writes);
            }
        }
        fresh.sort_by_key(|record| record.at);
        for record in fresh {
            if recent.len() == RECENT_MAX {
                recent.pop_front();
            }
            recent.push_back(Arc::clone(&record));
            // Without a viewer nobody listens, and that is no error.
            drop(self.live.send(Live::Verdict(record)));
        }
        for write in writes {
            drop(self.live.send(Live::Write(Arc::new(write))));
        }
    }

    /// The live stream of verdicts and writes. A reader that lags by more than [`LIVE_MAX`] is told how many
    /// it missed (`RecvError::Lagged`).
    pub fn subscribe(&self) -> broadcast::Receiver<Live> {
        self.live.subscribe()
    }

    /// Everything that viewers read, of one instant. Takes over fresh verdicts first.
    pub fn status(&self, now: Now) -> Status {
        self.pump();
        show::status(self, now)
    }

    /// The live values of every tag, line by line.
    pub fn tags(&self, now: Now) -> Vec<status::TagStatus> {
        self.lines().iter().flat_map(|line| show::tags(line, now)).collect()
    }

    /// The last verdicts of all checks, newest first, at most [`RECENT_MAX`].
    pub fn recent(&self) -> Vec<Arc<VerdictRecord>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}

fn drain_writes(check: &CheckGauge, out: &mut Vec<LiveWrite>) {
    for output in check.outputs() {
        output.drain(|note| {
            out.push(LiveWrite {
                line: check.line().clone(),
                check: check.plan().id.clone(),
                output: output.plan().id.clone(),
                note: note.clone(),
            });
        });
    }
}
