//! Who asks, as a route takes it: put into each request by the guard.

use super::answer::Refusal;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

pub use crate::access::{Role, Who};

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(nobody)
    }
}

/// The answer to a request of nobody.
pub(super) fn nobody() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "nobody is signed in", "sign in, or send an API token")
}
