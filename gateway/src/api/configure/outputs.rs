//! Outputs: armed in two deliberate steps, disarmed at once (B15).

use super::super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::super::plant::{ArmingAnswer, ArmingOffer, OutputPlace};
use super::super::{Api, Who};
use super::{At, refused};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use takt_plant::InvalidId;
use utoipa::ToSchema;

/// The answer to a challenge.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeAnswer {
    /// The challenge, as it was given.
    challenge: String,
}

/// The first step: what arming would do, and a challenge. Changes nothing.
#[utoipa::path(post, path = "/api/v1/outputs/{line}/{check}/{output}/arming", tag = "outputs",
    operation_id = "offer_arming",
    params(("line" = String, Path), ("check" = String, Path), ("output" = String, Path)), responses(
    (status = 200, body = ArmingOffer),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such output"),
))]
pub(super) async fn offer(
    State(api): State<Api>,
    who: Who,
    At(place): At<(String, String, String)>,
) -> Result<Json<ArmingOffer>, Refusal> {
    Ok(Json(api.plant.offer_arming(who.to_string(), named(place)?).await.map_err(refused)?))
}

/// The second step: from now on its writes go out to the PLC.
#[utoipa::path(put, path = "/api/v1/outputs/{line}/{check}/{output}/arming", tag = "outputs",
    operation_id = "arm_output",
    params(("line" = String, Path), ("check" = String, Path), ("output" = String, Path)),
    request_body = ChallengeAnswer, responses(
    OfBody,
    (status = 200, body = ArmingAnswer),
    (status = 404, body = ProblemAnswer, description = "No such output"),
    (status = 409, body = ProblemAnswer,
        description = "The challenge expired, was answered before, or the output is no longer what was shown"),
    (status = 503, body = ProblemAnswer, description = "It is not armed: that cannot be recorded now"),
))]
pub(super) async fn arm(
    State(api): State<Api>,
    who: Who,
    At(place): At<(String, String, String)>,
    Told(told): Told<ChallengeAnswer>,
) -> Result<Json<ArmingAnswer>, Refusal> {
    Ok(Json(api.plant.arm(who.to_string(), named(place)?, told.challenge).await.map_err(refused)?))
}

/// Back to dry run, at once: its writes are only logged.
#[utoipa::path(delete, path = "/api/v1/outputs/{line}/{check}/{output}/arming", tag = "outputs",
    operation_id = "disarm_output",
    params(("line" = String, Path), ("check" = String, Path), ("output" = String, Path)), responses(
    (status = 200, body = ArmingAnswer),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such output"),
    (status = 503, body = ProblemAnswer, description = "It is in dry run, but only until the gateway starts again: its disk lets go of nothing"),
))]
pub(super) async fn disarm(
    State(api): State<Api>,
    who: Who,
    At(place): At<(String, String, String)>,
) -> Result<Json<ArmingAnswer>, Refusal> {
    Ok(Json(api.plant.disarm(who.to_string(), named(place)?).await.map_err(refused)?))
}

fn named((line, check, output): (String, String, String)) -> Result<OutputPlace, Refusal> {
    let wrong = |why: InvalidId| Refusal::bad(why.to_string(), "outputs stand at /api/v1/checks");
    Ok(OutputPlace {
        line: line.parse().map_err(wrong)?,
        check: check.parse().map_err(wrong)?,
        output: output.parse().map_err(wrong)?,
    })
}
