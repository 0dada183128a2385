//! Faults injected into the running gateway: a broker that goes away, a PLC that dies.

use crate::feed::Verdicts;
use crate::verdicts::{check_books, check_sequence};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::{Process, free_address, wait_until};
use takt_tests::python;
use takt_tests::subscriber::Subscriber;

const LINE: &str = r#"
[[lines]]
id = "line"
[[lines.tag_groups]]
names = ["a", "b"]
source = { connection = "broker", topic = "line", value = "/{name}", time = "/ts", time_format = "ms" }
[[lines.checks]]
id = "each"
inputs = ["a", "b"]
model = "none"
window = { kind = "frame" }
deadline = "60s"
"#;

fn publish(sensor: &Subscriber, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let at = 1_700_000_000_000 + n * 10;
        sensor.publish("line", format!("{{\"ts\":{at},\"a\":{n},\"b\":1}}"));
    }
}

#[test]
fn a_broker_that_comes_back_gets_every_verdict_once() {
    let mut broker = Mosquitto::start();
    let head =
        format!("[[connections]]\nid = \"broker\"\nkind = \"mqtt\"\nurl = \"{}\"\nverdicts = true\n", broker.url());
    let mut gateway = Gateway::new(&format!("{head}{LINE}"));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut verdicts = Verdicts::of(&consumer);
    publish(&sensor, 0..300);
    verdicts.wait(300, Duration::from_secs(30));
    broker.stop();
    wait_until("the outage is shown", Duration::from_secs(20), || {
        (gateway.json("/api/v1/connections")["connections"][0]["link"] != "up").then_some(())
    });
    broker.start_again();
    publish(&sensor, 300..600);
    verdicts.wait(600, Duration::from_secs(60));
    check_sequence(&verdicts.seen, 1);
    let status = check_books(&gateway);
    assert_eq!(status["lines"][0]["checks"][0]["books"]["received"], 600);
}

/// A PLC at a fixed port, which can be killed and started again.
fn plc(port: u16, csv: &Path, writes: &Path) -> Process {
    let mut command: Command = python::script("modbus_rows.py");
    command.arg("--csv").arg(csv).arg("--writes").arg(writes);
    command.args(["--port", &port.to_string(), "--every", "50", "--settle", "10"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = Process::start("modbus_rows.py", &mut command);
    process.wait_for(([127, 0, 0, 1], port).into(), Duration::from_secs(30));
    process
}

#[test]
fn a_plc_that_comes_back_gets_the_fail_safe_value_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, writes) = (folder.path().join("rows.csv"), folder.path().join("writes.jsonl"));
    let rows: Vec<String> = (0..4_000).map(|n| format!("{n}.0,1.0")).collect();
    std::fs::write(&csv, rows.join("\n")).expect("the folder can be written");
    let port = free_address().port();
    let mut device = plc(port, &csv, &writes);
    let mut gateway = Gateway::new(&format!(
        r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
every = "5ms"
timeout = "500ms"
[[lines]]
id = "line"
[[lines.tags]]
id = "a"
source = {{ connection = "plc", register = "holding:0", type = "f32" }}
[[lines.tags]]
id = "row"
source = {{ connection = "plc", register = "holding:200", type = "u32" }}
[[lines.checks]]
id = "part"
inputs = ["a"]
model = "none"
window = {{ kind = "trigger", tag = "row", edge = "change", collect = {{ before = "0s", after = "0s" }} }}
deadline = "5s"
[[lines.checks.outputs]]
id = "reject"
write = {{ connection = "plc", register = "coil:10" }}
value = {{ pass = false, fail = true, inconclusive = true }}
fail_safe = true
"#
    ));
    gateway.start_connected();
    gateway.run_ok(&["output", "arm", "line/part/reject"]);
    let n_writes = || std::fs::read_to_string(&writes).unwrap_or_default().lines().count();
    wait_until("verdicts are written", Duration::from_secs(20), || (n_writes() >= 5).then_some(()));
    device.kill();
    wait_until("the outage is shown", Duration::from_secs(20), || {
        (gateway.json("/api/v1/connections")["connections"][0]["link"] != "up").then_some(())
    });
    let before = n_writes();
    let _again = plc(port, &csv, &writes);
    wait_until("it is written to again", Duration::from_secs(30), || (n_writes() > before).then_some(()));
    let text = std::fs::read_to_string(&writes).expect("the PLC keeps its writes");
    let first: serde_json::Value = serde_json::from_str(text.lines().nth(before).expect("a line")).expect("JSON");
    assert_eq!((first["address"].as_u64(), first["values"][0].as_u64()), (Some(10), Some(1)), "{first}");
    check_books(&gateway);
}

#[test]
fn a_configuration_with_five_errors_reports_all_five() {
    let gateway = Gateway::new(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "http://nowhere"
[[lines]]
id = "line"
[[lines.tags]]
id = "a"
source = { connection = "brokr", topic = "line", value = "/a" }
[[lines.tags]]
id = "b"
source = { connection = "broker", topic = "line", value = "/b" }
rnage = [0, 1]
[[lines.checks]]
id = "each"
inputs = ["b", "c"]
model = "none"
window = { kind = "count", size = 0 }
"#,
    );
    let output = gateway.run(&["run"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{text}");
    for wrong in ["takt.toml:10:7: connections[broker].url", "\"brokr\"", "rnage", "no tag \"c\"", "window.size"] {
        assert!(text.contains(wrong), "{wrong} is reported:\n{text}");
    }
}
