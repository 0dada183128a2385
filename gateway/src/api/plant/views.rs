//! What goes over the routes that change the gateway, as it is shown and as it is asked for.

use crate::api::control::ControlError;
use crate::board::status::WriteStatus;
use crate::documents::{Preview, RowError};
use crate::learn::{Ask, Look, Method};
use crate::loader::card::ModelCard;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use takt_models::package::ModelVersion;
use takt_plant::{CheckId, LineId, ModelId, OutputId};
use utoipa::ToSchema;

/// Where a document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The configuration file: it is changed there.
    File,
    /// It was applied, and the store keeps its versions.
    Applied,
}

/// A document in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentEntry {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Its version, from 1; null for the configuration file.
    pub version: Option<u32>,
    /// Who brought it.
    pub by: String,
    /// When; for the configuration file, when it was written.
    pub at: Option<String>,
    /// Why.
    pub note: String,
    /// The lines in it.
    pub lines: Vec<String>,
    /// The connections in it.
    pub connections: Vec<String>,
}

/// A document with what stands in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DocumentView {
    /// The document.
    #[serde(flatten)]
    pub entry: DocumentEntry,
    /// Its text; null for a version that took the document out of force.
    pub text: Option<String>,
    /// It as JSON, as it was written; null where the text cannot be read any more.
    #[schema(value_type = Option<Object>)]
    pub form: Option<serde_json::Value>,
}

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionEntry {
    /// Its number, from 1.
    pub version: u32,
    /// Who brought it.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub note: String,
    /// False for the version that took the document out of force.
    pub has_text: bool,
    /// Keys that differ from the version before.
    pub n_changes: u64,
}

/// What was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// What it did.
    #[serde(flatten)]
    pub preview: Preview,
    /// The documents that changed, with their new versions; empty where nothing did.
    pub versions: BTreeMap<String, u32>,
}

/// Why nothing was applied.
#[derive(Debug)]
pub enum NotApplied {
    /// The documents are wrong: all problems at once.
    Wrong(Box<Preview>),
    /// Anything else.
    Refused(ControlError),
}

/// An output by its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPlace {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// The output.
    pub output: OutputId,
}

/// What arming an output would do. Bring the challenge back to arm it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArmingOffer {
    /// The output, as `line/check/output`.
    pub output: String,
    /// To be brought back.
    pub challenge: String,
    /// Within so many seconds.
    pub expires_s: u64,
    /// Who armed it already; null in dry run.
    pub armed_by: Option<String>,
    /// Where it writes.
    pub target: ArmingTarget,
    /// What it writes.
    pub values: ArmingValues,
    /// The last write that ended, in dry run too.
    pub last_write: Option<WriteStatus>,
    /// What speaks against arming it now.
    pub problems: Vec<String>,
}

/// Where an output writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArmingTarget {
    /// The connection.
    pub connection: String,
    /// The device's address.
    pub device: String,
    /// The unit id.
    pub unit: u8,
    /// The address as it was typed.
    pub register: String,
    /// The address that goes on the wire.
    pub protocol_address: String,
    /// `level`, `pulse` or `handshake`.
    pub mode: String,
    /// Whether each write is read back.
    pub read_back: bool,
}

/// What an output writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArmingValues {
    /// For pass.
    pub pass: String,
    /// For fail.
    pub fail: String,
    /// For inconclusive.
    pub inconclusive: String,
    /// When no verdict comes in time.
    pub fail_safe: String,
    /// Smallest value that is written at all.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// How an output stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArmingAnswer {
    /// The output, as `line/check/output`.
    pub output: String,
    /// Whether its writes go out.
    pub armed: bool,
    /// Who did it.
    pub by: String,
}

/// An installed version of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelView {
    /// What its package says.
    #[serde(flatten)]
    pub card: ModelCard,
    /// Whether it is the active version.
    pub active: bool,
    /// What was activated and taken back of this model, oldest first.
    pub history: Vec<ModelActivation>,
}

/// A version that became active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelActivation {
    /// The version.
    pub version: String,
    /// `activated` or `rolled_back`.
    pub action: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
}

/// Which version of a model judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelStands {
    /// The model.
    pub model: String,
    /// Its active version.
    pub active: String,
}

/// A table of tags on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagsToImport {
    /// The line.
    pub line: LineId,
    /// The table.
    pub text: String,
    /// Why.
    pub note: String,
    /// The version of the line's document that the caller saw.
    pub base: Option<u32>,
    /// Only say what it would do.
    pub dry_run: bool,
}

/// What a table of tags does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagsImport {
    /// The document in which the line stands.
    pub document: String,
    /// Tags of the table.
    pub n_tags: u64,
    /// What is wrong, row by row; then nothing is done.
    pub errors: Vec<RowError>,
    /// What it does.
    #[serde(flatten)]
    pub preview: Preview,
    /// The document's new version; null where nothing was done.
    pub version: Option<u32>,
}

/// What is learned, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnRequest {
    /// From which windows.
    pub ask: Ask,
    /// How.
    pub method: Method,
    /// The model's name; else the one that the check waits for.
    pub name: Option<ModelId>,
    /// Its version; else above the highest that is installed.
    pub version: Option<ModelVersion>,
    /// Only look at the history.
    pub dry_run: bool,
}

/// A job that began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearnStarted {
    /// Its name.
    pub job: String,
}

/// A job of learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LearnView {
    /// Its name.
    pub job: String,
    /// The line.
    pub line: String,
    /// The check.
    pub check: String,
    /// Who wanted it.
    pub by: String,
    /// How it stands.
    pub standing: LearnStanding,
    /// Between 0 and 1.
    pub progress: f64,
    /// What it is at, in words.
    pub step: String,
    /// How good the history is; there before the training begins.
    pub quality: Option<Look>,
    /// What an engineer reads before trusting it.
    pub report: Option<String>,
    /// The report's figures.
    pub figures: Option<LearnFigures>,
    /// The learned model: installed, and not active yet.
    pub package: Option<LearnPackage>,
    /// Why nothing was learned.
    pub error: Option<String>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LearnStanding {
    /// It works.
    Running,
    /// It is through.
    Done,
    /// It could not.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

/// A report's figures, each a whole SVG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearnFigures {
    /// Scores of the rows beside their limits.
    pub scores: String,
    /// What each component explains.
    pub eigenvalues: String,
    /// Which columns contribute.
    pub contributions: String,
}

/// A learned model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearnPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its package.
    pub digest: String,
    /// Bytes of its package.
    pub n_bytes: u64,
}

/// A secret by its name. Its text is given out by nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretEntry {
    /// Its name; documents write secret:NAME.
    pub name: String,
    /// Whether it can be had.
    pub resolves: bool,
    /// Why not.
    pub why: Option<String>,
    /// The connections that use it. A new text counts from their next connecting on.
    pub used_by: Vec<String>,
}

/// Which message is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageToMap {
    /// This one; without a topic it is the tags' own.
    Given {
        /// Its topic.
        topic: Option<String>,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// The next one, retained or new, under this filter; without one it is the tags' own.
    Next {
        /// The filter.
        filter: Option<String>,
        /// How long it is waited for.
        patience: Duration,
    },
}

impl From<ControlError> for NotApplied {
    fn from(why: ControlError) -> Self {
        Self::Refused(why)
    }
}

impl From<(LineId, CheckId, OutputId)> for OutputPlace {
    fn from((line, check, output): (LineId, CheckId, OutputId)) -> Self {
        Self { line, check, output }
    }
}

impl fmt::Display for OutputPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.line, self.check, self.output)
    }
}
