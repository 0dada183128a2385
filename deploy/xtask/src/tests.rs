//! `cargo xtask test`: set-up, then every test of the workspace against real peers.

use crate::{dashboard, fuzz, setup, shell};
use anyhow::Result;

/// Seconds of each fuzz target in an ordinary run, and in a long one.
const FUZZ_S: [u32; 2] = [5, 120];

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
    // A failed test of one kind must not hide those of the others.
    let browsed = dashboard::browser(&found);
    let fuzzed = if arguments.is_empty() { fuzz::short(FUZZ_S[usize::from(long)]) } else { Ok(()) };
    passed.and(browsed).and(fuzzed)
}
