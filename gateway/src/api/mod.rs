//! HTTP: what the gateway says over `/api/v1`, the live stream, health, metrics, and the live page.
//!
//! Every route stands in the group of the least role that may call it ([`roles`]); who asks is found
//! out once for each request ([`identity`]). Beyond the loopback it listens only with TLS
//! ([`HttpOptions`]), and every request names an allowed host ([`guard`]). The console's commands go
//! over the local control socket ([`control`]), where the kernel says who asks.
//!
//! Live figures come from the board by its [`crate::board::Viewer`]; what is kept comes from an
//! [`Archive`], which the gateway implements over its store.

mod about;
mod alarms;
mod answer;
mod archive;
mod audit;
mod backup;
mod configure;
pub mod control;
mod decimate;
mod doctor;
mod envelope;
mod feed;
mod guard;
mod health;
mod identity;
mod kept;
mod leaving;
mod live;
mod options;
mod part;
mod plant;
mod reader;
mod roles;
mod room;
mod scores;
mod server;
mod session;
mod stream;
mod users;
mod who;

pub use answer::ProblemAnswer;
pub use archive::{
    Archive, ArchiveError, AuditPage, AuditQuery, AuditView, EventQuery, EventView, FeedbackView, HistoryQuery,
    ModelEntry, ScoreQuery, Span, Step, Taken, VerdictAddress, VerdictDetail, VerdictNumber, VerdictPage, VerdictQuery,
    WriteView,
};
pub use options::{
    BODY_BYTES_MAX, CONNECTIONS_KEPT_FOR_BOX, CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX, HEADER_BYTES_MAX,
    HEADER_TIMEOUT, HttpOptions, OptionsError, REQUEST_TIMEOUT, STREAMS_MAX, STREAMS_OF_USER_MAX,
};
pub use plant::{
    Applied, ArmingAnswer, ArmingOffer, ArmingTarget, ArmingValues, BackupFile, DoctorFinding, DoctorGrade,
    DoctorReport, DocumentEntry, DocumentView, LearnFigures, LearnPackage, LearnRequest, LearnStanding, LearnStarted,
    LearnView, MessageToMap, ModelActivation, ModelStands, ModelView, NotApplied, Origin, OutputPlace, Plant,
    SecretEntry, TagsImport, TagsToImport, VersionEntry,
};
pub use server::{ServeError, Server};
pub use who::{Role, Who};

use crate::access::{Access, AccessError};
use crate::alarms::Alarms;
use crate::board::Viewer;
use crate::telemetry::Telemetry;
use crate::tls::Tls;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use reader::Streams;
use roles::{Group, Ways};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The parts of the gateway that routes speak to.
#[derive(Clone)]
pub struct ApiParts {
    /// What is, this second.
    pub viewer: Arc<Viewer>,
    /// What was.
    pub archive: Arc<dyn Archive>,
    /// What can be changed.
    pub plant: Arc<dyn Plant>,
    /// What asks for a response.
    pub alarms: Arc<Alarms>,
    /// Where counters go.
    pub telemetry: Arc<Telemetry>,
    /// Who may do what.
    pub access: Arc<Access>,
}

/// What every route may reach. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    viewer: Arc<Viewer>,
    archive: Arc<dyn Archive>,
    plant: Arc<dyn Plant>,
    alarms: Arc<Alarms>,
    telemetry: Arc<Telemetry>,
    access: Arc<Access>,
    tls: Option<Arc<Tls>>,
    hosts: Arc<guard::Hosts>,
    streams: Streams,
    feed: Arc<feed::Feed>,
    set_up: Arc<AtomicBool>,
    until: CancellationToken,
}

impl Api {
    /// The routes' common ground. Streams end when `until` is cancelled.
    pub fn new(options: &HttpOptions, parts: ApiParts, until: CancellationToken) -> Self {
        let ApiParts { viewer, archive, plant, alarms, telemetry, access } = parts;
        let hosts = Arc::new(guard::Hosts::new(options));
        let streams = Streams::new(options.n_streams_max, options.n_streams_of_user_max);
        let feed = Arc::default();
        let (tls, set_up) = (options.tls().cloned(), Arc::new(AtomicBool::new(false)));
        Self { viewer, archive, plant, alarms, telemetry, access, tls, hosts, streams, feed, set_up, until }
    }

    /// Whether the first administrator is to be made. Once there is one, one always stays.
    async fn setup_needed(&self) -> Result<bool, AccessError> {
        if self.set_up.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let is_done = self.access.has_administrator().await?;
        self.set_up.store(is_done, Ordering::Relaxed);
        Ok(!is_done)
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
        (name = "part", description = "One verdict, its window, and what is said of it"),
        (name = "alarms", description = "What asks for a response, and the answers"),
        (name = "access", description = "Who may do what, and who did it"),
        (name = "health", description = "Whether it does its job"),
        (name = "box", description = "What the box has, its backup and its restore"),
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
        .fallback(elsewhere)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(api.clone(), guard::guard))
        .with_state(api)
}

/// What is no route: the dashboard's files and places, and otherwise nothing.
async fn elsewhere(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match crate::page::page(&uri, &headers) {
        None => answer::unknown_route(uri).await.into_response(),
        Some(_) if !is_reading(&method) => answer::method_not_allowed(method, uri).await.into_response(),
        Some(page) => page,
    }
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

/// For everybody who reaches the listener: whether it lives and does its job, and how to sign in.
/// What `/metrics` gives depends on where the caller is; it sees to that itself.
fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(session::session, session::sign_in))
        .routes(routes!(session::set_up))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// For whoever may look.
fn viewer() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(about::about))
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
        .routes(routes!(alarms::list))
        .routes(routes!(kept::models))
        .routes(routes!(kept::events))
        .routes(routes!(stream::stream))
        .routes(routes!(session::sign_out))
        .routes(routes!(session::password))
        .merge(configure::viewer())
}

/// For whoever works at the line.
fn operator() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(part::say)).routes(routes!(alarms::order)).merge(configure::operator())
}

/// For whoever configures it.
fn engineer() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(audit::audit))
        .routes(routes!(doctor::doctor))
        .routes(routes!(alarms::maintain))
        .merge(configure::engineer())
}

/// For whoever answers for the box.
fn administrator() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(users::users, users::add_user))
        .routes(routes!(users::change_user, users::remove_user))
        .routes(routes!(users::tokens, users::add_token))
        .routes(routes!(users::revoke_token))
        .routes(routes!(backup::back_up))
        // What comes is written to the disk as it comes, and no more than there is room for.
        .merge(OpenApiRouter::new().routes(routes!(backup::restore)).layer(DefaultBodyLimit::disable()))
        .merge(configure::administrator())
}

/// Methods that change nothing.
fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
