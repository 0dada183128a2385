//! Routes that read the archive: what was.

use super::Api;
use super::answer::{Asked, ProblemAnswer, Refusal};
use super::archive::{
    ArchiveError, EventQuery, EventView, HistoryQuery, ModelEntry, Span, Step, VerdictPage, VerdictQuery,
};
use super::decimate::Point;
use super::live::known_line;
use crate::payload::time_text;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_plant::{CheckId, InvalidId, LineId, TagId, WallTime};
use utoipa::{IntoParams, ToSchema};

/// Rows of one answer.
const ROWS_MAX: usize = 500;
/// Rows where nothing is said.
const ROWS: usize = 50;
/// Tags of one history.
const TAGS_MAX: usize = 64;
/// Points a tag.
const POINTS_MAX: usize = 5_000;
/// Points where nothing is said: as many as a chart has pixels.
const POINTS: usize = 600;
/// The span of a history where nothing is said.
const HISTORY_SPAN: Duration = Duration::from_secs(600);

const TIME_HINT: &str = "write a time as 2026-01-02T03:04:05Z or with an offset";

/// Which verdicts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VerdictFilter {
    /// Only this line.
    line: Option<String>,
    /// Only this check.
    check: Option<String>,
    /// Only `pass`, `fail` or `inconclusive`.
    verdict: Option<String>,
    /// Only this part.
    part: Option<String>,
    /// Only given at or after this time (RFC 3339).
    from: Option<String>,
    /// Only given at or before this time (RFC 3339).
    to: Option<String>,
    /// At most so many: 1 to 500, else 50.
    limit: Option<usize>,
    /// Where the page before ended, as its `next` said.
    cursor: Option<String>,
}

/// Which samples.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryFilter {
    /// The line.
    line: String,
    /// Its tags, with commas between, at most 64.
    tags: String,
    /// From this source time on (RFC 3339); else the ten minutes before `to`.
    from: Option<String>,
    /// Up to this source time (RFC 3339); else now.
    to: Option<String>,
    /// Points a tag: 1 to 5,000, else 600. Where there are more samples, each point carries minimum, maximum and mean.
    points: Option<usize>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFilter {
    /// Only this kind.
    kind: Option<String>,
    /// Only at or after this time (RFC 3339).
    from: Option<String>,
    /// Only at or before this time (RFC 3339).
    to: Option<String>,
    /// At most so many: 1 to 500, else 50.
    limit: Option<usize>,
}

/// Samples over a span, as many points as a chart can show.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct History {
    line: String,
    from: String,
    to: String,
    tags: Vec<TagHistory>,
}

/// The samples of one tag.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct TagHistory {
    tag: String,
    /// Samples in the span.
    n: u64,
    /// Of those, bad readings and texts.
    n_bad: u64,
    points: Vec<Point>,
}

/// The installed models.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Models {
    models: Vec<ModelEntry>,
}

/// Events, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Events {
    events: Vec<EventView>,
}

/// Verdicts, newest first, with all contributions that were kept.
#[utoipa::path(get, path = "/api/v1/verdicts", tag = "kept", params(VerdictFilter), responses(
    (status = 200, body = VerdictPage),
    (status = 400, body = ProblemAnswer),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn verdicts(
    State(api): State<Api>,
    Asked(asked): Asked<VerdictFilter>,
) -> Result<Json<VerdictPage>, Refusal> {
    let query = VerdictQuery {
        line: asked.line.as_deref().map(|text| name("line", text)).transpose()?,
        check: asked.check.as_deref().map(|text| name("check", text)).transpose()?,
        verdict: asked.verdict.as_deref().map(outcome).transpose()?,
        part: asked.part,
        span: span(asked.from.as_deref(), asked.to.as_deref())?,
        cursor: asked.cursor,
        n_max: rows(asked.limit)?,
    };
    Ok(Json(api.archive.verdicts(query).await.map_err(unreadable)?))
}

/// Samples of tags over a span, decimated without losing a peak.
#[utoipa::path(get, path = "/api/v1/history", tag = "kept", params(HistoryFilter), responses(
    (status = 200, body = History),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line or tag"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn history(
    State(api): State<Api>,
    Asked(asked): Asked<HistoryFilter>,
) -> Result<Json<History>, Refusal> {
    let query = history_query(&api, &asked)?;
    let n_points = within("points", asked.points.unwrap_or(POINTS), POINTS_MAX)?;
    let steps = api.archive.steps(query.clone(), n_points).await.map_err(unreadable)?;
    let tags = query.tags.iter().zip(&steps).map(|(tag, steps)| tag_history(tag, steps));
    Ok(Json(History {
        line: query.line.to_string(),
        from: time_text(query.span.from),
        to: time_text(query.span.to),
        tags: tags.collect(),
    }))
}

/// The installed models and where each is active.
#[utoipa::path(get, path = "/api/v1/models", tag = "kept", responses(
    (status = 200, body = Models),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn models(State(api): State<Api>) -> Result<Json<Models>, Refusal> {
    Ok(Json(Models { models: api.archive.models().await.map_err(unreadable)? }))
}

/// What happened, newest first: changes, writes, jumps of the clock, and who did it.
#[utoipa::path(get, path = "/api/v1/events", tag = "kept", params(EventFilter), responses(
    (status = 200, body = Events),
    (status = 400, body = ProblemAnswer),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn events(State(api): State<Api>, Asked(asked): Asked<EventFilter>) -> Result<Json<Events>, Refusal> {
    let query = EventQuery {
        kind: asked.kind,
        span: span(asked.from.as_deref(), asked.to.as_deref())?,
        n_max: rows(asked.limit)?,
    };
    Ok(Json(Events { events: api.archive.events(query).await.map_err(unreadable)? }))
}

