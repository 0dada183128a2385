//! The metrics are readable for Prometheus and say what the status says; OTLP counts what leaves.

use crate::desk;
use crate::fake::Fake;
use crate::http::get;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takt::board::{Viewer, WriteOutcome};
use takt::telemetry::{FollowOptions, Metric, OtlpOptions, Telemetry, TelemetryOptions, Way};
use takt_plant::{DropReason, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Prometheus text format 0.0.4, read strictly: series to value, and every series has HELP and TYPE.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut described = BTreeMap::new();
    let mut series = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (kind, name) = (words.next().expect("a kind"), words.next().expect("a name"));
            assert!(matches!(kind, "HELP" | "TYPE") && words.next().is_some(), "{line}");
            described.entry(name.to_owned()).or_insert_with(Vec::new).push(kind.to_owned());
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a value");
        let bare = name.split('{').next().expect("a name");
        assert_eq!(described.get(bare).map(Vec::len), Some(2), "{line} has no HELP and TYPE");
        assert!(name.ends_with('}') == name.contains('{'), "{line}");
        let doubled = series.insert(name.to_owned(), value.parse::<f64>().expect("a number"));
        assert!(doubled.is_none(), "{name} stands twice");
    }
    series
}

#[tokio::test]
async fn metrics_say_what_the_status_says() {
    let mut desk = desk().await;
    for _ in 0..4 {
        desk.fake.press.give(Outcome::Pass, 2, &desk.fake.clock);
    }
    let fail = desk.fake.press.give(Outcome::Fail, 2, &desk.fake.clock);
    desk.fake.press.write(&fail, WriteOutcome::Confirmed, &desk.fake.clock);
    desk.fake.press.drop_for(DropReason::Late, 3);
    desk.fake.reject(b"\xff");
    let answer = get(desk.address, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    let series = parse(&answer.body);
    let stroke = "check=\"stroke\",line=\"press-3\"";
    let cases = [
        ("takt_ready".to_owned(), 1.0),
        ("takt_problems{severity=\"degraded\"}".to_owned(), 1.0),
        (format!("takt_verdicts_total{{{stroke},reason=\"\",verdict=\"pass\"}}"), 4.0),
        (format!("takt_verdicts_total{{{stroke},reason=\"\",verdict=\"fail\"}}"), 1.0),
        (format!("takt_frames_received_total{{{stroke}}}"), 13.0),
        (format!("takt_frames_judged_total{{{stroke}}}"), 10.0),
        (format!("takt_frames_waiting{{{stroke}}}"), 0.0),
        (format!("takt_frames_dropped_total{{{stroke},reason=\"late\"}}"), 3.0),
        (format!("takt_latency_seconds{{{stroke},quantile=\"1\",stage=\"write\"}}"), 780e-6),
        (format!("takt_writes_total{{{stroke},outcome=\"confirmed\",output=\"reject\"}}"), 1.0),
        (format!("takt_output_armed{{{stroke},output=\"reject\"}}"), 1.0),
        ("takt_connection_up{connection=\"plc\"}".to_owned(), 1.0),
        ("takt_rejects_total{connection=\"broker\"}".to_owned(), 1.0),
        ("takt_queue_waiting{queue=\"journal\"}".to_owned(), 3.0),
        ("takt_store_bytes".to_owned(), 48_300_000.0),
    ];
    for (name, value) in cases {
        let found = series.get(&name);
        let near = found.is_some_and(|found| (found - value).abs() <= value.abs() * 1e-9);
        assert!(near, "{name} is {found:?}, not {value}:\n{}", answer.body);
    }
    let model =
        "takt_model_ready{check=\"row\",line=\"reactor\",model=\"tep\",provider=\"openvino:CPU\",version=\"4\"}";
    assert_eq!(series.get(model), Some(&1.0));
    for metric in Metric::ALL {
        let spec = metric.spec();
        assert!(spec.help.ends_with('.'), "{spec:?}");
    }
}

/// A way out that notes what passes, and can be shut.
#[derive(Default)]
struct Noting {
    shut: bool,
    left: Mutex<HashMap<&'static str, usize>>,
    blocked: Mutex<usize>,
    failed: Mutex<Vec<String>>,
}

impl Way for Noting {
    fn admit(&self, _: &'static str, _: usize) -> Result<(), String> {
        if !self.shut {
            return Ok(());
        }
        *self.blocked.lock().expect("no panic here") += 1;
        Err("this way ends beyond the site".into())
    }

    fn left(&self, signal: &'static str, n_bytes: usize) {
        *self.left.lock().expect("no panic here").entry(signal).or_default() += n_bytes;
    }

    fn failed(&self, _: &'static str, why: &str) {
        self.failed.lock().expect("no panic here").push(why.to_owned());
    }
}

/// What an exporter posted: path and body of each request.
type Posts = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Takes what an exporter posts and answers 200.
async fn collector() -> (std::net::SocketAddr, Posts) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let taken = Posts::default();
    let put = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let put = Arc::clone(&put);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                loop {
                    let mut more = [0; 65_536];
                    let n = socket.read(&mut more).await.unwrap_or(0);
                    if n == 0 {
                        return;
                    }
                    bytes.extend_from_slice(&more[..n]);
                    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                    let length = head.split("content-length: ").nth(1).and_then(|t| t.lines().next()?.parse().ok());
                    let length: usize = length.unwrap_or(0);
                    if bytes.len() < end + 4 + length {
                        continue;
                    }
                    let path = head.split(' ').nth(1).unwrap_or("").to_owned();
                    let body = bytes[end + 4..end + 4 + length].to_vec();
                    bytes.drain(..end + 4 + length);
                    put.lock().expect("no panic here").push((path, body));
                    drop(socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await);
                }
            });
        }
    });
    (address, taken)
}

