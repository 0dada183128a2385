//! Backup and restore over HTTP: one file out, one file in.

use super::Api;
use super::answer::{Asked, NoChange, ProblemAnswer, Refusal};
use super::configure::refused;
use super::who::Who;
use crate::backup::RestoreReport;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;

/// What a backup holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToBackUp {
    /// With samples, verdicts and events. Default false.
    #[serde(default)]
    history: bool,
}

/// How a backup comes in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToRestore {
    /// Only say what is in it, and what it would change. Default false.
    #[serde(default)]
    dry_run: bool,
}

/// Documents with their versions, models, users, where alarms stand, and on demand the history, as one file.
/// Secrets, sessions, tokens and arming are not in it.
#[utoipa::path(get, path = "/api/v1/backup", tag = "box", operation_id = "make_backup", params(HowToBackUp),
    responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream", description = "A gzipped tar"),
    (status = 400, body = ProblemAnswer),
    (status = 409, body = ProblemAnswer, description = "Another backup or restore is under way"),
    (status = 422, body = ProblemAnswer, description = "It cannot be made"),
    (status = 503, body = ProblemAnswer, description = "Something cannot be read, or the disk cannot be written"),
))]
pub(super) async fn back_up(
    State(api): State<Api>,
    who: Who,
    Asked(asked): Asked<HowToBackUp>,
) -> Result<Response, Refusal> {
    let file = api.plant.back_up(who.to_string(), asked.history).await.map_err(refused)?;
    let named = format!("attachment; filename=\"{}\"", file.name);
    let named = HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("attachment"));
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((head, Body::from_stream(file.body)).into_response())
}

/// Restores a backup. It is verified whole before anything changes; then the gateway starts anew with it, every
/// session is over, nothing is armed, and the verdicts begin a new epoch.
#[utoipa::path(post, path = "/api/v1/restore", tag = "box", operation_id = "restore_backup", params(HowToRestore),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A backup"), responses(
    (status = 200, body = RestoreReport, description = "What it does; in a dry run what it would do"),
    (status = 400, body = ProblemAnswer),
    (status = 409, body = ProblemAnswer, description = "Another backup or restore is under way"),
    (status = 422, body = RestoreReport,
        description = "Its documents cannot run here; with `error` it is no whole backup. Nothing was changed"),
    (status = 503, body = ProblemAnswer, description = "The disk cannot be written, or is too small"),
))]
pub(super) async fn restore(
    State(api): State<Api>,
    who: Who,
    Asked(asked): Asked<HowToRestore>,
    body: Body,
) -> Result<Response, Refusal> {
    let parts = body.into_data_stream().map(|part| part.map_err(|why| why.to_string())).boxed();
    let report = api.plant.restore(who.to_string(), parts, asked.dry_run).await.map_err(refused)?;
    Ok(match (report.restored, report.dry_run) {
        (true, _) => Json(report).into_response(),
        (false, true) => (Extension(NoChange), Json(report)).into_response(),
        (false, false) => (StatusCode::UNPROCESSABLE_ENTITY, Json(report)).into_response(),
    })
}
