//! `takt status` and `takt tags`: what the running gateway says over HTTP.

use super::answer::Answer;
use super::context::Context;
use super::table::{bytes, table};
use crate::access;
use crate::board::status::{CheckStatus, Severity, Status, TagStatus};
use crate::tls;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use takt_config::resolved::Gateway;
use takt_plant::LineId;

/// A gateway on this box answers within milliseconds; a busy one may take a while.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which tags.
#[derive(Debug, clap::Args)]
pub(super) struct Tags {
    /// The line.
    line: LineId,
    /// Only tags whose name contains this.
    #[arg(long, value_name = "TEXT")]
    like: Option<String>,
}

pub(super) async fn status(context: &Context) -> Result<Answer> {
    let json = get(context, "/api/v1/status", &[]).await?;
    let status: Status =
        serde_json::from_value(json.clone()).context("the gateway answers in words of another version")?;
    Ok(Answer::new(text(&status), json))
}

pub(super) async fn tags(tags: &Tags, context: &Context) -> Result<Answer> {
    let mut query = vec![("line", tags.line.as_str())];
    query.extend(tags.like.as_deref().map(|like| ("like", like)));
    let json = get(context, "/api/v1/tags", &query).await?;
    let listed: Vec<TagStatus> =
        serde_json::from_value(json["tags"].clone()).context("the gateway answers in words of another version")?;
    let row = |tag: &TagStatus| {
        let value = match &tag.value {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        let quality = match &tag.why {
            Some(why) => format!("{}: {why}", tag.quality),
            None => tag.quality.clone(),
        };
        let age = tag.age_ms.map_or_else(String::new, |age_ms| span(Duration::from_millis(age_ms)));
        [tag.id.clone(), value, tag.unit.clone(), quality, age, tag.connection.clone()]
    };
    let rows: Vec<_> = listed.iter().map(row).collect();
    let text = table(["TAG", "VALUE", "UNIT", "QUALITY", "AGE", "CONNECTION"], &rows);
    Ok(Answer::new(text, json!({ "tags": json["tags"] })))
}

/// The status of the gateway that answers at this configuration's address, if one does.
pub(super) async fn answering(context: &Context) -> Option<Status> {
    serde_json::from_value(get(context, "/api/v1/status", &[]).await.ok()?).ok()
}

/// Asks the gateway of this configuration, with the token that lies in its folder.
async fn get(context: &Context, path: &str, query: &[(&str, &str)]) -> Result<Value> {
    let gateway = context.gateway()?;
    let url = url(&gateway);
    let client = client(&gateway).with_context(|| format!("no gateway answers on {url}; start it with `takt run`"))?;
    let pairs = query.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect::<Vec<_>>().join("&");
    let mut asked = client.get(format!("{url}{path}?{pairs}"));
    if let Ok(token) = std::fs::read_to_string(access::console_token(&gateway.data_dir)) {
        asked = asked.bearer_auth(token.trim());
    }
    let asked = asked.send().await;
    let answer = asked.with_context(|| format!("no gateway answers on {url}; start it with `takt run`"))?;
    let status = answer.status();
    let text = answer.text().await.context("the gateway went away while it answered; ask again")?;
    let json: Value = serde_json::from_str(&text)
        .with_context(|| format!("what listens on {url} is no gateway; see `takt doctor`"))?;
    if status == reqwest::StatusCode::UNAUTHORIZED {
        let token = access::console_token(&gateway.data_dir);
        bail!(
            "the gateway on {url} does not take the token in {}; ask as the user that runs it, with its configuration",
            token.display()
        );
    }
    if !status.is_success() {
        let part = |key: &str| json[key].as_str().unwrap_or("?").to_owned();
        bail!("{}; {}", part("error"), part("hint"));
    }
    Ok(json)
}

/// How a thread asks this gateway for what may take long, with the token that lies in its folder.
pub(super) struct Asking {
    url: String,
    tls: Option<Vec<u8>>,
    token: Option<String>,
}

/// How this configuration's gateway is asked. Whether one runs shows when it is.
pub(super) fn asking(context: &Context) -> Result<Asking> {
    let gateway = context.gateway()?;
    let token = std::fs::read_to_string(access::console_token(&gateway.data_dir)).ok();
    // A gateway that never ran has no certificate.
    let tls = crate::run::shown_certificate(&gateway).unwrap_or_default();
    Ok(Asking { url: url(&gateway), tls, token: token.map(|token| token.trim().to_owned()) })
}

impl Asking {
    /// Asks for something.
    pub(super) fn get(&self, path: &str) -> Result<reqwest::blocking::RequestBuilder> {
        Ok(self.with_token(self.client()?.get(format!("{}{path}", self.url))))
    }

    /// Sends something.
    pub(super) fn post(&self, path: &str) -> Result<reqwest::blocking::RequestBuilder> {
        Ok(self.with_token(self.client()?.post(format!("{}{path}", self.url))))
    }

    fn client(&self) -> Result<reqwest::blocking::Client> {
        let mut builder = reqwest::blocking::Client::builder().no_proxy().timeout(None);
        if let Some(certificate) = &self.tls {
            builder = builder.tls_backend_preconfigured(tls::pinned(certificate)?);
        }
        Ok(builder.build()?)
    }

    fn with_token(&self, asked: reqwest::blocking::RequestBuilder) -> reqwest::blocking::RequestBuilder {
        match &self.token {
            Some(token) => asked.bearer_auth(token),
            None => asked,
        }
    }
}

/// Where the gateway is reached on its own box: one that listens on all addresses by the loopback.
fn url(gateway: &Gateway) -> String {
    let mut address = gateway.http.address.value;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    let scheme = if gateway.http.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// The gateway is on this box: no proxy may stand between, and its certificate is known.
fn client(gateway: &Gateway) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    if let Some(certificate) = crate::run::shown_certificate(gateway)? {
        builder = builder.tls_backend_preconfigured(tls::pinned(&certificate)?);
    }
    Ok(builder.build()?)
}

/// A query's value as a URL carries it (RFC 3986, 2.1).
fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn text(status: &Status) -> String {
    let ready = if status.ready { "ready" } else { "NOT READY" };
    let up = span(Duration::from_secs(status.uptime_s));
    let mut parts = vec![format!(
        "{} at {}: {}, {ready}, up {up}, takt {}, {}",
        status.gateway, status.site, status.phase, status.version, status.runtime
    )];
    let problems = status.problems.iter().map(|problem| {
        let mark = if problem.severity == Severity::NotReady { "not ready" } else { "note" };
        format!("{mark}: {}: {}", problem.place, problem.why)
    });
    let problems: Vec<String> = problems.collect();
    if !problems.is_empty() {
        parts.push(problems.join("\n"));
    }
    let checks: Vec<&CheckStatus> = status.lines.iter().flat_map(|line| &line.checks).collect();
    if !checks.is_empty() {
        parts.push(self::checks(&checks));
    }
    parts.extend(outputs(&checks));
    let row = |c: &crate::board::status::ConnectionStatus| {
        let link = c.why.as_ref().map_or_else(|| c.link.clone(), |why| format!("{}: {why}", c.link));
        [c.id.clone(), c.kind.clone(), c.address.clone(), c.n_messages.to_string(), c.n_rejects.to_string(), link]
    };
    let rows: Vec<_> = status.connections.iter().map(row).collect();
    if !rows.is_empty() {
        parts.push(table(["CONNECTION", "KIND", "ADDRESS", "MESSAGES", "REJECTS", "LINK"], &rows));
    }
    parts.push(match (&status.store.why, status.store.n_bytes) {
        (Some(why), _) => format!("store {}: {why}", status.store.standing),
        (None, n_bytes) => format!("store {}, {}", status.store.standing, bytes(n_bytes.unwrap_or(0))),
    });
    parts.join("\n\n")
}

fn checks(checks: &[&CheckStatus]) -> String {
    let row = |check: &&CheckStatus| {
        let model = check.model.as_ref().map_or("none".to_owned(), |m| format!("{} {}", m.name, m.version));
        let counts = &check.verdicts;
        let books = if check.books.close { "close" } else { "DO NOT CLOSE" };
        [
            format!("{}/{}", check.line, check.id),
            model,
            check.provider.clone().unwrap_or_default(),
            counts.pass.to_string(),
            counts.fail.to_string(),
            counts.inconclusive.to_string(),
            format!("{:.1}", check.rate_per_s),
            check.latency_us.total.p99.to_string(),
            books.to_owned(),
        ]
    };
    let heading = ["CHECK", "MODEL", "ON", "PASS", "FAIL", "INCONCLUSIVE", "PER S", "P99 µs", "BOOKS"];
    table(heading, &checks.iter().map(row).collect::<Vec<_>>())
}

fn outputs(checks: &[&CheckStatus]) -> Option<String> {
    let mut rows = Vec::new();
    for check in checks {
        for output in &check.outputs {
            let by = output.armed_by.as_deref().unwrap_or_default();
            let armed = if output.armed { format!("ARMED by {by}") } else { "dry run".to_owned() };
            let last = output.last.as_ref().map_or_else(String::new, |w| format!("{} {}", w.value, w.outcome));
            let name = format!("{}/{}/{}", check.line, check.id, output.id);
            rows.push([name, format!("{} {}", output.connection, output.target), armed, last]);
        }
    }
    (!rows.is_empty()).then(|| table(["OUTPUT", "WRITES TO", "ARMING", "LAST WRITE"], &rows))
}

/// A span in its two largest units.
fn span(span: Duration) -> String {
    let s = span.as_secs();
    match s {
        0..=9 => format!("{:.1} s", span.as_secs_f64()),
        10..=119 => format!("{s} s"),
        120..=7_199 => format!("{} min", s / 60),
        7_200..=172_799 => format!("{} h {} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_their_two_largest_units() {
        for (s, text) in
            [(0.25, "0.2 s"), (59.0, "59 s"), (600.0, "10 min"), (7_260.0, "2 h 1 min"), (200_000.0, "2 d 7 h")]
        {
            assert_eq!(span(Duration::from_secs_f64(s)), text);
        }
    }

    #[test]
    fn queries_are_escaped() {
        assert_eq!(escaped("a b/ü.x"), "a%20b%2F%C3%BC.x");
    }
}