async fn export(way: Arc<Noting>) -> Vec<(String, Vec<u8>)> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (address, taken) = collector().await;
    let mut fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let otlp = OtlpOptions {
        endpoint: format!("http://{address}"),
        headers: HashMap::from([("authorization".to_owned(), "Bearer not-to-be-shown".to_owned())]),
        metrics_every: Duration::from_millis(200),
        timeout: Duration::from_secs(2),
        way,
    };
    let options = TelemetryOptions { otlp: Some(otlp), follow: FollowOptions { one_in: 10, every_fail: true } };
    let telemetry = Arc::new(Telemetry::start(&options, Arc::clone(&viewer)).expect("it starts"));
    let until = CancellationToken::new();
    let follower = telemetry.follower().expect("OTLP is configured");
    let following = tokio::spawn(follower.run(until.clone()));
    tokio::task::yield_now().await;
    for n in 1..=25 {
        let outcome = if n == 7 { Outcome::Fail } else { Outcome::Pass };
        let record = fake.press.give(outcome, 1, &fake.clock);
        fake.press.write(&record, WriteOutcome::Confirmed, &fake.clock);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    viewer.refresh();
    tokio::time::sleep(Duration::from_millis(500)).await;
    until.cancel();
    following.await.expect("the follower ends");
    let text = {
        let telemetry = Arc::clone(&telemetry);
        tokio::task::spawn_blocking(move || {
            let text = telemetry.prometheus();
            telemetry.shutdown();
            text
        })
        .await
        .expect("it ends")
    };
    assert!(text.contains("takt_traces_total{of=\"fail\"} 1"), "{text}");
    assert!(text.contains("takt_traces_total{of=\"sample\"} 2"), "{text}");
    taken.lock().expect("no panic here").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn otlp_carries_metrics_and_chosen_traces_and_counts_them() {
    let way = Arc::new(Noting::default());
    let taken = export(Arc::clone(&way)).await;
    let of = |path: &str| taken.iter().filter(|(found, _)| found == path).collect::<Vec<_>>();
    let (metrics, traces) = (of("/v1/metrics"), of("/v1/traces"));
    assert!(!metrics.is_empty() && !traces.is_empty(), "{:?}", taken.iter().map(|(p, _)| p).collect::<Vec<_>>());
    let all: Vec<u8> = traces.iter().flat_map(|(_, body)| body.clone()).collect();
    let count = |word: &str| all.windows(word.len()).filter(|w| *w == word.as_bytes()).count();
    // Three verdicts are traced, each with its stages and one write.
    for span in ["collect", "features", "inference", "judge"] {
        assert_eq!(count(span), 3, "{span}");
    }
    assert_eq!(count("takt.output"), 3, "each traced verdict ends in its write");
    assert_eq!(count("box-1"), 3 + traces.len(), "executed_by and the resource");
    for secret in ["ram_force", "48007", "not-to-be-shown"] {
        assert_eq!(count(secret), 0, "{secret} left the box");
    }
    let left = way.left.lock().expect("no panic here");
    let bytes = |found: &[&(String, Vec<u8>)]| found.iter().map(|(_, body)| body.len()).sum::<usize>();
    assert_eq!(left.get("traces"), Some(&bytes(&traces)), "what left is counted to the byte");
    assert_eq!(left.get("metrics"), Some(&bytes(&metrics)));
    assert!(way.failed.lock().expect("no panic here").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shut_way_lets_nothing_out() {
    let way = Arc::new(Noting { shut: true, ..Noting::default() });
    let taken = export(Arc::clone(&way)).await;
    assert!(taken.is_empty(), "something left by a shut way");
    assert!(*way.blocked.lock().expect("no panic here") >= 2, "both signals were held back");
    assert!(way.left.lock().expect("no panic here").is_empty());
}
