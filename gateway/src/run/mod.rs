//! The running gateway: store, models, shards, HTTP and console, put together and taken apart.
//!
//! [`start`] opens everything in the order in which it is needed; [`Running::apply`] brings new
//! documents in without stopping what they do not change; [`Running::stop`] ends it in phases, each
//! with a deadline and a name, so that whoever is late is in the log.

mod alarms;
mod apply;
mod archive;
mod arming;
mod audit;
mod cells;
mod checking;
mod control;
mod deadline;
mod disarm;
mod documents;
mod encrypt;
mod models;
mod plans;
mod plant;
mod restore;

pub(crate) use audit::Direct;
pub use documents::keep;
pub(crate) use encrypt::shown_certificate;

use crate::access::{Access, SessionLimits};
use crate::api::{ApiParts, Server};
use crate::assemble::Whose;
use crate::backup::{self, BackupError, Order};
use crate::board::{Board, Cut, Identity, Now, Phase, QueueGauge, StoreLosses, StoreStanding, Viewer, cut_text};
use crate::documents::{DocumentSource, whose};
use crate::egress::{Content, Egress};
use crate::loader::{Loader, sentence};
use crate::pipeline::executor::Executor;
use crate::shard::Shard;
use crate::store::{Event, Loss, Recovered, Store, StoreError, StoreHealth, StoreOptions};
use crate::telemetry::{OtlpOptions, Telemetry, TelemetryOptions, Way};
use crate::tls::Tls;
use anyhow::{Context, Result};
use archive::StoreArchive;
use arming::Challenges;
use cells::Cells;
use disarm::{Disarms, Flags};
use plant::RunningPlant;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use takt_adapters::Clock;
use takt_config::resolved::{Gateway, Threads};
use takt_models::catalogue::Catalogue;
use takt_models::onnx::{Pack, Runtime};
use takt_plant::{ExportClass, LineId};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long each phase of the end may take.
const PHASE_MAX: Duration = Duration::from_secs(5);
/// How often the store's health is shown.
const HEALTH_EVERY: Duration = Duration::from_millis(500);

/// Everything that runs.
pub struct Running {
    shared: Arc<Shared>,
    until: CancellationToken,
    address: std::net::SocketAddr,
    tls: Option<Arc<Tls>>,
    /// Who listens outside: address and socket are free when they have ended.
    outside: Vec<(&'static str, JoinHandle<()>)>,
}

/// What console, HTTP and start-up share.
pub(crate) struct Shared {
    pub(crate) gateway: Gateway,
    pub(crate) source: DocumentSource,
    pub(crate) clock: Clock,
    pub(crate) board: Arc<Board>,
    pub(crate) store: Store,
    pub(crate) loader: Arc<Loader>,
    pub(crate) executor: Executor,
    pub(crate) shards: Vec<Shard>,
    pub(crate) queue: Arc<QueueGauge>,
    pub(crate) cells: Mutex<Cells>,
    /// Held by whoever changes what is in force: one change at a time.
    pub(crate) changing: Mutex<()>,
    pub(crate) challenges: Challenges,
    /// Who has documents looked at.
    pub(crate) checks: checking::Checks,
    /// The flags of armed outputs.
    pub(crate) flags: Flags,
    /// Disarms that are under way, or that a restart would undo.
    pub(crate) disarms: Disarms,
    /// Who asks the field at the moment.
    pub(crate) asking: Semaphore,
    /// What is learned, and was since the start.
    pub(crate) learning: plant::Jobs,
    /// What the doctor said last.
    pub(crate) examined: plant::LastExamination,
    /// Who makes or restores a backup at the moment.
    pub(crate) moving: Arc<Semaphore>,
    /// Whether the end is followed by a new start.
    pub(crate) again: AtomicBool,
    /// Who uploads a package at the moment.
    pub(crate) uploads: Semaphore,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) access: Arc<Access>,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    pub(crate) fn whose(&self) -> Whose {
        whose(&self.gateway)
    }

    /// Puts an act into the audit log.
    pub(crate) async fn note(&self, who: &str, what: &str, line: Option<LineId>, text: &str) {
        let at = self.clock.wall();
        tracing::info!(what, text, who);
        let event = Event { at, who: who.to_owned(), what: what.to_owned(), line, text: text.to_owned() };
        if let Err(error) = self.store.record_event(event).await {
            tracing::warn!(error = sentence(&error), "the audit event could not be kept");
        }
    }
}

