//! NAB machine temperature: every public row gives its frame verdict in file order, the twelve
//! repeated stamps included; in time windows late samples are counted exactly.

use crate::feed::{Verdicts, message};
use crate::verdicts::{check_books, check_sequence};
use std::time::Duration;
use takt_tests::dataset;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::subscriber::Subscriber;

/// Rows up to this day are public.
const PUBLIC_UNTIL: &str = "2014-01-20";
/// The check's lateness. The clock goes back by 55 minutes once.
const LATENESS_S: i64 = 50 * 60;

fn rows() -> Vec<(String, f64)> {
    let text = dataset::text("nab_machine_temperature/machine_temperature.csv.gz");
    let row = |line: &str| {
        let (at, value) = line.split_once(',').expect("two columns");
        (at.to_owned(), value.parse().expect("a number"))
    };
    text.lines().skip(1).map(row).filter(|(at, _)| at.as_str() < PUBLIC_UNTIL).collect()
}

fn seconds(at: &str) -> i64 {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", at).expect("a time stamp");
    time.to_zoned(jiff::tz::TimeZone::UTC).expect("in range").timestamp().as_second()
}

/// Rows that lie more than the lateness behind the newest one before them.
fn n_late(rows: &[(String, f64)]) -> u64 {
    let mut newest = i64::MIN;
    let mut n = 0;
    for (at, _) in rows {
        let at = seconds(at);
        n += u64::from(at < newest.saturating_sub(LATENESS_S));
        newest = newest.max(at);
    }
    n
}

#[test]
fn every_row_has_its_verdict_and_late_samples_are_counted() {
    let rows = rows();
    let n_repeated =
        rows.iter().enumerate().filter(|(i, (at, _))| rows[..*i].iter().rev().take(24).any(|(b, _)| b == at));
    assert_eq!(n_repeated.count(), 12, "twelve genuinely repeated stamps");
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
[[lines]]
id = "machine"
[[lines.tags]]
id = "temperature"
source = {{ connection = "broker", topic = "machine", value = "/value", time = "/ts", time_format = "%Y-%m-%d %H:%M:%S" }}
[[lines.checks]]
id = "each"
inputs = ["temperature"]
model = "temperature"
window = {{ kind = "frame" }}
deadline = "10s"
[[lines.checks]]
id = "hours"
inputs = ["temperature"]
model = "hours"
window = {{ kind = "time", span = "1h", hop = "1h", step = "5m", max_age = "10m" }}
lateness = "50m"
deadline = "10s"
"#,
        broker.url()
    ));
    let csv = gateway.folder().join("nab.csv");
    let values: Vec<String> = rows.iter().map(|(_, value)| format!("{value:?}")).collect();
    std::fs::write(&csv, format!("temperature\n{}\n", values.join("\n"))).expect("the folder can be written");
    gateway.run_ok(&[
        "learn",
        "--csv",
        &csv.display().to_string(),
        "--rows",
        "0..750",
        "--components",
        "all",
        "--name",
        "temperature",
        "--version",
        "1.0.0",
        "--activate",
    ]);
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/machine/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    for (at, value) in &rows {
        sensor.publish("machine", message(at, &[("value".to_owned(), format!("{value:?}"))]));
    }
    let mut verdicts = Verdicts::of(&consumer);
    verdicts.wait(rows.len(), Duration::from_secs(180));
    check_sequence(&verdicts.seen, 1);
    for (verdict, (at, _)) in verdicts.seen.iter().zip(&rows) {
        let expected = format!("{}.000000Z", at.replace(' ', "T"));
        assert_eq!(verdict.window["to"], expected, "in file order");
        assert_ne!(verdict.outcome, "inconclusive", "{:?}", verdict.reason);
    }
    let status = check_books(&gateway);
    let hours = &status["lines"][0]["checks"][1];
    let late = hours["books"]["reasons"]["late"].as_u64().unwrap_or(0);
    assert_eq!(late, n_late(&rows), "late samples: {}", hours["books"]);
    assert!(late > 0, "the data has a late sample at this lateness");
}
