//! HTTP: what the gateway says over `/api/v1`, the live stream, health, metrics, and the live page.
//!
//! Reading only: nothing that moves a machine goes over HTTP before there is a login. Arming and
//! the like go over the local control socket ([`control`]), where the kernel says who asks.
//! For the same reason it listens on loopback only ([`HttpOptions::listen`]), and every request
//! names an allowed host ([`guard`]).
//!
//! Live figures come from the board by its [`crate::board::Viewer`]; what is kept comes from an
//! [`Archive`], which the gateway implements over its store.

mod answer;
mod archive;
pub mod control;
mod decimate;
mod guard;
mod health;
mod kept;
mod live;
mod options;
mod server;
mod stream;
mod who;

pub use answer::ProblemAnswer;
pub(crate) use answer::unknown_route;
pub use archive::{
    Archive, ArchiveError, EventQuery, EventView, HistoryQuery, ModelEntry, Span, Taken, VerdictPage, VerdictQuery,
};
pub use options::{
    BODY_BYTES_MAX, CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADER_TIMEOUT, HttpOptions, OptionsError, REQUEST_TIMEOUT,
    STREAMS_MAX,
};
pub use server::{ServeError, Server};
pub use who::{Role, Who};

use crate::board::Viewer;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What every route may reach. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    viewer: Arc<Viewer>,
    archive: Arc<dyn Archive>,
    telemetry: Arc<Telemetry>,
    hosts: Arc<guard::Hosts>,
    streams: Arc<Semaphore>,
    until: CancellationToken,
}

impl Api {
    /// The routes' common ground. Streams end when `until` is cancelled.
    pub fn new(
        options: &HttpOptions,
        viewer: Arc<Viewer>,
        archive: Arc<dyn Archive>,
        telemetry: Arc<Telemetry>,
        until: CancellationToken,
    ) -> Self {
        let hosts = Arc::new(guard::Hosts::new(options));
        let streams = Arc::new(Semaphore::new(options.n_streams_max));
        Self { viewer, archive, telemetry, hosts, streams, until }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Takt",
        description = "What a Takt gateway says about its lines: live figures, verdicts, history, models and events. \
                       Times are RFC 3339, UTC. Every error is a document with `error` and `hint`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "live", description = "What is, this second"),
        (name = "kept", description = "What was, from the store"),
        (name = "health", description = "Whether it does its job"),
    ),
)]
struct Document;

/// All routes, guarded, without their listener.
pub fn router(api: Api) -> Router {
    let (documented, document) = documented().split_for_parts();
    let document = Arc::new(document);
    documented
        .route("/api/openapi.json", get(move || std::future::ready(axum::Json(Arc::clone(&document)))))
        .fallback(crate::page::page)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(api.clone(), guard::guard))
        .with_state(api)
}

/// The OpenAPI document of all routes, as pretty JSON.
pub fn openapi() -> String {
    let document = documented().into_openapi();
    document.to_pretty_json().expect("the document has only text keys")
}

fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(live::status))
        .routes(routes!(live::lines))
        .routes(routes!(live::checks))
        .routes(routes!(live::connections))
        .routes(routes!(live::tags))
        .routes(routes!(kept::verdicts))
        .routes(routes!(kept::history))
        .routes(routes!(kept::models))
        .routes(routes!(kept::events))
        .routes(routes!(stream::stream))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// Methods that change nothing.
fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
