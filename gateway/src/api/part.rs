//! Routes about one verdict: what was said and written, the window against good ones, and what
//! people say of it.

use super::Api;
use super::answer::{Asked, OfBody, ProblemAnswer, Refusal, Told};
use super::archive::{FeedbackView, HistoryQuery, Span, VerdictAddress, VerdictDetail, VerdictQuery};
use super::configure::At;
use super::decimate::{Decimator, Point};
use super::envelope::{Band, Envelope, GoodWindow};
use super::kept::{name, time, unreadable};
use super::who::Who;
use crate::board::VerdictView;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_plant::{TagId, WallTime};
use utoipa::{IntoParams, ToSchema};

/// Good windows that an envelope is made of.
const GOOD_MAX: usize = 100;
/// Good windows that lie closer together are read in one go.
const APART: Duration = Duration::from_secs(60);
/// Points a tag in a window's chart.
const POINTS: usize = 1_000;
/// Tags in one window.
const TAGS_MAX: usize = 64;
/// A word of feedback.
const TEXT_CHARS_MAX: usize = 2_000;

/// Which verdict.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Numbered {
    /// The line.
    line: String,
    /// The check.
    check: String,
    /// The epoch.
    epoch: u32,
    /// Its number within epoch and check.
    seq: u64,
}

/// What part of a window.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WindowFilter {
    /// Only these tags, with commas between; else the check's inputs, at most 64.
    tags: Option<String>,
}

/// A window's samples against good windows of the same model.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct WindowAnswer {
    /// Source time of its first sample.
    from: String,
    /// Source time of its closing sample: good windows are aligned here.
    to: String,
    /// Good windows behind the envelopes: the last ones that passed before, by the same model.
    n_good: u64,
    tags: Vec<WindowTag>,
}

/// One tag of a window.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct WindowTag {
    tag: String,
    unit: String,
    /// Its samples; where there are more than a chart has room for, minimum, maximum and mean of each step.
    points: Vec<Point>,
    /// What good windows looked like; empty where there are none.
    envelope: Vec<Band>,
}

/// What somebody says of a verdict.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    /// Whether the verdict was right.
    right: bool,
    /// In their words, at most 2,000 characters.
    #[serde(default)]
    text: String,
}

/// One verdict with its writes and what was said of it.
#[utoipa::path(get, path = "/api/v1/verdicts/{line}/{check}/{epoch}/{seq}", tag = "part", params(Numbered), responses(
    (status = 200, body = VerdictDetail),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such verdict, or retention has dropped it"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn verdict(
    State(api): State<Api>,
    At(numbered): At<Numbered>,
) -> Result<Json<VerdictDetail>, Refusal> {
    Ok(Json(found(&api, &address(&numbered)?).await?))
}

/// The samples of a verdict's window, each tag against the spread of good windows.
#[utoipa::path(get, path = "/api/v1/verdicts/{line}/{check}/{epoch}/{seq}/window", tag = "part",
    params(Numbered, WindowFilter), responses(
    (status = 200, body = WindowAnswer),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such verdict, or retention has dropped it"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn window(
    State(api): State<Api>,
    At(numbered): At<Numbered>,
    Asked(asked): Asked<WindowFilter>,
) -> Result<Json<WindowAnswer>, Refusal> {
    let address = address(&numbered)?;
    let verdict = found(&api, &address).await?.verdict;
    let (from, to) = (time("from", &verdict.window.from)?, time("to", &verdict.window.to)?);
    let tags = tags(&api, &address, &verdict, asked.tags.as_deref())?;
    let good = good_windows(&api, &address, &verdict).await?;
    let span = Span { from, to };
    let mut decimators: Vec<_> = tags.iter().map(|_| Decimator::new(span, POINTS)).collect();
    let query = HistoryQuery { line: address.line.clone(), tags: names(&tags), span };
    let mut take = |tag: usize, at: WallTime, reading: &takt_plant::Reading| {
        if let Some(decimator) = decimators.get_mut(tag) {
            decimator.take(at, reading);
        }
    };
    api.archive.history(query, &mut take).await.map_err(unreadable)?;
    let envelopes = envelopes(&api, &address, &tags, &good).await?;
    let tags = tags.into_iter().zip(&decimators).zip(envelopes);
    let tags = tags.map(|(((tag, unit), decimator), envelope)| WindowTag {
        tag: tag.to_string(),
        unit,
        points: decimator.points(),
        envelope: envelope.bands(),
    });
    let (from, to) = (verdict.window.from, verdict.window.to);
    Ok(Json(WindowAnswer { from, to, n_good: good.len() as u64, tags: tags.collect() }))
}

/// Says whether a verdict was right. The newest word counts.
#[utoipa::path(put, path = "/api/v1/verdicts/{line}/{check}/{epoch}/{seq}/feedback", tag = "part",
    params(Numbered), request_body = Say, responses(
    OfBody,
    (status = 200, body = FeedbackView),
    (status = 404, body = ProblemAnswer, description = "No such verdict, or retention has dropped it"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be written"),
))]
pub(super) async fn say(
    State(api): State<Api>,
    who: Who,
    At(numbered): At<Numbered>,
    Told(told): Told<Say>,
) -> Result<Json<FeedbackView>, Refusal> {
    if told.text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::bad("text: it is longer than 2,000 characters", "shorten it"));
    }
    let address = address(&numbered)?;
    found(&api, &address).await?;
    let kept = api.archive.say(address, told.right, told.text, who.name).await.map_err(unreadable)?;
    Ok(Json(kept))
}

