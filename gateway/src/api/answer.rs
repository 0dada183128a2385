//! Errors as documents: what is wrong and what to try, for every route and every mistake.

use crate::access::AccessError;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// When to ask again where something cannot be had now.
const BUSY_RETRY_S: u64 = 5;

/// An error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemAnswer {
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub hint: String,
    /// When to try again, where it was too often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// An error with its status code.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: ProblemAnswer,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, body: ProblemAnswer { error: error.into(), hint: hint.into(), retry_after_s: None } }
    }

    pub(super) fn bad(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, hint)
    }

    pub(super) fn not_found(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, hint)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let busy = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(BUSY_RETRY_S);
        let retry_after_s = self.body.retry_after_s.or(busy);
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(s) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, s.into());
        }
        response
    }
}

impl From<AccessError> for Refusal {
    fn from(why: AccessError) -> Self {
        let status = match &why {
            AccessError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            AccessError::Unknown { .. } => StatusCode::NOT_FOUND,
            AccessError::Taken { .. } | AccessError::Last { .. } | AccessError::SetUp => StatusCode::CONFLICT,
            AccessError::Unfit { .. } => StatusCode::BAD_REQUEST,
            AccessError::Wrong | AccessError::WrongCode => StatusCode::UNAUTHORIZED,
            AccessError::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        let mut refusal = Self::new(status, why.to_string(), why.hint());
        if let AccessError::Limited { retry_after_s } = why {
            refusal.body.retry_after_s = Some(retry_after_s);
        }
        refusal
    }
}

/// Marks an answer to a method that usually changes something, and here only looked: it is not
/// kept in the audit log. A route adds it to its answer as `Extension(NoChange)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoChange;

/// A request's body as JSON; a mistake says where it is. A body of another kind is refused, one that says
/// nothing of its kind is taken for JSON. A body that holds a password is not repeated.
pub(super) struct Told<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, to: &S) -> Result<Self, Refusal> {
        let path = request.uri().path().to_owned();
        let hint = format!("send JSON; the body of {path} is described at /api/openapi.json");
        if let Some(kind) = request.headers().get(header::CONTENT_TYPE)
            && !is_json(kind)
        {
            let kind: String = String::from_utf8_lossy(kind.as_bytes()).chars().take(100).collect();
            let error = format!("the body is {kind}, and not application/json");
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, hint));
        }
        let bytes = Bytes::from_request(request, to).await.map_err(|why| {
            Refusal::new(why.status(), why.body_text(), "send less at once, or apply files with `takt line apply`")
        })?;
        let told = serde_json::from_slice(&bytes);
        told.map(Self).map_err(|why| Refusal::bad(format!("the body cannot be read: {why}"), hint))
    }
}

/// `application/json`, whatever its parameters, or a format that is written in it.
fn is_json(kind: &HeaderValue) -> bool {
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// What each route says that takes a body, for the document.
pub(super) struct OfBody;

impl IntoResponses for OfBody {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        problems(&[
            ("400", "The body cannot be read, or says what cannot be"),
            ("413", "The body is too long"),
            ("415", "The body is no JSON"),
        ])
    }
}

/// What each route says that asks the file of users, for the document.
pub(super) struct OfAccess;

impl IntoResponses for OfAccess {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        problems(&[("503", "The file of users cannot be used")])
    }
}

/// What each route says that takes a password, for the document.
pub(super) struct OfPassword;

impl IntoResponses for OfPassword {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let mut all = problems(&[("429", "Too many tries; `retry_after_s` says when the next one counts")]);
        all.extend(OfBody::responses());
        all.extend(OfAccess::responses());
        all
    }
}

fn problems(all: &[(&str, &str)]) -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
    let schema = Ref::from_schema_name(ProblemAnswer::name());
    let one = |(status, description): &(&str, &str)| {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        let response = ResponseBuilder::new().description(*description).content("application/json", content);
        ((*status).to_owned(), response.build().into())
    };
    all.iter().map(one).collect()
}

/// A request's query, parsed; a mistake is a 400 that names it.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let asked: Result<Query<T>, QueryRejection> = Query::try_from_uri(&parts.uri);
        match asked {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(why) => Err(Refusal::bad(
                why.body_text(),
                format!("the parameters of {} are described at /api/openapi.json", parts.uri.path()),
            )),
        }
    }
}

/// There is nothing at an address.
pub(super) async fn unknown_route(uri: Uri) -> Refusal {
    let path: String = uri.path().chars().take(100).collect();
    Refusal::not_found(format!("there is nothing at {path}"), "all routes are described at /api/openapi.json")
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    let path: String = uri.path().chars().take(100).collect();
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{path} does not take {method}"),
        "all routes are described at /api/openapi.json; the `takt` command does the rest on the gateway itself",
    )
}
