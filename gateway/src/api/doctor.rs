//! The doctor over HTTP: whether this box has what the gateway needs.

use super::Api;
use super::answer::{ProblemAnswer, Refusal};
use super::configure::refused;
use super::plant::DoctorReport;
use axum::Json;
use axum::extract::State;

/// What `takt doctor` says of this box: library, devices that really run, models, secrets, connections, disk,
/// clock. A process of low priority looks, so that a driver's failure harms no line; an answer serves
/// everybody for half a minute.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "box", responses(
    (status = 200, body = DoctorReport),
    (status = 503, body = ProblemAnswer, description = "It could not be looked at"),
))]
pub(super) async fn doctor(State(api): State<Api>) -> Result<Json<DoctorReport>, Refusal> {
    Ok(Json(api.plant.doctor().await.map_err(refused)?))
}
