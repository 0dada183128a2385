//! A recorded file: replayed, exported, and learned from as from any history.

use crate::kit::{Bench, good_rows};
use serde_json::json;

const RECORDING: &str = r#"
[[connections]]
id = "recording"
kind = "replay"
file = "rows.csv"
speed = "max"
time = "time"
[[lines]]
id = "press"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = { connection = "recording", column = "{name}" }
unit = "kN"
[[lines.checks]]
id = "row"
inputs = ["*"]
model = "press"
window = { kind = "frame" }
[[lines.checks]]
id = "span"
inputs = ["*"]
model = "press-span"
window = { kind = "time", span = "10s", hop = "5s", step = "1s", max_age = "3s" }
"#;

const N_ROWS: usize = 300;

/// A recording with a cell that is none and ten rows that are far off.
fn bench() -> Bench {
    let bench = Bench::with("");
    let good = good_rows(N_ROWS);
    bench.write("good.csv", &good);
    let mut rows: Vec<String> = good.lines().map(str::to_owned).collect();
    rows[20] = rows[20].rsplit_once(',').map(|(before, _)| format!("{before},Bad")).expect("a row");
    for row in &mut rows[200..210] {
        let cells: Vec<&str> = row.split(',').collect();
        *row = format!("{},{},{},9.5", cells[0], cells[1], cells[2]);
    }
    bench.write("documents/rows.csv", &rows.join("\n"));
    bench.write("documents/press.toml", RECORDING);
    bench
}

#[test]
fn a_recording_is_judged_exported_and_learned_from() {
    let bench = bench();
    bench.takt(&["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--activate"]).code(0);
    let said = bench.takt(&["replay", "documents/press.toml", "--keep", "kept", "--json"]).code(0).json();
    let row = &said["checks"][0];
    assert_eq!(row["verdicts"]["total"], json!(N_ROWS));
    assert_eq!(row["verdicts"]["reasons"], json!({ "bad_reading": 1 }));
    assert!(row["verdicts"]["fail"].as_u64().is_some_and(|n| (10..14).contains(&n)), "{said}");
    assert_eq!(row["books"]["close"], json!(true));
    let no_model = said["checks"][1]["verdicts"]["reasons"]["no_model"].as_u64().expect("windows without a model");
    let kept = bench.path("kept/takt.toml").display().to_string();
    export(&bench, &kept, no_model);
    learn(&bench, &kept);
}

fn export(bench: &Bench, kept: &str, n_no_model: u64) {
    let takt = |arguments: &[&str]| crate::kit::takt(&[arguments, &["--config", kept]].concat());
    let (verdicts, samples) = (bench.path("v.csv"), bench.path("s.parquet"));
    let (verdicts, samples) = (verdicts.display().to_string(), samples.display().to_string());
    takt(&["export", "verdicts", "--output", &verdicts]).code(0);
    let text = std::fs::read_to_string(&verdicts).expect("written");
    let n_row = text.lines().filter(|line| line.starts_with("press,row,")).count();
    assert_eq!(n_row, N_ROWS);
    assert_eq!(text.lines().filter(|line| line.contains("no_model")).count() as u64, n_no_model);
    let said = takt(&["export", "samples", "--line", "press", "--output", &samples, "--json"]).code(0).json();
    assert_eq!(said["n"], json!(3 * N_ROWS));
    assert!(std::fs::read(&samples).expect("written").starts_with(b"PAR1"));
    takt(&["export", "verdicts", "--output", "v.xls"]).code(64).says(&["--format csv"]);
    takt(&["export", "samples", "--line", "nowhere", "--output", &samples]).code(1).says(&["press"]);
    takt(&["export", "verdicts", "--from", "soon", "--output", &verdicts]).code(64).says(&["2h ago"]);
}

