//! Routes that read the board: what is, this second.

use super::Api;
use super::answer::{Asked, ProblemAnswer, Refusal};
use crate::board::status::{CheckStatus, ConnectionStatus, LineStatus, Status, TagStatus};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Tags in one answer.
const TAGS_MAX: usize = 10_000;

/// The lines.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Lines {
    lines: Vec<LineStatus>,
}

/// The checks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Checks {
    checks: Vec<CheckStatus>,
}

/// The connections.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Connections {
    connections: Vec<ConnectionStatus>,
}

/// The tags.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Tags {
    /// How many match, of which at most 10,000 follow.
    n_tags: u64,
    tags: Vec<TagStatus>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LineFilter {
    /// Only this line.
    line: Option<String>,
}

/// Which tags.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TagFilter {
    /// Only this line.
    line: Option<String>,
    /// Only tags whose name contains this.
    like: Option<String>,
    /// Only this quality: `good`, `uncertain`, `bad` or `none`.
    quality: Option<String>,
}

/// Everything: counts, books, latencies, models, devices, connections and what is wrong.
#[utoipa::path(get, path = "/api/v1/status", tag = "live", responses((status = 200, body = Status)))]
pub(super) async fn status(State(api): State<Api>) -> Json<Status> {
    Json((*api.viewer.refresh()).clone())
}

/// The lines with their checks.
#[utoipa::path(get, path = "/api/v1/lines", tag = "live", params(LineFilter), responses(
    (status = 200, body = Lines),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
))]
pub(super) async fn lines(State(api): State<Api>, Asked(asked): Asked<LineFilter>) -> Result<Json<Lines>, Refusal> {
    Ok(Json(Lines { lines: lines_of(&api, asked.line.as_deref())? }))
}

/// The checks of all lines or one.
#[utoipa::path(get, path = "/api/v1/checks", tag = "live", params(LineFilter), responses(
    (status = 200, body = Checks),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
))]
pub(super) async fn checks(State(api): State<Api>, Asked(asked): Asked<LineFilter>) -> Result<Json<Checks>, Refusal> {
    let lines = lines_of(&api, asked.line.as_deref())?;
    Ok(Json(Checks { checks: lines.into_iter().flat_map(|line| line.checks).collect() }))
}

/// The connections with what could not be read.
#[utoipa::path(get, path = "/api/v1/connections", tag = "live", responses((status = 200, body = Connections)))]
pub(super) async fn connections(State(api): State<Api>) -> Json<Connections> {
    Json(Connections { connections: api.viewer.refresh().connections.clone() })
}

/// The live values of tags with quality and age, at most 200 ms behind.
#[utoipa::path(get, path = "/api/v1/tags", tag = "live", params(TagFilter), responses(
    (status = 200, body = Tags),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
))]
pub(super) async fn tags(State(api): State<Api>, Asked(asked): Asked<TagFilter>) -> Result<Json<Tags>, Refusal> {
    if let Some(quality) = &asked.quality
        && !["good", "uncertain", "bad", "none"].contains(&quality.as_str())
    {
        let error = format!("quality: '{quality}' is none");
        return Err(Refusal::bad(error, "write good, uncertain, bad or none"));
    }
    known_line(&api, asked.line.as_deref())?;
    let mut tags = api.viewer.board().tags(api.viewer.now());
    tags.retain(|tag| {
        asked.line.as_ref().is_none_or(|line| tag.line == *line)
            && asked.like.as_ref().is_none_or(|like| tag.id.contains(like.as_str()))
            && asked.quality.as_ref().is_none_or(|quality| tag.quality == *quality)
    });
    let n_tags = tags.len() as u64;
    tags.truncate(TAGS_MAX);
    Ok(Json(Tags { n_tags, tags }))
}

fn lines_of(api: &Api, only: Option<&str>) -> Result<Vec<LineStatus>, Refusal> {
    known_line(api, only)?;
    let status = api.viewer.refresh();
    Ok(status.lines.iter().filter(|line| only.is_none_or(|only| line.id == only)).cloned().collect())
}

/// That a line of this name is there, where one is named.
pub(super) fn known_line(api: &Api, name: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    let lines = api.viewer.board().lines();
    if lines.iter().any(|line| line.plan().id.as_str() == name) {
        return Ok(());
    }
    let there: Vec<_> = lines.iter().take(20).map(|line| line.plan().id.as_str()).collect();
    let shown: String = name.chars().take(100).collect();
    Err(Refusal::not_found(format!("there is no line '{shown}'"), format!("the lines are: {}", there.join(", "))))
}
