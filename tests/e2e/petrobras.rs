//! Petrobras: text cells become Bad with their reason; verdicts on them are inconclusive, never a number.

use crate::feed::{Verdicts, message};
use crate::verdicts::{check_books, check_sequence};
use std::time::Duration;
use takt_tests::dataset;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::subscriber::Subscriber;

/// Every tag that ever holds a text, and some that never do.
const TAGS: [&str; 9] = ["tag0", "tag1", "tag2", "tag9", "tag34", "tag36", "tag70", "tag72", "tag100"];
const TEXTS: [&str; 3] = ["Bad", "Inp OutRange", "Scan Timeout"];

fn rows() -> Vec<(String, Vec<String>)> {
    let text = dataset::text("petrobras_bibmon/real_process_data_to_2018-01-02T0000.csv.gz");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a head line").clone();
    let place = |tag: &str| header.iter().position(|name| name == tag).unwrap_or_else(|| panic!("{tag} is a column"));
    let places: Vec<usize> = TAGS.iter().map(|tag| place(tag)).collect();
    let row = |row: csv::StringRecord| (row[0].to_owned(), places.iter().map(|i| row[*i].to_owned()).collect());
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

fn is_text(cell: &str) -> bool {
    TEXTS.contains(&cell)
}

#[test]
fn a_text_is_never_judged_as_a_number() {
    let rows = rows();
    let broker = Mosquitto::start();
    let names: Vec<String> = TAGS.iter().map(|tag| format!("\"{tag}\"")).collect();
    let mut gateway = Gateway::new(&format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
[[lines]]
id = "plant"
[[lines.tag_groups]]
names = [{names}]
source = {{ connection = "broker", topic = "plant", value = "/{{name}}", time = "/ts", time_format = "%Y-%m-%d %H:%M:%S" }}
[[lines.checks]]
id = "process"
inputs = [{names}]
model = "plant"
window = {{ kind = "frame" }}
deadline = "10s"
"#,
        broker.url(),
        names = names.join(", ")
    ));
    let whole = rows.iter().filter(|(_, cells)| cells.iter().all(|cell| cell.parse::<f64>().is_ok()));
    let lines: Vec<String> = whole.map(|(_, cells)| cells.join(",")).collect();
    let csv = gateway.folder().join("plant.csv");
    std::fs::write(&csv, format!("{}\n{}\n", TAGS.join(","), lines.join("\n"))).expect("the folder can be written");
    gateway.run_ok(&[
        "learn",
        "--csv",
        &csv.display().to_string(),
        "--components",
        "share:0.85",
        "--name",
        "plant",
        "--version",
        "1.0.0",
        "--activate",
    ]);
    gateway.start_ready();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/plant/process/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    for (at, cells) in &rows {
        // A historian delivers everything as text.
        let cells: Vec<_> =
            TAGS.iter().zip(cells).map(|(tag, cell)| ((*tag).to_owned(), format!("\"{cell}\""))).collect();
        sensor.publish("plant", message(at, &cells));
    }
    let mut verdicts = Verdicts::of(&consumer);
    verdicts.wait(rows.len(), Duration::from_secs(120));
    check_sequence(&verdicts.seen, 1);
    let mut n_texts = 0;
    for (verdict, (at, cells)) in verdicts.seen.iter().zip(&rows) {
        match TAGS.iter().zip(cells).find(|(_, cell)| cell.parse::<f64>().is_err()) {
            None => assert_ne!(verdict.outcome, "inconclusive", "{at}: {:?}", verdict.reason),
            Some((tag, cell)) => {
                n_texts += usize::from(is_text(cell));
                assert_eq!(verdict.outcome, "inconclusive", "{at}: {tag} is '{cell}'");
                assert!(verdict.scores.is_empty(), "{at}: no number stands for a text");
                let reason = verdict.reason.as_deref().unwrap_or_default();
                assert!(reason.contains(tag), "{at}: {reason} names {tag}");
                assert!(!is_text(cell) || reason.contains(cell.as_str()), "{at}: {reason} says '{cell}'");
            }
        }
    }
    assert!(n_texts > 100, "the data holds texts: {n_texts} rows");
    check_books(&gateway);
}
