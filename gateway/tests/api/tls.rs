//! HTTP over TLS: the certificate, the cookie, strict transport, and callers without TLS.

use crate::shelf::Shelf;
use crate::{LIMITS, PASSWORD, desk_at, http};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use takt::access::Role;
use takt::api::HttpOptions;
use takt::tls::{Own, Source, Tls, pinned};
use takt_plant::WallTime;

fn own(dir: &Path) -> Arc<Tls> {
    let now = WallTime::from_ns(1_790_000_000_000_000_000);
    Arc::new(Tls::open(Source::Own(Own::new(dir, "box-1", [])), now).expect("a certificate"))
}

#[tokio::test]
async fn a_browser_that_knows_the_certificate_signs_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let tls = own(dir.path());
    let options = HttpOptions::encrypted(([127, 0, 0, 1], 0).into(), Arc::clone(&tls));
    let desk = desk_at(Shelf::default(), options, LIMITS).await;
    desk.user("anna", Role::Viewer).await;
    let pem = std::fs::read(Own::certificate(dir.path())).expect("it is kept");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    let client = client.tls_backend_preconfigured(pinned(&pem).expect("a certificate")).build().expect("a client");
    let url = format!("https://{}/api/v1/session", desk.address);
    let body = serde_json::json!({ "user": "anna", "password": PASSWORD }).to_string();
    let asked = client
        .post(&url)
        .header("Content-Type", "application/json")
        .header("Origin", format!("https://{}", desk.address));
    let answer = asked.body(body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().expect("text");
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let foreign = client.get(&url).header("Origin", format!("http://{}", desk.address)).send().await;
    assert_eq!(foreign.expect("an answer").status(), 403, "a page without TLS is another origin");
}

#[tokio::test]
async fn another_certificate_is_not_taken_and_a_caller_without_tls_is_told() {
    let (dir, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let tls = own(dir.path());
    own(other.path());
    let options = HttpOptions::encrypted(([127, 0, 0, 1], 0).into(), tls);
    let desk = desk_at(Shelf::default(), options, LIMITS).await;
    let pem = std::fs::read(Own::certificate(other.path())).expect("it is kept");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    let client = client.tls_backend_preconfigured(pinned(&pem).expect("a certificate")).build().expect("a client");
    assert!(client.get(format!("https://{}/healthz", desk.address)).send().await.is_err());
    let plain = http::get(desk.address, "/healthz").await;
    assert_eq!(plain.status, 400);
    assert!(plain.body.contains("https://"), "{plain:?}");
}
