//! `cargo xtask test`: set-up, then every test of the workspace against real peers.

use crate::{dashboard, setup, shell};
use anyhow::Result;
use std::process::Command;

/// Runs the tests; `long` asks for the full figures.
pub(crate) fn run(long: bool, arguments: &[String]) -> Result<()> {
    let (found, packs) = (setup::for_tests()?, setup::packs_for_tests()?);
    dashboard::run()?;
    dashboard::check()?;
    // Everything at once: with fewer packages cargo would choose other features and build twice.
    shell::run(shell::cargo().args(["build", "--workspace", "--all-targets"]))?;
    let mut test = shell::cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]);
    if !arguments.is_empty() {
        test.arg("--").args(arguments);
    }
    environment(&mut test, &found);
    test.envs(packs);
    if long {
        test.env("TAKT_LONG", "1");
    }
    let passed = shell::run(&mut test);
    // A failed test in one language must not hide those of the other.
    dashboard::browser(&found).and(passed)
}

/// Tells tests where the peers are.
pub(crate) fn environment(command: &mut Command, found: &setup::Found) {
    command.env("TAKT_ORT_LIB", &found.onnxruntime);
    command.env("TAKT_PYTHON", &found.python);
    command.env("TAKT_BIN", shell::target().join("debug"));
    if std::env::var_os("TAKT_DATA").is_none() {
        command.env("TAKT_DATA", shell::root().join("../shared/data"));
    }
}
