//! SKAB valve1: the published T² row from published scores, and time windows over real stamps.

use crate::feed::{Verdicts, message};
use crate::verdicts::{Verdict, check_books, check_sequence};
use std::time::Duration;
use takt_tests::dataset;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::subscriber::Subscriber;

/// Experiments of valve1.
const N_FILES: usize = 16;
/// Rows of each file that are learned from.
const N_TRAINING: usize = 400;
/// The published row: F1, and false alarms and misses in percent; the tolerance is half a point.
const PUBLISHED: (f64, f64, f64) = (0.6462, 19.94, 44.05);
const SENSORS: [&str; 8] =
    ["acceleration_1", "acceleration_2", "current", "pressure", "temperature", "thermocouple", "voltage", "flow"];

struct Row {
    at: String,
    cells: Vec<String>,
    anomalous: bool,
}

fn experiment(file: usize) -> Vec<Row> {
    let text = dataset::text(&format!("skab/valve1/{file}.csv.gz"));
    let row = |line: &str| {
        let mut fields = line.split(';').map(str::to_owned);
        let at = fields.next().expect("a stamp");
        let cells = fields.by_ref().take(8).collect();
        Row { at, cells, anomalous: fields.next().is_some_and(|flag| flag == "1.0") }
    };
    text.lines().skip(1).map(row).collect()
}

fn line(file: usize) -> String {
    let names: Vec<String> = SENSORS.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    format!(
        r#"
[[lines]]
id = "bench-{file}"
[[lines.tag_groups]]
names = [{names}]
source = {{ connection = "broker", topic = "bench/{file}", value = "/{{name}}", time = "/ts", time_format = "%Y-%m-%d %H:%M:%S" }}
[[lines.checks]]
id = "valve"
inputs = [{names}]
model = "valve-{file}"
window = {{ kind = "frame" }}
deadline = "10s"
[[lines.checks]]
id = "window"
inputs = ["pressure", "flow"]
model = "window"
window = {{ kind = "time", span = "10s", hop = "10s", step = "1s", align = "epoch", join = "hold", max_age = "3s" }}
deadline = "10s"
"#
    )
}

fn learn(gateway: &Gateway, file: usize, rows: &[Row]) {
    let csv = gateway.folder().join(format!("{file}.csv"));
    let body: Vec<String> = rows.iter().map(|row| row.cells.join(",")).collect();
    std::fs::write(&csv, format!("{}\n{}\n", SENSORS.join(","), body.join("\n"))).expect("the folder can be written");
    gateway.run_ok(&[
        "learn",
        "--csv",
        &csv.display().to_string(),
        "--rows",
        &format!("0..{N_TRAINING}"),
        "--components",
        "all",
        "--ddof",
        "0",
        "--alpha",
        "0.001",
        "--name",
        &format!("valve-{file}"),
        "--version",
        "1.0.0",
        "--activate",
    ]);
}

/// The median of each value and the four before it; 0 where there are not yet four.
fn trailing_median(values: &[f64]) -> Vec<f64> {
    let median = |i: usize| {
        let mut last = values[i - 4..=i].to_vec();
        last.sort_by(f64::total_cmp);
        last[2]
    };
    (0..values.len()).map(|i| if i < 4 { 0.0 } else { median(i) }).collect()
}

/// Hits, false alarms, misses and quiet rows.
#[derive(Default)]
struct Counts([f64; 4]);

impl Counts {
    fn add(&mut self, verdicts: &[Verdict], rows: &[Row]) {
        let scores: Vec<(f64, f64)> = verdicts.iter().map(|verdict| verdict.scores["t2"]).collect();
        let t2: Vec<f64> = scores.iter().map(|(value, _)| *value).collect();
        for ((score, (_, limit)), row) in trailing_median(&t2).iter().zip(&scores).zip(rows) {
            let place = match (*score > 2.0 * limit, row.anomalous) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            self.0[place] += 1.0;
        }
    }

