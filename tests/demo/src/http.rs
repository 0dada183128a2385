//! `GET` over HTTP from the gateway on the loopback, with the console's token: one request, one connection.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The status code and the body. HTTP/1.0 asks for a body in one piece.
pub(crate) async fn get(server: SocketAddr, token: &Path, path: &str) -> Result<(u16, String)> {
    // New at each start of the gateway, which writes it before it listens.
    let token = tokio::fs::read_to_string(token).await.unwrap_or_default();
    let ask = async {
        let mut stream = TcpStream::connect(server).await?;
        let request =
            format!("GET {path} HTTP/1.0\r\nHost: {server}\r\nAuthorization: Bearer {}\r\n\r\n", token.trim());
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, ask).await.context("the gateway does not answer")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("the gateway's answer is no HTTP")?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("the answer has no status code")?;
    Ok((code, body.to_owned()))
}

/// A JSON document that must be there.
pub(crate) async fn json(server: SocketAddr, token: &Path, path: &str) -> Result<Value> {
    let (code, body) = get(server, token, path).await?;
    if code != 200 {
        bail!("GET {path} gave {code}: {body}");
    }
    serde_json::from_str(&body).with_context(|| format!("GET {path} gave no JSON"))
}
