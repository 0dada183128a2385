//! kill -9 at random moments under load: nothing acknowledged is lost, and a consumer sees each
//! verdict key once or knows the repetition.

use crate::verdicts::{Verdict, check_books, read};
use std::collections::BTreeMap;
use std::time::Duration;
use takt_tests::dice::Dice;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// Kills in an ordinary run; `TAKT_LONG=1` makes it ten times as many.
const N_KILLS: u64 = 20;
/// Messages between two kills, on average.
const MESSAGES_A_ROUND: u64 = 150;

fn n_kills() -> u64 {
    if std::env::var_os("TAKT_LONG").is_some() { N_KILLS * 10 } else { N_KILLS }
}

fn document(broker: &Mosquitto) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
when_unwritable = "hold"
[[lines]]
id = "line"
[[lines.tag_groups]]
names = ["a", "b"]
source = {{ connection = "broker", topic = "line", value = "/{{name}}", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "each"
inputs = ["a", "b"]
model = "none"
window = {{ kind = "frame" }}
deadline = "60s"
[[lines.checks]]
id = "ten"
inputs = ["a", "b"]
model = "none"
window = {{ kind = "count", size = 10, hop = 10 }}
deadline = "60s"
"#,
        broker.url()
    )
}

/// Verdicts by window; all copies of one must carry one number.
fn by_window(verdicts: &[Verdict]) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    for verdict in verdicts {
        let key = verdict.window["key"].as_str().expect("a window has a key").to_owned();
        let seq = *seen.entry(key.clone()).or_insert(verdict.seq);
        assert_eq!(seq, verdict.seq, "window {key} is judged again under its own number");
    }
    seen
}

fn check_complete(name: &str, verdicts: &[Verdict], n: u64) {
    let seen = by_window(verdicts);
    let mut numbers: Vec<u64> = seen.values().copied().collect();
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=n).collect();
    let missing: Vec<u64> = expected.iter().filter(|seq| !numbers.contains(seq)).copied().take(5).collect();
    assert_eq!(numbers.len() as u64, n, "{name}: every window once, first missing numbers {missing:?}");
    assert_eq!(numbers, expected, "{name}: numbers without gap");
}

#[test]
fn nothing_acknowledged_is_lost_and_every_key_is_known() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/+/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let seed = 0x5EED;
    println!("seed {seed:#x}");
    let mut dice = Dice::new(seed);
    let mut n_sent = 0;
    for _ in 0..n_kills() {
        let n = MESSAGES_A_ROUND / 2 + dice.below(MESSAGES_A_ROUND);
        let kill_after = dice.below(n);
        for i in 0..n {
            n_sent += 1;
            let at = 1_700_000_000_000 + n_sent * 10;
            sensor.publish("line", format!("{{\"ts\":{at},\"a\":{n_sent},\"b\":{i}}}"));
            if i == kill_after {
                std::thread::sleep(Duration::from_millis(dice.below(30)));
                gateway.kill();
            }
        }
        // Connected again, so that each kill strikes a gateway at work.
        gateway.start_connected();
    }
    // Whole windows of ten, so that both checks must be complete.
    while n_sent % 10 != 0 {
        n_sent += 1;
        let at = 1_700_000_000_000 + n_sent * 10;
        sensor.publish("line", format!("{{\"ts\":{at},\"a\":{n_sent},\"b\":0}}"));
    }
    let mut each: Vec<Verdict> = Vec::new();
    let mut ten: Vec<Verdict> = Vec::new();
    let mut last = (0, 0);
    wait_until("every row has its verdict", Duration::from_secs(60), || {
        for message in consumer.take() {
            let verdict = read(&message);
            if message.topic.ends_with("/each/verdict") { each.push(verdict) } else { ten.push(verdict) }
        }
        let n_each = by_window(&each).len() as u64;
        let n_ten = by_window(&ten).len() as u64;
        if last != (n_each, n_ten) {
            last = (n_each, n_ten);
            println!("{n_each} of {n_sent} rows, {n_ten} windows of ten");
        }
        (n_each >= n_sent && n_ten >= n_sent / 10).then_some(())
    });
    check_complete("each", &each, n_sent);
    check_complete("ten", &ten, n_sent / 10);
    println!(
        "{} kills, {n_sent} rows, {} verdicts of which {} again",
        n_kills(),
        each.len(),
        each.len() as u64 - n_sent
    );
    assert_eq!(sensor.n_breaks(), 0, "what the sensor itself sends twice is no repetition of the gateway's");
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}
