//! A plain HTTP client over a socket: what goes out is exactly what a test wrote.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The console's token of each gateway in this process.
static TOKENS: Mutex<BTreeMap<SocketAddr, String>> = Mutex::new(BTreeMap::new());

/// From now on requests to this address come with this token, unless they say otherwise.
pub fn remember(address: SocketAddr, token: &str) {
    TOKENS.lock().expect("nobody panics here").insert(address, token.to_owned());
}

/// The header with the console's token.
pub fn token(address: SocketAddr) -> String {
    let token = TOKENS.lock().expect("nobody panics here").get(&address).cloned();
    token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default()
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("no JSON ({why}): {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
}

pub async fn raw(address: SocketAddr, request: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(address).await.expect("the server listens");
    // The server may answer and close before it has read everything.
    drop(socket.write_all(request).await);
    let mut bytes = Vec::new();
    drop(
        tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut bytes)).await.expect("an answer in time"),
    );
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body =
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body }
}

pub async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, &[]).await
}

/// Asks with the console's token.
pub async fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let token = token(address);
    let own = token.trim_end().split_once(": ").filter(|_| !headers.iter().any(|(name, _)| *name == "Authorization"));
    let headers: Vec<_> = headers.iter().copied().chain(own).collect();
    bare(address, method, path, &headers, "").await
}

/// Asks with what is said here and nothing more; a body is JSON.
pub async fn bare(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {address}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    raw(address, (request + "\r\n" + body).as_bytes()).await
}

fn unchunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let n = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if n == 0 || rest.len() < n {
            break;
        }
        whole.push_str(&rest[..n]);
        body = rest[n..].trim_start_matches("\r\n");
    }
    whole
}
