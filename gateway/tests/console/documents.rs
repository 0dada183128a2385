//! Documents: every error at once, differences, versions, and back again.

use crate::kit::{Bench, takt};
use serde_json::json;

const FIVE_ERRORS: &str = r#"name = "box 1"
site = "lab"

[[connections]]
id = "plc"
kind = "modbus"
address = "10.0.0.10"

[[lines]]
id = "press"
[[lines.tags]]
id = "force"
source = { connection = "pcl", register = "holding:100", every = "10ms" }
[[lines.checks]]
id = "stroke"
inputs = ["force"]
model = "press"
window = { kind = "count", size = 0, hop = 1 }
dedline = "20ms"
"#;

const LINE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"

[[lines]]
id = "press"
[[lines.tags]]
id = "force"
source = { connection = "plc", register = "holding:100", every = "1s" }
[[lines.checks]]
id = "stroke"
inputs = ["force"]
model = "press"
window = { kind = "frame" }
deadline = "20ms"
"#;

#[test]
fn five_errors_are_five_errors() {
    let bench = Bench::with("");
    bench.write("wrong.toml", FIVE_ERRORS);
    let path = bench.path("wrong.toml").display().to_string();
    let lines = ["wrong.toml:1:", "wrong.toml:6:", "wrong.toml:13:", "wrong.toml:18:", "wrong.toml:19:"];
    takt(&["check", &path]).code(78).says(&lines).says(&["5 problems", "deadline", "modbus-tcp", "try: "]);
    let said = takt(&["check", &path, "--json"]).code(78).json();
    let problems = said["problems"].as_array().expect("a list");
    let at: Vec<_> = problems.iter().map(|p| p["line"].as_u64().expect("a line")).collect();
    assert_eq!(at, [1, 6, 13, 18, 19]);
    assert!(
        problems.iter().all(|p| p["hint"].as_str().is_some_and(|hint| !hint.is_empty()) && p["column"] != json!(0))
    );
}

#[test]
fn good_documents_are_counted() {
    let bench = Bench::with("");
    bench.write("press.toml", LINE);
    let said = bench.takt(&["check", "press.toml", "--json"]).code(0).json();
    let counts = ["connections", "lines", "tags", "checks"].map(|key| said[key].as_u64());
    assert_eq!(counts, [Some(1); 4], "{said}");
    assert_eq!((&said["problems"], &said["warnings"]), (&json!([]), &json!([])));
}

/// Applying, going back and removing; the same with and without a running gateway.
fn check_versions(bench: &Bench, in_force: &str) {
    bench.write("press.toml", LINE);
    bench
        .takt(&["line", "apply", "press.toml", "--dry-run"])
        .code(0)
        .says(&["new: connections plc; lines press", "dry run"]);
    bench.takt(&["line", "list"]).code(0).says(&["no document was applied"]);
    bench
        .takt(&["line", "apply", "press.toml", "-m", "first"])
        .code(0)
        .says(&["press version 1 is in force", in_force]);
    bench.takt(&["line", "apply", "press.toml"]).code(0).says(&["press: unchanged", "nothing to apply"]);
    let remark = LINE.replace("deadline", "# the press stops itself after 25 ms\ndeadline");
    bench.write("press.toml", &remark);
    bench.takt(&["line", "apply", "press.toml", "-m", "remark"]).code(0).says(&[
        "comments",
        "press version 2 is",
        in_force,
    ]);
    let export = bench.takt(&["line", "export", "press"]).code(0);
    assert_eq!(export.out.trim(), remark.trim(), "the comment is kept");
    bench.write("press.toml", &LINE.replace("20ms", "30ms"));
    let change = "~ lines[press].checks[stroke].deadline = \"20ms\" → \"30ms\"";
    bench.takt(&["line", "apply", "press.toml"]).code(0).says(&[change, "press version 3 is in force", in_force]);
    bench.takt(&["line", "rollback", "press", "9"]).code(1).says(&["has no version 9", "takt line history press"]);
    bench.takt(&["line", "rollback", "press", "1"]).code(0).says(&["\"30ms\" → \"20ms\"", "version 4 is in force"]);
    let export = bench.takt(&["line", "export", "plc"]).code(0);
    assert_eq!(export.out.trim(), LINE.trim(), "what was applied comes out again, found by its connection");
    let said = bench.takt(&["line", "history", "press", "--json"]).code(0).json();
    let notes: Vec<_> = said["versions"].as_array().expect("a list").iter().map(|v| v["note"].clone()).collect();
    assert_eq!(notes, ["back to version 1", "", "remark", "first"]);
    bench.takt(&["line", "remove", "press"]).code(0).says(&["out of force: connections plc; lines press"]);
    bench.takt(&["line", "list"]).code(0).says(&["no document was applied"]);
    bench.takt(&["line", "export", "press"]).code(1).says(&["takt line list"]);
}

