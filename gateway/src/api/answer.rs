//! Errors as documents: what is wrong and what to try, for every route and every mistake.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemAnswer {
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub hint: String,
}

/// An error with its status code.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: ProblemAnswer,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, body: ProblemAnswer { error: error.into(), hint: hint.into() } }
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
        let busy = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let mut response = (self.status, Json(self.body)).into_response();
        if busy {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
        }
        response
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
pub(crate) async fn unknown_route(uri: Uri) -> Refusal {
    let path: String = uri.path().chars().take(100).collect();
    Refusal::not_found(format!("there is nothing at {path}"), "all routes are described at /api/openapi.json")
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    let path: String = uri.path().chars().take(100).collect();
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{path} does not take {method}"),
        "HTTP only reads; arm, learn and activate with the `takt` command on the gateway itself",
    )
}
