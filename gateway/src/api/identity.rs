//! From a request's cookie or token to who asks.

use super::answer::Refusal;
use super::server::Ends;
use super::who::Who;
use super::{Api, is_reading};
use crate::access::{AccessError, Credential, csrf_matches, csrf_of};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use cookie::Cookie;

/// The session's cookie.
pub(super) const COOKIE: &str = "takt_session";
/// The header that each change by cookie carries.
pub(super) const CSRF_HEADER: &str = "x-takt-csrf";

/// Who asks, and by what.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) who: Who,
    pub(super) credential: Credential,
    /// For the page; `None` for tokens.
    pub(super) csrf: Option<String>,
}

/// Why a request is nobody's, for routes that need somebody.
#[derive(Debug, Clone)]
pub(super) enum Nobody {
    /// It came with a token that does not hold.
    Token,
    /// It came with a session that has ended.
    Session,
    /// It would change something by cookie alone.
    Forged,
    /// The file of users cannot be read.
    Unavailable(String, &'static str),
}

impl Nobody {
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::Token => {
                let hint = "make a new one under System, or with POST /api/v1/tokens";
                Refusal::new(StatusCode::UNAUTHORIZED, "this token is unknown, expired or revoked", hint)
            }
            Self::Session => Refusal::new(StatusCode::UNAUTHORIZED, "this session has ended", "sign in again"),
            Self::Forged => {
                let hint = "send the header X-Takt-CSRF with the value that GET /api/v1/session gives";
                Refusal::new(StatusCode::FORBIDDEN, "the change does not carry its session's token", hint)
            }
            Self::Unavailable(error, hint) => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error, *hint),
        }
    }
}

/// Finds out who asks. A token counts before a cookie, and a token that does not hold is never
/// made good by a cookie. No cookie and no token is nobody, without a reason.
pub(super) async fn identify(api: &Api, parts: &Parts) -> Result<Option<Identity>, Nobody> {
    let Some(ends) = parts.extensions.get::<Ends>() else { return Ok(None) };
    let from = ends.peer.ip();
    if let Some(said) = parts.headers.get(header::AUTHORIZATION) {
        let token = said.to_str().ok().and_then(bearer).ok_or(Nobody::Token)?;
        let credential = Credential::token(token);
        let who = api.access.who(&credential, from).await.map_err(unavailable)?.ok_or(Nobody::Token)?;
        return Ok(Some(Identity { who, credential, csrf: None }));
    }
    let Some(secret) = cookie(&parts.headers) else { return Ok(None) };
    let credential = Credential::session(&secret);
    let who = api.access.who(&credential, from).await.map_err(unavailable)?.ok_or(Nobody::Session)?;
    if !is_reading(&parts.method) {
        let said = parts.headers.get(CSRF_HEADER).and_then(|said| said.to_str().ok()).unwrap_or_default();
        if !csrf_matches(&secret, said) {
            return Err(Nobody::Forged);
        }
    }
    Ok(Some(Identity { who, credential, csrf: Some(csrf_of(&secret)) }))
}

/// The token of `Bearer TOKEN` (RFC 6750); the scheme's letters may be of any case.
fn bearer(said: &str) -> Option<&str> {
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The session's secret; of several the first, as a browser sends the most specific first.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let said = headers.get_all(header::COOKIE).iter().filter_map(|said| said.to_str().ok());
    let mut cookies = said.flat_map(Cookie::split_parse).flatten();
    cookies.find(|cookie| cookie.name() == COOKIE).map(|cookie| cookie.value().to_owned())
}

fn unavailable(error: AccessError) -> Nobody {
    Nobody::Unavailable(error.to_string(), error.hint())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_tokens_are_tokens() {
        for (said, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(bearer(said), token, "{said}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        for (said, value) in [
            ("takt_session=a1", Some("a1")),
            ("theme=dark; takt_session=a1; x=y", Some("a1")),
            ("takt_session=a1; takt_session=b2", Some("a1")),
            ("xtakt_session=a1", None),
            ("=;;=", None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, said.parse().expect("a header"))]);
            assert_eq!(cookie(&headers).as_deref(), value, "{said}");
        }
    }
}
