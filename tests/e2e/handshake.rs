//! The part handshake (B17) against a PLC's own program, and kill -9 in the middle of it: every part
//! gets its own verdict under its own number, and no write for a part is ever repeated (B14, B23).

use crate::parts::{FAULTY, GOOD, Part, learn, path, rows, text};
use crate::verdicts::check_books;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use takt_tests::dice::Dice;
use takt_tests::gateway::Gateway;
use takt_tests::process::{Process, wait_until};
use takt_tests::python;

const OUTPUT: &str = "press/part/reject";
/// The PLC's registers that the gateway writes.
const ANSWER: u64 = 210;
const VERDICT: u64 = 220;
const HEARTBEAT: u64 = 300;
/// What is written there.
const PASS: u64 = 1;
const FAIL: u64 = 2;
const INCONCLUSIVE: u64 = 3;
const FAIL_SAFE: u64 = 9;

/// The PLC with its program.
struct Plc {
    process: Process,
    log: PathBuf,
    port: u16,
}

/// A line of its log.
#[derive(Debug, Clone)]
struct Entry {
    what: String,
    part: u64,
    verdict: u64,
    address: u64,
    value: u64,
}

impl Plc {
    fn start(gateway: &Gateway, parts: &[Part], patience_ms: u32) -> Self {
        let (csv, log) = (path(gateway, "parts.csv"), path(gateway, "plc.jsonl"));
        std::fs::write(&csv, rows(parts)).expect("the folder can be written");
        let mut command = python::script("modbus_handshake.py");
        command.args(["--csv", text(&csv), "--log", text(&log), "--patience", &patience_ms.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start("modbus_handshake.py", &mut command);
        let first = process.output().lines().next().expect("it says its port").expect("text");
        let port = first.strip_prefix("port ").and_then(|port| port.parse().ok()).expect("a port");
        Self { process, log, port }
    }

    fn log(&self) -> Vec<Entry> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The last line may still be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(entry).collect()
    }

    /// Puts a mark into the log: the gateway that wrote before is dead.
    fn mark_restart(&self) {
        let mut log = std::fs::File::options().append(true).open(&self.log).expect("the log is there");
        log.write_all(b"{\"what\":\"restart\"}\n").expect("the log can be written");
    }

    fn count(&self, what: &str) -> usize {
        self.log().iter().filter(|entry| entry.what == what).count()
    }
}

fn entry(line: &str) -> Entry {
    let json: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let number = |key: &str| json[key].as_u64().unwrap_or(0);
    let value = match json["values"].as_array().map(Vec::as_slice) {
        Some([high, low]) => high.as_u64().unwrap_or(0) << 16 | low.as_u64().unwrap_or(0),
        Some([one]) => one.as_u64().unwrap_or(0),
        _ => 0,
    };
    Entry {
        what: json["what"].as_str().expect("a step has a name").to_owned(),
        part: number("part"),
        verdict: number("verdict"),
        address: number("address"),
        value,
    }
}

fn document(port: u16, timing: &str, deadline: &str) -> String {
    format!(
        r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
every = "10ms"
{timing}
[[lines]]
id = "press"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = {{ connection = "plc", register = "holding:100", type = "f32" }}
[[lines.tags]]
id = "ready"
source = {{ connection = "plc", register = "coil:11" }}
[lines.heartbeat]
connection = "plc"
register = "holding:{HEARTBEAT}"
every = "50ms"
[[lines.checks]]
id = "part"
inputs = ["force", "power", "oil"]
model = "press"
window = {{ kind = "trigger", tag = "ready", edge = "rising", collect = {{ before = "0s", after = "0s" }} }}
deadline = "{deadline}"
[[lines.checks.outputs]]
id = "reject"
write = {{ connection = "plc", register = "holding:{VERDICT}" }}
value = {{ pass = {PASS}, fail = {FAIL}, inconclusive = {INCONCLUSIVE} }}
fail_safe = {FAIL_SAFE}
mode = "handshake"
ready = "coil:11"
part = {{ register = "holding:202", type = "u32" }}
answer = {{ register = "holding:{ANSWER}", type = "u32" }}
"#
    )
}

/// Every third part is faulty.
fn parts() -> [Part; 3] {
    [GOOD, GOOD, FAULTY]
}

fn expected(part: u64) -> u64 {
    if part.is_multiple_of(3) { FAIL } else { PASS }
}

/// Whatever happened: the order of each part's writes, none twice, each the part's own.
fn check_log(log: &[Entry]) {
    let mut n_answers: BTreeMap<u64, u32> = BTreeMap::new();
    let (mut part, mut n_verdicts, mut verdict) = (0, 0, None);
    let (mut is_new, mut is_fresh) = (false, false);
    for entry in log {
        match (entry.what.as_str(), entry.address) {
            ("restart", _) => is_new = true,
            ("connect", _) => is_fresh |= std::mem::take(&mut is_new),
            ("ready", _) => (part, n_verdicts, verdict) = (entry.part, 0, None),
            ("answered", _) => {
                assert_eq!(entry.verdict, expected(entry.part), "part {} is taken with its own verdict", entry.part);
            }
            ("write", ANSWER) if entry.value != 0 => {
                assert_eq!(entry.value, part, "the number of the part that lies there");
                assert_eq!(verdict, Some(expected(part)), "the verdict of part {part} stands before its answer");
                *n_answers.entry(entry.value).or_default() += 1;
            }
            ("write", VERDICT) if matches!(entry.value, PASS | FAIL | INCONCLUSIVE) => {
                n_verdicts += 1;
                verdict = Some(entry.value);
                assert_eq!(entry.value, expected(part), "the verdict of part {part}");
                assert_eq!(n_verdicts, 1, "the verdict of part {part} is written once");
            }
            _ => {}
        }
        if entry.what == "write" && std::mem::take(&mut is_fresh) {
            let first = (entry.address, entry.value);
            assert_eq!(first, (VERDICT, FAIL_SAFE), "after a restart the fail-safe value goes first");
        }
    }
    assert!(n_answers.values().all(|n| *n == 1), "no answer twice: {n_answers:?}");
}

#[test]
fn each_part_is_answered_with_its_own_number_and_cleared() {
    let mut gateway = Gateway::new("");
    let mut plc = Plc::start(&gateway, &parts(), 8_000);
    gateway.configure(&document(plc.port, "timeout = \"2s\"", "5s"));
    learn(&gateway);
    gateway.start_ready();
    // In dry run nothing is written, not even the heartbeat.
    wait_until("a part is judged", Duration::from_secs(30), || {
        (gateway.json("/api/v1/status")["lines"][0]["checks"][0]["verdicts"]["total"].as_u64() >= Some(1)).then_some(())
    });
    assert_eq!(plc.count("write"), 0, "nothing is written before arming");
    gateway.run_ok(&["output", "arm", OUTPUT]);
    wait_until("twelve parts are answered", Duration::from_secs(90), || {
        plc.process.check_alive();
        (plc.count("answered") >= 12).then_some(())
    });
    plc.process.tell("hold");
    wait_until("the last part is cleared", Duration::from_secs(30), || {
        let log = plc.log();
        let last = log.iter().rfind(|entry| entry.what != "write")?;
        (last.what == "cleared").then_some(())
    });
    wait_until("the verdict is cleared too", Duration::from_secs(30), || {
        let log = plc.log();
        let last = log.iter().rfind(|entry| entry.what == "write" && entry.address == VERDICT)?;
        (last.value == 0).then_some(())
    });
    let log = plc.log();
    check_log(&log);
    assert_eq!(plc.count("uncleared"), 0, "every answer is taken back when ready falls");
    let since_armed = log.iter().skip_while(|entry| entry.what != "answered");
    let n_unanswered = since_armed.filter(|entry| entry.what == "unanswered").count();
    assert_eq!(n_unanswered, 0, "every part since arming is answered");
    assert!(log.iter().filter(|entry| entry.address == HEARTBEAT).count() > 5, "the heartbeat moves");
    let output = gateway.json("/api/v1/status")["lines"][0]["checks"][0]["outputs"][0].clone();
    assert!(output["writes"]["confirmed"].as_u64() >= Some(4 * 12), "{output}");
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

/// Kills in an ordinary run; `TAKT_LONG=1` makes it ten times as many.
const N_KILLS: u64 = 10;

#[test]
fn killed_at_any_moment_no_write_is_repeated() {
    let n_kills = if std::env::var_os("TAKT_LONG").is_some() { 10 * N_KILLS } else { N_KILLS };
    let mut gateway = Gateway::new("");
    let mut plc = Plc::start(&gateway, &parts(), 3_000);
    let timing = "timeout = \"5s\"\nconnections_max = 2\nwrite_connection = true";
    gateway.configure(&document(plc.port, timing, "1s"));
    learn(&gateway);
    gateway.start_ready();
    gateway.run_ok(&["output", "arm", OUTPUT]);
    let seed = 0xFA11;
    println!("seed {seed:#x}");
    let mut dice = Dice::new(seed);
    for _ in 0..n_kills {
        let before = plc.count("answered");
        wait_until("parts are answered", Duration::from_secs(60), || {
            plc.process.check_alive();
            (plc.count("answered") >= before + 2).then_some(())
        });
        std::thread::sleep(Duration::from_micros(dice.below(200_000)));
        gateway.kill();
        plc.mark_restart();
        gateway.start();
    }
    let (before, n_beats) = (plc.count("answered"), beats(&plc.log()));
    wait_until("parts are answered, and the heartbeat goes on", Duration::from_secs(60), || {
        (plc.count("answered") >= before + 2 && beats(&plc.log()) > n_beats).then_some(())
    });
    check_log(&plc.log());
    check_books(&gateway);
    gateway.run_ok(&["output", "disarm", OUTPUT]);
    gateway.kill();
    gateway.start_ready();
    let n_writes = plc.count("write");
    let n_judged = || gateway.json("/api/v1/status")["lines"][0]["checks"][0]["verdicts"]["total"].as_u64();
    let judged = n_judged();
    wait_until("parts are judged again", Duration::from_secs(60), || (n_judged() > judged).then_some(()));
    assert_eq!(plc.count("write"), n_writes, "a gateway that is not armed writes nothing, the heartbeat included");
    println!(
        "{n_kills} kills, {} parts answered, {} left to the PLC's own time-out, {} writes",
        plc.count("answered"),
        plc.count("unanswered"),
        plc.count("write")
    );
}

fn beats(log: &[Entry]) -> usize {
    log.iter().filter(|entry| entry.what == "write" && entry.address == HEARTBEAT).count()
}
