//! What left the box, by which way, how far, and what was held back (B45).

use super::Api;
use crate::board::leaving::LeavingStatus;
use axum::Json;
use axum::extract::State;

/// What left the box and what the egress filter held back, by way, kind of content and export class.
#[utoipa::path(get, path = "/api/v1/egress", tag = "live", responses((status = 200, body = LeavingStatus)))]
pub(super) async fn egress(State(api): State<Api>) -> Json<LeavingStatus> {
    Json(api.viewer.board().leaving())
}
