//! What viewers read: the document of `GET /api/v1/status` and its parts, as types with a schema.

use super::leaving::LeavingSum;
use super::view::{ModelView, VerdictView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Everything of one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Always `takt`.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// The gateway.
    pub gateway: String,
    /// Its site.
    pub site: String,
    /// The runtime pack in use.
    pub runtime: String,
    /// The instant: RFC 3339, UTC, microseconds.
    pub at: String,
    /// When the program began.
    pub began: String,
    /// Seconds since then.
    pub uptime_s: u64,
    /// `starting`, `running` or `draining`.
    pub phase: String,
    /// Whether every check can judge on the provider it asks for.
    pub ready: bool,
    /// What keeps it from being ready, and what is merely not as it should be.
    pub problems: Vec<Problem>,
    /// The lines with their checks.
    pub lines: Vec<LineStatus>,
    /// The connections.
    pub connections: Vec<ConnectionStatus>,
    /// The bounded queues.
    pub queues: Vec<QueueStatus>,
    /// The store.
    pub store: StoreStatus,
    /// Jumps of the wall clock.
    pub clock: ClockStatus,
    /// Messages that were acknowledged undurably because the store cannot be written.
    pub n_not_durable: u64,
    /// What left the box, in short; `/api/v1/egress` has it by way.
    pub egress: LeavingSum,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The gateway does not do its job: `/readyz` answers 503.
    NotReady,
    /// It does, but something is not as it should be.
    Degraded,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// What kind it is, in one stable word: `gateway`, `lines`, `store`, `connection`, `unit`, `model`, `loading`,
    /// `device`, `silent`, `inconclusive`, `books`, `write`, `arming`,
    /// `intent` or `lost`.
    pub kind: String,
    /// What it concerns, such as `press-3/stroke` or `connection plc`.
    pub place: String,
    /// What is wrong and what to do.
    pub why: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LineStatus {
    /// Its name.
    pub id: String,
    /// Its tags.
    pub n_tags: u64,
    /// The connections that it reads from and writes to.
    pub connections: Vec<String>,
    /// The books of all its checks together.
    pub books: BooksStatus,
    /// Its checks.
    pub checks: Vec<CheckStatus>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckStatus {
    /// Its line.
    pub line: String,
    /// Its name.
    pub id: String,
    /// The window's rule in words.
    pub window: String,
    /// From the arrival of the closing sample to the write's confirmation.
    pub deadline_us: u64,
    /// The tags it judges, in the model's order.
    pub inputs: Vec<String>,
    /// Verdicts since the start.
    pub verdicts: VerdictCounts,
    /// Verdicts a second over the last ten seconds.
    pub rate_per_s: f64,
    /// Seconds since the last verdict, or since the start.
    pub quiet_s: f64,
    /// How many verdicts of one outcome came in a row, up to now.
    pub in_a_row: InARowStatus,
    /// received = judged + dropped + waiting.
    pub books: BooksStatus,
    /// Parts that went by without a verdict since the start: numbers that the trigger tag left out. Only where it
    /// fires on each change and has been seen to count by one.
    pub missed_parts: Option<u64>,
    /// Latency of the last five to ten minutes by stage.
    pub latency_us: LatencyStatus,
    /// The model that judged last, or else the one that is ready.
    pub model: Option<ModelView>,
    /// The device that it really runs on.
    pub provider: Option<String>,
    /// Every model that the check may judge with.
    pub models: Vec<ModelStatus>,
    /// The last version that was refused while the running one stayed.
    pub refused: Option<RefusedStatus>,
    /// Whether it judges at the moment.
    pub production: ProductionStatus,
    /// The last verdict.
    pub last: Option<VerdictView>,
    /// The last fail.
    pub last_fail: Option<VerdictView>,
    /// Its outputs.
    pub outputs: Vec<OutputStatus>,
    /// Verdicts that came too fast for viewers; they are counted, kept and published all the same.
    pub n_unseen: u64,
}

/// Verdicts since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictCounts {
    /// All of them.
    pub total: u64,
    /// Pass.
    pub pass: u64,
    /// Fail.
    pub fail: u64,
    /// Inconclusive for any reason.
    pub inconclusive: u64,
    /// Inconclusive by reason; reasons that never came are left out.
    pub reasons: BTreeMap<String, u64>,
}

/// Verdicts of one outcome in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct InARowStatus {
    /// Fails.
    pub fail: u64,
    /// Inconclusive verdicts.
    pub inconclusive: u64,
}

