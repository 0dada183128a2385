//! TEP by Modbus: the same rows as holding registers of an independent server, a part counter as
//! trigger, every verdict answered by a coil; the same published rates, and no write repeated.

use crate::feed::Verdicts;
use crate::tep_mqtt::{check_rates, learn, write_csv};
use crate::verdicts::{check_books, check_sequence};
use serde_json::Value;
use std::io::BufRead;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use takt_tests::dataset::tep;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::Process;
use takt_tests::python;
use takt_tests::subscriber::Subscriber;

/// From a row's values to its number: longer than one scan.
const SETTLE_MS: &str = "4";

/// Starts the PLC; the next row is shown whenever the verdict on the last one was written.
fn plc(csv: &Path, writes: &Path) -> (Process, u16) {
    let mut command = python::script("modbus_rows.py");
    command.arg("--csv").arg(csv).arg("--writes").arg(writes);
    command.args(["--settle", SETTLE_MS, "--advance-on", "coil:10"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = Process::start("modbus_rows.py", &mut command);
    let first = process.output().lines().next().expect("it says its port").expect("text");
    let port = first.strip_prefix("port ").and_then(|port| port.parse().ok()).expect("a port");
    (process, port)
}

fn document(broker: &Mosquitto, port: u16) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
every = "2ms"
timeout = "2s"
[[lines]]
id = "tep"
[[lines.tag_groups]]
names = ["xmeas_{{1..41}}", "xmv_{{1..11}}"]
source = {{ connection = "plc", register = "holding:0", type = "f32", order = "abcd" }}
[[lines.tags]]
id = "row"
source = {{ connection = "plc", register = "holding:200", type = "u32" }}
[lines.heartbeat]
connection = "plc"
register = "holding:310"
every = "100ms"
[[lines.checks]]
id = "process"
inputs = ["x*"]
model = "tep"
window = {{ kind = "trigger", tag = "row", edge = "change", collect = {{ before = "0s", after = "0s" }} }}
deadline = "10s"
[[lines.checks.outputs]]
id = "reject"
write = {{ connection = "plc", register = "coil:10" }}
value = {{ pass = false, fail = true, inconclusive = true }}
fail_safe = true
"#,
        broker.url()
    )
}

/// Each row got exactly one write, and it was its verdict. Behind the last one the fail-safe value stands: the
/// gateway was ended in order.
fn check_writes(file: &Path, outcomes: &[bool]) {
    let text = std::fs::read_to_string(file).expect("the PLC kept its writes");
    let writes: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let coils: Vec<&Value> = writes.iter().filter(|write| write["kind"] == "coil").collect();
    let (end, coils) = coils.split_last().expect("coils were written");
    assert_eq!(end["values"][0], 1, "the end leaves the fail-safe value");
    let mut n_written = vec![0; outcomes.len() + 1];
    for write in coils {
        let row = usize::try_from(write["row"].as_u64().expect("a row")).expect("small");
        n_written[row] += 1;
        if row > 0 {
            assert_eq!(write["values"][0], u64::from(outcomes[row - 1]), "row {row} is answered by its verdict");
        }
    }
    assert!(n_written[1..].iter().all(|n| *n == 1), "exactly one write a row");
    let beats: Vec<u64> =
        writes.iter().filter(|w| w["address"] == 310).filter_map(|w| w["values"][0].as_u64()).collect();
    assert!(beats.len() > 10 && beats.windows(2).all(|pair| pair[1] == pair[0] + 1), "the heartbeat moves: {beats:?}");
}

#[test]
fn a_plc_gets_the_published_rates_and_one_answer_a_row() {
    let broker = Mosquitto::start();
    let reference = tep::reference();
    let rows: Vec<Vec<f64>> = reference.iter().flat_map(|(fault, _, _)| tep::test_run(*fault)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, writes) = (folder.path().join("rows.csv"), folder.path().join("writes.jsonl"));
    write_csv(&csv, &rows);
    let (mut plc, port) = plc(&csv, &writes);
    let mut gateway = Gateway::new(&document(&broker, port));
    learn(&gateway);
    gateway.start_ready();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/tep/process/verdict"]);
    gateway.run_ok(&["output", "arm", "tep/process/reject"]);
    plc.tell("next");
    let mut verdicts = Verdicts::of(&consumer);
    verdicts.wait(rows.len(), Duration::from_secs(600));
    check_sequence(&verdicts.seen, 1);
    for (verdict, part) in verdicts.seen.iter().zip(1_u64..) {
        assert_eq!(verdict.part, part, "the part counter names the part");
    }
    for ((fault, t2, spe), run) in reference.iter().zip(verdicts.seen.chunks(960)) {
        check_rates(*fault, run, *t2, *spe);
    }
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    let outcomes: Vec<bool> = verdicts.seen.iter().map(|verdict| verdict.outcome == "fail").collect();
    check_writes(&writes, &outcomes);
}
