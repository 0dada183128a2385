//! Errors as documents: what is wrong and what to try, for every route and every mistake.

use crate::access::AccessError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// A request's body as JSON; a mistake names itself. A body that holds a password is not repeated.
pub(super) struct Told<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, to: &S) -> Result<Self, Refusal> {
        let path = request.uri().path().to_owned();
        let told = Json::<T>::from_request(request, to).await;
        told.map(|Json(told)| Self(told)).map_err(|why| {
            // What cannot be read as JSON and what does not fit are one kind of mistake here.
            let status = match why.status() {
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                status => status,
            };
            Refusal::new(status, why.body_text(), format!("the body of {path} is described at /api/openapi.json"))
        })
    }
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
