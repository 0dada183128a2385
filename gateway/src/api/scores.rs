//! The route for a score chart: scores with their limits over a span, without losing a peak or a fail.

use super::Api;
use super::answer::{Asked, ProblemAnswer, Refusal};
use super::archive::{ScoreQuery, Span};
use super::kept::{known_check, name, recent, unreadable, within};
use crate::board::VerdictView;
use crate::payload::time_text;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_plant::WallTime;
use utoipa::{IntoParams, ToSchema};

/// Steps of a chart: as many as it has pixels.
const STEPS: usize = 600;
/// Most steps.
const STEPS_MAX: usize = 5_000;
/// Verdicts that are looked at: some for each step.
const VERDICTS_A_STEP: usize = 4;

/// Which scores.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ScoreFilter {
    /// The line.
    line: String,
    /// The check.
    check: String,
    /// Only given at or after this time (RFC 3339); else the ten minutes before `to`.
    from: Option<String>,
    /// Only given before this time (RFC 3339); else now.
    to: Option<String>,
    /// Steps: 1 to 5,000, else 600.
    points: Option<usize>,
}

/// Scores of a check over a span.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Scores {
    line: String,
    check: String,
    from: String,
    to: String,
    steps: Vec<ScoreStep>,
}

/// The verdicts of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct ScoreStep {
    /// When its first verdict was given.
    at: String,
    /// Passed verdicts that were looked at.
    n_pass: u64,
    /// Failed ones.
    n_fail: u64,
    /// Inconclusive ones.
    n_inconclusive: u64,
    /// Its scores by name.
    scores: BTreeMap<String, ScoreSpread>,
    /// The verdict that stands out most: failed before inconclusive before passed, then by score.
    epoch: u32,
    /// Its number.
    seq: u64,
    /// Its part.
    #[schema(value_type = Option<serde_json::Value>)]
    part: Option<serde_json::Value>,
}

/// One score over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct ScoreSpread {
    /// The smallest.
    min: f64,
    /// The largest.
    max: f64,
    /// The limit of the last verdict that had one.
    limit: Option<f64>,
}

/// Scores of a check with their limits over a span, and the verdict of each step that stands out.
#[utoipa::path(get, path = "/api/v1/scores", tag = "part", params(ScoreFilter), responses(
    (status = 200, body = Scores),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such line or check"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn scores(State(api): State<Api>, Asked(asked): Asked<ScoreFilter>) -> Result<Json<Scores>, Refusal> {
    let (line, check) = (name("line", &asked.line)?, name("check", &asked.check)?);
    known_check(&api, &line, &check)?;
    let span = recent(&api, asked.from.as_deref(), asked.to.as_deref())?;
    let n_steps = within("points", asked.points.unwrap_or(STEPS), STEPS_MAX)?;
    let query = ScoreQuery { line, check, span, n_max: n_steps * VERDICTS_A_STEP };
    let verdicts = api.archive.scores(query).await.map_err(unreadable)?;
    let steps = steps(&verdicts, span, n_steps);
    let (from, to) = (time_text(span.from), time_text(span.to));
    Ok(Json(Scores { line: asked.line, check: asked.check, from, to, steps }))
}

fn steps(verdicts: &[VerdictView], span: Span, n_steps: usize) -> Vec<ScoreStep> {
    let mut steps: BTreeMap<i128, (ScoreStep, (u8, f64))> = BTreeMap::new();
    let width_ns = ((i128::from(span.to.as_ns()) - i128::from(span.from.as_ns())) / n_steps as i128).max(1);
    for verdict in verdicts {
        let Some(at) = instant(&verdict.at) else { continue };
        let place = (i128::from(at.as_ns()) - i128::from(span.from.as_ns())).div_euclid(width_ns);
        let rank = (rank(&verdict.verdict), prominence(verdict));
        let (step, best) = steps.entry(place).or_insert_with(|| (ScoreStep::empty(verdict), rank));
        step.take(verdict);
        if rank > *best {
            *best = rank;
            (step.epoch, step.seq, step.part) = (verdict.epoch, verdict.seq, verdict.part.clone());
        }
    }
    steps.into_values().map(|(step, _)| step).collect()
}

impl ScoreStep {
    fn empty(first: &VerdictView) -> Self {
        Self {
            at: first.at.clone(),
            n_pass: 0,
            n_fail: 0,
            n_inconclusive: 0,
            scores: BTreeMap::new(),
            epoch: first.epoch,
            seq: first.seq,
            part: first.part.clone(),
        }
    }

    fn take(&mut self, verdict: &VerdictView) {
        match verdict.verdict.as_str() {
            "pass" => self.n_pass += 1,
            "fail" => self.n_fail += 1,
            _ => self.n_inconclusive += 1,
        }
        for (name, score) in &verdict.scores {
            let Some(value) = score.value else { continue };
            let spread =
                self.scores.entry(name.clone()).or_insert(ScoreSpread { min: value, max: value, limit: score.limit });
            spread.min = spread.min.min(value);
            spread.max = spread.max.max(value);
            spread.limit = score.limit.or(spread.limit);
        }
    }
}

fn rank(verdict: &str) -> u8 {
    match verdict {
        "fail" => 2,
        "pass" => 0,
        _ => 1,
    }
}

/// The largest score relative to its limit.
fn prominence(verdict: &VerdictView) -> f64 {
    let relative = verdict.scores.values().filter_map(|score| Some(score.value? / score.limit.filter(|l| *l > 0.0)?));
    relative.fold(0.0, f64::max)
}

fn instant(text: &str) -> Option<WallTime> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok().map(WallTime::from_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::{LatencyView, ScoreView, WindowView};

    fn verdict(seq: u64, s: i64, word: &str, t2: f64) -> VerdictView {
        let at = time_text(WallTime::from_ns(s * 1_000_000_000));
        VerdictView {
            line: "l".into(),
            check: "c".into(),
            epoch: 1,
            seq,
            verdict: word.into(),
            reason: None,
            part: Some(seq.into()),
            at: at.clone(),
            scores: [("t2".to_owned(), ScoreView { value: Some(t2), limit: Some(10.0) })].into(),
            contributions: vec![],
            model: None,
            window: WindowView { key: String::new(), from: at.clone(), to: at, n: 1 },
            latency_us: LatencyView { queue: 0, features: 0, inference: 0, write: 0, total: 0 },
            executed_by: "g".into(),
        }
    }

    #[test]
    fn a_step_keeps_its_peak_and_names_the_fail() {
        let span = Span { from: WallTime::from_ns(0), to: WallTime::from_ns(20_000_000_000) };
        let given = [
            verdict(1, 0, "pass", 1.0),
            verdict(2, 1, "fail", 11.0),
            verdict(3, 2, "inconclusive", 90.0),
            verdict(4, 11, "pass", 2.0),
            verdict(5, 12, "pass", 3.0),
        ];
        let found = steps(&given, span, 2);
        assert_eq!(found.len(), 2);
        let (first, second) = (&found[0], &found[1]);
        assert_eq!((first.n_pass, first.n_fail, first.n_inconclusive, first.seq), (1, 1, 1, 2));
        assert_eq!(first.scores["t2"], ScoreSpread { min: 1.0, max: 90.0, limit: Some(10.0) });
        assert_eq!((second.n_pass, second.seq, second.part.clone()), (2, 5, Some(5.into())));
    }
}
