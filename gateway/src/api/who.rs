//! Who asks, and what that role may do. Put into each request by the guard, taken by the routes.

use super::answer::Refusal;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody may do; each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Acknowledges alarms, gives feedback on parts, disarms an output.
    Operator,
    /// Configures connections and lines, arms outputs, activates models.
    Engineer,
    /// Users, tokens, secrets, backup.
    Administrator,
}

/// Somebody who has shown who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The name that the audit log keeps.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Refusal::new(StatusCode::UNAUTHORIZED, "nobody is signed in", "sign in, or send an API token")
        })
    }
}
