//! The doctor: a box that is well, and what it says of each thing that is missing.

use crate::kit::{Bench, Said};
use serde_json::Value;
use std::net::TcpListener;

#[track_caller]
fn check(said: &Said, what: &str, grade: &str, text: &[&str]) {
    let json = said.json();
    let findings = json["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["what"] == what);
    let found: &Value = found.unwrap_or_else(|| panic!("nothing about {what}: {json:#}"));
    assert_eq!(found["grade"], grade, "{found}");
    let all = found["text"].as_str().expect("a text");
    assert!(text.iter().all(|part| all.contains(part)), "{text:?} is not in: {all}");
}

#[test]
fn a_box_that_is_well() {
    let bench = Bench::with("");
    let said = bench.takt(&["doctor", "--json"]).code(0);
    check(&said, "library", "ok", &["ONNX Runtime", "pack cpu"]);
    check(&said, "device cpu", "ok", &["runs"]);
    check(&said, "data_dir", "ok", &["will be made"]);
    check(&said, "http", "ok", &["is free"]);
    check(&said, "documents", "look", &["takt line apply FILE"]);
    bench.takt(&["doctor"]).code(0).says(&["ok      library", "look    documents", "nothing is broken"]);
}

#[test]
fn a_running_gateway_owns_its_port() {
    let bench = Bench::with("");
    let running = bench.start();
    check(&bench.takt(&["doctor", "--json"]).code(0), "http", "ok", &["this gateway runs"]);
    assert_eq!(running.stop().0, Some(0));
}

const PLC: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
[[lines]]
id = "press"
[[lines.tags]]
id = "force"
source = { connection = "plc", register = "holding:100", every = "1s" }
"#;

#[test]
fn a_running_gateway_says_over_http_what_the_doctor_says() {
    let bench = Bench::with(PLC);
    let running = bench.start();
    let seen = bench.got("/api/v1/doctor");
    let of = |what: &str| {
        let all = seen["findings"].as_array().expect("a list");
        all.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("nothing of {what}: {seen:#}"))
    };
    for what in ["library", "device cpu", "disk", "clock", "http"] {
        assert!(matches!(of(what)["grade"].as_str(), Some("ok" | "look")), "{seen:#}");
    }
    assert_eq!(of("device cpu")["text"], "runs");
    assert_eq!(of("connection plc")["grade"], "look");
    assert!(of("connection plc")["text"].as_str().is_some_and(|text| text.contains("takt test plc")), "{seen:#}");
    let again = bench.got("/api/v1/doctor");
    assert_eq!(again["at"], seen["at"], "the box is not looked at for every caller");
    assert_eq!(running.stop().0, Some(0));
}

const SECRETS: &str = r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtts://broker:8883"
user = "takt"
password = "secret:broker-password"
[[lines]]
id = "l"
[[lines.tags]]
id = "a"
source = { connection = "broker", topic = "t", value = "/a" }
[[lines.checks]]
id = "c"
inputs = ["a"]
model = "nowhere"
device = "cuda"
window = { kind = "frame" }
"#;

#[test]
fn what_is_missing_is_named_with_its_place() {
    let bench = Bench::with(SECRETS);
    let text = std::fs::read_to_string(bench.path("takt.toml")).expect("written");
    bench.write("takt.toml", &text.replace("[runtime]", "[runtime]\npack = \"cuda\""));
    let taken = TcpListener::bind(bench.http).expect("it was free");
    let said = bench.takt(&["doctor", "--json"]).code(1);
    check(&said, "secret broker-password", "broken", &["broker", "0600", "TAKT_SECRET_BROKER_PASSWORD"]);
    check(&said, "device cuda", "broken", &["does not contain it", "l/c will not judge"]);
    check(&said, "model nowhere", "look", &["takt model activate"]);
    let me = std::process::id().to_string();
    check(&said, "http", "broken", &["is taken by", &me, "http.address"]);
    drop(taken);
}

#[test]
fn a_missing_library_is_named() {
    let bench = Bench::with("");
    let text = std::fs::read_to_string(bench.path("takt.toml")).expect("written");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("library")).collect();
    bench.write("takt.toml", &format!("{}\nlibrary = \"/nowhere/libonnxruntime.so\"\n", lines.join("\n")));
    check(&bench.takt(&["doctor", "--json"]).code(1), "library", "broken", &["/nowhere/libonnxruntime.so"]);
    bench.takt(&["doctor"]).code(1).says(&["BROKEN  library", "1 broken"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_whole() {
    let bench = Bench::with("");
    let text = std::fs::read_to_string(bench.path("takt.toml")).expect("written");
    // A file where a folder should be: not even root can write below it.
    bench.write("file", "");
    let lines: Vec<_> =
        text.lines().map(|line| if line.starts_with("data_dir") { "data_dir = \"file/data\"" } else { line }).collect();
    bench.write("takt.toml", &lines.join("\n"));
    let said = bench.takt(&["doctor", "--json"]).code(1);
    check(&said, "data_dir", "broken", &["cannot be written", "set data_dir"]);
    let findings = said.json()["findings"].to_string();
    assert!(!findings.contains("\"disk\""), "the room is no matter then: {findings}");
}

#[test]
fn documents_that_are_wrong_end_with_78() {
    let bench = Bench::with("colour = 1\n");
    bench.takt(&["doctor"]).code(78).says(&["takt.toml:", "colour"]);
}
