//! Whether it lives, whether it does its job, and its metrics.

use super::Api;
use super::answer::{ProblemAnswer, Refusal};
use super::guard::is_from_box;
use super::server::Ends;
use super::who::{Who, nobody};
use crate::board::status::{Problem, Severity, Status};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That it lives.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Alive {
    /// Always true.
    alive: bool,
    version: String,
    uptime_s: u64,
}

/// Whether it does its job.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Ready {
    /// Whether every check can judge on the provider it asks for.
    ready: bool,
    /// What keeps it from being ready.
    reasons: Vec<Problem>,
    /// What is not as it should be without keeping it.
    degraded: Vec<Problem>,
    /// The proof: each model of each check with the device asked for and the one in use.
    models: Vec<ReadyModel>,
}

/// A model of a check.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ReadyModel {
    line: String,
    check: String,
    model: String,
    version: Option<String>,
    standing: String,
    device_asked: Option<String>,
    device_used: Option<String>,
    fallback: Option<String>,
}

/// That the program lives and answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Alive)))]
pub(super) async fn healthz(State(api): State<Api>) -> Json<Alive> {
    let board = api.viewer.board();
    let uptime_s = api.viewer.now().mono.since(board.began().mono).as_secs();
    Json(Alive { alive: true, version: board.identity().version.clone(), uptime_s })
}

/// Whether every check can judge on the provider it asks for; the reasons when not.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, body = Ready),
    (status = 503, body = Ready, description = "It does not do its job, for these reasons"),
))]
pub(super) async fn readyz(State(api): State<Api>) -> (StatusCode, Json<Ready>) {
    let status = api.viewer.refresh();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(ready(&status)))
}

/// All metrics in Prometheus text format. On the gateway itself open to every caller; from
/// elsewhere with a token or session.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain; version=0.0.4"),
    (status = 401, body = ProblemAnswer, description = "The caller is not on the gateway, and nobody is signed in"),
))]
pub(super) async fn metrics(
    State(api): State<Api>,
    Extension(ends): Extension<Ends>,
    who: Option<Extension<Who>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if who.is_none() && !is_from_box(&api, &ends, &headers) {
        return Err(nobody());
    }
    let form = [(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)];
    Ok((form, api.telemetry.prometheus()).into_response())
}

fn ready(status: &Status) -> Ready {
    let (reasons, degraded) = status.problems.iter().cloned().partition(|p| p.severity == Severity::NotReady);
    let checks = status.lines.iter().flat_map(|line| &line.checks);
    let models = checks.flat_map(|check| {
        check.models.iter().map(|model| ReadyModel {
            line: check.line.clone(),
            check: check.id.clone(),
            model: model.name.clone(),
            version: model.model.as_ref().map(|stamp| stamp.version.clone()),
            standing: model.standing.clone(),
            device_asked: model.device_asked.clone(),
            device_used: model.device_used.clone(),
            fallback: model.fallback.clone(),
        })
    });
    Ready { ready: status.ready, reasons, degraded, models: models.collect() }
}