/// Starts the gateway. Returns when its lines run and HTTP answers.
///
/// # Errors
/// Every problem of the documents, or the one thing of the box that stands in the way.
pub async fn start(source: DocumentSource, stop: CancellationToken) -> Result<Running> {
    let clock = Clock::new();
    let gateway = crate::documents::gateway(&source)?;
    let data_dir = gateway.data_dir.value.clone();
    let restored = restored(&gateway).await?;
    let (store, recovered) = open_store(&gateway, clock).await?;
    let cut = cut(&store, &recovered, clock).await;
    let documents = documents::with_applied(&source, &store, crate::documents::whose(&gateway)).await?;
    let runtime = runtime(&gateway);
    let board = Board::new(identity(&gateway, runtime.as_ref().ok()), Now::of(&clock));
    let viewer = Viewer::new(Arc::clone(&board), clock);
    let telemetry = Arc::new(Telemetry::start(&telemetry_options(&gateway, &board), Arc::clone(&viewer))?);
    let catalogue = Catalogue::open(&data_dir.join("models"))?;
    let loader = Arc::new(Loader::new(runtime, catalogue, data_dir.join("engines"), clock));
    let executor = executor(&gateway, clock)?;
    let shards = (0..n_shards(&gateway)).map(Shard::start).collect::<std::io::Result<_>>();
    let queue =
        board.queue("journal", StoreOptions::default().queue_entries_max, "kept by the cell, then frames are given up");
    let until = CancellationToken::new();
    let (audit, acts) = audit::queue(&board, clock);
    let limits = SessionLimits { idle: gateway.http.session_idle, longest: gateway.http.session_max };
    let access = Arc::new(Access::open(&data_dir, clock, limits, Arc::new(audit)).await?);
    tokio::spawn(acts.keep(store.clone(), until.clone()));
    let options = encrypt::options(&gateway, clock, &until)?;
    let flags = Flags::of(&data_dir);
    let shared = Arc::new(Shared {
        queue,
        access: Arc::clone(&access),
        source,
        clock,
        store: store.clone(),
        executor,
        shards: shards.context("the shards' threads cannot be started")?,
        cells: Mutex::new(Cells::new(&recovered, &flags)),
        changing: Mutex::new(()),
        challenges: Challenges::default(),
        checks: checking::Checks::default(),
        flags,
        disarms: Disarms::default(),
        asking: Semaphore::new(plant::ASKING_MAX),
        learning: plant::Jobs::default(),
        examined: plant::LastExamination::default(),
        moving: Arc::new(Semaphore::new(1)),
        again: AtomicBool::new(false),
        uploads: Semaphore::new(plant::UPLOADS_MAX),
        telemetry: Arc::clone(&telemetry),
        stop,
        board: Arc::clone(&board),
        loader: Arc::clone(&loader),
        gateway,
    });
    let archive = Arc::new(StoreArchive::new(store, Arc::clone(&shared)));
    let plant = Arc::new(RunningPlant::new(Arc::clone(&shared)));
    let alarms = alarms::resume(&shared.store, clock).await;
    tokio::spawn(Arc::clone(&alarms).run(Arc::clone(&viewer), until.clone()));
    let parts = ApiParts { viewer: Arc::clone(&viewer), archive, plant, alarms, telemetry, access };
    let server = Server::bind(&options, parts, until.clone()).await?;
    let address = server.address();
    let mut outside = vec![("http", tokio::spawn(server.run()))];
    tokio::spawn(viewer.run(until.clone()));
    tokio::spawn(watch(Arc::clone(&shared), cut, until.clone()));
    if let Some(follower) = shared.telemetry.follower() {
        tokio::spawn(follower.run(until.clone()));
    }
    outside.push(("console", control::serve(Arc::clone(&shared), &data_dir, until.clone())?));
    note_restored(&shared, restored).await;
    cells::apply(&shared, &documents).await?;
    board.phase(Phase::Running);
    Ok(Running { shared, until, address, tls: options.tls().cloned(), outside })
}

