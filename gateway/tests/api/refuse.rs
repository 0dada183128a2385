//! Who is refused: other hosts, other sites, other methods, too much, and garbage.

use crate::http::{ask, get, raw};
use crate::shelf::Shelf;
use crate::{desk, desk_with};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn only_the_names_of_this_box_are_served() {
    let hosts = vec!["gateway.local".into(), "proxy.local:8443".into()];
    let desk = desk_with(Shelf::default(), |options| options.hosts = hosts).await;
    let port = desk.address.port();
    let cases = [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LocalHost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("gateway.local".to_owned(), 200),
        (format!("gateway.local:{port}"), 200),
        ("proxy.local:8443".to_owned(), 200),
        ("proxy.local".to_owned(), 403),
        ("127.0.0.1".to_owned(), 403),
        (format!("127.0.0.1:{}", port ^ 1), 403),
        (format!("evil.example:{port}"), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
        (format!("localhost.evil.example:{port}"), 403),
        (format!("evil.example@127.0.0.1:{port}"), 403),
        (String::new(), 403),
    ];
    for (host, status) in cases {
        let answer = ask(desk.address, "GET", "/api/v1/status", &[("Host", &host)]).await;
        assert_eq!(answer.status, status, "{host}");
        if status != 200 {
            assert!(answer.json()["hint"].as_str().is_some_and(|hint| hint.contains("rebinding")), "{host}");
            assert!(!answer.body.contains("press-3"), "{host} was told something");
        }
    }
    let none = raw(desk.address, b"GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert_eq!(none.status, 400);
    let two = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert_eq!(raw(desk.address, two.as_bytes()).await.status, 400);
    let absolute = format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(raw(desk.address, absolute.as_bytes()).await.status, 400);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let desk = desk().await;
    let own = format!("http://{}", desk.address);
    let port = desk.address.port();
    let cases = [
        ("GET", vec![("Origin", own.as_str())], 200),
        ("GET", vec![("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")], 200),
        ("GET", vec![("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")], 200),
        ("GET", vec![("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], 200),
        ("GET", vec![("Origin", "http://evil.example")], 403),
        ("GET", vec![("Origin", "null")], 403),
        ("GET", vec![("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], 403),
        ("POST", vec![("Origin", "http://evil.example")], 403),
        ("POST", vec![("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], 403),
    ];
    for (method, headers, status) in cases {
        let answer = ask(desk.address, method, "/api/v1/status", &headers).await;
        assert_eq!(answer.status, status, "{method} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    assert_eq!(ask(desk.address, "GET", "/", &[("Origin", &other_port)]).await.status, 403);
    let metrics = get(desk.address, "/metrics").await.body;
    assert!(metrics.contains("takt_http_refused_total{of=\"origin\"} 6"), "{metrics}");
}

#[tokio::test]
async fn what_only_reads_takes_nothing_else() {
    let desk = desk().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        for path in ["/api/v1/status", "/", "/metrics"] {
            let answer = ask(desk.address, method, path, &[("Content-Length", "0")]).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.json()["hint"].as_str().is_some_and(|hint| hint.contains("openapi")), "{method} {path}");
        }
    }
    assert_eq!(ask(desk.address, "HEAD", "/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn too_much_and_garbage_end_cleanly() {
    let desk = desk().await;
    let host = format!("Host: {}\r\n", desk.address);
    let token = crate::http::token(desk.address);
    let long_header = format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "a".repeat(100_000));
    let long_path = format!("GET /{} HTTP/1.1\r\n{host}Connection: close\r\n\r\n", "a".repeat(100_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(200));
    for (request, statuses) in [
        (long_header.into_bytes(), &[431_u16, 400, 0][..]),
        (long_path.into_bytes(), &[414, 431, 400, 0]),
        (many_headers.into_bytes(), &[431, 400, 0]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20), &[400, 0]),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[400, 505, 0]),
        (b"\x00\x00\x00\x00\r\n\r\n".to_vec(), &[400, 0]),
        (b"GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), &[400, 0]),
    ] {
        let answer = raw(desk.address, &request).await;
        assert!(statuses.contains(&answer.status), "{} for {:?}", answer.status, &request[..request.len().min(60)]);
    }
    let body =
        format!("GET /api/v1/status HTTP/1.1\r\n{host}{token}Content-Length: 100000000\r\nConnection: close\r\n\r\n");
    assert_eq!(raw(desk.address, body.as_bytes()).await.status, 200, "a body nobody asked for is not read");
    assert_eq!(get(desk.address, "/healthz").await.status, 200, "it lives on");
}

/// As long as the route is patient: 15 s. Without an end the connection would keep its place for ever.
#[tokio::test]
async fn a_body_that_never_comes_holds_no_connection() {
    let desk = desk().await;
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
        desk.address
    );
    // It reads until the server closes: nothing here asked it to.
    let answer = raw(desk.address, head.as_bytes()).await;
    // The answer's patience and the body's end in the same moment; either may be told.
    assert!(matches!(answer.status, 400 | 504), "{answer:?}");
    assert!(answer.json()["error"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn connections_are_bounded() {
    let desk = desk().await;
    let mut held = Vec::new();
    for _ in 0..takt::api::CONNECTIONS_MAX {
        held.push(TcpStream::connect(desk.address).await.expect("it listens"));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut over = TcpStream::connect(desk.address).await.expect("the system accepts it");
    let mut byte = [0];
    let ended = tokio::time::timeout(Duration::from_secs(5), over.read(&mut byte)).await.expect("closed at once");
    assert!(matches!(ended, Ok(0) | Err(_)), "it was served beyond the limit");
    drop(held);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(get(desk.address, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let desk = desk().await;
    let options = takt::api::HttpOptions::listen(desk.address).expect("loopback");
    let until = tokio_util::sync::CancellationToken::new();
    let second = takt::api::Server::bind(&options, desk.parts.clone(), until).await;
    let why = second.err().expect("the port is taken").to_string();
    assert!(why.contains(&desk.address.to_string()) && why.contains("http.address"), "{why}");
}
