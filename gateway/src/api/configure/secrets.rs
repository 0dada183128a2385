//! Secrets by name: which there are, and new ones. Their texts go in and never come out (B49).

use super::super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::super::plant::SecretEntry;
use super::super::{Api, Who};
use super::{At, refused};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The secrets by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Secrets {
    secrets: Vec<SecretEntry>,
}

/// A secret's text. It has no `Debug`, so that no log can hold it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretText {
    /// The text itself, at most 64 KiB: a password, or a key in PEM.
    value: String,
}

/// The secrets by name: those that documents name and those that are kept, and whether each can be had.
#[utoipa::path(get, path = "/api/v1/secrets", tag = "documents", operation_id = "list_secrets", responses(
    (status = 200, body = Secrets),
    (status = 503, body = ProblemAnswer, description = "The store cannot be read"),
))]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Secrets>, Refusal> {
    Ok(Json(Secrets { secrets: api.plant.secrets().await.map_err(refused)? }))
}

/// Keeps a secret in a file of the gateway's own user (0600). Documents name it as secret:NAME.
#[utoipa::path(put, path = "/api/v1/secrets/{name}", tag = "documents", operation_id = "put_secret",
    params(("name" = String, Path)), request_body = SecretText, responses(
    OfBody,
    (status = 200, body = SecretEntry, description = "It is kept; its text is not repeated"),
    (status = 422, body = ProblemAnswer, description = "The name or the text cannot be"),
    (status = 503, body = ProblemAnswer, description = "The disk cannot be written"),
))]
pub(super) async fn put(
    State(api): State<Api>,
    who: Who,
    At(name): At<String>,
    Told(told): Told<SecretText>,
) -> Result<Json<SecretEntry>, Refusal> {
    Ok(Json(api.plant.put_secret(who.to_string(), name, told.value).await.map_err(refused)?))
}
