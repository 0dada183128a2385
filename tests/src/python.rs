//! The Python peers: independent implementations of protocols and formulas.

use crate::process::Process;
use std::path::PathBuf;
use std::process::Command;

/// A command that runs a script of `tests/peers` with the pinned packages.
///
/// # Panics
/// When `TAKT_PYTHON` is not set: `cargo xtask test` makes the environment.
pub fn script(name: &str) -> Command {
    let python = std::env::var_os("TAKT_PYTHON").expect("TAKT_PYTHON is set by `cargo xtask test`");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers").join(name);
    assert!(path.exists(), "{} is there", path.display());
    let mut command = Command::new(python);
    command.arg(path);
    command
}

/// Starts a script as a peer.
pub fn peer(name: &str, arguments: &[String]) -> Process {
    Process::start(name, script(name).args(arguments))
}
