//! Signing in and out, the first administrator, one's own password.

use super::Api;
use super::answer::{OfAccess, OfPassword, ProblemAnswer, Refusal, Told};
use super::identity::{COOKIE, Identity};
use super::server::Ends;
use super::who::{Role, Who};
use crate::access::{Credential, Password, SignedIn};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use cookie::time::Duration as CookieTime;
use cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether and as whom somebody is signed in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct SessionAnswer {
    /// Whether the request came with a session or token that holds.
    signed_in: bool,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// What they may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// For the header `X-Takt-CSRF` of each change that comes with the session's cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
    /// Whether the first administrator is to be made, with the code that the console shows.
    setup_needed: bool,
    /// The plant's time zone, as the box is set.
    zone: String,
    /// The program's version.
    version: String,
}

/// A user and a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The user's name.
    user: String,
    /// The password.
    password: Password,
}

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    /// The code that `takt run` printed; hyphens, blanks and small letters do not matter.
    #[schema(write_only)]
    code: String,
    /// The user's name.
    user: String,
    /// The password.
    password: Password,
}

/// One's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The one that holds.
    old: Password,
    /// The one to come.
    new: Password,
}

/// Who is signed in; what the page needs before anybody is.
#[utoipa::path(get, path = "/api/v1/session", tag = "access", responses(
    OfAccess,
    (status = 200, body = SessionAnswer),
))]
pub(super) async fn session(
    State(api): State<Api>,
    identity: Option<Extension<Identity>>,
) -> Result<Json<SessionAnswer>, Refusal> {
    let setup_needed = api.setup_needed().await?;
    let (who, csrf) = match identity.map(|Extension(identity)| identity) {
        Some(Identity { who, csrf, .. }) => (Some(who), csrf),
        None => (None, None),
    };
    Ok(Json(answer(who.as_ref(), csrf, setup_needed)))
}

/// Signs in. The answer sets the cookie of the session.
#[utoipa::path(post, path = "/api/v1/session", tag = "access", request_body = SignIn, responses(
    OfPassword,
    (status = 200, body = SessionAnswer),
    (status = 401, body = ProblemAnswer, description = "The user or the password is wrong"),
))]
pub(super) async fn sign_in(
    State(api): State<Api>,
    Extension(ends): Extension<Ends>,
    before: Option<Extension<Identity>>,
    Told(asked): Told<SignIn>,
) -> Result<Response, Refusal> {
    let signed_in = api.access.sign_in(&asked.user, &asked.password, ends.peer.ip()).await?;
    // What this browser was before is over.
    if let Some(Extension(Identity { credential: Credential::Session(id), .. })) = before {
        api.access.sign_out(id).await?;
    }
    api.access.note(&signed_in.who.to_string(), "access.sign_in", "signed in");
    Ok(welcome(&api, &signed_in))
}

/// Makes the first administrator with the code that the console shows, and signs them in.
#[utoipa::path(post, path = "/api/v1/setup", tag = "access", request_body = SetUp, responses(
    OfPassword,
    (status = 200, body = SessionAnswer),
    (status = 400, body = ProblemAnswer, description = "The name or the password will not do"),
    (status = 401, body = ProblemAnswer, description = "The code is wrong"),
    (status = 409, body = ProblemAnswer, description = "There is an administrator already"),
))]
pub(super) async fn set_up(
    State(api): State<Api>,
    Extension(ends): Extension<Ends>,
    Told(asked): Told<SetUp>,
) -> Result<Response, Refusal> {
    let signed_in = api.access.set_up(&asked.code, &asked.user, &asked.password, ends.peer.ip()).await?;
    api.access.note(&signed_in.who.to_string(), "access.set_up", "made the first administrator");
    Ok(welcome(&api, &signed_in))
}

/// Signs out: the session is over everywhere.
#[utoipa::path(delete, path = "/api/v1/session", tag = "access", responses(
    OfAccess,
    (status = 204),
))]
pub(super) async fn sign_out(
    State(api): State<Api>,
    Extension(identity): Extension<Identity>,
) -> Result<Response, Refusal> {
    if let Credential::Session(id) = identity.credential {
        api.access.sign_out(id).await?;
        api.access.note(&identity.who.to_string(), "access.sign_out", "signed out");
    }
    let gone = cookie(&api, "").max_age(CookieTime::ZERO).build().to_string();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Sets one's own password. Every other session of the user ends.
#[utoipa::path(post, path = "/api/v1/password", tag = "access", request_body = NewPassword, responses(
    OfPassword,
    (status = 204),
    (status = 400, body = ProblemAnswer, description = "The new password will not do"),
    (status = 401, body = ProblemAnswer, description = "The old password is wrong"),
    (status = 409, body = ProblemAnswer, description = "A token has no password"),
))]
pub(super) async fn password(
    State(api): State<Api>,
    Extension(identity): Extension<Identity>,
    Told(asked): Told<NewPassword>,
) -> Result<StatusCode, Refusal> {
    let Credential::Session(id) = identity.credential else {
        let hint = "sign in with user and password, or use PATCH /api/v1/users/{name}";
        return Err(Refusal::new(StatusCode::CONFLICT, "a token has no password", hint));
    };
    api.access.change_own_password(&identity.who, Some(&id), &asked.old, &asked.new).await?;
    api.access.note(&identity.who.to_string(), "access.password", "set their own password");
    Ok(StatusCode::NO_CONTENT)
}

fn welcome(api: &Api, signed_in: &SignedIn) -> Response {
    let longest = CookieTime::try_from(api.access.limits().longest).unwrap_or(CookieTime::DAY);
    let set = cookie(api, &signed_in.secret).max_age(longest).build().to_string();
    let body = answer(Some(&signed_in.who), Some(signed_in.csrf.clone()), false);
    ([(header::SET_COOKIE, set)], Json(body)).into_response()
}

fn cookie<'a>(api: &Api, value: &'a str) -> cookie::CookieBuilder<'a> {
    Cookie::build((COOKIE, value)).path("/").http_only(true).same_site(SameSite::Strict).secure(api.tls.is_some())
}

fn answer(who: Option<&Who>, csrf: Option<String>, setup_needed: bool) -> SessionAnswer {
    SessionAnswer {
        signed_in: who.is_some(),
        user: who.map(|who| who.name.clone()),
        role: who.map(|who| who.role),
        csrf,
        setup_needed,
        zone: jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
