//! Lines that share a connection: what a change of one does to the other, said before and kept small.

use crate::device::Device;
use crate::kit::{Bench, good_rows};
use serde_json::{Value, json};
use std::time::Duration;

fn line(id: &str, deadline: &str) -> Value {
    json!({ "lines": [{
        "id": id,
        "tags": [{ "id": "force", "source": { "connection": "plc", "register": "holding:1", "every": "20ms" } }],
        "checks": [{
            "id": "stroke", "inputs": ["force"], "model": "press", "deadline": deadline, "window": { "kind": "frame" },
        }],
    }]})
}

fn of(name: &str, form: &Value) -> Value {
    json!({ "documents": [{ "name": name, "form": form }] })
}

fn check(bench: &Bench, line: &str) -> Value {
    let status = bench.got("/api/v1/status");
    let lines = status["lines"].as_array().expect("a list");
    lines.iter().find(|found| found["id"] == line).expect("the line runs")["checks"][0].clone()
}

/// Waits until a check has judged so many more with a model.
fn judged(bench: &Bench, line: &str, more: u64) -> u64 {
    let n =
        |check: &Value| check["verdicts"]["pass"].as_u64().expect("n") + check["verdicts"]["fail"].as_u64().expect("n");
    let wanted = n(&check(bench, line)) + more;
    while n(&check(bench, line)) < wanted {
        std::thread::sleep(Duration::from_millis(20));
    }
    wanted
}

#[test]
fn a_line_beside_one_that_changes_keeps_its_counts_and_its_models() {
    let (bench, device) = (Bench::with(""), Device::start());
    bench.write("good.csv", &good_rows(300));
    bench.takt(&["learn", "--csv", "good.csv", "--columns", "force", "--name", "press", "--activate"]).code(0);
    let _running = bench.start();
    let plc = json!({ "connections": [{ "id": "plc", "kind": "modbus-tcp", "address": device.address.to_string() }] });
    let apply = |name: &str, form: &Value| bench.said("POST", "/api/v1/documents/apply", &of(name, form), 200);
    apply("plc", &plc);
    apply("line-a", &line("a", "2s"));
    apply("line-b", &line("b", "2s"));
    let before = judged(&bench, "b", 30);
    // What is loaded anew is not there any more: whoever keeps its model does not need it.
    std::fs::remove_dir_all(bench.path("data/models/press")).expect("the model lies there");

    let change = of("line-a", &line("a", "3s"));
    let seen = bench.said("POST", "/api/v1/documents/check", &change, 200);
    assert_eq!(seen["lines_restarted"].as_array().map(Vec::len), Some(2), "{seen}");
    assert_eq!(seen["lines_drawn_in"], json!(["b"]), "{seen}");
    bench.write("line-a.json", &line("a", "3s").to_string());
    bench
        .takt(&["line", "apply", "line-a.json", "--dry-run"])
        .code(0)
        .says(&["unchanged, for they share a connection: b"]);
    apply("line-a", &line("a", "3s"));
    assert_ne!(check(&bench, "a")["models"][0]["standing"], "ready", "its package is gone");
    assert!(judged(&bench, "b", 5) >= before + 5, "the counts go on");
    assert_eq!(check(&bench, "b")["models"][0]["standing"], "ready");
}