/// The books: received = judged + dropped + waiting (B35).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct BooksStatus {
    /// Frames that reached the check.
    pub received: u64,
    /// Frames in at least one window with a verdict.
    pub judged: u64,
    /// Frames in open windows or on their way.
    pub waiting: u64,
    /// Frames dropped for any reason.
    pub dropped: u64,
    /// Frames dropped by reason; reasons that never came are left out.
    pub reasons: BTreeMap<String, u64>,
    /// Whether received = judged + dropped + waiting.
    pub close: bool,
}

/// Latency by stage, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LatencyStatus {
    /// Arrival of the closing sample to features.
    pub queue: SpreadStatus,
    /// Features and tensor.
    pub features: SpreadStatus,
    /// The model's run.
    pub inference: SpreadStatus,
    /// Verdict to the write's confirmation.
    pub write: SpreadStatus,
    /// Arrival of the closing sample to the verdict, before it is written out for anybody.
    pub total: SpreadStatus,
    /// Arrival of the closing sample to the verdict in the socket of a broker.
    pub handed_over: SpreadStatus,
}

/// One stage, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpreadStatus {
    /// Verdicts that had this stage.
    pub n: u64,
    /// Half of them were at most this long.
    pub p50: u32,
    /// 99 % of them were at most this long.
    pub p99: u32,
    /// The longest.
    pub max: u32,
}

/// A model of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelStatus {
    /// Its name.
    pub name: String,
    /// `missing`, `loading`, `ready` or `failed`.
    pub standing: String,
    /// Why it is missing or failed, or the step it is at.
    pub why: Option<String>,
    /// Which version, when ready.
    pub model: Option<ModelView>,
    /// The device that was asked for.
    pub device_asked: Option<String>,
    /// The device that it really runs on.
    pub device_used: Option<String>,
    /// Why it is another one than asked for.
    pub fallback: Option<String>,
    /// The step of another version that is being loaded while this one judges.
    pub coming: Option<String>,
}

/// A version that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedStatus {
    /// Name and version.
    pub model: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: String,
}

/// Whether a check judges at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductionStatus {
    /// Whether it does.
    pub on: bool,
    /// The product that runs.
    pub recipe: Option<String>,
    /// The condition that does not hold.
    pub why: Option<String>,
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputStatus {
    /// Its name.
    pub id: String,
    /// The connection it writes on.
    pub connection: String,
    /// Where it writes.
    pub target: String,
    /// Whether writes go out; otherwise they are only logged (dry run).
    pub armed: bool,
    /// Who armed it.
    pub armed_by: Option<String>,
    /// When.
    pub armed_at: Option<String>,
    /// Writes by outcome; outcomes that never came are left out.
    pub writes: BTreeMap<String, u64>,
    /// The last write that ended.
    pub last: Option<WriteStatus>,
}

