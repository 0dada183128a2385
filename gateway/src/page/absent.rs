//! What stands in for the dashboard in a program that was built without it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const HTML: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Takt</title>
<h1>This gateway runs; its page was not built in</h1>
<p>Build it once with <code>cargo xtask dashboard</code> (needs Node.js 20 or newer), then build the program again.</p>
<p>Until then: <code>takt status</code> on the box, <a href="/api/v1/status">/api/v1/status</a>,
<a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>
"#;

pub(super) fn page() -> Response {
    let said = [(header::CACHE_CONTROL, super::ASK_FIRST), (header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::OK, said, HTML).into_response()
}
