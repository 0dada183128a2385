//! `cargo xtask bench`: the benchmarks behind SPECIFICATION.md, each against its limit in one run.

use crate::{setup, shell, tests};
use anyhow::{Result, bail};

/// A benchmark: its name, and the cargo command that runs it.
const BENCHMARKS: [(&str, &[&str]); 5] = [
    // A scorer against a bare `Session::run` of the same graph, interleaved.
    ("score", &["bench", "--package", "takt-models", "--bench", "score"]),
    // Decoding and digest of a 52-field message.
    ("mqtt-codec", &["run", "--release", "--package", "takt-adapters", "--example", "mqtt_codec_cost"]),
    // Receive, decode and republish against a bare echo by rumqttc.
    ("mqtt-echo", &["run", "--release", "--package", "takt-adapters", "--example", "mqtt_echo_cost"]),
    // A changed register to a written coil against a bare read and write.
    (
        "modbus",
        &[
            "test",
            "--release",
            "--package",
            "takt-adapters",
            "--test",
            "modbus",
            "--",
            "--ignored",
            "--nocapture",
            "latency",
        ],
    ),
    // History against SQLite rows, 1,000 a statement; bytes a sample on real data.
    (
        "store",
        &["test", "--release", "--package", "takt", "--test", "store", "--", "--ignored", "--nocapture", "bench"],
    ),
];

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let known = || BENCHMARKS.map(|(name, _)| name).join(", ");
    if let Some(unknown) = names.iter().find(|name| !BENCHMARKS.iter().any(|(known, _)| known == name)) {
        bail!("there is no benchmark '{unknown}'; there are {}", known());
    }
    let found = setup::for_tests()?;
    for (name, arguments) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("== {name}");
            let mut cargo = shell::cargo();
            cargo.args(arguments);
            tests::environment(&mut cargo, &found);
            shell::run(&mut cargo)?;
        }
    }
    Ok(())
}
