//! A PLC that misbehaves on command, and a gateway that judges its parts and writes to it.

use crate::parts::{learn, path, text};
use serde_json::Value;
use std::io::{BufRead, Lines};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::process::{Process, wait_until};
use takt_tests::python;

/// The output's full name.
pub(crate) const OUTPUT: &str = "press/part/reject";
/// Where the heartbeat is written.
pub(crate) const HEARTBEAT: u64 = 300;
/// A check by the learned baseline, with time enough on any machine.
pub(crate) const LEARNED: &str = "model = \"press\"\ndeadline = \"10s\"";
/// A connection that forgives a busy machine, and one that is soon given up.
pub(crate) const PATIENT: &str = "timeout = \"3s\"";
pub(crate) const IMPATIENT: &str = "timeout = \"500ms\"";
/// How long a busy machine may take for a step.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A part that passes and one that fails, in whole numbers as the registers hold them.
pub(crate) const GOOD: [u16; 3] = [100, 20, 5];
pub(crate) const FAULTY: [u16; 3] = [100, 20, 10];

/// A write as the PLC saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Write {
    pub(crate) at_ms: u64,
    pub(crate) address: u64,
    pub(crate) value: u64,
}

/// Gateway and PLC.
pub(crate) struct Bench {
    pub(crate) gateway: Gateway,
    plc: Process,
    answers: Lines<Box<dyn BufRead>>,
    log: PathBuf,
    /// Where the PLC listens.
    pub(crate) port: u16,
    n_parts: u16,
}

impl Bench {
    /// Starts the PLC; the gateway is configured with more keys of connection and check and an output,
    /// and does not run yet.
    pub(crate) fn new(connection: &str, check: &str, output: &str) -> Self {
        Self::with(Gateway::new(""), connection, check, output)
    }

    /// The same with a gateway made elsewhere, such as on a disk of its own.
    pub(crate) fn with(gateway: Gateway, connection: &str, check: &str, output: &str) -> Self {
        let log = path(&gateway, "writes.jsonl");
        let mut command = python::script("modbus_faulty.py");
        command.args(["--writes", text(&log)]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut plc = Process::start("modbus_faulty.py", &mut command);
        let output_of_plc: Box<dyn BufRead> = Box::new(plc.output());
        let mut answers = output_of_plc.lines();
        let first = answers.next().expect("it says its port").expect("text");
        let port: u16 = first.strip_prefix("port ").and_then(|port| port.parse().ok()).expect("a port");
        gateway.configure(&document(port, connection, check, output));
        let mut bench = Self { gateway, plc, answers, log, port, n_parts: 0 };
        // Registers hold their own addresses at first; part number 50 would be as good as any.
        bench.put(GOOD);
        bench
    }

    /// With the learned baseline, running, and armed.
    pub(crate) fn armed(connection: &str, output: &str) -> Self {
        let mut bench = Self::new(connection, LEARNED, output);
        learn(&bench.gateway);
        bench.gateway.start_ready();
        bench.gateway.run_ok(&["output", "arm", OUTPUT]);
        bench
    }

    /// Tells the PLC how to behave.
    pub(crate) fn tell(&mut self, command: &str) -> String {
        self.plc.tell(command);
        self.answers.next().expect("the PLC answers").expect("text")
    }

    /// Shows a part: values first, then its number. The number is read before the values.
    pub(crate) fn part(&mut self, values: [u16; 3]) {
        self.put(values);
        self.n_parts += 1;
        let number = 1_000 + self.n_parts;
        assert_eq!(self.tell(&format!("set 50 {number}")), "ok");
    }

    fn put(&mut self, values: [u16; 3]) {
        for (address, value) in (100..).zip(values) {
            assert_eq!(self.tell(&format!("set {address} {value}")), "ok");
        }
    }

    /// Shows parts until the gateway has given a verdict more.
    pub(crate) fn judged(&mut self, values: [u16; 3]) {
        let before = self.n_verdicts();
        self.part(values);
        wait_until("the part is judged", PATIENCE, || (self.n_verdicts() > before).then_some(()));
    }

    pub(crate) fn check(&self) -> Value {
        self.gateway.json("/api/v1/status")["lines"][0]["checks"][0].clone()
    }

    pub(crate) fn n_verdicts(&self) -> u64 {
        self.check()["verdicts"]["total"].as_u64().expect("a check counts its verdicts")
    }

    /// The output, as the API shows it.
    pub(crate) fn output(&self) -> Value {
        self.check()["outputs"][0].clone()
    }

    /// Waits until so many writes of the output came out so.
    pub(crate) fn wait_outcome(&self, outcome: &str, n: u64) -> Value {
        wait_until(&format!("{n} writes are {outcome}; {}", self.output()), PATIENCE, || {
            let output = self.output();
            (output["writes"][outcome].as_u64() >= Some(n)).then_some(output)
        })
    }

    pub(crate) fn link(&self) -> Value {
        self.gateway.json("/api/v1/connections")["connections"][0].clone()
    }

    /// Waits until the connection is in this state.
    pub(crate) fn wait_link(&self, link: &str) {
        wait_until(&format!("the connection is {link}"), PATIENCE, || (self.link()["link"] == link).then_some(()));
    }

    /// Every write that reached the PLC, carried out or refused.
    pub(crate) fn writes(&self) -> Vec<Write> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let write = |line: &str| {
            let json: Value = serde_json::from_str(line).expect("JSON");
            let number = |value: &Value| value.as_u64().expect("a number");
            let (at_ms, value) = (number(&json["at_ns"]) / 1_000_000, number(&json["values"][0]));
            Write { at_ms, address: number(&json["address"]), value }
        };
        whole.lines().map(write).collect()
    }

    /// The values written to one place.
    pub(crate) fn values_at(&self, address: u64) -> Vec<u64> {
        self.writes().iter().filter(|write| write.address == address).map(|write| write.value).collect()
    }
}

fn document(port: u16, connection: &str, check: &str, output: &str) -> String {
    format!(
        r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
every = "10ms"
{connection}
[[lines]]
id = "press"
[[lines.tags]]
id = "part"
source = {{ connection = "plc", register = "holding:50" }}
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = {{ connection = "plc", register = "holding:100" }}
[lines.heartbeat]
connection = "plc"
register = "holding:{HEARTBEAT}"
every = "50ms"
[[lines.checks]]
id = "part"
inputs = ["force", "power", "oil"]
{check}
window = {{ kind = "trigger", tag = "part", edge = "change", collect = {{ before = "0s", after = "0s" }} }}
[[lines.checks.outputs]]
id = "reject"
{output}
"#
    )
}
