//! New documents for a gateway that runs: a line that starts again goes on where it stood. Numbers
//! have no gap and none comes twice, the store holds every verdict, and the books close.

use crate::faulty::{Bench, FAULTY, GOOD, LEARNED, OUTPUT, PATIENCE, PATIENT};
use crate::parts::{learn, path, text};
use crate::verdicts::{check_books, check_sequence, once, read};
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

fn document(broker: &Mosquitto, clean_session: bool, range: u64) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
clean_session = {clean_session}
[[lines]]
id = "line"
[[lines.tags]]
id = "a"
source = {{ connection = "broker", topic = "line", value = "/a", time = "/ts", time_format = "ms" }}
range = [0, {range}]
[[lines.checks]]
id = "each"
inputs = ["a"]
model = "none"
window = {{ kind = "frame" }}
deadline = "60s"
"#,
        broker.url()
    )
}

/// Brings a document into force, with or without a running gateway.
fn apply(gateway: &Gateway, document: &str) {
    let file = path(gateway, "line.toml");
    std::fs::write(&file, document).expect("the folder can be written");
    gateway.run_ok(&["line", "apply", text(&file)]);
}

fn publish(sensor: &Subscriber, n: u64) {
    sensor.publish("line", format!("{{\"ts\":{},\"a\":{n}}}", 1_700_000_000_000 + n * 10));
}

/// The numbers of a check's verdicts in the store, as an export gives them.
fn exported(gateway: &Gateway, check: &str) -> Vec<u64> {
    let file = path(gateway, "verdicts.csv");
    gateway.run_ok(&["export", "verdicts", "--output", text(&file)]);
    let rows = std::fs::read_to_string(&file).expect("it was written");
    let rows = rows.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let mut numbers: Vec<u64> =
        rows.filter(|row| row[1] == check).map(|row| row[3].parse().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_line_that_is_applied_anew_goes_on_with_its_numbers() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new("");
    apply(&gateway, &document(&broker, true, 1_000));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let (mut seen, mut n) = (Vec::new(), 0);
    let mut send = |gateway: &Gateway, more: u64| {
        (0..more).for_each(|i| publish(&sensor, n + i));
        n += more;
        wait_until(&format!("{n} verdicts"), PATIENCE, || {
            seen.extend(consumer.take().iter().map(read));
            (once(&seen).len() as u64 >= n).then_some(())
        });
        check_sequence(&once(&seen), 1);
        let status = check_books(gateway);
        assert_eq!(status["lines"][0]["checks"][0]["books"]["received"], n, "{status}");
    };
    send(&gateway, 8);
    for range in [2_000, 3_000] {
        apply(&gateway, &document(&broker, true, range));
        wait_connected(&gateway);
        send(&gateway, 3);
    }
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    assert_eq!(exported(&gateway, "each"), (1..=14).collect::<Vec<_>>());
    gateway.start_connected();
    send(&gateway, 4);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    assert_eq!(exported(&gateway, "each"), (1..=18).collect::<Vec<_>>());
}

fn wait_connected(gateway: &Gateway) {
    wait_until("the broker is connected", PATIENCE, || {
        (gateway.json("/api/v1/connections")["connections"][0]["link"] == "up").then_some(())
    });
}

/// The session keeps what comes between, and sends again what was not acknowledged.
#[test]
fn applied_while_messages_come_each_is_judged_once() {
    const N: u64 = 600;
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new("");
    apply(&gateway, &document(&broker, false, 1_000));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..N {
                publish(&sensor, n);
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
        });
        for range in [2_000, 3_000, 4_000] {
            apply(&gateway, &document(&broker, false, range));
            wait_connected(&gateway);
        }
    });
    let mut seen = Vec::new();
    wait_until("every message is judged", PATIENCE, || {
        seen.extend(consumer.take().iter().map(read));
        (once(&seen).len() as u64 >= N).then_some(())
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    seen.extend(consumer.take().iter().map(read));
    let seen = once(&seen);
    assert_eq!(seen.len() as u64, N, "no message is judged twice");
    check_sequence(&seen, 1);
    let status = check_books(&gateway);
    assert_eq!(status["lines"][0]["checks"][0]["books"]["received"], N, "{status}");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    assert_eq!(exported(&gateway, "each"), (1..=N).collect::<Vec<_>>());
}

const PLACE: u64 = 220;
const LEVEL: &str = r#"
write = { connection = "plc", register = "holding:220" }
value = { pass = 1, fail = 2, inconclusive = 3 }
fail_safe = 9
"#;

/// Values written for verdicts, without the fail-safe ones.
fn verdict_writes(bench: &Bench) -> Vec<u64> {
    bench.values_at(PLACE).into_iter().filter(|value| *value != 9).collect()
}

#[test]
fn a_line_with_an_armed_output_writes_on_after_it_was_applied() {
    let mut bench = Bench::new(PATIENT, LEARNED, LEVEL);
    let config = std::fs::read_to_string(bench.gateway.config()).expect("it is there");
    let document = config[config.find("[[connections]]").expect("a connection")..].to_owned();
    bench.gateway.configure("");
    apply(&bench.gateway, &document);
    learn(&bench.gateway);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    let mut written = Vec::new();
    let mut parts = |bench: &mut Bench| {
        for (values, value) in [(GOOD, 1), (FAULTY, 2), (GOOD, 1)] {
            bench.part(values);
            written.push(value);
            wait_until(&format!("{written:?} are written"), PATIENCE, || {
                (verdict_writes(bench) == written).then_some(())
            });
        }
        check_books(&bench.gateway);
    };
    let again = |bench: &Bench, document: &str| {
        apply(&bench.gateway, document);
        wait_until("it is ready", PATIENCE, || bench.gateway.get("/readyz").filter(|(code, _)| *code == 200));
        bench.wait_link("up");
    };
    parts(&mut bench);
    // Another deadline: what the output was armed for is the same.
    again(&bench, &document.replace("\"10s\"", "\"11s\""));
    assert_eq!(bench.output()["armed"], true, "{}", bench.output());
    parts(&mut bench);
    // Another value for a fail: nobody armed that, and going back does not arm it either.
    again(&bench, &document.replace("fail = 2", "fail = 4"));
    assert_eq!(bench.output()["armed"], false, "{}", bench.output());
    again(&bench, &document);
    assert_eq!(bench.output()["armed"], false, "{}", bench.output());
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    parts(&mut bench);
    let n = bench.gateway.stop();
    assert_eq!(n, Some(0), "a clean end");
    let numbers = exported(&bench.gateway, "part");
    assert!(numbers.len() >= 9, "{numbers:?}");
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no number is missing");
}