fn history_query(api: &Api, asked: &HistoryFilter) -> Result<HistoryQuery, Refusal> {
    let line: LineId = name("line", &asked.line)?;
    known_line(api, Some(line.as_str()))?;
    let tags = asked.tags.split(',').filter(|text| !text.is_empty());
    let tags: Vec<TagId> = tags.map(|text| name("tags", text.trim())).collect::<Result<_, _>>()?;
    if tags.is_empty() || tags.len() > TAGS_MAX {
        let hint = "write tag names with commas between, such as tags=ram_force,vibration";
        return Err(Refusal::bad(format!("tags: between 1 and {TAGS_MAX} are wanted, {} came", tags.len()), hint));
    }
    let gauge = api.viewer.board().lines().into_iter().find(|gauge| gauge.plan().id == line);
    let known = |tag: &TagId| gauge.as_ref().is_some_and(|gauge| gauge.plan().tags.iter().any(|t| t.id == *tag));
    if let Some(unknown) = tags.iter().find(|tag| !known(tag)) {
        let hint = format!("its tags are listed at /api/v1/tags?line={line}");
        return Err(Refusal::not_found(format!("line {line} has no tag '{unknown}'"), hint));
    }
    let span = recent(api, asked.from.as_deref(), asked.to.as_deref())?;
    Ok(HistoryQuery { line, tags, span })
}

fn tag_history(tag: &TagId, steps: &[Step]) -> TagHistory {
    TagHistory {
        tag: tag.to_string(),
        n: steps.iter().map(|step| step.n).sum(),
        n_bad: steps.iter().map(|step| step.n_bad).sum(),
        points: steps.iter().map(Point::of).collect(),
    }
}

pub(super) fn name<T: std::str::FromStr<Err = InvalidId>>(key: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|why: InvalidId| Refusal::bad(format!("{key}: {why}"), "names stand at /api/v1/lines"))
}

fn outcome(text: &str) -> Result<&'static str, Refusal> {
    let known = ["pass", "fail", "inconclusive"].into_iter().find(|word| *word == text);
    known.ok_or_else(|| Refusal::bad("verdict: there is no such outcome", "write pass, fail or inconclusive"))
}

pub(super) fn rows(limit: Option<usize>) -> Result<usize, Refusal> {
    within("limit", limit.unwrap_or(ROWS), ROWS_MAX)
}

pub(super) fn within(key: &str, n: usize, n_max: usize) -> Result<usize, Refusal> {
    if (1..=n_max).contains(&n) {
        return Ok(n);
    }
    Err(Refusal::bad(
        format!("{key}: {n} is not between 1 and {n_max}"),
        "ask for a page, and the next one by its cursor",
    ))
}

pub(super) fn span(from: Option<&str>, to: Option<&str>) -> Result<Span, Refusal> {
    let from = from.map(|text| time("from", text)).transpose()?.unwrap_or(WallTime::MIN);
    let to = to.map(|text| time("to", text)).transpose()?.unwrap_or(WallTime::from_ns(i64::MAX));
    ordered(Span { from, to })
}

/// The span that is asked for; else the ten minutes up to its end or now.
pub(super) fn recent(api: &Api, from: Option<&str>, to: Option<&str>) -> Result<Span, Refusal> {
    let to = to.map(|text| time("to", text)).transpose()?.unwrap_or(api.viewer.now().wall);
    let from = from.map(|text| time("from", text)).transpose()?;
    ordered(Span { from: from.unwrap_or(to.minus(HISTORY_SPAN)), to })
}

/// That a line has a check of this name.
pub(super) fn known_check(api: &Api, line: &LineId, check: &CheckId) -> Result<(), Refusal> {
    known_line(api, Some(line.as_str()))?;
    let gauge = api.viewer.board().lines().into_iter().find(|gauge| gauge.plan().id == *line);
    if gauge.as_ref().is_some_and(|gauge| gauge.find(check).is_some()) {
        return Ok(());
    }
    let there: Vec<_> = gauge.iter().flat_map(|gauge| gauge.checks()).map(|c| c.plan().id.to_string()).collect();
    Err(Refusal::not_found(
        format!("line {line} has no check '{check}'"),
        format!("its checks are: {}", there.join(", ")),
    ))
}

fn ordered(span: Span) -> Result<Span, Refusal> {
    if span.from <= span.to {
        return Ok(span);
    }
    Err(Refusal::bad("from lies after to", "exchange the two"))
}

pub(super) fn time(key: &str, text: &str) -> Result<WallTime, Refusal> {
    let stamp: jiff::Timestamp = text.parse().map_err(|why| Refusal::bad(format!("{key}: {why}"), TIME_HINT))?;
    let ns = i64::try_from(stamp.as_nanosecond());
    ns.map(WallTime::from_ns).map_err(|_| Refusal::bad(format!("{key}: outside the years 1678 to 2261"), TIME_HINT))
}

pub(super) fn unreadable(why: ArchiveError) -> Refusal {
    match &why {
        ArchiveError::BadCursor => Refusal::bad(why.to_string(), "leave it out to begin with the newest"),
        ArchiveError::Unreadable { .. } => {
            tracing::warn!(error = %why, "the archive could not be read");
            Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                why.to_string(),
                "verdicts go on; look at the store's health at /readyz",
            )
        }
    }
}