/// A write that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteStatus {
    /// What was to be written.
    pub value: String,
    /// `verdict`, `fail_safe`, `release` or `heartbeat`.
    pub purpose: String,
    /// `confirmed`, `dry_run`, `withheld`, `refused`, `timed_out`, `differs` or `disconnected`.
    pub outcome: String,
    /// What the device or the interlock said.
    pub why: Option<String>,
    /// The verdict that led to it.
    pub seq: Option<u64>,
    /// How long it took from the verdict.
    pub took_us: u32,
    /// When it ended.
    pub at: String,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionStatus {
    /// Its name.
    pub id: String,
    /// `mqtt`, `modbus-tcp` or `replay`.
    pub kind: String,
    /// Where it leads.
    pub address: String,
    /// `connecting`, `up`, `down` or `taken_over`.
    pub link: String,
    /// Why it is down.
    pub why: Option<String>,
    /// When the next attempt follows, in milliseconds after it went down.
    pub retry_ms: Option<u64>,
    /// Whether the broker kept the session.
    pub session_present: Option<bool>,
    /// Since when.
    pub since: String,
    /// Seconds since then.
    pub since_s: u64,
    /// Times it came up.
    pub n_ups: u64,
    /// Units that were set aside after repeated failures.
    pub units_aside: Vec<u8>,
    /// Messages, scans or rows.
    pub n_messages: u64,
    /// Frames they carried.
    pub n_frames: u64,
    /// Redeliveries that were consumed before.
    pub n_duplicates: u64,
    /// Payloads, registers or rows that could not be read.
    pub n_rejects: u64,
    /// Messages that were acknowledged undurably.
    pub n_not_durable: u64,
    /// Milliseconds since something last came.
    pub last_arrival_ms: Option<u64>,
    /// The last of what could not be read, newest first.
    pub rejects: Vec<RejectStatus>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectStatus {
    /// A topic, a register span, a file and line.
    pub from: String,
    /// What was wrong and what to try.
    pub why: String,
    /// The first bytes as text; what is not printable ASCII stands as `\xNN`.
    pub first_bytes: String,
    /// The whole length in bytes.
    pub n_bytes: u64,
    /// When it came.
    pub at: String,
}

/// A bounded queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueStatus {
    /// Its name.
    pub name: String,
    /// Entries that wait.
    pub n_waiting: u64,
    /// Entries it can hold.
    pub n_max: u64,
    /// Entries that met a full queue.
    pub n_full: u64,
    /// What happens to those.
    pub when_full: String,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreStatus {
    /// `opening`, `durable` or `unwritable`.
    pub standing: String,
    /// Why it cannot be written.
    pub why: Option<String>,
    /// Bytes in use.
    pub n_bytes: Option<u64>,
    /// The byte limit.
    pub n_bytes_max: Option<u64>,
    /// What it lost since the start.
    pub losses: StoreLossesStatus,
    /// What the end of the run before may have cost; none when it ended cleanly.
    pub cut: Option<CutStatus>,
}

/// What the store lost, and what it could not read, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreLossesStatus {
    /// Frames that were given up, because it could not take them.
    pub n_frames: u64,
    /// Verdicts likewise.
    pub n_verdicts: u64,
    /// Events, ends of writes and confirmations likewise.
    pub n_records: u64,
    /// Verdicts under a number that was given before.
    pub n_conflicting: u64,
    /// Stored parts that could not be read.
    pub n_damaged: u64,
}

/// The end of a run that was cut off. Nothing that was acknowledged is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CutStatus {
    /// Samples, of those that nobody acknowledges, that are lost at most.
    pub n_samples_max: u64,
    /// The span before the end that they lie in.
    pub window_ms: u64,
}

/// Jumps of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockStatus {
    /// How often it jumped.
    pub n_jumps: u64,
    /// By how many milliseconds the last time.
    pub jump_ms_last: i64,
}

/// The live value of a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagStatus {
    /// Its line.
    pub line: String,
    /// Its name.
    pub id: String,
    /// Its unit.
    pub unit: String,
    /// The connection that delivers it.
    pub connection: String,
    /// How far its data may leave the box.
    pub export: String,
    /// `good`, `uncertain`, `bad`, or `none` before the first reading.
    pub quality: String,
    /// Why it is uncertain or bad.
    pub why: Option<String>,
    /// The value; a bad reading has none.
    #[schema(value_type = Option<serde_json::Value>)]
    pub value: Option<serde_json::Value>,
    /// When it was taken, by its source.
    pub at: Option<String>,
    /// Milliseconds since it came.
    pub age_ms: Option<u64>,
}