#[test]
fn versions_come_and_go_back_without_a_gateway() {
    check_versions(&Bench::with(""), "no gateway runs");
}

#[test]
fn versions_come_and_go_back_in_a_running_gateway() {
    let bench = Bench::with("");
    let running = bench.start();
    check_versions(&bench, "now");
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn what_cannot_be_in_force_changes_nothing() {
    let bench = Bench::with("");
    bench.write("press.toml", LINE);
    bench.takt(&["line", "apply", "press.toml"]).code(0);
    bench.write("other.toml", LINE);
    bench.takt(&["line", "apply", "other.toml"]).code(78).says(&[
        "other.toml:2:",
        "other.toml:8:",
        "nothing was applied",
    ]);
    bench.write("press.toml", &LINE.replace("holding:100", "holding:70000"));
    bench.takt(&["line", "apply", "press.toml"]).code(78).says(&["press.toml:11:", "0 to 65535"]);
    let recording = "[[connections]]\nid = \"r\"\nkind = \"replay\"\nfile = \"a.csv\"\ntime = \"t\"\n";
    bench.write("rec.toml", recording);
    bench.takt(&["line", "apply", "rec.toml"]).code(78).says(&["rec.toml:4:", "whole path"]);
    bench.write("a b.toml", LINE);
    bench.takt(&["line", "apply", "a b.toml"]).code(64).says(&["rename the file"]);
    let said = bench.takt(&["line", "list", "--json"]).code(0).json();
    assert_eq!(said["documents"].as_array().map(Vec::len), Some(1));
    assert_eq!(said["documents"][0]["lines"], json!(["press"]));
}

#[test]
fn the_configuration_file_is_a_document_of_one_version() {
    let bench = Bench::with(LINE);
    let running = bench.start();
    let listed = bench.got("/api/v1/documents");
    let file = &listed["documents"][0];
    assert_eq!((&file["name"], &file["origin"]), (&json!("takt.toml"), &json!("file")));
    let versions = bench.got("/api/v1/documents/takt.toml/versions")["versions"].clone();
    assert_eq!(versions.as_array().map(Vec::len), Some(1), "{versions}");
    assert_eq!((&versions[0]["version"], &versions[0]["at"]), (&json!(1), &file["at"]));
    assert!(versions[0]["n_changes"].as_u64().is_some_and(|n| n > 5), "{versions}");
    let shown = bench.got("/api/v1/documents/takt.toml?version=1");
    assert!(shown["text"].as_str().is_some_and(|text| text.contains("box-1")), "{shown}");
    bench.ask("GET", "/api/v1/documents/takt.toml?version=2", "").status(404);
    bench.ask("GET", "/api/v1/documents/nowhere.toml/versions", "").status(404);
    let back = json!({ "version": 1 });
    let refused = bench.said("POST", "/api/v1/documents/takt.toml/rollback", &back, 422);
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("only read here")), "{refused}");
    assert_eq!(running.stop().0, Some(0));
}
