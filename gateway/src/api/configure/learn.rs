//! Learning a baseline from a line's history, as a job: the data's quality first, then the model.

use super::super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::super::kept::time;
use super::super::plant::{LearnRequest, LearnStarted, LearnView};
use super::super::{Api, Who};
use super::{At, refused};
use crate::learn::{Ask, Method, WINDOWS_MAX, components};
use crate::store::Span;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use takt_plant::WallTime;
use utoipa::ToSchema;

/// What is learned, and how.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToLearn {
    /// The line.
    line: String,
    /// The check whose windows are learned from.
    check: String,
    /// From this time on (RFC 3339); else from the beginning.
    #[serde(default)]
    from: Option<String>,
    /// Until this time (RFC 3339); else until now.
    #[serde(default)]
    to: Option<String>,
    /// Only the last windows, at most 100,000.
    #[serde(default)]
    last: Option<usize>,
    /// Only windows of this recipe.
    #[serde(default)]
    recipe: Option<String>,
    /// What is computed from each window, such as force:mean,std;vibration:rms; else *:mean,std,rms,peak.
    #[serde(default)]
    features: Option<String>,
    /// Components: a number, share:0.85, parallel or all; else share:0.85.
    #[serde(default)]
    components: Option<String>,
    /// Limits by theory that fail this share of good rows; else 0.001.
    #[serde(default)]
    alpha: Option<f64>,
    /// The model's name; else the one that the check waits for.
    #[serde(default)]
    name: Option<String>,
    /// Its version; else above the highest that is installed.
    #[serde(default)]
    version: Option<String>,
    /// Only look at the history: its quality, without training.
    #[serde(default)]
    dry_run: bool,
}

/// Begins to learn; one job at a time a line. The model is installed, and judges only once it is activated.
#[utoipa::path(post, path = "/api/v1/learn", tag = "models", operation_id = "learn",
    request_body = ToLearn, responses(
    OfBody,
    (status = 200, body = LearnStarted),
    (status = 409, body = ProblemAnswer, description = "This line, or two others, are learning already"),
    (status = 422, body = ProblemAnswer, description = "No such line, check, recipe or feature"),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn begin(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<ToLearn>,
) -> Result<Json<LearnStarted>, Refusal> {
    let request = told.request(api.viewer.now().wall)?;
    Ok(Json(api.plant.learn(who.name, request).await.map_err(refused)?))
}

/// How far a job is: the data's quality, then report, figures and package.
#[utoipa::path(get, path = "/api/v1/learn/{job}", tag = "models", operation_id = "show_learning",
    params(("job" = String, Path)), responses(
    (status = 200, body = LearnView),
    (status = 404, body = ProblemAnswer, description = "No such job"),
))]
pub(super) async fn show(State(api): State<Api>, At(job): At<String>) -> Result<Json<LearnView>, Refusal> {
    Ok(Json(api.plant.learning(job).await.map_err(refused)?))
}

/// Ends a job. What it had found stays to be seen.
#[utoipa::path(delete, path = "/api/v1/learn/{job}", tag = "models", operation_id = "cancel_learning",
    params(("job" = String, Path)), responses(
    (status = 200, body = LearnView),
    (status = 404, body = ProblemAnswer, description = "No such job"),
))]
pub(super) async fn cancel(State(api): State<Api>, who: Who, At(job): At<String>) -> Result<Json<LearnView>, Refusal> {
    Ok(Json(api.plant.stop_learning(who.name, job).await.map_err(refused)?))
}

impl ToLearn {
    fn request(self, now: WallTime) -> Result<LearnRequest, Refusal> {
        fn name<T: std::str::FromStr<Err: std::fmt::Display>>(key: &str, text: &str) -> Result<T, Refusal> {
            text.parse().map_err(|why| Refusal::bad(format!("{key}: {why}"), "names stand at /api/v1/checks"))
        }
        let from = self.from.as_deref().map(|text| time("from", text)).transpose()?.unwrap_or(WallTime::MIN);
        let to = self.to.as_deref().map(|text| time("to", text)).transpose()?.unwrap_or(now);
        if from >= to {
            return Err(Refusal::bad("from lies not before to", "choose a span of good production"));
        }
        let alpha = self.alpha.filter(|alpha| !(*alpha > 0.0 && *alpha < 0.5));
        if let Some(alpha) = alpha {
            return Err(Refusal::bad(format!("alpha: {alpha} cannot be"), "write a share above 0 and below 0.5"));
        }
        let mut method = Method { alpha: self.alpha, ..Method::default() };
        if let Some(text) = &self.components {
            let wrong = |hint: String| Refusal::bad(format!("components: '{text}' cannot be"), hint);
            method.components = components(text).map_err(wrong)?;
        }
        Ok(LearnRequest {
            ask: Ask {
                line: name("line", &self.line)?,
                check: name("check", &self.check)?,
                recipe: self.recipe,
                span: Span { from, to },
                n_last: self.last.unwrap_or(WINDOWS_MAX).max(1),
                features: self.features,
            },
            method,
            name: self.name.as_deref().map(|text| name("name", text)).transpose()?,
            version: self.version.as_deref().map(|text| name("version", text)).transpose()?,
            dry_run: self.dry_run,
        })
    }
}
