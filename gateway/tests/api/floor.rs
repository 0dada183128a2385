//! A plant that does nothing, for tests of what HTTP does by itself. What the running gateway does over
//! these routes is tested against the real program, beside the console's tests.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::time::Duration;
use takt::api::control::ControlError;
use takt::api::*;
use takt::documents::{AppliedDocument, Preview};
use takt::field::{AskedConnection, BudgetView, MappingPreview, RegisterRead, Scan, TopicsHeard, TrialReport};
use takt_adapters::modbus::Span;
use takt_models::package::ModelVersion;
use takt_plant::{LineId, ModelId};

/// A plant that does nothing.
pub struct Floor;

type Answer<'a, T> = BoxFuture<'a, Result<T, ControlError>>;

fn nothing<'a, T: Send + 'a, E: From<ControlError> + Send + 'a>() -> BoxFuture<'a, Result<T, E>> {
    Box::pin(async { Err(ControlError::new("nothing is done here", "run the whole gateway").into()) })
}

impl takt::alarms::Keep for Floor {
    fn keep<'a>(
        &'a self,
        _: &'a [takt::store::AlarmRecord],
        _: &'a [takt::store::Event],
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl Plant for Floor {
    fn documents(&self) -> Answer<'_, Vec<DocumentEntry>> {
        nothing()
    }
    fn document(&self, _: String, _: Option<u32>) -> Answer<'_, DocumentView> {
        nothing()
    }
    fn versions(&self, _: String) -> Answer<'_, Vec<VersionEntry>> {
        nothing()
    }
    fn preview(&self, _: Vec<AppliedDocument>) -> Answer<'_, Preview> {
        nothing()
    }
    fn apply(
        &self,
        _: String,
        _: Vec<AppliedDocument>,
        _: String,
        _: BTreeMap<String, u32>,
    ) -> BoxFuture<'_, Result<Applied, NotApplied>> {
        nothing()
    }
    fn roll_back(&self, _: String, _: String, _: u32, _: String) -> BoxFuture<'_, Result<Applied, NotApplied>> {
        nothing()
    }
    fn offer_arming(&self, _: String, _: OutputPlace) -> Answer<'_, ArmingOffer> {
        nothing()
    }
    fn arm(&self, _: String, _: OutputPlace, _: String) -> Answer<'_, ArmingAnswer> {
        nothing()
    }
    fn disarm(&self, _: String, _: OutputPlace) -> Answer<'_, ArmingAnswer> {
        nothing()
    }
    fn try_connection(&self, _: AskedConnection, _: Option<String>) -> Answer<'_, TrialReport> {
        nothing()
    }
    fn read_register(&self, _: AskedConnection, _: String, _: Option<u8>) -> Answer<'_, RegisterRead> {
        nothing()
    }
    fn scan(&self, _: String, _: AskedConnection, _: Span, _: Option<u8>) -> Answer<'_, Scan> {
        nothing()
    }
    fn budget(&self, _: AskedConnection, _: Vec<serde_json::Value>, _: Option<f64>) -> Answer<'_, BudgetView> {
        nothing()
    }
    fn topics(&self, _: AskedConnection, _: String, _: Duration) -> Answer<'_, TopicsHeard> {
        nothing()
    }
    fn mapping(&self, _: AskedConnection, _: Vec<serde_json::Value>, _: MessageToMap) -> Answer<'_, MappingPreview> {
        nothing()
    }
    fn tags_csv(&self, _: LineId) -> Answer<'_, String> {
        nothing()
    }
    fn import_tags(&self, _: String, _: TagsToImport) -> Answer<'_, TagsImport> {
        nothing()
    }
    fn upload_model(&self, _: String, _: BoxStream<'static, Result<Bytes, String>>) -> Answer<'_, ModelView> {
        nothing()
    }
    fn model(&self, _: ModelId, _: ModelVersion) -> Answer<'_, ModelView> {
        nothing()
    }
    fn activate_model(&self, _: String, _: ModelId, _: ModelVersion) -> Answer<'_, ModelStands> {
        nothing()
    }
    fn roll_back_model(&self, _: String, _: ModelId) -> Answer<'_, ModelStands> {
        nothing()
    }
    fn learn(&self, _: String, _: LearnRequest) -> Answer<'_, LearnStarted> {
        nothing()
    }
    fn learning(&self, _: String) -> Answer<'_, LearnView> {
        nothing()
    }
    fn stop_learning(&self, _: String, _: String) -> Answer<'_, LearnView> {
        nothing()
    }
    fn doctor(&self) -> Answer<'_, DoctorReport> {
        nothing()
    }
    fn back_up(&self, _: String, _: bool) -> Answer<'_, BackupFile> {
        nothing()
    }
    fn restore(
        &self,
        _: String,
        _: BoxStream<'static, Result<Bytes, String>>,
        _: bool,
    ) -> Answer<'_, takt::backup::RestoreReport> {
        nothing()
    }
    fn secrets(&self) -> Answer<'_, Vec<SecretEntry>> {
        nothing()
    }
    fn put_secret(&self, _: String, _: String, _: String) -> Answer<'_, SecretEntry> {
        nothing()
    }
}
