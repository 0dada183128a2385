//! What the field devices really say: tried, read, scanned, listened to, before anything is saved.

use super::super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::super::plant::MessageToMap;
use super::super::{Api, Who};
use super::refused;
use crate::access::Role;
use crate::api::control::ControlError;
use crate::field::{
    AskedConnection, BudgetView, FieldError, MappingPreview, RegisterRead, Scan, TopicsHeard, TrialReport, stretch_of,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Registers of one scan: with every one refused and the shortest pause, some twenty seconds.
const SCAN_MAX: u16 = 2_000;
/// How long a broker is listened to at most.
const LISTEN_S_MAX: f64 = 30.0;
/// How long it is listened to where nothing is said.
const LISTEN_S: f64 = 5.0;
/// How long a message to map is waited for where nothing is said.
const MESSAGE_S: f64 = 10.0;
/// Time of a request that can be: the longest time-out of a slow converter.
const REQUEST_MS_MAX: f64 = 60_000.0;

/// A connection to try.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionToTry {
    connection: AskedConnection,
    /// What is read first: a register, else holding:0; or a topic filter, else #.
    #[serde(default)]
    at: Option<String>,
}

/// A register to read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterToRead {
    connection: AskedConnection,
    /// holding:100, input:5, coil:10, discrete:7, or 400101 as in the manual.
    register: String,
    /// The unit id, where it is not the connection's.
    #[serde(default)]
    unit: Option<u8>,
}

/// Registers to scan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistersToScan {
    connection: AskedConnection,
    /// Such as holding:0..100 (100 itself excluded), at most 2,000.
    registers: String,
    /// The unit id, where it is not the connection's.
    #[serde(default)]
    unit: Option<u8>,
}

/// Tags whose bus time is asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TagsToBudget {
    connection: AskedConnection,
    /// The tags as documents write them; a source without connection is this one's.
    #[schema(value_type = Vec<Object>)]
    tags: Vec<serde_json::Value>,
    /// What one request takes; else it is measured.
    #[serde(default)]
    request_ms: Option<f64>,
}

/// Topics to listen to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicsToHear {
    connection: AskedConnection,
    /// The filter; else #.
    #[serde(default)]
    filter: Option<String>,
    /// How long, at most 30; else 5.
    #[serde(default)]
    seconds: Option<f64>,
}

/// A message to map: a payload, else the next one on the topic.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageToRead {
    connection: AskedConnection,
    /// The tags as documents write them; a source without connection is this one's.
    #[schema(value_type = Vec<Object>)]
    tags: Vec<serde_json::Value>,
    /// The message's topic, or a filter for the next message; else that of the first tag.
    #[serde(default)]
    topic: Option<String>,
    /// The payload as text.
    #[serde(default)]
    payload: Option<String>,
    /// The payload in hexadecimal.
    #[serde(default)]
    payload_hex: Option<String>,
    /// How long the next message is waited for, at most 30; else 10.
    #[serde(default)]
    seconds: Option<f64>,
}

/// Tries a connection step by step. A device that the gateway has connected is asked through that connection.
#[utoipa::path(post, path = "/api/v1/field/test", tag = "field", operation_id = "try_connection",
    request_body = ConnectionToTry, responses(
    OfBody,
    (status = 200, body = TrialReport, description = "Also where a step failed: it says what to do"),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "The connection cannot be as it is written"),
))]
pub(super) async fn test(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<ConnectionToTry>,
) -> Result<Json<TrialReport>, Refusal> {
    may_bring_secrets(&who, &told.connection)?;
    Ok(Json(api.plant.try_connection(told.connection, told.at).await.map_err(refused)?))
}

/// What stands in a register now: raw bytes, and the value in every type and order.
#[utoipa::path(post, path = "/api/v1/field/read", tag = "field", operation_id = "read_register",
    request_body = RegisterToRead, responses(
    OfBody,
    (status = 200, body = RegisterRead),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "The connection or the register cannot be as it is written"),
    (status = 424, body = ProblemAnswer, description = "The device refused, or did not answer"),
))]
pub(super) async fn read(
    State(api): State<Api>,
    Told(told): Told<RegisterToRead>,
) -> Result<Json<RegisterRead>, Refusal> {
    Ok(Json(api.plant.read_register(told.connection, told.register, told.unit).await.map_err(refused)?))
}

/// Which registers of a stretch the device has.
#[utoipa::path(post, path = "/api/v1/field/scan", tag = "field", operation_id = "scan_registers",
    request_body = RegistersToScan, responses(
    OfBody,
    (status = 200, body = Scan),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "The connection or the stretch cannot be as it is written"),
    (status = 424, body = ProblemAnswer, description = "The device did not answer"),
))]
pub(super) async fn scan(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<RegistersToScan>,
) -> Result<Json<Scan>, Refusal> {
    let stretch = stretch_of(&told.registers, SCAN_MAX).map_err(|why| match why {
        FieldError::Wrong { error, hint } => refused(ControlError::new(error, hint)),
        other => refused(ControlError::new(other.to_string(), "write a stretch such as holding:0..100")),
    })?;
    Ok(Json(api.plant.scan(who.to_string(), told.connection, stretch, told.unit).await.map_err(refused)?))
}

