//! What HTTP changes of the running gateway. The gateway implements it.

mod examined;
mod views;

pub use examined::{DoctorFinding, DoctorGrade, DoctorReport};
pub use views::{
    Applied, ArmingAnswer, ArmingOffer, ArmingTarget, ArmingValues, DocumentEntry, DocumentView, LearnFigures,
    LearnPackage, LearnRequest, LearnStanding, LearnStarted, LearnView, MessageToMap, ModelActivation, ModelStands,
    ModelView, NotApplied, Origin, OutputPlace, SecretEntry, TagsImport, TagsToImport, VersionEntry,
};

use super::control::ControlError;
use crate::backup::RestoreReport;
use crate::documents::{AppliedDocument, Preview};
use crate::field::{AskedConnection, BudgetView, MappingPreview, RegisterRead, Scan, TopicsHeard, TrialReport};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use takt_adapters::modbus::Span;
use takt_models::package::ModelVersion;
use takt_plant::{LineId, ModelId};

/// A backup on its way out.
pub struct BackupFile {
    /// What it is called.
    pub name: String,
    /// Its bytes. An error in between says that the rest does not come.
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

type Answer<'a, T> = BoxFuture<'a, Result<T, ControlError>>;

/// What HTTP changes of the running gateway. Each change that was begun is ended, also when the caller
/// goes away, and leaves an event with the caller's name.
pub trait Plant: Send + Sync + 'static {
    /// The documents in force.
    fn documents(&self) -> Answer<'_, Vec<DocumentEntry>>;

    /// A document in force, or an older version of it.
    fn document(&self, name: String, version: Option<u32>) -> Answer<'_, DocumentView>;

    /// The versions of a document, newest first.
    fn versions(&self, name: String) -> Answer<'_, Vec<VersionEntry>>;

    /// What new versions would do. Changes nothing.
    fn preview(&self, new: Vec<AppliedDocument>) -> Answer<'_, Preview>;

    /// Keeps new versions and brings them into force, all or none. `base` are the versions that the caller
    /// saw.
    fn apply(
        &self,
        who: String,
        new: Vec<AppliedDocument>,
        note: String,
        base: BTreeMap<String, u32>,
    ) -> BoxFuture<'_, Result<Applied, NotApplied>>;

    /// Brings an older version back into force, as a new one.
    fn roll_back(
        &self,
        who: String,
        name: String,
        version: u32,
        note: String,
    ) -> BoxFuture<'_, Result<Applied, NotApplied>>;

    /// What arming an output would do, and the challenge.
    fn offer_arming(&self, who: String, place: OutputPlace) -> Answer<'_, ArmingOffer>;

    /// Arms an output by its challenge.
    fn arm(&self, who: String, place: OutputPlace, challenge: String) -> Answer<'_, ArmingAnswer>;

    /// Brings an output back to dry run.
    fn disarm(&self, who: String, place: OutputPlace) -> Answer<'_, ArmingAnswer>;

    /// Tries a connection step by step; `at` is a register or a topic filter.
    fn try_connection(&self, asked: AskedConnection, at: Option<String>) -> Answer<'_, TrialReport>;

    /// Reads a register in every type and order.
    fn read_register(&self, asked: AskedConnection, register: String, unit: Option<u8>) -> Answer<'_, RegisterRead>;

    /// Finds which registers of a stretch a device has.
    fn scan(&self, who: String, asked: AskedConnection, stretch: Span, unit: Option<u8>) -> Answer<'_, Scan>;

    /// What tags as they would be written need of a device. Without `request_ms` it is measured.
    fn budget(
        &self,
        asked: AskedConnection,
        tags: Vec<serde_json::Value>,
        request_ms: Option<f64>,
    ) -> Answer<'_, BudgetView>;

    /// Listens to a broker for a while.
    fn topics(&self, asked: AskedConnection, filter: String, span: Duration) -> Answer<'_, TopicsHeard>;

    /// What tags as they would be written make of a message: this one, or the next one on a topic.
    fn mapping(
        &self,
        asked: AskedConnection,
        tags: Vec<serde_json::Value>,
        of: MessageToMap,
    ) -> Answer<'_, MappingPreview>;

    /// The tags of a line as CSV.
    fn tags_csv(&self, line: LineId) -> Answer<'_, String>;

    /// Replaces the tags of a line by those of a table, or says what that would do.
    fn import_tags(&self, who: String, table: TagsToImport) -> Answer<'_, TagsImport>;

    /// Takes a package as it comes, verifies and installs it.
    fn upload_model(&self, who: String, body: BoxStream<'static, Result<Bytes, String>>) -> Answer<'_, ModelView>;

    /// An installed version of a model.
    fn model(&self, name: ModelId, version: ModelVersion) -> Answer<'_, ModelView>;

    /// Lets a version judge.
    fn activate_model(&self, who: String, name: ModelId, version: ModelVersion) -> Answer<'_, ModelStands>;

    /// Back to the version before.
    fn roll_back_model(&self, who: String, name: ModelId) -> Answer<'_, ModelStands>;

    /// Begins to learn a baseline from a line's history; one at a time a line.
    fn learn(&self, who: String, request: LearnRequest) -> Answer<'_, LearnStarted>;

    /// How far a job of learning is, and what came of it.
    fn learning(&self, job: String) -> Answer<'_, LearnView>;

    /// Ends a job of learning.
    fn stop_learning(&self, who: String, job: String) -> Answer<'_, LearnView>;

    /// What the doctor says of this box, looked at now or a short while ago.
    fn doctor(&self) -> Answer<'_, DoctorReport>;

    /// What makes this gateway this one, as one file, with or without its history.
    fn back_up(&self, who: String, with_history: bool) -> Answer<'_, BackupFile>;

    /// Verifies a backup as it comes and says what it would change; unless that is all, the gateway then starts
    /// anew with it.
    fn restore(
        &self,
        who: String,
        body: BoxStream<'static, Result<Bytes, String>>,
        dry_run: bool,
    ) -> Answer<'_, RestoreReport>;

    /// The secrets by name: those that documents name, and those that are kept.
    fn secrets(&self) -> Answer<'_, Vec<SecretEntry>>;

    /// Keeps a secret. Its text is given out by nothing.
    fn put_secret(&self, who: String, name: String, text: String) -> Answer<'_, SecretEntry>;
}
