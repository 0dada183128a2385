//! The live page: three files inside the program, nothing from anywhere else.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

const HTML: &str = include_str!("page.html");
const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");
const ICON: &str = include_str!("favicon.svg");

/// The version of all files together: a reload after an update takes the new ones.
static TAG: LazyLock<String> = LazyLock::new(|| {
    let mut hash = blake3::Hasher::new();
    for file in [HTML, CSS, JS, ICON] {
        hash.update(file.as_bytes());
    }
    format!("\"{}\"", &hash.finalize().to_hex()[..16])
});

/// The page.
pub async fn index(headers: HeaderMap) -> Response {
    file(&headers, "text/html; charset=utf-8", HTML)
}

/// Its looks.
pub async fn css(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", CSS)
}

/// Its life.
pub async fn js(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", JS)
}

/// Its icon.
pub async fn icon(headers: HeaderMap) -> Response {
    file(&headers, "image/svg+xml", ICON)
}

fn file(asked: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let said = [(header::ETAG, TAG.as_str()), (header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, kind)];
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == TAG.as_bytes());
    if known { (StatusCode::NOT_MODIFIED, said).into_response() } else { (said, text).into_response() }
}
