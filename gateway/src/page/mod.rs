//! The dashboard inside the program: built files with their compressed twins, and the page itself.
//!
//! Names of built files carry their digest, so a browser keeps them for good; the page is asked for
//! every time, because it carries a fresh nonce for the styles that its parts make at run time. No
//! script stands in the page itself, and none may run that is not a file of this program.

mod absent;
mod encoding;
mod places;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use encoding::Encoding;
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write as _;

/// What `npm run build` made. Without it the program still builds, and says how to make it.
#[derive(Embed)]
#[folder = "dashboard/dist"]
#[allow_missing = true]
struct Built;

/// Stands in the built page where the nonce belongs.
const NONCE_PLACE: &str = "TAKT_NONCE";
/// The digest in the name makes another file of every change.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";

/// A file of the dashboard, or the page for one of its places; `None` where there is neither.
pub(crate) fn page(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path();
    match path.strip_prefix('/').and_then(|name| file(name, headers)) {
        None if places::is_place(path) => Some(index()),
        found => found,
    }
}

/// A built file in the shortest form that the browser takes.
fn file(name: &str, asked: &HeaderMap) -> Option<Response> {
    // A debug build reads the folder itself, where a name may lead back to the page without its nonce.
    let leads_back = name.split('/').any(|part| part.is_empty() || part.starts_with('.'));
    if leads_back || name == "index.html" || name.ends_with(".br") || name.ends_with(".gz") {
        return None;
    }
    let plain = Built::get(name)?;
    let tag = format!("\"{}\"", hex(&plain.metadata.sha256_hash()[..12]));
    let keep = if name.starts_with("assets/") { FOR_GOOD } else { ASK_FIRST };
    let said = [
        (header::CACHE_CONTROL, keep.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Some((StatusCode::NOT_MODIFIED, said).into_response());
    }
    let kind = [(header::CONTENT_TYPE, kind_of(name))];
    let short = Encoding::wanted(asked).find_map(|one| Some((one, Built::get(&format!("{name}.{}", one.ending()))?)));
    Some(match short {
        Some((encoding, file)) => {
            (said, kind, [(header::CONTENT_ENCODING, encoding.word())], bytes(file)).into_response()
        }
        None => (said, kind, bytes(plain)).into_response(),
    })
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

/// The page, with a nonce that holds for this answer alone.
fn index() -> Response {
    let built = Built::get("index.html").and_then(|file| String::from_utf8(file.data.into_owned()).ok());
    let Some(html) = built else { return absent::page() };
    let Some(nonce) = nonce() else {
        let why = "the system gives no random bytes; the page needs some for its content policy";
        return (StatusCode::INTERNAL_SERVER_ERROR, why).into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let said = [
        (header::CACHE_CONTROL, ASK_FIRST.to_owned()),
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (said, html.replace(NONCE_PLACE, &nonce)).into_response()
}

fn nonce() -> Option<String> {
    let mut random = [0_u8; 16];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut random).ok()?;
    Some(hex(&random))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