    fn check(&self) {
        let [hit, false_alarm, missed, quiet] = self.0;
        let f1 = hit / (hit + (false_alarm + missed) / 2.0);
        let far = 100.0 * false_alarm / (false_alarm + quiet);
        let mar = 100.0 * missed / (missed + hit);
        println!("SKAB valve1, T² from published scores: F1 {f1:.4}, false alarms {far:.2} %, missed {mar:.2} %");
        assert!((f1 - PUBLISHED.0).abs() <= 0.005, "F1 {f1}");
        assert!((far - PUBLISHED.1).abs() <= 0.5 && (mar - PUBLISHED.2).abs() <= 0.5, "{far} %, {mar} %");
    }
}

fn seconds(at: &str) -> i64 {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", at).expect("a time stamp");
    time.to_zoned(jiff::tz::TimeZone::UTC).expect("in range").timestamp().as_second()
}

/// Whether every instant of the window `(end − 10 s, end]` has a sample at most 3 s old.
fn is_whole(stamps: &[i64], end: i64) -> bool {
    (end - 9..=end).all(|instant| stamps.iter().any(|at| *at <= instant && instant - at <= 3))
}

/// Compares the published windows of a file with its stamps: a hole where the data has a gap, and
/// nowhere else.
fn check_windows(file: usize, verdicts: &[Verdict], rows: &[Row]) -> usize {
    let stamps: Vec<i64> = rows.iter().map(|row| seconds(&row.at)).collect();
    let mut n_holes = 0;
    assert!(!verdicts.is_empty(), "file {file} has windows");
    for verdict in verdicts {
        let to = verdict.window["to"].as_str().expect("a window ends");
        let end = seconds(&to[..19].replace('T', " "));
        let reason = verdict.reason.as_deref().unwrap_or_default();
        let has_hole = reason.starts_with("missing_data");
        assert_eq!(has_hole, !is_whole(&stamps, end), "file {file}, window to {to}: {reason}");
        n_holes += usize::from(has_hole);
    }
    n_holes
}

#[test]
fn the_published_row_is_reproduced_from_published_scores() {
    let broker = Mosquitto::start();
    let head =
        format!("[[connections]]\nid = \"broker\"\nkind = \"mqtt\"\nurl = \"{}\"\nverdicts = true\n", broker.url());
    let lines: Vec<String> = (0..N_FILES).map(line).collect();
    let mut gateway = Gateway::new(&format!("{head}{}", lines.concat()));
    let experiments: Vec<Vec<Row>> = (0..N_FILES).map(experiment).collect();
    for (file, rows) in experiments.iter().enumerate() {
        learn(&gateway, file, rows);
    }
    gateway.start_connected();
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut counts = Counts::default();
    let mut n_holes = 0;
    for (file, rows) in experiments.iter().enumerate() {
        let each = format!("takt/v1/lab/test-box/bench-{file}/valve/verdict");
        let windows = format!("takt/v1/lab/test-box/bench-{file}/window/verdict");
        let consumer = Subscriber::connect(&format!("each-{file}"), broker.address(), &[&each]);
        let of_windows = Subscriber::connect(&format!("windows-{file}"), broker.address(), &[&windows]);
        for row in rows {
            let cells = SENSORS.iter().zip(&row.cells).map(|(name, cell)| ((*name).to_owned(), cell.clone()));
            sensor.publish(&format!("bench/{file}"), message(&row.at, &cells.collect::<Vec<_>>()));
        }
        let mut verdicts = Verdicts::of(&consumer);
        verdicts.wait(rows.len(), Duration::from_secs(120));
        check_sequence(&verdicts.seen, 1);
        counts.add(&verdicts.seen[N_TRAINING..], &rows[N_TRAINING..]);
        let windows: Vec<Verdict> = of_windows.take().iter().map(crate::verdicts::read).collect();
        check_sequence(&windows, 1);
        n_holes += check_windows(file, &windows, rows);
    }
    counts.check();
    assert!(n_holes > 0, "the data has real gaps");
    check_books(&gateway);
}
