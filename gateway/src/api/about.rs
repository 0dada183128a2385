//! What this program is, and which certificate it shows.

use super::Api;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The program, the box, and its certificate.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct About {
    /// The program's name.
    name: String,
    /// Its version.
    version: String,
    /// Its licence.
    license: String,
    /// The name of this box.
    gateway: String,
    /// The plant location at which it stands.
    site: String,
    /// The ONNX Runtime that it loaded.
    runtime: String,
    /// How HTTP is encrypted; null: not at all, on the loopback alone.
    certificate: Option<Certificate>,
}

/// The certificate that is shown now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Certificate {
    /// SHA-256, as browsers show it.
    sha256: String,
    /// Whether the gateway made it itself: compare the fingerprint before you trust it.
    is_own: bool,
}

/// What this program is, and which certificate it shows.
#[utoipa::path(get, path = "/api/v1/about", tag = "health", responses((status = 200, body = About)))]
pub(super) async fn about(State(api): State<Api>) -> Json<About> {
    let identity = api.viewer.board().identity();
    let certificate = api.tls.as_ref().map(|tls| Certificate { sha256: tls.fingerprint(), is_own: tls.is_own() });
    Json(About {
        name: "takt".to_owned(),
        version: identity.version.clone(),
        license: env!("CARGO_PKG_LICENSE").to_owned(),
        gateway: identity.gateway.to_string(),
        site: identity.site.to_string(),
        runtime: identity.runtime.clone(),
        certificate,
    })
}
