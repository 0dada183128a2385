//! What every request passes: host, origin, who asks, time-out, audit, and the headers of every answer.
//!
//! A page of another site that has its name point to 127.0.0.1 (DNS rebinding) sends that name as
//! `Host`, so only the names of this box are served. A page of another site that calls
//! `http://127.0.0.1:8520` directly says so in `Origin` or `Sec-Fetch-Site`; it may link here, but
//! it may neither read, nor hold a stream open, nor change anything.

use super::answer::{NoChange, Refusal};
use super::configure::patience;
use super::identity::identify;
use super::options::HttpOptions;
use super::server::Ends;
use super::{Api, is_reading};
use crate::access::Access;
use crate::telemetry::Metric;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use futures::stream;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The page loads its own files and reads its own API, nothing else.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// With TLS a browser is told to come back with TLS only (RFC 6797).
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Routes whose acts stand in the audit log in words of their own.
const NOTE_THEMSELVES: [&str; 14] = [
    "/api/v1/session",
    "/api/v1/password",
    "/api/v1/users",
    "/api/v1/tokens",
    "/api/v1/documents",
    "/api/v1/lines",
    "/api/v1/outputs",
    "/api/v1/field",
    "/api/v1/models",
    "/api/v1/learn",
    "/api/v1/secrets",
    "/api/v1/alarms",
    "/api/v1/verdicts",
    "/api/v1/restore",
];

/// The names by which a request may call this gateway.
#[derive(Debug)]
pub(super) struct Hosts {
    names: Vec<String>,
    is_encrypted: bool,
    /// Whether it listens on the loopback alone.
    is_local: bool,
}

impl Hosts {
    pub(super) fn new(options: &HttpOptions) -> Self {
        let port = options.address().port();
        let mut names: Vec<_> = ["localhost", "127.0.0.1", "[::1]"].iter().map(|h| format!("{h}:{port}")).collect();
        names.push(options.address().to_string());
        for name in &options.hosts {
            let name = name.to_ascii_lowercase();
            if !name.contains(':') {
                names.push(format!("{name}:{port}"));
            }
            names.push(name);
        }
        Self { names, is_encrypted: options.tls().is_some(), is_local: options.address().ip().is_loopback() }
    }

    /// One of the names, or the very address that the connection came to.
    fn allow(&self, host: &str, local: SocketAddr) -> bool {
        let canonical = SocketAddr::new(local.ip().to_canonical(), local.port());
        host == local.to_string()
            || host == canonical.to_string()
            || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    fn allow_origin(&self, origin: &str, local: SocketAddr) -> bool {
        let scheme = if self.is_encrypted { "https://" } else { "http://" };
        // Behind a proxy on the same box the page is encrypted though this listener is not.
        let host = origin.strip_prefix(scheme).or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.allow(host, local))
    }
}

/// The middleware around every route.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match admit(&api, &parts).await {
        Err((of, refusal)) => {
            api.telemetry.meters().warn(Metric::HttpRefused, of, &refused_text(&parts));
            refusal.into_response()
        }
        Ok(()) => answer(&api, parts, body, next).await,
    };
    api.telemetry.meters().count(Metric::HttpRequests, class(response.status()), 1);
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if api.hosts.is_encrypted {
        let strict = HeaderValue::from_static(STRICT_TRANSPORT);
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, strict);
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Finds out who asks, gives the answer in time, and keeps what was changed by whom.
async fn answer(api: &Api, mut parts: Parts, body: Body, next: Next) -> Response {
    let mut said = None;
    match identify(api, &parts).await {
        Ok(None) => {}
        Ok(Some(identity)) => {
            let path = path(&parts.uri);
            let changes = !is_reading(&parts.method) && !NOTE_THEMSELVES.iter().any(|own| path.starts_with(own));
            said = changes.then(|| (identity.who.to_string(), format!("{} {path}", parts.method)));
            parts.extensions.insert(identity.who.clone());
            parts.extensions.insert(identity);
        }
        Err(nobody) => drop(parts.extensions.insert(nobody)),
    }
    let patience = patience(&path(&parts.uri));
    let is_reading = is_reading(&parts.method);
    // The task of a change outlives the answer, so nobody else would end its wait for what is never sent.
    let body = if is_reading { body } else { timely(body, patience) };
    let answering = next.run(Request::from_parts(parts, body));
    let answered = if is_reading {
        tokio::time::timeout(patience, answering).await
    } else {
        // What changes something comes to its end, and into the audit log, also when whoever asked has gone.
        let noted = noted(Arc::clone(&api.access), answering, said);
        tokio::time::timeout(patience, tokio::spawn(noted)).await.map(|ended| ended.unwrap_or_else(broken))
    };
    answered.unwrap_or_else(|_| {
        Refusal::new(
            StatusCode::GATEWAY_TIMEOUT,
            format!("the answer took longer than {} s", patience.as_secs()),
            "ask for a shorter span or fewer tags; a change goes on, and stands in the audit log when it is done",
        )
        .into_response()
    })
}

/// A request's body that has to be there in time: afterwards, whoever reads it is told that it did not come.
fn timely(body: Body, patience: Duration) -> Body {
    let late = move || axum::Error::new(format!("the body did not come within {} s", patience.as_secs()));
    let begun = (body.into_data_stream(), Box::pin(tokio::time::sleep(patience)));
    let chunks = stream::unfold(Some(begun), move |left| async move {
        let Some((mut chunks, mut until)) = left else { return Some((Err(late()), None)) };
        let chunk = tokio::select! {
            biased;
            // What has come is taken, however late it is looked at.
            chunk = chunks.next() => chunk?,
            // The rest is given back now, and not when the reader ends: the connection waits for it.
            () = &mut until => return Some((Err(late()), None)),
        };
        Some((chunk, Some((chunks, until))))
    });
    Body::from_stream(chunks)
}

