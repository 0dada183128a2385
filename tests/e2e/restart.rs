//! A restart keeps the open window or says that it was dropped (B27), also where a check waits for
//! production and for its recipe (B48).

use crate::verdicts::{Verdict, check_books, once, read};
use serde_json::Value;
use std::time::Duration;
use takt_tests::dice::Dice;
use takt_tests::faketime::FakeClock;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

const TOPICS: &[&str] = &["takt/v1/lab/test-box/line/ten/verdict"];
/// How long a busy machine may take for a step.
const PATIENCE: Duration = Duration::from_secs(60);
const BEGIN_MS: u64 = 1_700_000_000_000;

fn document(broker: &Mosquitto) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
[[lines]]
id = "line"
[[lines.tags]]
id = "mode"
source = {{ connection = "broker", topic = "mode", value = "" }}
[[lines.tags]]
id = "product"
source = {{ connection = "broker", topic = "product", value = "" }}
[[lines.tags]]
id = "a"
source = {{ connection = "broker", topic = "line", value = "/a", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "ten"
inputs = ["a"]
when = {{ tag = "mode", equals = 1 }}
recipe = {{ tag = "product", map = {{ 17 = "none-a", 18 = "none-b" }} }}
window = {{ kind = "count", size = 10, hop = 10 }}
deadline = "60s"
"#,
        broker.url()
    )
}

fn publish(sensor: &Subscriber, numbers: std::ops::Range<u64>) {
    for n in numbers {
        sensor.publish("line", format!("{{\"ts\":{},\"a\":{n}}}", BEGIN_MS + n * 10));
    }
}

fn check(gateway: &Gateway) -> Value {
    check_books(gateway)["lines"][0]["checks"][0].clone()
}

fn wait_received(gateway: &Gateway, n: u64) {
    wait_until(&format!("{n} frames are taken"), PATIENCE, || {
        (check(gateway)["books"]["received"].as_u64() >= Some(n)).then_some(())
    });
}

fn produce(gateway: &Gateway, sensor: &Subscriber) {
    sensor.publish("product", "17");
    sensor.publish("mode", "1");
    wait_until("the line produces", PATIENCE, || (check(gateway)["production"]["on"] == true).then_some(()));
}