impl Running {
    /// Where HTTP answers.
    pub fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    /// The address as it is typed into a browser.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that it shows.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_deref()
    }

    /// The code that makes the first administrator, while there is none.
    pub fn setup_code(&self) -> Option<&str> {
        self.shared.access.setup_code()
    }

    /// What it shows of itself; stays after the end.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.shared.board)
    }

    /// The number of lines that run.
    pub fn n_lines(&self) -> usize {
        self.shared.board.lines().len()
    }

    /// Whether it ends to start anew, with what was restored.
    pub fn starts_again(&self) -> bool {
        self.shared.again.load(Ordering::Relaxed)
    }

    /// Ends it: lines first, so that every position is kept; then HTTP; then the store.
    pub async fn stop(self) {
        self.shared.board.phase(Phase::Draining);
        phase("lines", cells::stop_all(&self.shared)).await;
        self.shared.executor.end();
        self.until.cancel();
        for (name, task) in self.outside {
            phase(name, async { drop(task.await) }).await;
        }
        let store = self.shared.store.clone();
        let closed = tokio::task::spawn_blocking(move || store.close());
        phase("store", async {
            if let Ok(Err(error)) = closed.await {
                tracing::error!(error = sentence(&error), "the store could not be closed cleanly");
            }
        })
        .await;
    }
}

async fn phase(name: &str, work: impl Future<Output = ()>) {
    if tokio::time::timeout(PHASE_MAX, work).await.is_err() {
        tracing::warn!("{name} did not end within {} s", PHASE_MAX.as_secs());
    }
}

/// Puts a restore in place that was ordered before. What the disk refuses now is done by a later start; lines
/// then go on as they are.
async fn restored(gateway: &Gateway) -> Result<Option<Order>> {
    match backup::complete(&gateway.data_dir, &store_dir(gateway)).await {
        Ok(order) => Ok(order),
        Err(error @ BackupError::Store(StoreError::InUse { .. })) => Err(error.into()),
        Err(error) => {
            tracing::error!(
                error = sentence(&error),
                "the restore is not in place yet; the next start goes on with it"
            );
            Ok(None)
        }
    }
}

async fn note_restored(shared: &Shared, restored: Option<Order>) {
    if let Some(order) = restored {
        shared.note(&order.by, "backup.restored", None, &format!("{} is in force", order.text)).await;
    }
}

/// The store's folder.
pub fn store_dir(gateway: &Gateway) -> PathBuf {
    gateway.data_dir.value.join("store")
}

/// Opens the store as the gateway document sets it.
///
/// # Errors
/// When another process has it open, or its folder cannot be used.
pub async fn open_store(gateway: &Gateway, clock: Clock) -> Result<(Store, Recovered)> {
    let dir = store_dir(gateway);
    let options = StoreOptions {
        bytes_max: gateway.history.bytes_max,
        samples_age_max: gateway.history.retention,
        linger: gateway.history.journal_linger,
        ..StoreOptions::default()
    };
    tokio::task::spawn_blocking(move || Store::open(&dir, options, clock))
        .await?
        .map_err(|error| anyhow::anyhow!(sentence(&error)))
}

/// The library: as configured, else from the environment, else beside the program.
pub fn library(gateway: &Gateway) -> PathBuf {
    if let Some(path) = &gateway.runtime.library {
        return path.beside_document();
    }
    if let Some(path) = std::env::var_os("TAKT_ORT_LIB") {
        return PathBuf::from(path);
    }
    let program = std::env::current_exe().unwrap_or_default();
    program.parent().unwrap_or(Path::new(".")).join("libonnxruntime.so")
}

/// Loads ONNX Runtime as the box is configured.
///
/// # Errors
/// A sentence that says what is missing and what to do.
pub fn runtime(gateway: &Gateway) -> Result<Runtime, String> {
    use takt_config::resolved::Pack as Written;
    let pack = match *gateway.runtime.pack {
        Written::Cpu => Pack::Cpu,
        Written::Cuda => Pack::Cuda,
        Written::OpenVino => Pack::OpenVino,
        Written::Qnn => Pack::Qnn,
    };
    Runtime::load(&library(gateway), pack).map_err(|error| sentence(&error))
}

/// How long one request to the collector may take.
const OTLP_TIMEOUT: Duration = Duration::from_secs(5);

fn telemetry_options(gateway: &Gateway, board: &Board) -> TelemetryOptions {
    let otlp = gateway.otlp.as_ref().map(|otlp| OtlpOptions {
        endpoint: otlp.url.value.clone(),
        headers: std::collections::HashMap::new(),
        metrics_every: otlp.every,
        timeout: OTLP_TIMEOUT,
        way: Arc::new(CollectorWay(board.way_out(Egress::new("otlp", otlp.reach)))),
    });
    TelemetryOptions { otlp, ..TelemetryOptions::default() }
}

/// The way to the collector, behind the egress filter.
struct CollectorWay(Egress);

