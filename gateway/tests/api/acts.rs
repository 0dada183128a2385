//! Users and tokens over HTTP, and what of it the audit log keeps.

use crate::fake::Fake;
use crate::http::{ask, bare, get, token};
use crate::session::Browser;
use crate::shelf::Shelf;
use crate::{PASSWORD, desk, desk_with};
use std::sync::Arc;
use std::time::Duration;
use takt::access::Role;
use takt::board::VerdictView;
use takt_plant::Outcome;
use tokio::sync::Notify;

#[tokio::test]
async fn users_are_made_changed_and_removed_and_it_is_kept_who_did() {
    let desk = desk().await;
    desk.user("boss", Role::Administrator).await;
    let boss = Browser::sign_in(&desk, "boss").await;
    let body = serde_json::json!({ "name": "anna", "role": "operator", "password": PASSWORD }).to_string();
    let made = boss.ask(&desk, "POST", "/api/v1/users", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(!made.body.contains("argon2") && !made.body.contains(PASSWORD), "{made:?}");
    assert_eq!(boss.ask(&desk, "POST", "/api/v1/users", &body).await.status, 409);
    assert_eq!(boss.ask(&desk, "POST", "/api/v1/users", &body.replace("anna", "Anna")).await.status, 409);
    for bad in ["", "a b", "../x", "console", "-x"] {
        let body = serde_json::json!({ "name": bad, "role": "viewer", "password": PASSWORD }).to_string();
        assert_eq!(boss.ask(&desk, "POST", "/api/v1/users", &body).await.status, 400, "{bad}");
    }
    let root = serde_json::json!({ "name": "eve", "role": "root", "password": PASSWORD }).to_string();
    assert_eq!(boss.ask(&desk, "POST", "/api/v1/users", &root).await.status, 400);
    assert_eq!(boss.ask(&desk, "PATCH", "/api/v1/users/anna", r#"{"role":"engineer"}"#).await.status, 200);
    assert_eq!(boss.ask(&desk, "PATCH", "/api/v1/users/nobody", r#"{"role":"engineer"}"#).await.status, 404);
    let users = boss.ask(&desk, "GET", "/api/v1/users", "").await.json();
    assert_eq!((&users["users"][0]["name"], &users["users"][0]["role"]), (&"anna".into(), &"engineer".into()));
    assert!(users["users"][0]["signed_in_at"].is_null() && users["users"][1]["signed_in_at"].is_string());
    assert_eq!(boss.ask(&desk, "DELETE", "/api/v1/users/anna", "").await.status, 204);
    assert_eq!(boss.ask(&desk, "DELETE", "/api/v1/users/anna", "").await.status, 404);
    let by = "boss (administrator, 127.0.0.1)";
    assert_eq!(desk.acts.of("access.user_add")[1], format!("{by}: user anna is made, as operator"));
    assert_eq!(desk.acts.of("access.user_change"), [format!("{by}: user anna: the role is engineer")]);
    assert_eq!(desk.acts.of("access.user_remove"), [format!("{by}: user anna is removed")]);
}

#[tokio::test]
async fn a_change_comes_to_its_end_also_when_whoever_asked_goes_away() {
    let (mut source, slow) = (Fake::new(), Arc::new((Notify::new(), Notify::new())));
    let shelf = Shelf { slow: Some(Arc::clone(&slow)), ..Shelf::default() };
    let record = source.press.give(Outcome::Pass, 1, &source.clock);
    shelf.verdicts.lock().expect("one thread").push(VerdictView::of(&record, 0));
    let desk = desk_with(shelf, |_| {}).await;
    let (place, body) = ("/api/v1/verdicts/press-3/stroke/1/1", r#"{"right":true}"#);
    let head = format!("PUT {place}/feedback HTTP/1.1\r\nHost: {}\r\n{}", desk.address, token(desk.address));
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut socket = tokio::net::TcpStream::connect(desk.address).await.expect("the server listens");
    tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes()).await.expect("it reads");
    slow.0.notified().await;
    drop(socket);
    // Time for the server to see that nobody is there any more.
    tokio::time::sleep(Duration::from_millis(100)).await;
    slow.1.notify_one();
    let said = async {
        while get(desk.address, place).await.json()["feedback"].is_null() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), said).await.expect("what was begun is done");
}

#[tokio::test]
async fn a_token_ends_with_whoever_made_it() {
    let desk = desk().await;
    desk.user("boss", Role::Administrator).await;
    let boss = Browser::sign_in(&desk, "boss").await;
    for (maker, way, body) in [("paul", "DELETE", ""), ("pia", "PATCH", r#"{"disabled":true}"#)] {
        desk.user(maker, Role::Administrator).await;
        let asked = serde_json::json!({ "name": format!("of-{maker}"), "role": "administrator" }).to_string();
        let made = Browser::sign_in(&desk, maker).await.ask(&desk, "POST", "/api/v1/tokens", &asked).await.json();
        let bearer = format!("Bearer {}", made["token"].as_str().expect("a text"));
        let with =
            async || ask(desk.address, "GET", "/api/v1/users", &[("Authorization", bearer.as_str())]).await.status;
        assert_eq!(with().await, 200, "{maker}");
        let answer = boss.ask(&desk, way, &format!("/api/v1/users/{maker}"), body).await;
        assert!(answer.status < 300, "{answer:?}");
        assert_eq!(with().await, 401, "after {way}");
    }
}

#[tokio::test]
async fn a_secret_goes_to_the_address_of_a_draft_for_administrators_only() {
    let desk = desk().await;
    desk.user("emil", Role::Engineer).await;
    desk.user("boss", Role::Administrator).await;
    let draft =
        |password: &str| format!(r#"{{"connection":{{"kind":"mqtt","url":"mqtt://a","password":"{password}"}}}}"#);
    for (name, password, refused) in
        [("emil", "secret:broker", true), ("emil", "", false), ("boss", "secret:broker", false)]
    {
        let browser = Browser::sign_in(&desk, name).await;
        for route in ["test", "topics"] {
            let answer = browser.ask(&desk, "POST", &format!("/api/v1/field/{route}"), &draft(password)).await;
            assert_eq!(answer.status == 403, refused, "{name} {password} {route}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_alarm_is_shelved_for_half_a_day_at_most() {
    let desk = desk().await;
    for (minutes, status) in [(0, 400), (721, 400), (u32::MAX, 400), (1, 404), (720, 404)] {
        let body = serde_json::json!({ "minutes": minutes }).to_string();
        let answer = bare_with_console(&desk, "POST", "/api/v1/alarms/nowhere/shelve", &body).await;
        assert_eq!(answer.status, status, "{minutes}: {answer:?}");
    }
}

#[tokio::test]
async fn a_token_is_shown_once_holds_until_its_end_and_is_revoked_at_once() {
    let desk = desk().await;
    let make = async |body: &str| bare_with_console(&desk, "POST", "/api/v1/tokens", body).await;
    let made = make(r#"{"name":"ci","role":"viewer"}"#).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.json()["token"].as_str().expect("a text").to_owned();
    assert!(token.starts_with("takt_") && token.len() == 69);
    let listed = get(desk.address, "/api/v1/tokens").await;
    assert!(!listed.body.contains(&token), "it is shown once");
    let database = std::fs::read(desk.dir.path().join("access.sqlite")).expect("it is there");
    assert!(!database.windows(32).any(|part| part == &token.as_bytes()[8..40]), "it is kept as a digest");
    let bearer = format!("Bearer {token}");
    let with =
        async |bearer: &str, path: &str| ask(desk.address, "GET", path, &[("Authorization", bearer)]).await.status;
    assert_eq!(with(&bearer, "/api/v1/status").await, 200);
    assert_eq!(with(&bearer, "/api/v1/users").await, 403, "a viewer's token");
    for wrong in ["Bearer takt_0", "Bearer ", "Basic YTpi", &bearer[..60]] {
        assert_eq!(with(wrong, "/api/v1/status").await, 401, "{wrong}");
    }
    assert_eq!(make(r#"{"name":"CI","role":"viewer"}"#).await.status, 409);
    assert_eq!(make(r#"{"name":"old","role":"viewer","expires":"2020-01-01T00:00:00Z"}"#).await.status, 400);
    assert_eq!(make(r#"{"name":"odd","role":"viewer","expires":"tomorrow"}"#).await.status, 400);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(1_500);
    let short = make(&format!(r#"{{"name":"short","role":"viewer","expires":"{soon}"}}"#)).await.json();
    let short = format!("Bearer {}", short["token"].as_str().expect("a text"));
    assert_eq!(with(&short, "/api/v1/status").await, 200);
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    assert_eq!(with(&short, "/api/v1/status").await, 401, "it expired");
    assert_eq!(ask(desk.address, "DELETE", "/api/v1/tokens/ci", &[]).await.status, 204);
    assert_eq!(with(&bearer, "/api/v1/status").await, 401, "it is revoked");
    // A token that does not hold is not made good by a cookie.
    desk.user("anna", Role::Viewer).await;
    let anna = Browser::sign_in(&desk, "anna").await;
    let both = [("Cookie", anna.cookie.as_str()), ("Authorization", bearer.as_str())];
    assert_eq!(bare(desk.address, "GET", "/api/v1/status", &both, "").await.status, 401);
    let told = format!("{:?}{:?}", desk.acts.of("access.token_add"), desk.acts.of("access.token_revoke"));
    assert!(told.contains("console (administrator, 127.0.0.1): token ci is made, as viewer"), "{told}");
    assert!(told.contains("token ci is revoked") && !told.contains("takt_"), "{told}");
}

#[tokio::test]
async fn metrics_are_open_on_the_box_and_closed_behind_a_proxy() {
    let desk = desk().await;
    let own = bare(desk.address, "GET", "/metrics", &[], "").await;
    assert_eq!(own.status, 200);
    let proxied = [("X-Forwarded-For", "10.0.0.5")];
    assert_eq!(bare(desk.address, "GET", "/metrics", &proxied, "").await.status, 401);
    assert_eq!(ask(desk.address, "GET", "/metrics", &proxied).await.status, 200, "with a token");
}

async fn bare_with_console(desk: &crate::Desk, method: &str, path: &str, body: &str) -> crate::http::Answer {
    let token = crate::http::token(desk.address);
    let header = token.trim_end().split_once(": ").expect("a header");
    bare(desk.address, method, path, &[header], body).await
}
