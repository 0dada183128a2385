//! A gateway that runs: what it says, what may be asked of it, how it ends.

use crate::kit::{Bench, good_rows};
use serde_json::json;

const LINE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
timeout = "50ms"
[[lines]]
id = "press"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = { connection = "plc", register = "holding:100", type = "f32", every = "1s" }
[[lines.checks]]
id = "stroke"
inputs = ["force", "power", "oil"]
model = "press"
window = { kind = "frame" }
[[lines.checks.outputs]]
id = "reject"
write = { connection = "plc", register = "coil:10" }
value = { pass = false, fail = true, inconclusive = true }
fail_safe = true
"#;

#[test]
fn it_says_where_it_is_and_ends_cleanly() {
    let bench = Bench::with(LINE);
    let running = bench.start();
    let expected = format!("is ready: box-1 at lab, 1 line, http://{}", bench.http);
    assert!(running.ready.contains(&expected), "{}", running.ready);
    bench.takt(&["status"]).code(0).says(&[
        "box-1 at lab: running, NOT READY",
        "press/stroke",
        "press/stroke/reject",
        "dry run",
    ]);
    let said = bench.takt(&["status", "--json"]).code(0).json();
    assert_eq!(said["lines"][0]["checks"][0]["id"], json!("stroke"));
    bench.takt(&["tags", "press", "--like", "o"]).code(0).says(&["force", "power", "oil", "disconnected"]);
    bench.takt(&["tags", "nowhere"]).code(1).says(&["no line 'nowhere'", "press"]);
    let second = bench.takt(&["run"]);
    second.code(1).says(&["another process", "stop"]);
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("terminated; ending"), "{said}");
}

#[test]
fn outputs_are_armed_by_whoever_the_system_says() {
    let bench = Bench::with(LINE);
    bench.takt(&["output", "arm", "press/stroke/reject"]).code(1).says(&["no gateway runs", "takt run"]);
    let running = bench.start();
    let said = bench.takt(&["output", "arm", "press/stroke/reject", "--json"]).code(0).json();
    assert_eq!((said["armed"].clone(), said["output"].clone()), (json!(true), json!("press/stroke/reject")));
    assert!(said["by"].as_str().is_some_and(|by| by.contains("uid")), "{said}");
    bench.takt(&["status"]).code(0).says(&["ARMED by"]);
    bench.takt(&["output", "disarm", "press/stroke/reject"]).code(0).says(&["dry run"]);
    for act in ["arm", "disarm"] {
        bench.takt(&["output", act, "press/stroke/lamp"]).code(1).says(&["no output press/stroke/lamp"]);
    }
    assert_eq!(running.stop().0, Some(0));
}

/// As an older version leaves it, or a disarm on a full disk.
#[test]
fn an_arming_without_its_flag_is_a_dry_run_and_said_once() {
    let bench = Bench::with(LINE);
    let running = bench.start();
    bench.takt(&["output", "arm", "press/stroke/reject"]).code(0);
    assert_eq!(running.stop().0, Some(0));
    std::fs::remove_file(bench.path("data/armed/press+stroke+reject")).expect("its flag");
    for _ in 0..2 {
        let running = bench.start();
        bench.takt(&["status"]).code(0).says(&["dry run"]);
        let said = bench.got("/api/v1/events?kind=output.disarm");
        let events = said["events"].as_array().expect("a list");
        assert_eq!(events.len(), 1, "{said}");
        assert!(events[0]["text"].as_str().is_some_and(|text| text.contains("its arming has no flag")), "{said}");
        assert_eq!(running.stop().0, Some(0));
    }
}

#[test]
fn arming_is_refused_when_the_deadline_cannot_be_kept() {
    let slow = LINE.replace("50ms", "200ms");
    let arm = ["output", "arm", "press/stroke/reject"];
    let bench = Bench::with(&slow);
    let running = bench.start();
    bench.takt(&arm).code(1).says(&[
        "press/stroke/reject is not armed",
        "deadline of 100ms is shorter than the 210ms",
        "write_connection = true and connections_max = 2",
        "timeout of at most 90ms",
        "deadline from 210ms",
    ]);
    bench.takt(&["status"]).code(0).says(&["dry run"]);
    bench.takt(&["output", "disarm", "press/stroke/reject"]).code(0);
    assert_eq!(running.stop().0, Some(0));
    let bench = Bench::with(&slow.replace("timeout", "connections_max = 2\nwrite_connection = true\ntimeout"));
    let running = bench.start();
    bench.takt(&arm).code(0).says(&["is armed by"]);
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_model_is_activated_beside_the_running_one() {
    let bench = Bench::with(LINE);
    bench.write("good.csv", &good_rows(300));
    let running = bench.start();
    let learn = ["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--activate"];
    bench.takt(&learn).code(0).says(&["press 1.0.0 judges from the next window on"]);
    let said = bench.takt(&["status", "--json"]).code(0).json();
    assert_eq!(said["lines"][0]["checks"][0]["models"][0]["standing"], json!("ready"));
    // A model of other inputs does not fit the check, and the running one stays.
    let other = ["learn", "--csv", "good.csv", "--columns", "force,oil", "--name", "press", "--activate"];
    bench.takt(&other).code(1).says(&["refused"]);
    let said = bench.takt(&["model", "list", "--json"]).code(0).json();
    let active: Vec<_> =
        said["models"].as_array().expect("a list").iter().filter(|m| m["active"] == json!(true)).collect();
    assert_eq!(active[0]["version"], json!("1.0.0"));
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn without_a_gateway_status_says_how_to_start_one() {
    Bench::with("").takt(&["status"]).code(1).says(&["no gateway answers", "takt run"]);
}
