//! Models: uploaded, looked at, activated beside the running version, taken back.

use super::super::answer::{OfBody, ProblemAnswer, Refusal, Told};
use super::super::plant::{ModelStands, ModelView};
use super::super::{Api, Who};
use super::{At, refused};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use takt_models::package::ModelVersion;
use takt_plant::ModelId;
use utoipa::ToSchema;

/// Which version shall judge.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionToActivate {
    /// The version.
    version: String,
}

/// Installs a package. It is verified first; what judges stays what it is.
#[utoipa::path(post, path = "/api/v1/models", tag = "models", operation_id = "upload_model",
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "A package NAME-VERSION.takt of at most 256 MiB"), responses(
    (status = 200, body = ModelView),
    (status = 409, body = ProblemAnswer, description = "Another package has this name and version"),
    (status = 422, body = ProblemAnswer, description = "Why it was refused"),
    (status = 503, body = ProblemAnswer, description = "The disk cannot be written"),
))]
pub(super) async fn upload(State(api): State<Api>, who: Who, body: Body) -> Result<Json<ModelView>, Refusal> {
    let parts = body.into_data_stream().map(|part| part.map_err(|why| why.to_string())).boxed();
    Ok(Json(api.plant.upload_model(who.to_string(), parts).await.map_err(refused)?))
}

/// What an installed version says about itself.
#[utoipa::path(get, path = "/api/v1/models/{name}/{version}", tag = "models", operation_id = "show_model",
    params(("name" = String, Path), ("version" = String, Path)), responses(
    (status = 200, body = ModelView),
    (status = 400, body = ProblemAnswer),
    (status = 404, body = ProblemAnswer, description = "No such version"),
    (status = 422, body = ProblemAnswer, description = "Its package is damaged"),
))]
pub(super) async fn show(
    State(api): State<Api>,
    At((name, version)): At<(String, String)>,
) -> Result<Json<ModelView>, Refusal> {
    Ok(Json(api.plant.model(model(&name)?, self::version(&version)?).await.map_err(refused)?))
}

/// Lets a version judge from the next window on. It is loaded beside the running one, which stays when a check
/// refuses it.
#[utoipa::path(post, path = "/api/v1/models/{name}/activate", tag = "models", operation_id = "activate_model",
    params(("name" = String, Path)), request_body = VersionToActivate, responses(
    OfBody,
    (status = 200, body = ModelStands),
    (status = 404, body = ProblemAnswer, description = "No such version"),
    (status = 422, body = ProblemAnswer, description = "Why it was refused; the version before stays"),
))]
pub(super) async fn activate(
    State(api): State<Api>,
    who: Who,
    At(name): At<String>,
    Told(told): Told<VersionToActivate>,
) -> Result<Json<ModelStands>, Refusal> {
    let (model, version) = (model(&name)?, version(&told.version)?);
    Ok(Json(api.plant.activate_model(who.to_string(), model, version).await.map_err(refused)?))
}

/// Back to the version that judged before.
#[utoipa::path(post, path = "/api/v1/models/{name}/rollback", tag = "models", operation_id = "roll_back_model",
    params(("name" = String, Path)), responses(
    (status = 200, body = ModelStands),
    (status = 400, body = ProblemAnswer),
    (status = 409, body = ProblemAnswer, description = "There is none before"),
    (status = 422, body = ProblemAnswer, description = "It is damaged, or a check refuses it"),
))]
pub(super) async fn roll_back(
    State(api): State<Api>,
    who: Who,
    At(name): At<String>,
) -> Result<Json<ModelStands>, Refusal> {
    Ok(Json(api.plant.roll_back_model(who.to_string(), model(&name)?).await.map_err(refused)?))
}

fn model(text: &str) -> Result<ModelId, Refusal> {
    text.parse().map_err(|why| Refusal::bad(format!("{why}"), "models stand at /api/v1/models"))
}

fn version(text: &str) -> Result<ModelVersion, Refusal> {
    text.parse().map_err(|why| Refusal::bad(format!("{why}"), "write a version as 1.2.3"))
}
