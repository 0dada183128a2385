//! What HTTP may change of the running gateway: each act as a task of its own, so that it is ended also
//! when the caller goes away in the middle.

mod backup;
mod doctor;
mod field;
mod learning;
mod secrets;
mod tags;
mod upload;
mod versions;

pub(super) use doctor::LastExamination;
pub(super) use field::ASKING_MAX;
pub(super) use learning::Jobs;
pub(super) use upload::UPLOADS_MAX;

use super::Shared;
use super::apply::NotApplied as Refused;
use crate::api::control::{ControlError, Why};
use crate::api::{
    Applied, ArmingAnswer, ArmingOffer, BackupFile, DoctorReport, DocumentEntry, DocumentView, LearnRequest,
    LearnStarted, LearnView, MessageToMap, ModelStands, ModelView, NotApplied, OutputPlace, Plant, SecretEntry,
    TagsImport, TagsToImport, VersionEntry,
};
use crate::backup::RestoreReport;
use crate::documents::{AppliedDocument, Preview};
use crate::field::{AskedConnection, BudgetView, MappingPreview, RegisterRead, Scan, TopicsHeard, TrialReport};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::modbus::Span;
use takt_models::package::ModelVersion;
use takt_plant::{LineId, ModelId};

/// The running gateway as HTTP sees it.
pub(super) struct RunningPlant {
    shared: Arc<Shared>,
}

type Answer<'a, T> = BoxFuture<'a, Result<T, ControlError>>;

impl RunningPlant {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        upload::clear(&shared.gateway.data_dir);
        Self { shared }
    }

    /// Does something to its end, whether or not anybody waits for it.
    async fn act<T, E, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ControlError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let done = tokio::spawn(work(Arc::clone(&self.shared))).await;
        done.unwrap_or_else(|error| {
            let hint = "see the gateway's log for what became of it";
            Err(ControlError::new(error.to_string(), hint).because(Why::Unavailable).into())
        })
    }
}

