//! The audit log: who did what, newest first.

use super::Api;
use super::answer::{Asked, ProblemAnswer, Refusal};
use super::archive::{AuditPage, AuditQuery};
use super::kept::{rows, span, unreadable};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which acts.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Only by somebody whose name, role or address contains this.
    who: Option<String>,
    /// Only words that begin with this, such as `access.` or `output.arm`.
    what: Option<String>,
    /// Only at or after this time (RFC 3339).
    from: Option<String>,
    /// Only at or before this time (RFC 3339).
    to: Option<String>,
    /// At most so many: 1 to 500, else 50.
    limit: Option<usize>,
    /// Where the page before ended, as its `next` said.
    cursor: Option<String>,
}

/// Who did what, newest first. What the gateway does by itself is not here but under /api/v1/events.
#[utoipa::path(get, path = "/api/v1/audit", tag = "access", params(AuditFilter), responses(
    (status = 200, body = AuditPage),
    (status = 400, body = ProblemAnswer),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn audit(
    State(api): State<Api>,
    Asked(asked): Asked<AuditFilter>,
) -> Result<Json<AuditPage>, Refusal> {
    let query = AuditQuery {
        who: asked.who,
        what: asked.what,
        span: span(asked.from.as_deref(), asked.to.as_deref())?,
        cursor: asked.cursor,
        n_max: rows(asked.limit)?,
    };
    Ok(Json(api.archive.audit(query).await.map_err(unreadable)?))
}
