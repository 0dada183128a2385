//! What a broker and the way to it may do: stand still without a word, forget, deliver again, and
//! carry payloads that nobody can read.

use crate::verdicts::{Verdict, check_books, once, read};
use serde_json::Value;
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::proxy::Proxy;
use takt_tests::subscriber::Subscriber;

/// How long a busy machine may take for a step.
const PATIENCE: Duration = Duration::from_secs(60);

fn document(url: &str, connection: &str) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{url}"
{connection}
[[lines]]
id = "line"
[[lines.tag_groups]]
names = ["a", "b"]
source = {{ connection = "broker", topic = "line", value = "/{{name}}", time = "/ts", time_format = "ms" }}
range = [-1000000, 1000000]
[[lines.checks]]
id = "each"
inputs = ["a", "b"]
model = "none"
window = {{ kind = "frame" }}
deadline = "60s"
"#
    )
}

fn publish(sensor: &Subscriber, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let at = 1_700_000_000_000 + n * 10;
        sensor.publish("line", format!("{{\"ts\":{at},\"a\":{n},\"b\":1}}"));
    }
}

fn connection(gateway: &Gateway) -> Value {
    gateway.json("/api/v1/connections")["connections"][0].clone()
}

fn n_received(gateway: &Gateway) -> u64 {
    check_books(gateway)["lines"][0]["checks"][0]["books"]["received"].as_u64().expect("a number")
}

fn wait_received(gateway: &Gateway, n: u64) {
    wait_until(&format!("{n} messages are taken, {}", connection(gateway)), PATIENCE, || {
        (n_received(gateway) >= n).then_some(())
    });
}

fn wait_link(gateway: &Gateway, is_up: bool) {
    wait_until(&format!("the broker is up: {is_up}"), PATIENCE, || {
        ((connection(gateway)["link"] == "up") == is_up).then_some(())
    });
}

