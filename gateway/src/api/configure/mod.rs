//! Routes by which a line is configured: documents, what the field says, tags, outputs, models.
//!
//! Each group holds the routes of its least role. What they change is done by the [`super::Plant`].

mod documents;
mod field;
mod learn;
mod models;
mod outputs;
mod secrets;
mod tags;

use super::Api;
use super::answer::Refusal;
use super::control::{ControlError, Why};
use super::options::REQUEST_TIMEOUT;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// For whoever may look.
pub(super) fn viewer() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(documents::list))
        .routes(routes!(documents::show))
        .routes(routes!(documents::versions))
        .routes(routes!(documents::schema))
        .routes(routes!(models::show))
        .routes(routes!(tags::export))
}

/// For whoever works at the line.
pub(super) fn operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(outputs::disarm))
}

/// For whoever configures it.
pub(super) fn engineer() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(documents::check))
        .routes(routes!(documents::apply))
        .routes(routes!(documents::roll_back))
        .routes(routes!(outputs::offer))
        .routes(routes!(outputs::arm))
        .routes(routes!(field::test))
        .routes(routes!(field::read))
        .routes(routes!(field::scan))
        .routes(routes!(field::budget))
        .routes(routes!(field::topics))
        .routes(routes!(field::mapping))
        .routes(routes!(tags::import))
        .routes(routes!(learn::begin))
        .routes(routes!(learn::show))
        .routes(routes!(learn::cancel))
        .routes(routes!(models::activate))
        .routes(routes!(models::roll_back))
        .layer(DefaultBodyLimit::max(documents::CHANGE_BYTES_MAX))
        // Its limit is the package's: it is counted while it is streamed to a file.
        .merge(OpenApiRouter::new().routes(routes!(models::upload)).layer(DefaultBodyLimit::disable()))
}

/// For whoever answers for the box.
pub(super) fn administrator() -> OpenApiRouter<Api> {
    // A secret of 64 KiB with JSON's escapes.
    let bytes_max = 4 * usize::try_from(crate::secrets::SECRET_BYTES_MAX).unwrap_or(usize::MAX);
    OpenApiRouter::new()
        .routes(routes!(secrets::list))
        .routes(routes!(secrets::put))
        .layer(DefaultBodyLimit::max(bytes_max))
}

/// How long a request may take. What asks the field waits for devices, and a package is long on the way.
pub(super) fn patience(path: &str) -> Duration {
    match path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()) {
        Some("field" | "documents" | "lines" | "doctor") => Duration::from_secs(60),
        Some("models" | "backup" | "restore") => Duration::from_secs(600),
        _ => REQUEST_TIMEOUT,
    }
}

/// The names in a request's path; a mistake is a 400 that says what is wrong.
pub(super) struct At<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, to: &S) -> Result<Self, Refusal> {
        match Path::from_request_parts(parts, to).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(why) => Err(Refusal::bad(why.body_text(), "the routes are described at /api/openapi.json")),
        }
    }
}

/// A refusal of the gateway as HTTP says it.
pub(super) fn refused(why: ControlError) -> Refusal {
    let status = match why.why {
        Why::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Why::NotFound => StatusCode::NOT_FOUND,
        Why::Conflict => StatusCode::CONFLICT,
        Why::Unreachable => StatusCode::FAILED_DEPENDENCY,
        Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    Refusal::new(status, why.error, why.hint)
}
