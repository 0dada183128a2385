//! The three that answer messages, each a process of its own: Takt, a bare echo, and Python.

use crate::tep::{self, Messages};
use crate::traffic::{Line, Round};
use crate::{account, traffic};
use std::io::{BufRead, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use takt_models::package::Package;
use takt_tests::gateway::Gateway;
use takt_tests::process::Process;
use takt_tests::python;

/// A process that answers messages.
pub(crate) struct Subject {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    line: Line,
    /// Its process id.
    pub(crate) pid: u32,
}

/// One round with one subject.
pub(crate) struct Seen {
    /// What came back.
    pub(crate) round: Round,
    /// Its CPU time a message, in microseconds.
    pub(crate) cpu_us: f64,
}

impl Subject {
    /// The gateway, which must run.
    pub(crate) fn takt(gateway: &Gateway, broker: SocketAddr) -> Self {
        let pid = gateway.id().expect("the gateway runs");
        Self { name: "Takt", line: Line::connect("takt", broker, vec!["bench/takt".into()], tep::VERDICTS), pid }
    }

    /// A bare echo.
    pub(crate) fn echo(broker: SocketAddr) -> (Self, Process) {
        let mut command = Command::new(std::env::current_exe().expect("a program has a path"));
        command.args(["echo", &broker.to_string(), "bench/echo", "bench/echo/back"]).stdout(Stdio::piped());
        let process = ready("echo", &mut command);
        let line = Line::connect("echo", broker, vec!["bench/echo".into()], "bench/echo/back");
        (Self { name: "echo", line, pid: process.id() }, process)
    }

    /// Python doing what Takt does, without history and journal.
    pub(crate) fn python(broker: SocketAddr, package: &Path) -> (Self, Process) {
        let opened = Package::open_file(package).expect("the learned package opens");
        let model = package.with_extension("onnx");
        std::fs::write(&model, opened.model()).expect("the folder can be written");
        let limits = opened.manifest().scores.iter().map(|score| format!("{}={}", score.name, score.limit));
        let mut command = python::script("bench_python.py");
        command.args(["--host", &broker.ip().to_string(), "--port", &broker.port().to_string()]);
        command.args(["--topic", "bench/python", "--verdicts", "bench/python/verdict", "--model"]).arg(model);
        command.arg("--limit").args(limits).stdout(Stdio::piped());
        let process = ready("python", &mut command);
        let line = Line::connect("python", broker, vec!["bench/python".into()], "bench/python/verdict");
        (Self { name: "Python", line, pid: process.id() }, process)
    }

    /// One message each `every`.
    pub(crate) fn paced(&mut self, messages: &mut Messages, n: usize, every: Duration) -> Seen {
        let payloads = messages.take(n);
        self.measured(n, |line| line.paced(&payloads, every, n))
    }

    /// As fast as it answers.
    pub(crate) fn flat_out(&mut self, messages: &mut Messages, n: usize) -> Seen {
        let payloads = messages.take(n);
        self.measured(n, |line| line.flat_out(&payloads))
    }

    fn measured(&mut self, n: usize, run: impl FnOnce(&mut traffic::Line) -> Round) -> Seen {
        let before = account::cpu(self.pid);
        let round = run(&mut self.line);
        // The writer of the journal commits what came last.
        std::thread::sleep(Duration::from_millis(50));
        let used = account::cpu(self.pid).since(&before);
        #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
        let cpu_us = used.as_secs_f64() * 1e6 / n as f64;
        Seen { round, cpu_us }
    }
}

/// Starts a program and waits for its word; whatever it says later is read and dropped.
fn ready(name: &str, command: &mut Command) -> Process {
    let mut process = Process::start(name, command);
    let mut output = process.output();
    let mut word = String::new();
    output.read_line(&mut word).expect("its output is text");
    assert_eq!(word.trim(), "ready", "{name} does not get ready");
    std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
    process
}
