//! Each endpoint × each role, off the OpenAPI document: nothing is served without its role.

use crate::http::{Answer, bare};
use crate::session::Browser;
use crate::{Desk, desk};
use serde_json::Value;
use takt::access::Role;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Method, path and least role of every documented endpoint.
fn endpoints() -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_str(&takt::api::openapi()).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in METHODS.into_iter().filter(|method| item[*method].is_object()) {
            let operation = &item[method];
            let role = operation["x-takt-role"].as_str().unwrap_or_else(|| panic!("{method} {path} has no role"));
            let scopes: Vec<&Value> = operation["security"].as_array().expect("security").iter().collect();
            if role == "anyone" {
                assert!(scopes.is_empty(), "{method} {path}");
            } else {
                assert_eq!((&scopes[0]["session"][0], &scopes[1]["token"][0]), (&role.into(), &role.into()));
            }
            found.push((method.to_uppercase(), path.clone(), role.to_owned()));
        }
    }
    assert!(found.len() >= 25, "{found:?}");
    found
}

async fn call(desk: &Desk, browser: Option<&Browser>, method: &str, path: &str) -> Answer {
    // A part of a path that nothing has: an endpoint that may be called says 404 or 400.
    let path: String = path
        .split('/')
        .map(|part| if part.starts_with('{') { "none-of-this-name" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    let body = if method == "GET" || method == "DELETE" { "" } else { "{}" };
    match browser {
        Some(browser) => browser.ask(desk, method, &path, body).await,
        None => bare(desk.address, method, &path, &[], body).await,
    }
}

#[tokio::test]
async fn every_endpoint_takes_its_role_and_no_less() {
    let desk = desk().await;
    let mut browsers = Vec::new();
    for role in Role::ALL {
        let name = format!("a-{role}");
        desk.user(&name, role).await;
        let browser = Browser::sign_in(&desk, &name).await;
        browsers.push((role, name, browser));
    }
    for (method, path, least) in endpoints() {
        // Its answer never ends.
        let is_stream = path == "/api/v1/stream";
        let needed = Role::of_word(&least);
        if needed.is_some() {
            let answer = call(&desk, None, &method, &path).await;
            assert_eq!(answer.status, 401, "{method} {path} without a sign-in: {answer:?}");
        }
        for (role, name, browser) in &browsers {
            let may = needed.is_none_or(|needed| *role >= needed);
            if is_stream && may {
                continue;
            }
            // Signing out ends a session, so that call has one of its own.
            let once = match (method.as_str(), path.as_str()) {
                ("DELETE", "/api/v1/session") => Some(Browser::sign_in(&desk, name).await),
                _ => None,
            };
            let answer = call(&desk, once.as_ref().or(Some(browser)), &method, &path).await;
            let is_refused = matches!(answer.status, 401 | 403);
            // Setting up with a body that is none is a 400, signing in likewise.
            assert_eq!(is_refused, !may, "{method} {path} needs {least}, as {role}: {answer:?}");
            assert_eq!(answer.status == 403, !may, "{method} {path} as {role}");
            assert!(answer.status < 500, "{method} {path} as {role}: {answer:?}");
        }
    }
}
