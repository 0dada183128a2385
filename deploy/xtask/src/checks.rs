//! What must hold before any test runs: formatting, clippy without warnings, tidy and layers.

use crate::shell;
use anyhow::Result;

/// Runs the checks in the order of their cost.
pub(crate) fn run() -> Result<()> {
    // All of the lock file: the layer checks read it without a network.
    shell::run(shell::cargo().args(["fetch", "--locked"]))?;
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))?;
    shell::run(shell::cargo().args(["test", "--quiet", "--workspace", "--test", "tidy"]))?;
    shell::run(shell::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