impl Plant for RunningPlant {
    fn documents(&self) -> Answer<'_, Vec<DocumentEntry>> {
        self.shared.list_documents().boxed()
    }

    fn document(&self, name: String, version: Option<u32>) -> Answer<'_, DocumentView> {
        async move { self.shared.show_document(&name, version).await }.boxed()
    }

    fn versions(&self, name: String) -> Answer<'_, Vec<VersionEntry>> {
        async move { self.shared.list_versions(&name).await }.boxed()
    }

    fn preview(&self, new: Vec<AppliedDocument>) -> Answer<'_, Preview> {
        async move {
            self.shared.not_the_file(&new)?;
            self.shared.preview(&new).await
        }
        .boxed()
    }

    fn apply(
        &self,
        who: String,
        new: Vec<AppliedDocument>,
        note: String,
        base: BTreeMap<String, u32>,
    ) -> BoxFuture<'_, Result<Applied, NotApplied>> {
        let work = |shared: Arc<Shared>| async move {
            shared.not_the_file(&new)?;
            let applied = shared.apply(&who, new, &note, &base).await?;
            Ok(Applied { preview: applied.preview, versions: applied.versions })
        };
        self.act(work).boxed()
    }

    fn roll_back(
        &self,
        who: String,
        name: String,
        version: u32,
        note: String,
    ) -> BoxFuture<'_, Result<Applied, NotApplied>> {
        let work = move |shared: Arc<Shared>| async move {
            let older = shared.older(&name, version).await?;
            let note = if note.is_empty() { format!("back to version {version}") } else { note };
            let applied = shared.apply(&who, vec![older], &note, &BTreeMap::new()).await?;
            Ok(Applied { preview: applied.preview, versions: applied.versions })
        };
        self.act(work).boxed()
    }

    fn offer_arming(&self, who: String, place: OutputPlace) -> Answer<'_, ArmingOffer> {
        async move { self.shared.offer_arming(&who, &place).await }.boxed()
    }

    fn arm(&self, who: String, place: OutputPlace, challenge: String) -> Answer<'_, ArmingAnswer> {
        let work = |shared: Arc<Shared>| async move {
            shared.answer_challenge(&who, &place, &challenge).await?;
            Ok(ArmingAnswer { output: place.to_string(), armed: true, by: who })
        };
        self.act(work).boxed()
    }

    fn disarm(&self, who: String, place: OutputPlace) -> Answer<'_, ArmingAnswer> {
        let work = |shared: Arc<Shared>| async move {
            shared.arm(&who, &place, false).await?;
            Ok(ArmingAnswer { output: place.to_string(), armed: false, by: who })
        };
        self.act(work).boxed()
    }

    fn try_connection(&self, asked: AskedConnection, at: Option<String>) -> Answer<'_, TrialReport> {
        async move { self.shared.try_connection(&asked, at.as_deref()).await }.boxed()
    }

    fn read_register(&self, asked: AskedConnection, register: String, unit: Option<u8>) -> Answer<'_, RegisterRead> {
        async move { self.shared.read_register(&asked, &register, unit).await }.boxed()
    }

    fn scan(&self, who: String, asked: AskedConnection, stretch: Span, unit: Option<u8>) -> Answer<'_, Scan> {
        async move { self.shared.scan(&who, &asked, stretch, unit).await }.boxed()
    }

    fn budget(&self, asked: AskedConnection, tags: Vec<Value>, request_ms: Option<f64>) -> Answer<'_, BudgetView> {
        async move { self.shared.budget(&asked, &tags, request_ms).await }.boxed()
    }

    fn topics(&self, asked: AskedConnection, filter: String, span: Duration) -> Answer<'_, TopicsHeard> {
        async move { self.shared.topics(&asked, &filter, span).await }.boxed()
    }

    fn mapping(&self, asked: AskedConnection, tags: Vec<Value>, of: MessageToMap) -> Answer<'_, MappingPreview> {
        async move { self.shared.mapping(&asked, &tags, of).await }.boxed()
    }

    fn tags_csv(&self, line: LineId) -> Answer<'_, String> {
        async move { self.shared.tags_csv(&line).await }.boxed()
    }

    fn import_tags(&self, who: String, table: TagsToImport) -> Answer<'_, TagsImport> {
        let work = |shared: Arc<Shared>| async move { shared.import_tags(&who, table).await };
        self.act(work).boxed()
    }

    fn upload_model(&self, who: String, body: BoxStream<'static, Result<Bytes, String>>) -> Answer<'_, ModelView> {
        async move { self.shared.take_upload(who, body).await }.boxed()
    }

    fn model(&self, name: ModelId, version: ModelVersion) -> Answer<'_, ModelView> {
        async move { self.shared.model(name, version).await }.boxed()
    }

    fn activate_model(&self, who: String, name: ModelId, version: ModelVersion) -> Answer<'_, ModelStands> {
        let work = |shared: Arc<Shared>| async move { shared.activate(&who, &name, &version).await };
        self.act(work).boxed()
    }

    fn roll_back_model(&self, who: String, name: ModelId) -> Answer<'_, ModelStands> {
        let work = |shared: Arc<Shared>| async move { shared.roll_model_back(&who, &name).await };
        self.act(work).boxed()
    }

    fn learn(&self, who: String, request: LearnRequest) -> Answer<'_, LearnStarted> {
        let work = |shared: Arc<Shared>| async move { shared.begin_learning(&who, request).await };
        self.act(work).boxed()
    }

    fn learning(&self, job: String) -> Answer<'_, LearnView> {
        async move { self.shared.learning_view(&job) }.boxed()
    }

    fn stop_learning(&self, who: String, job: String) -> Answer<'_, LearnView> {
        async move { self.shared.stop_learning(&who, &job).await }.boxed()
    }

    fn doctor(&self) -> Answer<'_, DoctorReport> {
        let work = |shared: Arc<Shared>| async move { shared.doctor().await };
        self.act(work).boxed()
    }

    fn back_up(&self, who: String, with_history: bool) -> Answer<'_, BackupFile> {
        let work = move |shared: Arc<Shared>| async move { shared.back_up(&who, with_history).await };
        self.act(work).boxed()
    }

    fn restore(
        &self,
        who: String,
        body: BoxStream<'static, Result<Bytes, String>>,
        dry_run: bool,
    ) -> Answer<'_, RestoreReport> {
        let work = move |shared: Arc<Shared>| async move { shared.restore(&who, body, dry_run).await };
        self.act(work).boxed()
    }

    fn secrets(&self) -> Answer<'_, Vec<SecretEntry>> {
        self.shared.list_secrets().boxed()
    }

    fn put_secret(&self, who: String, name: String, text: String) -> Answer<'_, SecretEntry> {
        let work = |shared: Arc<Shared>| async move { shared.put_secret(&who, &name, &text).await };
        self.act(work).boxed()
    }
}

impl From<Refused> for NotApplied {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong { preview, .. } => Self::Wrong(preview),
            Refused::Refused(why) => Self::Refused(why),
        }
    }
}
