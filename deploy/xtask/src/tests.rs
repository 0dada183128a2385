//! `cargo xtask test`: set-up, then every test of the workspace against real peers.

use crate::{dashboard, setup, shell};
use anyhow::Result;

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
    found.tell(&mut test);
    test.envs(packs);
    if long {
        test.env("TAKT_LONG", "1");
    }
    let passed = shell::run(&mut test);
    // A failed test in one language must not hide those of the other.
    dashboard::browser(&found).and(passed)
}