/// Waits for so many different verdicts. What the broker had not confirmed may come again.
fn wait_verdicts(consumer: &Subscriber, all: &mut Vec<Verdict>, n: usize) -> Vec<Verdict> {
    wait_until(&format!("{n} verdicts"), PATIENCE, || {
        all.extend(consumer.take().iter().map(read));
        (once(all).len() >= n).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    all.extend(consumer.take().iter().map(read));
    let seen = once(all);
    assert_eq!(seen.len(), n, "exactly so many");
    seen
}

/// Windows of ten rows without gap, under numbers without gap, all by the recipe that runs.
fn check_windows(verdicts: &[Verdict]) {
    for (i, verdict) in (0..).zip(verdicts) {
        assert_eq!(verdict.seq, i + 1, "numbers without gap");
        assert_eq!(verdict.window["n"], 10, "whole: {}", verdict.window);
        assert_eq!(verdict.reason.as_deref(), Some("no_model"), "in production, by a known recipe");
        let stamp = |ms: u64| format!("{}.{:03}", 20 + ms / 1_000, ms % 1_000);
        let first = verdict.window["from"].as_str().expect("a time").to_owned();
        assert!(first.contains(&stamp(i * 100)), "window {i} begins at row {}: {first}", i * 10);
    }
}

/// What the kill may have cost is said where an operator looks (B36).
fn check_cut(gateway: &Gateway) {
    wait_until("the cut-off end is shown", PATIENCE, || {
        let status = gateway.json("/api/v1/status");
        (status["store"]["cut"]["window_ms"].as_u64()? > 0).then_some(())
    });
    let events = gateway.json("/api/v1/events").to_string();
    assert!(events.contains("store.cut") && events.contains("the last run was cut off"), "{events}");
    let (_, metrics) = gateway.get("/metrics").expect("it answers");
    assert!(metrics.contains("takt_store_cut_samples") && metrics.contains("takt_store_lost"), "{metrics}");
}

#[test]
fn killed_in_the_middle_of_a_window_it_goes_on_with_it() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), TOPICS);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut verdicts = Vec::new();
    produce(&gateway, &sensor);
    let mut dice = Dice::new(0xCAFE);
    let mut n = 0;
    for round in 0..4 {
        // 15, 25, 35, 45 rows: always in the middle of a window.
        publish(&sensor, n..n + 15 - if round == 0 { 0 } else { 5 });
        n = 15 + round * 10;
        wait_received(&gateway, n);
        std::thread::sleep(Duration::from_millis(dice.below(300)));
        gateway.kill();
        gateway.start_connected();
        assert_eq!(check(&gateway)["books"]["dropped"], 0, "the open window was brought back");
        check_cut(&gateway);
    }
    // Two clean ends with nothing between them.
    for _ in 0..2 {
        assert_eq!(gateway.stop(), Some(0), "a clean end");
        gateway.start_connected();
    }
    std::thread::sleep(Duration::from_millis(700));
    assert!(gateway.json("/api/v1/status")["store"]["cut"].is_null(), "a clean end costs nothing");
    publish(&sensor, n..50);
    check_windows(&wait_verdicts(&consumer, &mut verdicts, 5));
    let books = check(&gateway)["books"].clone();
    assert_eq!((books["received"].as_u64(), books["dropped"].as_u64()), (Some(50), Some(0)), "{books}");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn killed_after_the_clock_was_set_back_it_goes_on_too() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker));
    let clock = FakeClock::of(&mut gateway);
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), TOPICS);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut verdicts = Vec::new();
    produce(&gateway, &sensor);
    let mut n = 0;
    for (more, step) in [(15, "-1h"), (10, "-2h"), (12, "-3h")] {
        publish(&sensor, n..n + more);
        n += more;
        wait_received(&gateway, n);
        std::thread::sleep(Duration::from_millis(300));
        clock.shift(step);
        publish(&sensor, n..n + 7);
        n += 7;
        wait_received(&gateway, n);
        gateway.kill();
        gateway.start_connected();
        let books = check(&gateway)["books"].clone();
        assert_eq!((books["received"].as_u64(), books["dropped"].as_u64()), (Some(n), Some(0)), "{books}");
    }
    publish(&sensor, n..60);
    check_windows(&wait_verdicts(&consumer, &mut verdicts, 6));
    assert_eq!(check(&gateway)["books"]["received"], 60);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn away_for_too_long_the_window_is_dropped_and_that_is_said() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker));
    let clock = FakeClock::of(&mut gateway);
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), TOPICS);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut verdicts = Vec::new();
    produce(&gateway, &sensor);
    publish(&sensor, 0..15);
    wait_received(&gateway, 15);
    wait_verdicts(&consumer, &mut verdicts, 1);
    std::thread::sleep(Duration::from_millis(300));
    gateway.kill();
    clock.shift("+1h");
    gateway.start_connected();
    // Nobody knows whether the machine still produces: what comes is not judged until that was read.
    publish(&sensor, 15..20);
    wait_received(&gateway, 20);
    let books = check(&gateway)["books"].clone();
    assert_eq!(books["reasons"]["not_in_production"], 5, "{books}");
    assert_eq!(books["reasons"]["abandoned"], 5, "the open window's rows are in the books: {books}");
    wait_until("the event says so", PATIENCE, || {
        let events = gateway.json("/api/v1/events").to_string();
        (events.contains("window.dropped") && events.contains("ten: the open window ends")).then_some(())
    });
    produce(&gateway, &sensor);
    publish(&sensor, 20..30);
    let seen = wait_verdicts(&consumer, &mut verdicts, 2);
    assert_eq!((seen[1].seq, &seen[1].window["n"]), (2, &10.into()), "numbers go on, with a window of its own");
    check(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}
