//! Who tries passwords harms nobody else: not another user, not another address, not the console.

use crate::http::{Answer, bare, get};
use crate::{Desk, PASSWORD, desk};
use takt::access::{Access, AccessError, Password, Role, UserChange, UserOrder};
use takt::secrets::Secret;

async fn sign_in(desk: &Desk, user: &str, password: &str) -> Answer {
    let body = serde_json::json!({ "user": user, "password": password }).to_string();
    bare(desk.address, "POST", "/api/v1/session", &[], &body).await
}

/// Tries until it is told to wait; gives how often it could.
async fn attack(access: &Access, user: &str, from: &str) -> usize {
    for n in 0..100 {
        let tried = access.sign_in(user, &Password::new("wrong wrong wrong"), from.parse().expect("an address")).await;
        if matches!(tried, Err(AccessError::Limited { .. })) {
            return n;
        }
        assert!(matches!(tried, Err(AccessError::Wrong)));
    }
    panic!("there is no limit");
}

#[tokio::test]
async fn brute_force_is_slowed_and_told() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    desk.user("berta", Role::Viewer).await;
    let mut n_tries = 0;
    let limited = loop {
        let answer = sign_in(&desk, "anna", "wrong wrong wrong").await;
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 401);
        n_tries += 1;
        assert!(n_tries < 50, "there is no limit");
    };
    assert!(limited.json()["retry_after_s"].as_u64() > Some(0), "{limited:?}");
    assert_eq!(limited.header("retry-after").map(str::len), Some(1));
    // The right password from there waits too: the answer gives nothing away.
    assert_eq!(sign_in(&desk, "anna", PASSWORD).await.status, 429);
    assert_eq!(sign_in(&desk, "ANNA", PASSWORD).await.status, 429);
    // Another user at the same place does not, and the console never does.
    assert_eq!(sign_in(&desk, "berta", PASSWORD).await.status, 200);
    assert_eq!(get(desk.address, "/api/v1/status").await.status, 200);
    let told = desk.acts.of("access.sign_in_failed");
    assert_eq!(told.len(), n_tries, "{told:?}");
    assert!(told[0].starts_with("anna (127.0.0.1)") && !told[0].contains("wrong wrong"), "{told:?}");
    // The console resets it, and the wait is over.
    let change = UserChange { password: Some(Password::new("a much better one")), ..UserChange::default() };
    desk.access.carry_out(&UserOrder::Change { name: "anna".into(), change }, "a test").await.expect("changed");
    assert_eq!(sign_in(&desk, "anna", "a much better one").await.status, 200);
}

#[tokio::test]
async fn the_right_password_from_another_address_counts_at_once() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    for n in 1..=8 {
        assert!(attack(&desk.access, "anna", &format!("10.0.0.{n}")).await <= 6);
    }
    let panel = "10.0.1.1".parse().expect("an address");
    let signed_in = desk.access.sign_in("anna", &Password::new(PASSWORD), panel).await;
    assert!(signed_in.is_ok(), "{:?}", signed_in.err());
}

#[tokio::test]
async fn unknown_users_and_wrong_passwords_are_one_answer() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    let (known, unknown) = (sign_in(&desk, "anna", "wrong wrong wrong").await, sign_in(&desk, "nobody", "x").await);
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    // Who types the password into the field of the name does not find it in the log.
    sign_in(&desk, "my secret password!", "x").await;
    let all = desk.acts.0.lock().expect("nobody panics here").clone();
    assert!(all.iter().all(|act| !format!("{act:?}").contains("secret")), "{all:?}");
    assert!(!format!("{:?}", Secret::new("x")).contains('x'));
}

#[tokio::test]
async fn strange_bodies_are_refused_without_a_500() {
    let desk = desk().await;
    let long = format!(r#"{{"user":"{}","password":"{}"}}"#, "u".repeat(30_000), "p".repeat(30_000));
    for (body, status) in [
        ("{}", 400),
        ("[]", 400),
        ("nothing", 400),
        (r#"{"user":"anna","password":7}"#, 400),
        (r#"{"user":"anna","password":"x","role":"administrator"}"#, 400),
        (r#"{"user":"\u0000","password":"\u0000"}"#, 401),
        (r#"{"user":"' OR 1=1 --","password":"x"}"#, 401),
        (&long, 401),
    ] {
        let answer = bare(desk.address, "POST", "/api/v1/session", &[], body).await;
        assert_eq!(answer.status, status, "{}: {answer:?}", &body[..body.len().min(60)]);
        assert!(answer.json()["hint"].is_string());
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "11")];
    assert_eq!(bare(desk.address, "POST", "/api/v1/session", &form, "").await.status, 415);
    let huge = format!(r#"{{"user":"{}"}}"#, "u".repeat(100_000));
    assert_eq!(bare(desk.address, "POST", "/api/v1/session", &[], &huge).await.status, 413);
}