/// What tags need of a device's time, before they are saved, and where each stands on the wire.
#[utoipa::path(post, path = "/api/v1/field/budget", tag = "field", operation_id = "bus_budget",
    request_body = TagsToBudget, responses(
    OfBody,
    (status = 200, body = BudgetView),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "Connection or tags cannot be as they are written"),
))]
pub(super) async fn budget(
    State(api): State<Api>,
    Told(told): Told<TagsToBudget>,
) -> Result<Json<BudgetView>, Refusal> {
    if let Some(ms) = told.request_ms
        && !(0.0..=REQUEST_MS_MAX).contains(&ms)
    {
        return Err(Refusal::bad(format!("request_ms: {ms} cannot be"), "write milliseconds from 0 to 60000"));
    }
    Ok(Json(api.plant.budget(told.connection, told.tags, told.request_ms).await.map_err(refused)?))
}

/// The topics under a filter with the fields of their payloads: each could be a tag.
#[utoipa::path(post, path = "/api/v1/field/topics", tag = "field", operation_id = "hear_topics",
    request_body = TopicsToHear, responses(
    OfBody,
    (status = 200, body = TopicsHeard),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "The connection or the filter cannot be as it is written"),
    (status = 424, body = ProblemAnswer, description = "The broker did not let us in"),
))]
pub(super) async fn topics(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<TopicsToHear>,
) -> Result<Json<TopicsHeard>, Refusal> {
    may_bring_secrets(&who, &told.connection)?;
    let span = seconds(told.seconds, LISTEN_S)?;
    let filter = told.filter.unwrap_or_else(|| "#".to_owned());
    Ok(Json(api.plant.topics(told.connection, filter, span).await.map_err(refused)?))
}

/// What tags make of a message, read by the code that will read it.
#[utoipa::path(post, path = "/api/v1/field/mapping", tag = "field", operation_id = "map_message",
    request_body = MessageToRead, responses(
    OfBody,
    (status = 200, body = MappingPreview),
    (status = 404, body = ProblemAnswer, description = "No such connection"),
    (status = 409, body = ProblemAnswer, description = "Too many ask at once"),
    (status = 422, body = ProblemAnswer, description = "Connection or tags cannot be as they are written"),
    (status = 424, body = ProblemAnswer, description = "The broker did not let us in, or no message came"),
))]
pub(super) async fn mapping(
    State(api): State<Api>,
    who: Who,
    Told(told): Told<MessageToRead>,
) -> Result<Json<MappingPreview>, Refusal> {
    may_bring_secrets(&who, &told.connection)?;
    let payload = match (told.payload, told.payload_hex) {
        (Some(_), Some(_)) => return Err(Refusal::bad("two payloads", "send payload or payload_hex")),
        (Some(text), None) => Some(text.into_bytes()),
        (None, Some(hex)) => Some(bytes(&hex)?),
        (None, None) => None,
    };
    let of = match payload {
        Some(payload) => MessageToMap::Given { topic: told.topic, payload },
        None => MessageToMap::Next { filter: told.topic, patience: seconds(told.seconds, MESSAGE_S)? },
    };
    Ok(Json(api.plant.mapping(told.connection, told.tags, of).await.map_err(refused)?))
}

fn seconds(asked: Option<f64>, usual: f64) -> Result<Duration, Refusal> {
    let s = asked.unwrap_or(usual);
    if !(0.1..=LISTEN_S_MAX).contains(&s) {
        return Err(Refusal::bad(format!("seconds: {s} cannot be"), "write seconds from 0.1 to 30"));
    }
    Ok(Duration::from_secs_f64(s))
}

/// Bytes in hexadecimal, with or without blanks.
fn bytes(hex: &str) -> Result<Vec<u8>, Refusal> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair[0] != b'+');
    let all: Option<Vec<u8>> = digits.chunks(2).map(|two| if two.len() == 2 { pair(two) } else { None }).collect();
    all.ok_or_else(|| Refusal::bad("payload_hex: this is not hexadecimal", "write two digits a byte, such as 00 ff 1a"))
}

/// A connection in force may be asked by its name. One that is written anew may lead anywhere, and whoever
/// may not see a secret must not have it sent there.
fn may_bring_secrets(who: &Who, asked: &AskedConnection) -> Result<(), Refusal> {
    if who.role == Role::Administrator || !asked.brings_secrets() {
        return Ok(());
    }
    let hint = "ask it by its name once it is applied, or let an administrator try it";
    Err(Refusal::new(StatusCode::FORBIDDEN, "only an administrator may send a secret to an address of a draft", hint))
}
