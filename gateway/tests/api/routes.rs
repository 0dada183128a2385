//! Every route, with what it says and what it says about mistakes.

use crate::http::{get, raw};
use crate::shelf::Shelf;
use crate::{desk, desk_with, fake};
use takt::board::{VerdictView, WriteOutcome};
use takt_plant::{DropReason, Fault, Outcome, Reading, WallTime};

#[tokio::test]
async fn the_document_is_that_of_the_golden_file() {
    let found = takt::api::openapi() + "\n";
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
    if std::env::var_os("TAKT_BLESS").is_some() {
        std::fs::write(golden, &found).expect("the golden file can be written");
    }
    let wanted = std::fs::read_to_string(golden).expect("tests/golden/openapi.json; TAKT_BLESS=1 writes it");
    assert!(found == wanted, "the API's schema is a contract; TAKT_BLESS=1 accepts the change, git shows it");
    let served = get(desk().await.address, "/api/openapi.json").await.json();
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&wanted).expect("JSON"));
}

#[tokio::test]
async fn every_documented_route_answers_as_documented() {
    let mut desk = desk().await;
    desk.fake.readings();
    let document: serde_json::Value = serde_json::from_str(&takt::api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let methods = ["get", "post", "put", "delete", "patch"];
    for (path, item) in paths.iter().filter(|(path, _)| *path != "/api/v1/stream") {
        for (method, operation) in methods.iter().filter_map(|method| Some((*method, item.get(*method)?))) {
            check_route(&desk, path, method, operation).await;
        }
    }
}

/// Asks with made-up names and an empty object: what is answered stands in the document.
async fn check_route(desk: &crate::Desk, path: &str, method: &str, operation: &serde_json::Value) {
    let query = if path == "/api/v1/history" { "?line=press-3&tags=ram_force" } else { "" };
    let named: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1.0.0" } else { part }).collect();
    let (method, named) = (method.to_uppercase(), named.join("/"));
    let token = crate::http::token(desk.address);
    let head = format!("{method} {named}{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{token}", desk.address);
    let answer = raw(desk.address, format!("{head}Content-Length: 2\r\n\r\n{{}}").as_bytes()).await;
    let documented = &operation["responses"][answer.status.to_string()];
    // What the running gateway answers is for tests of the running gateway.
    let is_done_elsewhere = answer.body.contains("nothing is done here");
    assert!(documented.is_object() || is_done_elsewhere, "{method} {path} does not document {answer:?}");
    let is_read_here = ["live", "kept", "health"].iter().any(|tag| operation["tags"][0] == *tag);
    assert!(answer.status == 200 || !is_read_here, "{path}: {answer:?}");
    if answer.status >= 400 {
        let said = answer.json();
        assert!(said["error"].is_string() && said["hint"].is_string(), "{method} {path}: {answer:?}");
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    assert!(answer.header("content-security-policy").is_some_and(|v| v.starts_with("default-src 'none'")));
    assert!(operation["summary"].is_string() || operation["description"].is_string(), "{path} says what it is");
}

#[tokio::test]
async fn the_status_says_what_the_board_knows() {
    let mut desk = desk().await;
    for _ in 0..3 {
        desk.fake.press.give(Outcome::Pass, 90, &desk.fake.clock);
    }
    let fail = desk.fake.press.give(Outcome::Fail, 90, &desk.fake.clock);
    desk.fake.press.write(&fail, WriteOutcome::Confirmed, &desk.fake.clock);
    let last = desk.fake.press.give(fake::bad_reading(), 90, &desk.fake.clock);
    desk.fake.press.drop_for(DropReason::Late, 5);
    let status = get(desk.address, "/api/v1/status").await.json();
    assert_eq!((&status["name"], &status["gateway"]), (&"takt".into(), &"box-1".into()));
    assert_eq!(status["ready"], true);
    let check = &status["lines"][0]["checks"][0];
    assert_eq!(check["verdicts"]["pass"], 3);
    assert_eq!(check["verdicts"]["fail"], 1);
    assert_eq!(check["verdicts"]["reasons"]["bad_reading"], 1);
    assert_eq!(check["books"]["received"], 455);
    assert_eq!(check["books"]["judged"], 450);
    assert_eq!(check["books"]["reasons"]["late"], 5);
    assert_eq!(check["books"]["close"], true);
    assert_eq!(status["lines"][0]["books"], check["books"]);
    for stage in ["queue", "features", "inference", "total"] {
        let spread = &check["latency_us"][stage];
        assert_eq!(spread["n"], 5, "{stage}");
        assert!(spread["p50"].as_u64() <= spread["p99"].as_u64() && spread["p99"].as_u64() <= spread["max"].as_u64());
    }
    assert_eq!(check["latency_us"]["write"]["max"], 780);
    assert_eq!(check["model"]["name"], "press-a");
    assert_eq!(check["provider"], "cpu");
    assert_eq!(check["last"]["seq"], last.key.seq);
    assert_eq!(check["last_fail"]["seq"], fail.key.seq);
    assert_eq!(check["outputs"][0]["armed"], true);
    assert_eq!(check["outputs"][0]["last"]["outcome"], "confirmed");
    let parsed: takt::board::Status = serde_json::from_value(status).expect("the type reads its own document");
    assert_eq!(parsed.lines.len(), 2);
}

#[tokio::test]
async fn a_view_is_the_payload_with_line_and_check() {
    let mut desk = desk().await;
    for outcome in [Outcome::Pass, Outcome::Fail, fake::bad_reading()] {
        let record = desk.fake.press.give(outcome, 1, &desk.fake.clock);
        let view = serde_json::to_value(VerdictView::of(&record, usize::MAX)).expect("JSON");
        let mut text = Vec::new();
        takt::payload::named_verdict_json(&record, &mut text);
        assert_eq!(view, serde_json::from_slice::<serde_json::Value>(&text).expect("JSON"));
    }
}

#[tokio::test]
async fn tags_show_value_quality_and_age() {
    let mut desk = desk().await;
    let before = get(desk.address, "/api/v1/tags?line=press-3").await.json();
    assert_eq!(before["tags"][0]["quality"], "none");
    desk.fake.readings();
    let tags = get(desk.address, "/api/v1/tags?line=press-3").await.json();
    assert_eq!(tags["n_tags"], 6);
    assert_eq!(tags["tags"][0]["quality"], "good");
    assert!(tags["tags"][0]["value"].is_f64() && tags["tags"][0]["age_ms"].as_u64().is_some_and(|ms| ms < 5_000));
    assert_eq!(tags["tags"][3]["quality"], "bad");
    assert_eq!(tags["tags"][3]["why"], "the source says 'Scan Timeout'");
    assert!(tags["tags"][3]["value"].is_null(), "a bad reading has no value");
    assert_eq!(get(desk.address, "/api/v1/tags?quality=bad").await.json()["n_tags"], 2);
    assert_eq!(get(desk.address, "/api/v1/tags?like=ram_").await.json()["n_tags"], 2);
}

#[tokio::test]
async fn verdicts_come_in_pages() {
    let shelf = Shelf::default();
    let mut source = fake::Fake::new();
    for n in 0..120 {
        let outcome = if n % 10 == 0 { Outcome::Fail } else { Outcome::Pass };
        let record = source.press.give(outcome, 1, &source.clock);
        shelf.verdicts.lock().expect("one thread").push(VerdictView::of(&record, usize::MAX));
    }
    let desk = desk_with(shelf, |_| {}).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/verdicts?line=press-3&limit=50".to_owned();
    loop {
        let page = get(desk.address, &path).await.json();
        seen.extend(page["verdicts"].as_array().expect("a list").iter().map(|v| v["seq"].as_u64().expect("a number")));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/verdicts?line=press-3&limit=50&cursor={next}");
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    let fails = get(desk.address, "/api/v1/verdicts?verdict=fail").await.json();
    assert_eq!(fails["verdicts"].as_array().map(Vec::len), Some(12));
}

#[tokio::test]
async fn history_keeps_peaks_and_holes() {
    let at = |s: i64| WallTime::from_ns(1_767_323_045_000_000_000 + s * 1_000_000_000);
    let samples = (0..1_000).map(|s| match s {
        500 => (at(s), Reading::number(99.0)),
        600..=610 => (at(s), Reading::Bad(Fault::Timeout)),
        _ => (at(s), Reading::number(1.0)),
    });
    let desk = desk_with(Shelf { samples: samples.collect(), ..Shelf::default() }, |_| {}).await;
    let path = "/api/v1/history?line=press-3&tags=ram_force,part_no&from=2026-01-02T03:04:05Z&to=2026-01-02T04:00:00Z&points=20";
    let history = get(desk.address, path).await.json();
    let tags = history["tags"].as_array().expect("a list");
    assert_eq!(tags.len(), 2);
    for tag in tags {
        assert_eq!((&tag["n"], &tag["n_bad"]), (&1_000.into(), &11.into()));
        let points = tag["points"].as_array().expect("a list");
        assert!(points.len() <= 20);
        assert!(points.iter().any(|point| point["max"] == 99.0), "the one peak stays");
        assert!(points.iter().any(|point| point["n_bad"].as_u64() > Some(0)), "the hole stays");
    }
}

async fn put(desk: &crate::Desk, path: &str, body: &str) -> crate::http::Answer {
    let (token, n) = (crate::http::token(desk.address), body.len());
    let head = format!("PUT {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{token}", desk.address);
    raw(desk.address, format!("{head}Content-Length: {n}\r\n\r\n{body}").as_bytes()).await
}

#[tokio::test]
async fn a_verdict_is_shown_with_its_window_and_the_good_ones() {
    let at = |s: i64| WallTime::from_ns(1_767_323_045_000_000_000 + s * 1_000_000_000);
    let mut source = fake::Fake::new();
    let shelf = Shelf { samples: (0..300).map(|s| (at(s), Reading::number(s as f64))).collect(), ..Shelf::default() };
    for n in 0..30 {
        let outcome = if n == 29 { Outcome::Fail } else { Outcome::Pass };
        let record = source.press.give(outcome, 1, &source.clock);
        let mut view = VerdictView::of(&record, usize::MAX);
        view.model = Some(takt::board::ModelView { name: "m".into(), version: "1".into(), digest: "b3:1".into() });
        view.window.from = takt::payload::time_text(at(n * 10));
        view.window.to = takt::payload::time_text(at(n * 10 + 9));
        shelf.verdicts.lock().expect("one thread").push(view);
    }
    let desk = desk_with(shelf, |_| {}).await;
    let place = "/api/v1/verdicts/press-3/stroke/1/30";
    let detail = get(desk.address, place).await.json();
    assert_eq!((&detail["verdict"]["verdict"], &detail["writes"][0]["outcome"]), (&"fail".into(), &"confirmed".into()));
    assert!(detail["feedback"].is_null());
    let window = get(desk.address, &format!("{place}/window?tags=ram_force")).await.json();
    assert_eq!(window["n_good"], 29);
    let tag = &window["tags"][0];
    assert_eq!((&tag["tag"], &tag["unit"]), (&"ram_force".into(), &"kN".into()));
    assert_eq!(tag["points"].as_array().map(Vec::len), Some(10), "one a second, both ends included");
    let bands = tag["envelope"].as_array().expect("a list");
    assert_eq!(bands.iter().map(|band| band["n"].as_u64().expect("a count")).sum::<u64>(), 290);
    assert!(bands.iter().all(|band| band["t_ms"].as_f64().is_some_and(|t| (-9_000.0..=0.0).contains(&t))));
    let said = put(&desk, &format!("{place}/feedback"), r#"{"right":false,"text":"scratch"}"#).await;
    assert_eq!(said.status, 200);
    assert_eq!(get(desk.address, place).await.json()["feedback"]["text"], "scratch");
    for (path, status) in [
        ("/api/v1/verdicts/press-3/stroke/1/31", 404),
        ("/api/v1/verdicts/press-3/stroke/1/x", 400),
        ("/api/v1/verdicts/press-3/stroke/1/99999999999999999999", 400),
        ("/api/v1/verdicts/press-3/stroke/1/30/window?tags=a/b", 400),
        ("/api/v1/scores?line=press-3&check=nothing", 404),
    ] {
        assert_eq!(get(desk.address, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn scores_name_the_fail_of_each_step() {
    let mut source = fake::Fake::new();
    let shelf = Shelf::default();
    for n in 0..50 {
        let outcome = if n == 20 { Outcome::Fail } else { Outcome::Pass };
        let record = source.press.give(outcome, 1, &source.clock);
        shelf.verdicts.lock().expect("one thread").push(VerdictView::of(&record, usize::MAX));
    }
    let desk = desk_with(shelf, |_| {}).await;
    let scores = get(desk.address, "/api/v1/scores?line=press-3&check=stroke&points=1").await.json();
    let step = &scores["steps"][0];
    assert_eq!((&step["n_pass"], &step["n_fail"], &step["seq"]), (&49.into(), &1.into(), &21.into()));
    assert!(step["scores"]["t2"]["max"].as_f64() >= step["scores"]["t2"]["min"].as_f64());
}

#[tokio::test]
async fn a_mistake_is_named_and_never_a_500() {
    let desk = desk().await;
    let cases = [
        ("/api/v1/verdicts?limit=0", 400, "limit"),
        ("/api/v1/verdicts?limit=501", 400, "limit"),
        ("/api/v1/verdicts?limit=many", 400, "limit"),
        ("/api/v1/verdicts?limit=-1", 400, "limit"),
        ("/api/v1/verdicts?limit=99999999999999999999999", 400, "limit"),
        ("/api/v1/verdicts?verdict=good", 400, "verdict"),
        ("/api/v1/verdicts?line=a/b", 400, "line"),
        ("/api/v1/verdicts?line=", 400, "line"),
        ("/api/v1/verdicts?line=%00", 400, "line"),
        ("/api/v1/verdicts?line=%ff%fe", 400, ""),
        ("/api/v1/verdicts?from=yesterday", 400, "from"),
        ("/api/v1/verdicts?from=2500-01-01T00:00:00Z", 400, "from"),
        ("/api/v1/verdicts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "from"),
        ("/api/v1/verdicts?cursor=%22x", 400, "cursor"),
        ("/api/v1/verdicts?colour=red", 400, "colour"),
        ("/api/v1/verdicts?limit=1&limit=2", 400, "limit"),
        ("/api/v1/history", 400, "line"),
        ("/api/v1/history?line=press-3", 400, "tags"),
        ("/api/v1/history?line=press-3&tags=", 400, "tags"),
        ("/api/v1/history?line=nowhere&tags=a", 404, "nowhere"),
        ("/api/v1/history?line=press-3&tags=nothing", 404, "nothing"),
        ("/api/v1/history?line=press-3&tags=ram_force&points=0", 400, "points"),
        ("/api/v1/history?line=press-3&tags=ram_force&points=100000", 400, "points"),
        ("/api/v1/tags?quality=fine", 400, "quality"),
        ("/api/v1/tags?line=nowhere", 404, "nowhere"),
        ("/api/v1/lines?line=nowhere", 404, "nowhere"),
        ("/api/v1/checks?line=nowhere", 404, "nowhere"),
        ("/api/v1/events?limit=x", 400, "limit"),
        ("/api/v1/unknown", 404, "/api/v1/unknown"),
        ("/index.php", 404, "/index.php"),
        ("/api/v1/../../etc/passwd", 404, "nothing"),
    ];
    for (path, status, named) in cases {
        let answer = get(desk.address, path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let body = answer.json();
        let error = body["error"].as_str().expect("an error text");
        assert!(error.contains(named), "{path}: '{error}' does not name {named}");
        assert!(body["hint"].as_str().is_some_and(|hint| hint.len() > 10), "{path}: no hint");
    }
}

#[tokio::test]
async fn an_unreadable_store_is_a_503_and_the_live_figures_stay() {
    let desk = desk_with(Shelf { unreadable: true, ..Shelf::default() }, |_| {}).await;
    for path in ["/api/v1/verdicts", "/api/v1/models", "/api/v1/events", "/api/v1/history?line=press-3&tags=ram_force"]
    {
        let answer = get(desk.address, path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.json()["error"].as_str().is_some_and(|error| error.contains("the disk is gone")));
    }
    assert_eq!(get(desk.address, "/api/v1/status").await.status, 200);
}

/// The page in a program that was built with it; the note how to build it in one that was not.
#[tokio::test]
async fn the_page_is_given_for_its_places_and_runs_only_this_programs_scripts() {
    let desk = desk().await;
    for path in ["/", "/line/press-3", "/line/press-3/stroke/1-4711", "/system?tab=users"] {
        let answer = get(desk.address, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
        let policy = answer.header("content-security-policy").expect("a policy").to_owned();
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
        assert!(!answer.body.contains("TAKT_NONCE"), "{path}: the nonce was not put in its place");
        assert!(!answer.body.contains("style=") && !answer.body.contains("onclick"), "the policy forbids inline code");
        for script in answer.body.split("<script").skip(1) {
            assert!(script.contains("src=\"/assets/"), "{path}: a script in the page: {script}");
        }
    }
}

#[tokio::test]
async fn a_mistyped_address_is_an_error_and_not_the_page() {
    let desk = desk().await;
    for path in ["/lines", "/assets/gone-12345678.js", "/index.html", "/..%2fCargo.toml", "/assets/../index.html"] {
        let answer = get(desk.address, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["hint"].is_string(), "{path}");
    }
}
