//! Tags of a line as CSV: out, and in with an error for each wrong row (B39).

use super::super::answer::{Asked, ProblemAnswer, Refusal};
use super::super::plant::{TagsImport, TagsToImport};
use super::super::{Api, Who};
use super::{At, refused};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use takt_plant::LineId;
use utoipa::IntoParams;

/// How a table comes in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToImport {
    /// Only say what it would do. Default false.
    #[serde(default)]
    dry_run: bool,
    /// The version of the line's document that you saw; where it moved since, nothing is done.
    base: Option<u32>,
    /// Why, for the history.
    #[serde(default)]
    note: String,
}

/// The tags of a line as CSV, those of groups one by one.
#[utoipa::path(get, path = "/api/v1/lines/{line}/tags.csv", tag = "documents", operation_id = "export_tags",
    params(("line" = String, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
))]
pub(super) async fn export(State(api): State<Api>, At(line): At<String>) -> Result<Response, Refusal> {
    let line = named(&line)?;
    let file = format!("attachment; filename=\"{line}-tags.csv\"");
    let text = api.plant.tags_csv(line).await.map_err(refused)?;
    let head = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((head, text).into_response())
}

/// Replaces the tags of a line by those of a table. With an error in any row nothing is done.
#[utoipa::path(post, path = "/api/v1/lines/{line}/tags.csv", tag = "documents", operation_id = "import_tags",
    params(("line" = String, Path), HowToImport), request_body(content = String, content_type = "text/csv"),
    responses(
    (status = 200, body = TagsImport, description = "What it did, or in a dry run would do; with `errors` nothing"),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line"),
    (status = 409, body = ProblemAnswer, description = "The document moved since you looked"),
    (status = 422, body = TagsImport, description = "The rows that are wrong; nothing was done"),
))]
pub(super) async fn import(
    State(api): State<Api>,
    who: Who,
    At(line): At<String>,
    Asked(asked): Asked<HowToImport>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| Refusal::bad("the table is not UTF-8 text", "save it as CSV in UTF-8"))?;
    let HowToImport { dry_run, base, note } = asked;
    let table = TagsToImport { line: named(&line)?, text, note, base, dry_run };
    let done = api.plant.import_tags(who.to_string(), table).await.map_err(refused)?;
    let is_wrong = !done.errors.is_empty() || !done.preview.problems.is_empty();
    let status = if is_wrong && !dry_run { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Json(done)).into_response())
}

fn named(line: &str) -> Result<LineId, Refusal> {
    line.parse().map_err(|why| Refusal::bad(format!("{why}"), "lines stand at /api/v1/documents"))
}
