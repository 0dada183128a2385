//! Signing in and out: cookies, forged requests, expiry, and what ends a session.

use crate::http::{Answer, bare};
use crate::shelf::Shelf;
use crate::{Desk, LIMITS, PASSWORD, desk, desk_at};
use std::time::Duration;
use takt::access::{Password, Role, SessionLimits, UserChange, UserOrder};
use takt::api::HttpOptions;

/// A browser that is signed in.
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    /// Signs in with the password of all test users.
    pub async fn sign_in(desk: &Desk, user: &str) -> Self {
        let answer = sign_in(desk, user, PASSWORD, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Self::of(&answer)
    }

    fn of(answer: &Answer) -> Self {
        let set = answer.header("set-cookie").expect("a cookie");
        let csrf = answer.json()["csrf"].as_str().expect("a token").to_owned();
        Self { cookie: set.split(';').next().expect("a pair").to_owned(), csrf }
    }

    /// Asks with cookie and token.
    pub async fn ask(&self, desk: &Desk, method: &str, path: &str, body: &str) -> Answer {
        let headers = [("Cookie", self.cookie.as_str()), ("X-Takt-CSRF", self.csrf.as_str())];
        bare(desk.address, method, path, &headers, body).await
    }
}

async fn sign_in(desk: &Desk, user: &str, password: &str, headers: &[(&str, &str)]) -> Answer {
    let body = serde_json::json!({ "user": user, "password": password }).to_string();
    bare(desk.address, "POST", "/api/v1/session", headers, &body).await
}

async fn change(desk: &Desk, name: &str, change: UserChange) {
    let order = UserOrder::Change { name: name.into(), change };
    desk.access.carry_out(&order, "a test").await.expect("changed");
}

#[tokio::test]
async fn a_session_lies_in_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let desk = desk().await;
    desk.user("anna", Role::Engineer).await;
    let before = bare(desk.address, "GET", "/api/v1/session", &[], "").await;
    assert_eq!((before.status, &before.json()["signed_in"]), (200, &false.into()));
    assert_eq!(before.json()["setup_needed"], true, "an engineer is no administrator");
    let answer = sign_in(&desk, "anna", PASSWORD, &[]).await;
    let set = answer.header("set-cookie").expect("a cookie").to_owned();
    for part in ["takt_session=", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
        assert!(set.contains(part), "{part} is not in {set}");
    }
    assert!(!set.contains("Secure") && !set.contains("Domain"), "{set}");
    let browser = Browser::of(&answer);
    let session = browser.ask(&desk, "GET", "/api/v1/session", "").await.json();
    assert_eq!((&session["user"], &session["role"]), (&"anna".into(), &"engineer".into()));
    assert_eq!(session["csrf"].as_str(), Some(browser.csrf.as_str()));
    assert!(session["zone"].is_string() && session["version"].is_string());
    assert!(!browser.cookie.contains(&browser.csrf), "the token is not the cookie");
    assert_eq!(desk.acts.of("access.sign_in"), ["anna (engineer, 127.0.0.1): signed in"]);
}

#[tokio::test]
async fn a_change_by_cookie_needs_its_sessions_token() {
    let desk = desk().await;
    desk.user("anna", Role::Administrator).await;
    desk.user("eve", Role::Administrator).await;
    let (anna, eve) = (Browser::sign_in(&desk, "anna").await, Browser::sign_in(&desk, "eve").await);
    let body = r#"{"name":"ci","role":"viewer"}"#;
    let cookie = ("Cookie", anna.cookie.as_str());
    for headers in [
        vec![cookie],
        vec![cookie, ("X-Takt-CSRF", "")],
        vec![cookie, ("X-Takt-CSRF", "0123")],
        vec![cookie, ("X-Takt-CSRF", eve.csrf.as_str())],
    ] {
        let answer = bare(desk.address, "POST", "/api/v1/tokens", &headers, body).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.json()["hint"].as_str().is_some_and(|hint| hint.contains("X-Takt-CSRF")));
    }
    let evil = [cookie, ("X-Takt-CSRF", anna.csrf.as_str()), ("Origin", "http://evil.example")];
    assert_eq!(bare(desk.address, "POST", "/api/v1/tokens", &evil, body).await.status, 403);
    assert_eq!(anna.ask(&desk, "POST", "/api/v1/tokens", body).await.status, 201);
    // Reading needs none.
    assert_eq!(bare(desk.address, "GET", "/api/v1/tokens", &[cookie], "").await.status, 200);
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_nobody_can_bring_one_along() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    let planted = format!("takt_session={}", "a".repeat(64));
    let fixed = sign_in(&desk, "anna", PASSWORD, &[("Cookie", &planted)]).await;
    assert_eq!(fixed.status, 200);
    let first = Browser::of(&fixed);
    assert_ne!(first.cookie, planted, "session fixation");
    let used = bare(desk.address, "GET", "/api/v1/status", &[("Cookie", &planted)], "").await;
    assert_eq!(used.status, 401);
    // Signing in again in the same browser ends what it was before.
    let headers = [("Cookie", first.cookie.as_str()), ("X-Takt-CSRF", first.csrf.as_str())];
    let second = Browser::of(&sign_in(&desk, "anna", PASSWORD, &headers).await);
    assert_eq!(first.ask(&desk, "GET", "/api/v1/status", "").await.status, 401);
    assert_eq!(second.ask(&desk, "GET", "/api/v1/status", "").await.status, 200);
}