fn address(numbered: &Numbered) -> Result<VerdictAddress, Refusal> {
    Ok(VerdictAddress {
        line: name("line", &numbered.line)?,
        check: name("check", &numbered.check)?,
        epoch: numbered.epoch,
        seq: numbered.seq,
    })
}

async fn found(api: &Api, address: &VerdictAddress) -> Result<VerdictDetail, Refusal> {
    let found = api.archive.verdict(address.clone()).await.map_err(unreadable)?;
    found.ok_or_else(|| {
        let VerdictAddress { line, check, epoch, seq } = address;
        let hint = "retention drops the oldest; those that are kept stand at /api/v1/verdicts";
        Refusal::not_found(format!("there is no verdict {epoch}/{seq} of {line}/{check}"), hint)
    })
}

/// The tags to show with their units: those asked for, else the check's inputs, else those that the
/// verdict names (its check may be gone).
fn tags(
    api: &Api,
    address: &VerdictAddress,
    verdict: &VerdictView,
    asked: Option<&str>,
) -> Result<Vec<(TagId, String)>, Refusal> {
    let line = api.viewer.board().lines().into_iter().find(|gauge| gauge.plan().id == address.line);
    let check = line.as_ref().and_then(|line| line.find(&address.check));
    let wanted: Vec<TagId> = match (asked, check) {
        (Some(text), _) => text.split(',').map(|tag| name("tags", tag.trim())).collect::<Result<_, _>>()?,
        (None, Some(check)) => check.plan().inputs.clone(),
        (None, None) => verdict.contributions.iter().filter_map(|share| share.tag.parse().ok()).collect(),
    };
    let unit = |tag: &TagId| {
        let planned = line.as_ref().and_then(|line| line.plan().tags.iter().find(|planned| planned.id == *tag));
        planned.map(|planned| planned.unit.clone()).unwrap_or_default()
    };
    Ok(wanted.into_iter().take(TAGS_MAX).map(|tag| (tag.clone(), unit(&tag))).collect())
}

/// The last windows that passed before, judged by the same version of the model.
async fn good_windows(api: &Api, address: &VerdictAddress, verdict: &VerdictView) -> Result<Vec<GoodWindow>, Refusal> {
    let Some(model) = &verdict.model else { return Ok(Vec::new()) };
    let query = VerdictQuery {
        line: Some(address.line.clone()),
        check: Some(address.check.clone()),
        verdict: Some("pass"),
        part: None,
        span: Span { from: WallTime::MIN, to: time("at", &verdict.at)? },
        cursor: None,
        n_max: GOOD_MAX,
    };
    let page = api.archive.verdicts(query).await.map_err(unreadable)?;
    let same = page.verdicts.iter().filter(|good| good.model.as_ref().is_some_and(|m| m.digest == model.digest));
    let other = same.filter(|good| (good.epoch, good.seq) != (address.epoch, address.seq));
    let windows =
        other.map(|good| Ok(GoodWindow { from: time("from", &good.window.from)?, to: time("to", &good.window.to)? }));
    windows.collect()
}

async fn envelopes(
    api: &Api,
    address: &VerdictAddress,
    tags: &[(TagId, String)],
    good: &[GoodWindow],
) -> Result<Vec<Envelope>, Refusal> {
    let mut envelopes: Vec<_> = tags.iter().map(|_| Envelope::new(good.to_vec())).collect();
    for span in spans(good) {
        let query = HistoryQuery { line: address.line.clone(), tags: names(tags), span };
        let mut take = |tag: usize, at: WallTime, reading: &takt_plant::Reading| {
            if let (Some(envelope), Some(value)) = (envelopes.get_mut(tag), reading.as_f64()) {
                envelope.take(at, value);
            }
        };
        api.archive.history(query, &mut take).await.map_err(unreadable)?;
    }
    Ok(envelopes)
}

/// Spans that hold all windows; those that lie close together are one.
fn spans(windows: &[GoodWindow]) -> Vec<Span> {
    let mut sorted = windows.to_vec();
    sorted.sort_unstable_by_key(|window| window.from);
    let mut spans: Vec<Span> = Vec::new();
    for window in sorted {
        match spans.last_mut() {
            Some(last) if window.from <= last.to.plus(APART) => last.to = last.to.max(window.to),
            _ => spans.push(Span { from: window.from, to: window.to }),
        }
    }
    spans
}

fn names(tags: &[(TagId, String)]) -> Vec<TagId> {
    tags.iter().map(|(tag, _)| tag.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_lie_close_are_read_in_one_go() {
        let s = |s: i64| WallTime::from_ns(s * 1_000_000_000);
        let window = |from: i64, to: i64| GoodWindow { from: s(from), to: s(to) };
        let found = spans(&[window(100, 101), window(0, 2), window(61, 62), window(1_000, 1_001)]);
        assert_eq!(found, [Span { from: s(0), to: s(101) }, Span { from: s(1_000), to: s(1_001) }]);
    }
}
