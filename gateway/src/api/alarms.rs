//! Routes of alarms: what waits for an answer, and the answers.

use super::Api;
use super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::configure::At;
use super::who::Who;
use crate::alarms::{AlarmView, AlarmsView, OrderError};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_plant::AlarmEvent;
use utoipa::{IntoParams, ToSchema};

/// How long an alarm is shelved where nothing is said.
const SHELVE: Duration = Duration::from_secs(30 * 60);
/// Longest shelving, in minutes.
const SHELVE_MINUTES_MAX: u32 = 12 * 60;
/// A note.
const NOTE_CHARS_MAX: usize = 500;

/// Which alarm.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// Its `id`, as the list says.
    id: String,
    /// `shelve`, `unshelve` or `acknowledge` for operators; `out-of-service` or `in-service` for engineers.
    order: String,
}

/// What is said with an order.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmOrder {
    /// For `shelve`: how long, in minutes; else 30, and at most twelve hours.
    minutes: Option<u32>,
    /// Why, for the log; at most 500 characters.
    #[serde(default)]
    note: String,
}

/// All alarms that are not normal, the most urgent first, and whether there is a flood.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", responses((status = 200, body = AlarmsView)))]
pub(super) async fn list(State(api): State<Api>) -> Json<AlarmsView> {
    Json(api.alarms.view())
}

/// Answers an alarm: acknowledge, shelve for a while, or take it back.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/{order}", tag = "alarms", params(Named), request_body = AlarmOrder,
    responses(
    OfBody,
    (status = 200, body = AlarmView),
    (status = 404, body = ProblemAnswer, description = "No such alarm"),
    (status = 409, body = ProblemAnswer, description = "The order has no meaning where the alarm stands"),
))]
pub(super) async fn order(
    State(api): State<Api>,
    who: Who,
    At(named): At<Named>,
    Told(told): Told<AlarmOrder>,
) -> Result<Json<AlarmView>, Refusal> {
    let event = match named.order.as_str() {
        "acknowledge" => AlarmEvent::Acknowledge,
        "shelve" => AlarmEvent::Shelve,
        "unshelve" => AlarmEvent::Unshelve,
        other => return Err(unknown(other)),
    };
    give(&api, &who, &named.id, event, &told).await
}

/// Takes an alarm out of service for maintenance, or puts it back.
#[utoipa::path(put, path = "/api/v1/alarms/{id}/{order}", tag = "alarms", params(Named), request_body = AlarmOrder,
    responses(
    OfBody,
    (status = 200, body = AlarmView),
    (status = 404, body = ProblemAnswer, description = "No such alarm"),
    (status = 409, body = ProblemAnswer, description = "The order has no meaning where the alarm stands"),
))]
pub(super) async fn maintain(
    State(api): State<Api>,
    who: Who,
    At(named): At<Named>,
    Told(told): Told<AlarmOrder>,
) -> Result<Json<AlarmView>, Refusal> {
    let event = match named.order.as_str() {
        "out-of-service" => AlarmEvent::TakeOut,
        "in-service" => AlarmEvent::PutBack,
        other => return Err(unknown(other)),
    };
    give(&api, &who, &named.id, event, &told).await
}

async fn give(
    api: &Api,
    who: &Who,
    id: &str,
    event: AlarmEvent,
    told: &AlarmOrder,
) -> Result<Json<AlarmView>, Refusal> {
    if told.note.chars().count() > NOTE_CHARS_MAX {
        return Err(Refusal::bad("note: it is longer than 500 characters", "shorten it"));
    }
    if told.minutes.is_some_and(|minutes| !(1..=SHELVE_MINUTES_MAX).contains(&minutes)) {
        let hint = "an alarm is shelved for at most half a day; suppress it where it must be silent for longer";
        return Err(Refusal::bad("minutes: from 1 to 720", hint));
    }
    let span = told.minutes.map_or(SHELVE, |minutes| Duration::from_secs(u64::from(minutes) * 60));
    let given = api.alarms.order(id, event, span, &who.name, &told.note).await;
    given.map(Json).map_err(|why| match &why {
        OrderError::Unknown { .. } => Refusal::not_found(why.to_string(), "the alarms stand at /api/v1/alarms"),
        OrderError::NotNow(_) => {
            let hint = "somebody else may have answered it meanwhile; look at /api/v1/alarms";
            Refusal::new(StatusCode::CONFLICT, why.to_string(), hint)
        }
    })
}

fn unknown(order: &str) -> Refusal {
    let shown: String = order.chars().take(50).collect();
    let hint = "POST acknowledge, shelve or unshelve; PUT out-of-service or in-service";
    Refusal::bad(format!("order: there is no '{shown}'"), hint)
}