/// The answer to a change; when it was made, `said` (who, what) is in the audit log.
async fn noted(
    access: Arc<Access>,
    answering: impl Future<Output = Response>,
    said: Option<(String, String)>,
) -> Response {
    let response = answering.await;
    if let Some((who, what)) = said
        && response.status().is_success()
        && response.extensions().get::<NoChange>().is_none()
    {
        access.note(&who, "api.change", &format!("{what}: {}", response.status().as_u16()));
    }
    response
}

fn broken(error: tokio::task::JoinError) -> Response {
    tracing::error!(%error, "a request could not be answered");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Refusal::new(status, "the request could not be answered", "see the gateway's log").into_response()
}

async fn admit(api: &Api, parts: &Parts) -> Result<(), (&'static str, Refusal)> {
    let hosts = &*api.hosts;
    let Some(ends) = parts.extensions.get::<Ends>() else {
        let error = "the connection has no ends";
        return Err(("host", Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "see the gateway's log")));
    };
    match host(&parts.uri, &parts.headers) {
        None => {
            let hint = "send a Host header such as 127.0.0.1:8520";
            return Err(("host", Refusal::bad("the request names no host, or several", hint)));
        }
        Some(host) if !hosts.allow(host, ends.local) => {
            let scheme = if hosts.is_encrypted { "https" } else { "http" };
            let hint = format!(
                "open {scheme}://{}/ instead, or add the name to http.hosts; other names are refused against DNS rebinding",
                ends.local
            );
            let error = "this gateway is not known by that host name";
            return Err(("host", Refusal::new(StatusCode::FORBIDDEN, error, hint)));
        }
        Some(_) => {}
    }
    if foreign(hosts, parts, ends.local) {
        let error = "pages of other sites may not use this gateway";
        let hint = "call it from its own page, or from a program without an Origin header";
        return Err(("origin", Refusal::new(StatusCode::FORBIDDEN, error, hint)));
    }
    match api.setup_needed().await {
        Ok(true) if !ends.peer.ip().is_loopback() && !before_set_up(parts.uri.path()) => {
            let error = "no administrator can sign in yet, so nothing is answered over the network";
            let hint = "make the first one at /api/v1/setup, with the code that `takt run` prints on the gateway";
            Err(("set_up", Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error, hint)))
        }
        // Whoever is not known gets nothing anyway while the file of users cannot be read.
        _ => Ok(()),
    }
}

/// What is answered over the network before the first administrator is made: the page, and setting up.
fn before_set_up(path: &str) -> bool {
    let is_api = path.starts_with("/api/") || matches!(path, "/metrics" | "/healthz" | "/readyz");
    !is_api || matches!(path, "/api/v1/setup" | "/api/v1/session" | "/api/openapi.json")
}

/// Whether a request comes from this box itself, and not by a proxy that brings others here.
pub(super) fn is_from_box(api: &Api, ends: &Ends, headers: &HeaderMap) -> bool {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = named.rsplit_once(':').map_or(named, |(name, _)| name);
    let is_local_name = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    api.hosts.is_local && ends.peer.ip().is_loopback() && is_local_name && !headers.contains_key("x-forwarded-for")
}

/// The one host that the request names: of an absolute URI, or else of its Host header.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).iter();
    let host = named.next()?.to_str().ok()?;
    if named.next().is_some() {
        return None;
    }
    match uri.authority() {
        Some(authority) if authority.as_str() != host => None,
        _ => Some(host),
    }
}

fn foreign(hosts: &Hosts, parts: &Parts, local: SocketAddr) -> bool {
    let text = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if text("origin").is_some_and(|origin| !hosts.allow_origin(origin, local)) {
        return true;
    }
    let is_link = is_reading(&parts.method) && text("sec-fetch-mode") == Some("navigate");
    matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) && !is_link
}

fn path(uri: &Uri) -> String {
    uri.path().chars().take(200).collect()
}

fn refused_text(parts: &Parts) -> String {
    let said = |name: header::HeaderName| {
        let text = parts.headers.get(name).map(|v| v.as_bytes().escape_ascii().to_string());
        text.map_or("none".to_owned(), |text| text.chars().take(100).collect())
    };
    format!("a request was refused: host {}, origin {}", said(header::HOST), said(header::ORIGIN))
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let began = stream::iter([Ok::<_, Infallible>(bytes::Bytes::from_static(b"half"))]);
        let body = Body::from_stream(began.chain(stream::pending()));
        let mut read = timely(body, SHORT).into_data_stream();
        let first = read.next().await.expect("something came").expect("in time");
        assert_eq!(first, "half");
        for _ in 0..2 {
            let late = tokio::time::timeout(Duration::from_secs(10), read.next()).await.expect("no wait without end");
            let why = late.expect("not taken for the end").expect_err("the rest never came").to_string();
            assert!(why.contains("did not come"), "{why}");
        }
    }

    #[tokio::test]
    async fn what_has_come_is_read_however_late() {
        let mut read = timely(Body::from("whole"), SHORT).into_data_stream();
        tokio::time::sleep(2 * SHORT).await;
        assert_eq!(read.next().await.expect("it came").expect("it is whole"), "whole");
        assert!(read.next().await.is_none());
    }
}
