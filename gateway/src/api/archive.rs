//! What HTTP reads of the past. The gateway implements it over its store.

use crate::board::VerdictView;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use takt_plant::{CheckId, LineId, Reading, TagId, WallTime};
use utoipa::ToSchema;

/// A span of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: WallTime,
    /// Not after.
    pub to: WallTime,
}

/// Which verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictQuery {
    /// Only this line.
    pub line: Option<LineId>,
    /// Only this check.
    pub check: Option<CheckId>,
    /// Only this outcome: `pass`, `fail` or `inconclusive`.
    pub verdict: Option<&'static str>,
    /// Only this part, as text.
    pub part: Option<String>,
    /// Only given in this span.
    pub span: Span,
    /// Where the page before ended, as its `next` said.
    pub cursor: Option<String>,
    /// At most so many, newest first.
    pub n_max: usize,
}

/// A page of verdicts, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictPage {
    /// The verdicts.
    pub verdicts: Vec<VerdictView>,
    /// Give it as `cursor` to get what follows; null at the end.
    pub next: Option<String>,
}

/// Which verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictAddress {
    /// Its line.
    pub line: LineId,
    /// Its check.
    pub check: CheckId,
    /// Its epoch.
    pub epoch: u32,
    /// Its number within epoch and check.
    pub seq: u64,
}

/// One verdict with everything that is kept about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictDetail {
    /// The verdict, with all contributions that were kept.
    pub verdict: VerdictView,
    /// What became of its writes, in order.
    pub writes: Vec<WriteView>,
    /// What somebody said of it.
    pub feedback: Option<FeedbackView>,
    /// The check's verdict before it; null where none is kept.
    pub previous: Option<VerdictNumber>,
    /// The check's verdict after it; null where it is the last.
    pub next: Option<VerdictNumber>,
}

/// What became of a verdict's write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteView {
    /// The output.
    pub output: String,
    /// What it was for: `verdict`, `answer` (of a handshake), `fail_safe` or `release`.
    pub purpose: String,
    /// `confirmed`, `dry_run`, `refused`, `timed_out` or `differs`.
    pub outcome: String,
    /// What the device or the interlock said.
    pub why: Option<String>,
    /// What was written; null for a write from before that was kept.
    pub value: Option<String>,
    /// Where, such as `coil:10`; null for the answer of a handshake, and where it was not kept.
    pub target: Option<String>,
    /// When it ended.
    pub at: String,
    /// From the verdict to the end of the write, in microseconds.
    pub write_us: u32,
}

/// A verdict by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictNumber {
    /// Its epoch.
    pub epoch: u32,
    /// Its number within epoch and check.
    pub seq: u64,
}

/// What somebody said of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackView {
    /// Whether the verdict was right.
    pub right: bool,
    /// In their words.
    pub text: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
}

/// Which scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreQuery {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// Given in this span.
    pub span: Span,
    /// At most about so many verdicts are looked at; those that did not pass come first.
    pub n_max: usize,
}

/// A tag over a span, in steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The step's start.
    pub at: WallTime,
    /// Samples.
    pub n: u64,
    /// Of those, without a number.
    pub n_bad: u64,
    /// Minimum, maximum and mean of the numbers, where there are any.
    pub spread: Option<(f64, f64, f64)>,
}

/// Which samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The line.
    pub line: LineId,
    /// Its tags.
    pub tags: Vec<TagId>,
    /// Taken in this span, by source time.
    pub span: Span,
}

/// Takes samples one by one: index of the tag in the query, source time, reading.
pub type Taken<'a> = dyn FnMut(usize, WallTime, &Reading) + Send + 'a;

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only in this span.
    pub span: Span,
    /// At most so many, newest first.
    pub n_max: usize,
}

/// Something that happened: a change, a write, a login, a jump of the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// When.
    pub at: String,
    /// What kind, in one stable word.
    pub kind: String,
    /// Who did it; null for the gateway itself.
    pub actor: Option<String>,
    /// What it concerns.
    pub place: String,
    /// What happened.
    pub text: String,
}

/// Which acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only by somebody whose name, role or address contains this.
    pub who: Option<String>,
    /// Only words that begin with this.
    pub what: Option<String>,
    /// Only in this span.
    pub span: Span,
    /// Where the page before ended, as its `next` said.
    pub cursor: Option<String>,
    /// At most so many, newest first.
    pub n_max: usize,
}

/// A page of acts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The acts.
    pub events: Vec<AuditView>,
    /// Give it as `cursor` to get what follows; null at the end.
    pub next: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// When.
    pub at: String,
    /// Who: name, role and address; a user of the box by its name there.
    pub who: String,
    /// What kind, in one stable word.
    pub what: String,
    /// The line, where one is concerned.
    pub place: String,
    /// What was done.
    pub text: String,
}

/// An installed model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelEntry {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its package.
    pub digest: String,
    /// Size of its package.
    pub n_bytes: u64,
    /// When it was installed.
    pub installed_at: String,
    /// The checks in which this version is active, as `line/check`.
    pub active_in: Vec<String>,
}

/// Why the past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The cursor is not one of this gateway's.
    #[error("the cursor is not one that this gateway gave")]
    BadCursor,
    /// The store cannot be read.
    #[error("the store cannot be read: {why}")]
    Unreadable {
        /// Why, and what to do.
        why: String,
    },
}

/// What HTTP reads of the past. No method may hold a lock that a shard waits for.
pub trait Archive: Send + Sync + 'static {
    /// A page of verdicts, newest first.
    fn verdicts(&self, query: VerdictQuery) -> BoxFuture<'_, Result<VerdictPage, ArchiveError>>;

    /// Gives every sample of the span to `take`, each tag's in the order of time. Whoever asks
    /// keeps what it needs, so an hour at 10 kHz costs no more memory than a minute.
    fn history<'a>(&'a self, query: HistoryQuery, take: &'a mut Taken<'a>) -> BoxFuture<'a, Result<(), ArchiveError>>;

    /// Each tag in at most `n` steps, without losing a peak or a hole; a day costs what a chart has pixels.
    fn steps(&self, query: HistoryQuery, n: usize) -> BoxFuture<'_, Result<Vec<Vec<Step>>, ArchiveError>>;

    /// One verdict; `None` where there is none.
    fn verdict(&self, which: VerdictAddress) -> BoxFuture<'_, Result<Option<VerdictDetail>, ArchiveError>>;

    /// Verdicts of a check over a span, oldest first: all that did not pass, and of the passed ones
    /// every k-th, so that about `n_max` come.
    fn scores(&self, query: ScoreQuery) -> BoxFuture<'_, Result<Vec<VerdictView>, ArchiveError>>;

    /// Keeps what somebody says of a verdict, and that they said it.
    fn say(
        &self,
        which: VerdictAddress,
        right: bool,
        text: String,
        by: String,
    ) -> BoxFuture<'_, Result<FeedbackView, ArchiveError>>;

    /// The installed models.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelEntry>, ArchiveError>>;

    /// Events, newest first.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<EventView>, ArchiveError>>;

    /// What people did, newest first.
    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, ArchiveError>>;
}