#[tokio::test]
async fn signing_out_ends_it_everywhere() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    let browser = Browser::sign_in(&desk, "anna").await;
    let other = Browser::sign_in(&desk, "anna").await;
    let out = browser.ask(&desk, "DELETE", "/api/v1/session", "").await;
    assert_eq!(out.status, 204, "{out:?}");
    assert!(out.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")), "{out:?}");
    assert_eq!(browser.ask(&desk, "GET", "/api/v1/status", "").await.status, 401);
    assert_eq!(other.ask(&desk, "GET", "/api/v1/status", "").await.status, 200, "another browser goes on");
    assert_eq!(desk.acts.of("access.sign_out").len(), 1);
}

#[tokio::test]
async fn password_role_and_removal_end_sessions() {
    let desk = desk().await;
    desk.user("boss", Role::Administrator).await;
    desk.user("anna", Role::Viewer).await;
    let is_in = async |browser: &Browser| browser.ask(&desk, "GET", "/api/v1/status", "").await.status == 200;
    let password = Some(Password::new("another good password"));
    for changed in [
        UserChange { role: Some(Role::Operator), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
        UserChange { password, ..UserChange::default() },
    ] {
        let back =
            UserChange { role: Some(Role::Viewer), password: Some(Password::new(PASSWORD)), disabled: Some(false) };
        change(&desk, "anna", back).await;
        let browser = Browser::sign_in(&desk, "anna").await;
        assert!(is_in(&browser).await);
        change(&desk, "anna", changed.clone()).await;
        assert!(!is_in(&browser).await, "{changed:?}");
    }
    change(&desk, "anna", UserChange { disabled: Some(true), ..UserChange::default() }).await;
    let disabled = sign_in(&desk, "anna", "another good password", &[]).await;
    assert_eq!(disabled.status, 401, "a disabled user");
    assert_eq!(disabled.json()["error"], sign_in(&desk, "nobody", PASSWORD, &[]).await.json()["error"]);
    let boss = Browser::sign_in(&desk, "boss").await;
    assert_eq!(boss.ask(&desk, "DELETE", "/api/v1/users/anna", "").await.status, 204);
    assert_eq!(boss.ask(&desk, "DELETE", "/api/v1/users/boss", "").await.status, 409, "the last administrator");
    assert_eq!(boss.ask(&desk, "PATCH", "/api/v1/users/boss", r#"{"role":"viewer"}"#).await.status, 409);
    assert_eq!(boss.ask(&desk, "PATCH", "/api/v1/users/boss", r#"{"disabled":true}"#).await.status, 409);
    assert!(is_in(&boss).await);
}

#[tokio::test]
async fn ones_own_password_takes_the_old_one_and_ends_the_other_sessions() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    let (here, there) = (Browser::sign_in(&desk, "anna").await, Browser::sign_in(&desk, "anna").await);
    let body = |old: &str, new: &str| serde_json::json!({ "old": old, "new": new }).to_string();
    let wrong = here.ask(&desk, "POST", "/api/v1/password", &body("wrong wrong wrong", "a much better one")).await;
    assert_eq!(wrong.status, 401);
    let short = here.ask(&desk, "POST", "/api/v1/password", &body(PASSWORD, "zzyx77")).await;
    assert_eq!(short.status, 400);
    assert!(!short.body.contains("zzyx77"), "a password is not repeated");
    assert_eq!(here.ask(&desk, "POST", "/api/v1/password", &body(PASSWORD, "a much better one")).await.status, 204);
    assert_eq!(here.ask(&desk, "GET", "/api/v1/status", "").await.status, 200);
    assert_eq!(there.ask(&desk, "GET", "/api/v1/status", "").await.status, 401);
    assert_eq!(sign_in(&desk, "anna", PASSWORD, &[]).await.status, 401);
    assert_eq!(sign_in(&desk, "anna", "a much better one", &[]).await.status, 200);
    let console = crate::http::ask(desk.address, "POST", "/api/v1/password", &[("Content-Length", "0")]).await;
    assert!(matches!(console.status, 400 | 409 | 415), "a token has no password: {console:?}");
}

#[tokio::test]
async fn a_session_ends_without_use_and_after_its_longest_time() {
    let limits = [
        SessionLimits { idle: Duration::from_secs(1), ..LIMITS },
        SessionLimits { longest: Duration::from_secs(1), ..LIMITS },
    ];
    for limits in limits {
        let options = HttpOptions::listen(([127, 0, 0, 1], 0).into()).expect("loopback");
        let desk = desk_at(Shelf::default(), options, limits).await;
        desk.user("anna", Role::Viewer).await;
        let browser = Browser::sign_in(&desk, "anna").await;
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        let answer = browser.ask(&desk, "GET", "/api/v1/status", "").await;
        assert_eq!(answer.status, 401, "{limits:?}");
        assert!(answer.json()["error"].as_str().is_some_and(|error| error.contains("ended")), "{answer:?}");
    }
}

#[tokio::test]
async fn the_first_administrator_takes_the_consoles_code_once() {
    let desk = desk().await;
    let code = desk.access.setup_code().expect("nobody can sign in yet").to_owned();
    let file = desk.dir.path().join("setup.code");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there").trim(), code);
    let set_up = async |code: &str, user: &str, password: &str| {
        let body = serde_json::json!({ "code": code, "user": user, "password": password }).to_string();
        bare(desk.address, "POST", "/api/v1/setup", &[], &body).await
    };
    assert_eq!(set_up("00000-00000-00000-00000", "boss", PASSWORD).await.status, 401);
    assert_eq!(set_up(&code, "boss", "short").await.status, 400, "a first start forces a good password");
    assert_eq!(set_up(&code, "console", PASSWORD).await.status, 400, "a reserved name");
    let made = set_up(&code.to_lowercase().replace('-', " "), "boss", PASSWORD).await;
    assert_eq!((made.status, &made.json()["role"]), (200, &"administrator".into()), "{made:?}");
    assert!(!file.exists(), "the code is used");
    assert_eq!(set_up(&code, "eve", PASSWORD).await.status, 409, "it works once");
    let browser = Browser::of(&made);
    let session = browser.ask(&desk, "GET", "/api/v1/session", "").await.json();
    assert_eq!((&session["setup_needed"], &session["user"]), (&false.into(), &"boss".into()));
    assert_eq!(desk.acts.of("access.set_up_failed").len(), 1);
}

#[tokio::test]
async fn the_set_up_code_cannot_be_tried_out() {
    let desk = desk().await;
    let body = serde_json::json!({ "code": "x", "user": "eve", "password": PASSWORD }).to_string();
    let mut limited = None;
    for _ in 0..10 {
        let answer = bare(desk.address, "POST", "/api/v1/setup", &[], &body).await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
        assert_eq!(answer.status, 401);
    }
    let limited = limited.expect("a limit");
    assert!(limited.json()["retry_after_s"].as_u64() > Some(0) && limited.header("retry-after").is_some());
}

#[tokio::test]
async fn a_code_is_new_at_each_start_and_of_no_use_once_somebody_is_there() {
    let (first, second) = (desk().await, desk().await);
    assert_ne!(first.access.setup_code(), second.access.setup_code());
    let code = first.access.setup_code().expect("a code").to_owned();
    first.user("boss", Role::Administrator).await;
    let body = serde_json::json!({ "code": code, "user": "eve", "password": PASSWORD }).to_string();
    assert_eq!(bare(first.address, "POST", "/api/v1/setup", &[], &body).await.status, 409);
}
