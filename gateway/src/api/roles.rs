//! Which role a route needs: routes come in groups, and only a group can be served.
//!
//! A group puts its role in front of each of its routes and into the OpenAPI document, as the
//! scope of `security` and as `x-takt-role`. A route that is in no group is in no router.

use super::Api;
use super::answer::Refusal;
use super::identity::{COOKIE, Nobody};
use super::who::{Role, Who, nobody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

/// The ways to show who asks, as the document names them.
const WAYS: [&str; 2] = ["session", "token"];

/// Writes those ways into the document.
pub(super) struct Ways;

impl Modify for Ways {
    fn modify(&self, document: &mut OpenApi) {
        let [session, token] = WAYS;
        let components = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(COOKIE));
        components.add_security_scheme(session, SecurityScheme::ApiKey(cookie));
        components.add_security_scheme(token, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// Routes that one role and those above it may call.
pub(super) struct Group(OpenApiRouter<Api>);

impl Group {
    /// Routes for everybody, signed in or not. Each needs a reason.
    pub(super) fn open(routes: OpenApiRouter<Api>) -> Self {
        Self::new(None, routes)
    }

    /// Routes for this role and those above it.
    pub(super) fn at_least(role: Role, routes: OpenApiRouter<Api>) -> Self {
        Self::new(Some(role), routes)
    }

    fn new(role: Option<Role>, mut routes: OpenApiRouter<Api>) -> Self {
        for item in routes.get_openapi_mut().paths.paths.values_mut() {
            operations(item).for_each(|operation| mark(operation, role));
        }
        match role {
            None => Self(routes),
            Some(least) => Self(routes.layer(middleware::from_fn(move |request, next| require(least, request, next)))),
        }
    }

    /// Adds this group's routes and their part of the document.
    pub(super) fn join(self, to: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
        to.merge(self.0)
    }
}

async fn require(least: Role, request: Request, next: Next) -> Response {
    match request.extensions().get::<Who>() {
        None => match request.extensions().get::<Nobody>() {
            Some(why) => why.refusal().into_response(),
            None => nobody().into_response(),
        },
        Some(who) if who.role < least => {
            let error = format!("this takes the role {least}, and {} is {}", who.name, who.role);
            let hint = "ask an administrator, or sign in as somebody who may";
            Refusal::new(StatusCode::FORBIDDEN, error, hint).into_response()
        }
        Some(_) => next.run(request).await,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    all.into_iter().flatten()
}

fn mark(operation: &mut Operation, role: Option<Role>) {
    let word = role.map_or("anyone", Role::word);
    let extension = ExtensionsBuilder::new().add("x-takt-role", word).build();
    operation.extensions.get_or_insert_default().merge(extension);
    let needs = |way| SecurityRequirement::new(way, role.map(Role::word));
    operation.security = Some(role.map_or_else(Vec::new, |_| WAYS.map(needs).to_vec()));
}
