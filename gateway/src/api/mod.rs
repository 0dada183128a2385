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
mod configure;
pub mod control;
mod decimate;
mod envelope;
mod guard;
mod health;
mod kept;
mod leaving;
mod live;
mod options;
mod part;
mod plant;
mod roles;
mod scores;
mod server;
mod stream;
mod who;

pub use answer::ProblemAnswer;
pub use archive::{
    Archive, ArchiveError, EventQuery, EventView, FeedbackView, HistoryQuery, ModelEntry, ScoreQuery, Span, Step, Taken,
    VerdictAddress, VerdictDetail, VerdictPage, VerdictQuery, WriteView,
};
pub use options::{
    BODY_BYTES_MAX, CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADER_TIMEOUT, HttpOptions, OptionsError, REQUEST_TIMEOUT,
    STREAMS_MAX,
};
pub use plant::{
    Applied, ArmingAnswer, ArmingOffer, ArmingTarget, ArmingValues, DocumentEntry, DocumentView, LearnFigures,
    LearnPackage, LearnRequest, LearnStanding, LearnStarted, LearnView, MessageToMap, ModelActivation, ModelStands,
    ModelView, NotApplied, Origin, OutputPlace, Plant, SecretEntry, TagsImport, TagsToImport, VersionEntry,
};
pub use server::{ServeError, Server};
pub use who::{Role, Who};

use crate::board::Viewer;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::get;
use roles::{Group, Ways};
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
    plant: Arc<dyn Plant>,
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
        plant: Arc<dyn Plant>,
        telemetry: Arc<Telemetry>,
        until: CancellationToken,
    ) -> Self {
        let hosts = Arc::new(guard::Hosts::new(options));
        let streams = Arc::new(Semaphore::new(options.n_streams_max));
        Self { viewer, archive, plant, telemetry, hosts, streams, until }
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
    modifiers(&Ways),
    tags(
        (name = "live", description = "What is, this second"),
        (name = "kept", description = "What was, from the store"),
        (name = "health", description = "Whether it does its job"),
        (name = "documents", description = "What is in force, its versions, and new ones"),
        (name = "field", description = "What the field devices really say"),
        (name = "outputs", description = "Whether verdicts reach the PLC"),
        (name = "models", description = "Which models there are, and how new ones come"),
    ),
)]
struct Document;

/// All routes, guarded, without their listener.
pub fn router(api: Api) -> Router {
    let (documented, document) = documented().split_for_parts();
    let document = Arc::new(document);
    documented
        .route("/api/openapi.json", get(move || std::future::ready(axum::Json(Arc::clone(&document)))))
        .route("/", get(crate::page::index))
        .route("/page.css", get(crate::page::css))
        .route("/page.js", get(crate::page::js))
        .route("/favicon.svg", get(crate::page::icon))
        .fallback(answer::unknown_route)
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

/// Every documented route, each in the group of the least role that may call it.
fn documented() -> OpenApiRouter<Api> {
    let groups = [
        Group::open(open()),
        Group::at_least(Role::Viewer, viewer()),
        Group::at_least(Role::Operator, operator()),
        Group::at_least(Role::Engineer, engineer()),
        Group::at_least(Role::Administrator, administrator()),
    ];
    groups.into_iter().fold(OpenApiRouter::with_openapi(Document::openapi()), |to, group| group.join(to))
}

/// For everybody who reaches the listener: whether it lives, and whether it does its job.
fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// For whoever may look.
fn viewer() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(live::status))
        .routes(routes!(live::lines))
        .routes(routes!(live::checks))
        .routes(routes!(live::connections))
        .routes(routes!(live::tags))
        .routes(routes!(leaving::egress))
        .routes(routes!(kept::verdicts))
        .routes(routes!(part::verdict))
        .routes(routes!(part::window))
        .routes(routes!(scores::scores))
        .routes(routes!(kept::history))
        .routes(routes!(kept::models))
        .routes(routes!(kept::events))
        .routes(routes!(stream::stream))
        .merge(configure::viewer())
}

/// For whoever works at the line.
fn operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(part::say)).merge(configure::operator())
}

/// For whoever configures it.
fn engineer() -> OpenApiRouter<Api> {
    configure::engineer()
}

/// For whoever answers for the box.
fn administrator() -> OpenApiRouter<Api> {
    configure::administrator()
}

/// Methods that change nothing.
fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
