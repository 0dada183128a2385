//! What every request passes: host, origin, time-out, and the headers of every answer.
//!
//! A page of another site that has its name point to 127.0.0.1 (DNS rebinding) sends that name as
//! `Host`, so only the names of this box are served. A page of another site that calls
//! `http://127.0.0.1:8520` directly says so in `Origin` or `Sec-Fetch-Site`; it may link here, but
//! it may neither read, nor hold a stream open, nor change anything.

use super::answer::Refusal;
use super::configure::patience;
use super::options::HttpOptions;
use super::server::Ends;
use super::{Api, Role, Who, is_reading};
use crate::telemetry::Metric;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

/// The names by which a request may call this gateway.
#[derive(Debug)]
pub(super) struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    pub(super) fn new(options: &HttpOptions) -> Self {
        let port = options.address().port();
        let mut names: Vec<_> = ["localhost", "127.0.0.1", "[::1]"].iter().map(|h| format!("{h}:{port}")).collect();
        names.push(options.address().to_string());
        names.extend(options.hosts.iter().map(|name| name.to_ascii_lowercase()));
        Self { names }
    }

    fn allow(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    fn allow_origin(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.allow(host))
    }
}

/// The middleware around every route.
pub(super) async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    if let Some(who) = who(&request) {
        request.extensions_mut().insert(who);
    }
    let mut response = match admit(&api.hosts, &request) {
        Err((of, refusal)) => {
            api.telemetry.meters().warn(Metric::HttpRefused, of, &refused_text(&request));
            refusal.into_response()
        }
        Ok(()) => {
            let patience = patience(request.uri().path());
            match tokio::time::timeout(patience, next.run(request)).await {
                Ok(response) => response,
                Err(_) => Refusal::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    format!("the answer took longer than {} s", patience.as_secs()),
                    "ask for a shorter span or fewer tags",
                )
                .into_response(),
            }
        }
    };
    api.telemetry.meters().count(Metric::HttpRequests, class(response.status()), 1);
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Before there is a sign-in, whoever reaches the loopback may do what the console's user may.
fn who(request: &Request) -> Option<Who> {
    let Ends { peer } = request.extensions().get()?;
    Some(Who { name: "loopback".to_owned(), role: Role::Administrator, address: peer.ip() })
}

fn admit(hosts: &Hosts, request: &Request) -> Result<(), (&'static str, Refusal)> {
    let headers = request.headers();
    match host(request.uri(), headers) {
        None => {
            let hint = "send a Host header such as 127.0.0.1:8520";
            return Err(("host", Refusal::bad("the request names no host, or several", hint)));
        }
        Some(host) if !hosts.allow(host) => {
            let hint =
                format!("open http://{}/ instead; other names are refused against DNS rebinding", hosts.names[1]);
            let error = "this gateway is not known by that host name";
            return Err(("host", Refusal::new(StatusCode::FORBIDDEN, error, hint)));
        }
        Some(_) => {}
    }
    if foreign(hosts, request) {
        let error = "pages of other sites may not use this gateway";
        let hint = "call it from its own page, or from a program without an Origin header";
        return Err(("origin", Refusal::new(StatusCode::FORBIDDEN, error, hint)));
    }
    Ok(())
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

fn foreign(hosts: &Hosts, request: &Request) -> bool {
    let text = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    if text("origin").is_some_and(|origin| !hosts.allow_origin(origin)) {
        return true;
    }
    let is_link = is_reading(request.method()) && text("sec-fetch-mode") == Some("navigate");
    matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) && !is_link
}

fn refused_text(request: &Request) -> String {
    let said = |name: header::HeaderName| {
        let text = request.headers().get(name).map(|v| v.as_bytes().escape_ascii().to_string());
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