fn learn(bench: &Bench, kept: &str) {
    let takt = |arguments: &[&str]| crate::kit::takt(&[arguments, &["--config", kept]].concat());
    let span = ["learn", "--line", "press", "--check", "span", "--features", "*:mean,std", "--json"];
    let to = ["--to", "2026-01-01T00:03:00Z"];
    let output = bench.path("span.takt").display().to_string();
    let said = takt(&[&span[..], &to, &["--output", &output]].concat()).code(0).json();
    // Windows end every five seconds from 0:10 on. The one that ends at 3:00 is closed by a sample that
    // no longer belongs to the span, and two hold the bad cell.
    assert_eq!(said["left_out"], json!("windows left out: 2 with missing or bad readings"));
    assert_eq!(said["n_rows"], json!(32));
    assert_eq!((said["name"].clone(), said["version"].clone()), (json!("press-span"), json!("1.0.0")));
    let inspected = bench.takt(&["model", "inspect", &output, "--json"]).code(0).json();
    assert_eq!(inspected["window"], json!({ "kind": "time", "span_s": 10.0, "step_s": 1.0 }));
    assert_eq!(inspected["inputs"][0]["unit"], json!("kN"));
    assert_eq!(inspected["features"].as_array().map(Vec::len), Some(6));
    bench.takt(&["model", "install", &output, "--activate"]).code(0);
    let said = bench.takt(&["replay", "documents/press.toml", "--json"]).code(0).json();
    let judged = &said["checks"][1]["verdicts"];
    assert_eq!(judged["reasons"], json!({ "bad_reading": 2 }), "the model takes every whole window: {said}");
    takt(&["learn", "--line", "press", "--check", "nix"]).code(1).says(&["no check 'nix'", "row, span"]);
    takt(&[&span[..], &["--recipe", "17"]].concat()).code(64).says(&["no recipes"]);
    takt(&["learn", "--line", "press", "--check", "row", "--features", "force:mean"])
        .code(64)
        .says(&["leave --features out"]);
    takt(&["learn", "--line", "press", "--check", "span", "--features", "force:median"])
        .code(64)
        .says(&["'median' is no feature"]);
    takt(&[&span[..], &["--from", "2026-02-01T00:00:00Z"]].concat()).code(1).says(&["no whole window"]);
}

#[test]
fn a_recording_without_times_is_replayed_at_a_given_distance() {
    let bench = bench();
    let bare: Vec<String> =
        good_rows(N_ROWS).lines().map(|row| row.split_once(',').expect("cells").1.to_owned()).collect();
    bench.write("documents/rows.csv", &bare.join("\n"));
    let document = RECORDING.replace("time = \"time\"", "every = \"1s\"");
    bench.write("documents/press.toml", &document);
    bench.takt(&["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--activate"]).code(0);
    let said = bench.takt(&["replay", "documents/press.toml", "--json"]).code(0).json();
    assert_eq!(said["checks"][0]["verdicts"]["reasons"], json!({}), "no reading is in doubt: {said}");
    assert_eq!(said["checks"][0]["verdicts"]["total"], json!(N_ROWS));
    // Spans of ten seconds every five: the distance of rows is that of their times.
    assert!(said["checks"][1]["verdicts"]["total"].as_u64().is_some_and(|n| (57..=61).contains(&n)), "{said}");
    bench.write("documents/press.toml", &document.replace("every = \"1s\"\n", ""));
    bench
        .takt(&["replay", "documents/press.toml"])
        .code(78)
        .says(&["time = the column", "every = the distance of rows"]);
    bench.write("documents/press.toml", &document.replace("every = \"1s\"", "every = \"1s\"\ntime = \"time\""));
    bench.takt(&["replay", "documents/press.toml"]).code(78).says(&["keep either `time` or `every`"]);
}

#[test]
fn only_recordings_are_replayed() {
    let bench = Bench::with("");
    bench.write("plc.toml", "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"127.0.0.1:9\"\n");
    bench.takt(&["replay", "plc.toml"]).code(64).says(&["connection plc is modbus-tcp"]);
    bench.write("none.toml", "");
    bench.takt(&["replay", "none.toml"]).code(64).says(&["no connection of kind replay"]);
    bench.write("away.toml", RECORDING);
    bench.takt(&["replay", "away.toml"]).code(1).says(&["rows.csv"]);
}
