//! Documents: what is in force, its versions, and new ones (B40).

use super::super::answer::{Asked, OfBody, ProblemAnswer, Refusal, Told};
use super::super::plant::{Applied, DocumentEntry, DocumentView, NotApplied, VersionEntry};
use super::super::{Api, Who};
use super::{At, refused};
use crate::documents::{AppliedDocument, DocumentDraft, Preview};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Bytes of one change: 40,000 tags written one by one. Larger documents are applied as files, by the
/// console.
pub(super) const CHANGE_BYTES_MAX: usize = 8 << 20;
/// Characters of a note: it is read in a list.
const NOTE_CHARS_MAX: usize = 500;

/// The documents in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Documents {
    documents: Vec<DocumentEntry>,
}

/// The versions of a document, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Versions {
    name: String,
    versions: Vec<VersionEntry>,
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfVersion {
    /// An older version; else the one in force.
    version: Option<u32>,
}

/// New versions of documents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsToCheck {
    /// The documents, at least one.
    documents: Vec<DocumentDraft>,
}

/// New versions of documents that shall come into force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentsToApply {
    /// The documents, at least one: all of them or none.
    documents: Vec<DocumentDraft>,
    /// Why, for their history.
    #[serde(default)]
    note: String,
    /// The versions that you saw, 0 for a document that was not there. Where one moved since, nothing is done.
    #[serde(default)]
    base: BTreeMap<String, u32>,
}

/// Which version comes back into force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionToApply {
    /// The version.
    version: u32,
    /// Why; else that it is this version again.
    #[serde(default)]
    note: String,
}

/// The documents in force: the configuration file first.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", operation_id = "list_documents", responses(
    (status = 200, body = Documents),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Documents>, Refusal> {
    Ok(Json(Documents { documents: api.plant.documents().await.map_err(refused)? }))
}

/// A document with its text and as a form. Secrets stand in it as names only.
#[utoipa::path(get, path = "/api/v1/documents/{name}", tag = "documents", operation_id = "show_document",
    params(("name" = String, Path), OfVersion), responses(
    (status = 200, body = DocumentView),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such document or version"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    At(name): At<String>,
    Asked(asked): Asked<OfVersion>,
) -> Result<Json<DocumentView>, Refusal> {
    Ok(Json(api.plant.document(name, asked.version).await.map_err(refused)?))
}

/// The versions of a document: who, when, why.
#[utoipa::path(get, path = "/api/v1/documents/{name}/versions", tag = "documents", operation_id = "list_versions",
    params(("name" = String, Path)), responses(
    (status = 200, body = Versions),
    (status = 404, body = ProblemAnswer, description = "There never was such a document"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn versions(State(api): State<Api>, At(name): At<String>) -> Result<Json<Versions>, Refusal> {
    let versions = api.plant.versions(name.clone()).await.map_err(refused)?;
    Ok(Json(Versions { name, versions }))
}

/// The JSON Schema of documents, draft 2020-12.
#[utoipa::path(get, path = "/api/v1/schema", tag = "documents", operation_id = "document_schema", responses(
    (status = 200, body = serde_json::Value),
))]
pub(super) async fn schema() -> Json<serde_json::Value> {
    Json(takt_config::schema())
}

/// What new versions would do: every problem at once, the difference, which lines stop. Changes nothing.
#[utoipa::path(post, path = "/api/v1/documents/check", tag = "documents", operation_id = "check_documents",
    request_body = DocumentsToCheck, responses(
    OfBody,
    (status = 200, body = Preview, description = "With `problems` where they could not come into force"),
    (status = 422, body = ProblemAnswer, description = "The configuration file is only read here"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn check(
    State(api): State<Api>,
    Told(told): Told<DocumentsToCheck>,
) -> Result<Json<Preview>, Refusal> {
    Ok(Json(api.plant.preview(drafts(told.documents).await?).await.map_err(refused)?))
}

/// Brings new versions into force, all of them or none. Lines that they do not change run on.
#[utoipa::path(post, path = "/api/v1/documents/apply", tag = "documents", operation_id = "apply_documents",
    request_body = DocumentsToApply, responses(
    OfBody,
    (status = 200, body = Applied),
    (status = 409, body = ProblemAnswer, description = "A document moved since you looked; nothing was done"),
    (status = 422, body = Preview, description = "The problems; nothing was done"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be written, or not everything runs"),
))]
pub(super) async fn apply(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<DocumentsToApply>,
) -> Result<Json<Applied>, NotDone> {
    let (new, note) = (drafts(told.documents).await?, noted(told.note)?);
    Ok(Json(api.plant.apply(who.to_string(), new, note, told.base).await?))
}

/// Brings an older version back into force, as a new one.
#[utoipa::path(post, path = "/api/v1/documents/{name}/rollback", tag = "documents", operation_id = "roll_back_document",
    params(("name" = String, Path)), request_body = VersionToApply, responses(
    OfBody,
    (status = 200, body = Applied),
    (status = 404, body = ProblemAnswer, description = "No such version"),
    (status = 422, body = Preview, description = "It does not fit what else is in force; nothing was done"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be written, or not everything runs"),
))]
pub(super) async fn roll_back(
    State(api): State<Api>,
    who: Who,
    At(name): At<String>,
    Told(told): Told<VersionToApply>,
) -> Result<Json<Applied>, NotDone> {
    let note = noted(told.note)?;
    Ok(Json(api.plant.roll_back(who.to_string(), name, told.version, note).await?))
}

/// Why nothing was applied, as HTTP says it.
pub(super) enum NotDone {
    Wrong(Box<Preview>),
    Refused(Refusal),
}

impl From<NotApplied> for NotDone {
    fn from(why: NotApplied) -> Self {
        match why {
            NotApplied::Wrong(preview) => Self::Wrong(preview),
            NotApplied::Refused(why) => Self::Refused(refused(why)),
        }
    }
}

impl From<Refusal> for NotDone {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for NotDone {
    fn into_response(self) -> Response {
        match self {
            Self::Wrong(preview) => (StatusCode::UNPROCESSABLE_ENTITY, Json(*preview)).into_response(),
            Self::Refused(refusal) => refusal.into_response(),
        }
    }
}

async fn drafts(documents: Vec<DocumentDraft>) -> Result<Vec<AppliedDocument>, Refusal> {
    if documents.is_empty() {
        return Err(Refusal::bad("there is no document in it", "send at least one of documents"));
    }
    let hint = "write {\"name\": …, \"text\": …}, {\"name\": …, \"form\": {…}} or {\"name\": …, \"removed\": true}";
    // A long form takes a while to be written out.
    let written = tokio::task::spawn_blocking(move || DocumentDraft::all(documents)).await;
    let written = written
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), "see the gateway's log"))?;
    written.map_err(|why| Refusal::bad(why.to_string(), hint))
}

fn noted(note: String) -> Result<String, Refusal> {
    match note.chars().count() {
        n if n > NOTE_CHARS_MAX => {
            let error = format!("note: {n} characters are too many");
            Err(Refusal::bad(error, format!("say why in at most {NOTE_CHARS_MAX} characters")))
        }
        _ => Ok(note),
    }
}
