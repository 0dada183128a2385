//! The independent server: pymodbus in a process of its own.

use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A value that the server holds, as its own script laid it over registers.
#[derive(Debug, Deserialize)]
pub struct Case {
    pub register: String,
    pub r#type: String,
    pub order: String,
    pub value: String,
}

#[derive(Deserialize)]
struct Ready {
    port: u16,
    cases: Vec<Case>,
}

/// A running server; ends when dropped.
pub struct Peer {
    pub port: u16,
    pub cases: Vec<Case>,
    child: Child,
    _stdin: Option<ChildStdin>,
}

impl Peer {
    /// Starts the server on a free port, or on this one.
    pub fn start(port: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/modbus_server.py");
        let (program, first) = match std::env::var("TAKT_PYTHON") {
            Ok(python) => (python, None),
            Err(_) => ("/usr/bin/env".to_owned(), Some("python3")),
        };
        let mut child = Command::new(program)
            .args(first)
            .args([script, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts; set TAKT_PYTHON to one with pymodbus, or run `cargo xtask setup`");
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("its output can be read");
        let ready: Ready = serde_json::from_str(&line).unwrap_or_else(|e| {
            panic!("the server did not start ({e}): '{line}'; `cargo xtask setup` installs pymodbus")
        });
        Self { port: ready.port, cases: ready.cases, child, _stdin: stdin }
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