#[test]
fn a_broker_cut_off_without_a_word_is_noticed_and_nothing_is_lost() {
    let broker = Mosquitto::start();
    let way = Proxy::to(broker.address());
    let url = format!("mqtt://{}", way.address());
    let mut gateway = Gateway::new(&document(&url, "verdicts = true\nkeep_alive = \"2s\""));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    publish(&sensor, 0..100);
    wait_received(&gateway, 100);
    way.hold(true, true);
    publish(&sensor, 100..200);
    wait_link(&gateway, false);
    let why = connection(&gateway)["why"].as_str().unwrap_or_default().to_owned();
    assert!(!why.is_empty(), "the reason is shown");
    way.hold(false, false);
    wait_link(&gateway, true);
    publish(&sensor, 200..300);
    let mut verdicts = Vec::new();
    wait_until("every verdict arrives", PATIENCE, || {
        verdicts.extend(consumer.take().iter().map(read));
        (once(&verdicts).len() >= 300).then_some(())
    });
    let numbers: Vec<u64> = once(&verdicts).iter().map(|verdict| verdict.seq).collect();
    assert_eq!(numbers, (1..=300).collect::<Vec<_>>(), "every number, none twice for two windows");
    assert_eq!(n_received(&gateway), 300, "what the broker delivered again was taken once");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn what_a_broker_delivers_again_is_taken_once() {
    let mut broker = Mosquitto::start();
    let way = Proxy::to(broker.address());
    let mut gateway = Gateway::new(&document(&format!("mqtt://{}", way.address()), ""));
    gateway.start_connected();
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    publish(&sensor, 0..50);
    wait_received(&gateway, 50);
    // The acknowledgements of the next ones never arrive, and the broker starts anew with what it kept.
    way.hold(true, false);
    publish(&sensor, 50..100);
    wait_received(&gateway, 100);
    broker.stop();
    wait_link(&gateway, false);
    way.hold(false, false);
    broker.start_again();
    wait_link(&gateway, true);
    publish(&sensor, 100..101);
    wait_received(&gateway, 101);
    assert_eq!(n_received(&gateway), 101);
    let n = connection(&gateway)["n_duplicates"].as_u64();
    assert!(n >= Some(50), "the redeliveries are counted: {n:?}");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

/// The limit of B23. A broker that is killed and starts from an older file does not deliver again, it
/// delivers for the first time, as far as it knows, and by the protocol says so (no DUP). Two equal
/// messages without DUP are two messages: NAB's recordings hold twelve such rows. So they are judged
/// again, under numbers of their own, and the books say how many there were.
#[test]
fn a_broker_that_forgot_our_acknowledgements_sends_new_messages() {
    let mut broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker.url(), ""));
    gateway.start_connected();
    assert_eq!(gateway.stop(), Some(0), "the session stays with the broker");
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    publish(&sensor, 0..50);
    // A second client of the same broker knows that the messages have arrived there.
    let echo = Subscriber::connect("echo", broker.address(), &["line"]);
    publish(&sensor, 50..51);
    wait_until("the messages wait at the broker", PATIENCE, || (echo.n_messages() >= 1).then_some(()));
    broker.save();
    gateway.start_connected();
    wait_received(&gateway, 51);
    // Acknowledged, but the broker dies with what it knew.
    std::thread::sleep(Duration::from_millis(500));
    broker.kill();
    wait_link(&gateway, false);
    broker.start_again();
    wait_link(&gateway, true);
    let mut last = 0;
    wait_until("each is taken as a new one", PATIENCE, || {
        let n = n_received(&gateway);
        if std::mem::replace(&mut last, n) != n {
            println!("{n} taken, {}", connection(&gateway));
        }
        (n >= 102).then_some(())
    });
    let status = check_books(&gateway);
    assert_eq!(status["lines"][0]["checks"][0]["verdicts"]["total"], 102, "each has its verdict");
    assert_eq!(connection(&gateway)["n_duplicates"], 0, "none came as a redelivery");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn what_cannot_be_read_is_counted_and_never_stops_the_stream() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker.url(), "verdicts = true\nmax_packet_size = \"4KiB\""));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    let unreadable: [Vec<u8>; 7] = [
        b"this is no JSON".to_vec(),
        b"{\"ts\":1700000000000,\"a\":1".to_vec(),
        b"{\"ts\":1700000000000,\"a\":NaN,\"b\":1}".to_vec(),
        vec![0xFF, 0xFE, 0x00, 0x80],
        Vec::new(),
        deep.into_bytes(),
        vec![b'x'; 100_000],
    ];
    let n_unreadable = unreadable.len() as u64;
    publish(&sensor, 0..10);
    for payload in unreadable {
        sensor.publish("line", payload);
    }
    // Readable, but no number that may be judged.
    let bad = ["\"NaN\"", "1e999", "2000000", "null", "\"Scan Timeout\"", "[1]", "{}"];
    for (n, cell) in (10..).zip(bad) {
        let at = 1_700_000_000_000_u64 + n * 10;
        sensor.publish("line", format!("{{\"ts\":{at},\"a\":{cell},\"b\":1}}"));
    }
    publish(&sensor, 17..27);
    let mut verdicts: Vec<Verdict> = Vec::new();
    wait_until("the stream goes on", PATIENCE, || {
        verdicts.extend(consumer.take().iter().map(read));
        verdicts.last().is_some_and(|last| last.window.to_string().contains(".260")).then_some(())
    });
    let shown = connection(&gateway);
    assert!(shown["n_rejects"].as_u64() >= Some(n_unreadable), "{shown}");
    let rejects = shown["rejects"].as_array().expect("a list").clone();
    let first_bytes = |text: &str| rejects.iter().any(|r| r["first_bytes"].as_str().is_some_and(|b| b.contains(text)));
    assert!(first_bytes("xxxx") && first_bytes("[[[["), "the first bytes are shown: {rejects:?}");
    assert!(rejects.iter().any(|r| r["n_bytes"].as_u64() >= Some(100_000)), "the whole length too: {rejects:?}");
    // No model is loaded: what is whole is inconclusive for that reason, what is not for its own.
    let n_whole = verdicts.iter().filter(|v| v.reason.as_deref() == Some("no_model")).count();
    assert_eq!(n_whole, 20, "only what is whole would be judged: {verdicts:?}");
    assert!(verdicts.iter().all(|v| v.outcome == "inconclusive"), "never a verdict on a bad reading");
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}