impl Way for CollectorWay {
    fn admit(&self, signal: &'static str, _n_bytes: usize) -> Result<(), String> {
        // The gateway's own counters hold no content of tags, so their class is the widest.
        match self.0.pass(Content::Telemetry, ExportClass::Mesh) {
            true => Ok(()),
            false => Err(format!("{signal} may not leave by {}", self.0.way())),
        }
    }

    fn left(&self, signal: &'static str, n_bytes: usize) {
        tracing::trace!(signal, n_bytes, "telemetry left");
    }

    fn failed(&self, signal: &'static str, why: &str) {
        tracing::debug!(signal, why, "telemetry did not arrive");
    }
}

fn identity(gateway: &Gateway, runtime: Option<&Runtime>) -> Identity {
    let pack = gateway.runtime.pack.word();
    let runtime = match runtime.and_then(Runtime::version) {
        Some(version) => format!("{pack}, ONNX Runtime {version}"),
        None => format!("{pack}, not loaded"),
    };
    let (gateway, site) = (gateway.name.value.clone(), gateway.site.value.clone());
    Identity { gateway, site, version: env!("CARGO_PKG_VERSION").to_owned(), runtime }
}

fn n_shards(gateway: &Gateway) -> usize {
    match gateway.runtime.shards {
        Threads::Exactly(n) => n.max(1) as usize,
        // One core is left to store, HTTP and the system.
        Threads::Auto => cores().saturating_sub(1).clamp(1, 16),
    }
}

fn executor(gateway: &Gateway, clock: Clock) -> Result<Executor> {
    let n_threads = match gateway.runtime.executor_threads {
        Threads::Exactly(n) => n.max(1) as usize,
        Threads::Auto => cores().div_ceil(2),
    };
    Executor::start(n_threads, clock).context("the executor's threads cannot be started")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// What the end of the last run may have cost, and the event that says so.
async fn cut(store: &Store, recovered: &Recovered, clock: Clock) -> Option<Cut> {
    let Loss::AtMost { window, n_samples } = recovered.loss else { return None };
    let text = cut_text(n_samples, window);
    tracing::warn!("{text}");
    let (who, what) = ("gateway".to_owned(), "store.cut".to_owned());
    let event = Event { at: clock.wall(), who, what, line: None, text };
    if let Err(error) = store.record_event(event).await {
        tracing::warn!(error = sentence(&error), "the event could not be kept");
    }
    Some(Cut { n_samples_max: n_samples, window })
}

/// What the store and the queue before it gave up.
fn losses(health: &StoreHealth, queue: &QueueGauge, cut: Option<Cut>) -> StoreLosses {
    let before = queue.losses();
    StoreLosses {
        n_frames: health.n_frames_lost + before.n_frames,
        n_verdicts: health.n_verdicts_lost + before.n_verdicts,
        n_records: before.n_records,
        n_conflicting: health.n_conflicting,
        n_damaged: health.n_damaged,
        cut,
    }
}

/// Shows the store's health, and jumps of the wall clock (B25).
async fn watch(shared: Arc<Shared>, cut: Option<Cut>, until: CancellationToken) {
    const JUMP: Duration = Duration::from_secs(1);
    let bytes_max = shared.gateway.history.bytes_max;
    let began = Now::of(&shared.clock);
    let mut offset_ns = 0_i128;
    loop {
        tokio::select! {
            () = until.cancelled() => return,
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
        shared.keep_disarms().await;
        let health = shared.store.health();
        shared.board.not_durable(health.n_not_durable);
        shared.board.store_losses(losses(&health, &shared.queue, cut));
        shared.board.store(match health.unwritable {
            None => StoreStanding::Durable { n_bytes: health.bytes, n_bytes_max: bytes_max },
            Some(why) => StoreStanding::Unwritable { why },
        });
        let now = Now::of(&shared.clock);
        let wall_ns = i128::from(now.wall.as_ns()) - i128::from(began.wall.as_ns());
        let drift_ns = wall_ns - i128::from(now.mono.as_ns()) + i128::from(began.mono.as_ns());
        let jump_ns = drift_ns - offset_ns;
        if jump_ns.unsigned_abs() > JUMP.as_nanos() {
            let by_ms = i64::try_from(jump_ns / 1_000_000).unwrap_or(i64::MAX);
            tracing::warn!(by_ms, "the wall clock jumped; durations are not affected");
            shared.board.clock_jump(by_ms);
            offset_ns = drift_ns;
        }
    }
}
