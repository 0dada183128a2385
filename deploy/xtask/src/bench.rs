//! `cargo xtask bench`: builds with optimisation and runs the benchmarks of `tests/bench`.

use crate::{setup, shell, tests};
use anyhow::Result;

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String], quick: bool) -> Result<()> {
    let found = setup::for_tests()?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "takt"]))?;
    let mut bench = shell::cargo();
    bench.args(["run", "--quiet", "--release", "--package", "takt-tests", "--bin", "takt-bench", "--"]);
    if quick {
        bench.arg("--quick");
    }
    bench.args(names);
    tests::environment(&mut bench, &found);
    bench.env("TAKT_BIN", shell::target().join("release"));
    shell::run(&mut bench)
}
