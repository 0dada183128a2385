//! Set-up: what building, the demo and the tests need beyond Rust.

use crate::{shell, wheels};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Debian packages of the test peers, with the program that shows that each is there.
const TEST_PACKAGES: [(&str, &str); 5] = [
    ("mosquitto", "mosquitto"),
    ("mosquitto-clients", "mosquitto_pub"),
    ("openssl", "openssl"),
    ("faketime", "faketime"),
    ("chromium", "chromium"),
];

/// What the tests find through their environment.
pub(crate) struct Found {
    /// ONNX Runtime's library.
    pub(crate) onnxruntime: PathBuf,
    /// A Python with the peers of `tests/peers/requirements.txt`.
    pub(crate) python: PathBuf,
}

impl Found {
    /// Tells a program where the peers, the built programs and the data are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TAKT_ORT_LIB", &self.onnxruntime);
        command.env("TAKT_PYTHON", &self.python);
        command.env("TAKT_BIN", shell::target().join("debug"));
        if std::env::var_os("TAKT_DATA").is_none() {
            command.env("TAKT_DATA", shell::root().join("../shared/data"));
        }
    }
}

/// `cargo xtask setup`.
pub(crate) fn run(provider: Option<wheels::Provider>) -> Result<()> {
    let library = wheels::library(provider.unwrap_or(wheels::Provider::Cpu))?;
    println!("ONNX Runtime: {}", library.display());
    if let Some(needed) = provider.and_then(wheels::also_needed) {
        println!("Note: {needed}");
    }
    if provider.is_none() {
        let found = for_tests()?;
        println!("Python peers: {}", found.python.display());
    }
    Ok(())
}

/// ONNX Runtime, the Debian packages and the Python peers.
pub(crate) fn for_tests() -> Result<Found> {
    debian(&TEST_PACKAGES)?;
    Ok(Found { onnxruntime: wheels::library(wheels::Provider::Cpu)?, python: python()? })
}

/// The packs whose silicon can be tested without it, each with the variable that names its library to
/// the tests: OpenVINO on its CPU device, and QNN's simulator of the Hexagon NPU.
const TESTED_PACKS: [(wheels::Provider, &str); 2] =
    [(wheels::Provider::Openvino, "TAKT_ORT_LIB_OPENVINO"), (wheels::Provider::Qnn, "TAKT_ORT_LIB_QNN")];

/// Fetches the packs beyond the CPU's; says which cannot be had here, so that their tests do not run.
pub(crate) fn packs_for_tests() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut found = Vec::new();
    for (provider, variable) in TESTED_PACKS {
        if wheels::pinned(provider) {
            found.push((variable, wheels::library(provider)?));
        } else {
            let machine = std::env::consts::ARCH;
            eprintln!("NOT RUN: the tests of pack {provider:?}, because no wheel of it is pinned for {machine}");
        }
    }
    Ok(found)
}

/// Installs missing Debian packages as root; otherwise says exactly what to install.
fn debian(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().filter(|(_, program)| !shell::exists(program)).map(|(p, _)| *p).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let id = Command::new("id").arg("-u").output().context("cannot ask for the user id")?;
    if id.stdout.trim_ascii() != b"0" {
        bail!("these programs are missing; install them with: sudo apt-get install {names}");
    }
    shell::run(Command::new("apt-get").args(["update", "-qq"]))?;
    shell::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&missing),
    )
}

/// A virtual environment with the pinned peers, made anew when the pins change.
fn python() -> Result<PathBuf> {
    let pins = shell::root().join("tests/peers/requirements.txt");
    let wanted = std::fs::read(&pins).with_context(|| format!("cannot read {}", pins.display()))?;
    let folder = shell::target().join("python");
    let stamp = folder.join("requirements.installed");
    let python = folder.join("bin/python");
    if std::fs::read(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    let made = shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    made.context("cannot make a Python environment; on Debian: apt-get install python3-venv")?;
    shell::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&pins),
    )?;
    std::fs::write(&stamp, &wanted)?;
    Ok(python)
}
