//! `cargo xtask dashboard`: the page's packages by their lock file, then its build; nothing when both are up to date.

use crate::{setup, shell};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The first Node.js that the page's tools run on.
const NODE_MIN: u32 = 20;
/// What the built page is made of.
const SOURCES: [&str; 7] =
    ["src", "public", "scripts/finish.mjs", "index.html", "package.json", "vite.config.ts", "tsconfig.json"];

/// Builds the page into `gateway/dashboard/dist`, from where the gateway takes it.
pub(crate) fn run() -> Result<()> {
    packages()?;
    let dist = folder().join("dist/index.html");
    if newest(&SOURCES.map(|name| folder().join(name)))? <= changed(&dist).unwrap_or(SystemTime::UNIX_EPOCH) {
        return Ok(());
    }
    shell::run(npm().args(["run", "--silent", "build"]))
}

/// Types, lint, the pure parts' tests, and whether the client is what the gateway's OpenAPI says.
pub(crate) fn check() -> Result<()> {
    packages()?;
    shell::run(npm().args(["run", "--silent", "check"]))
}

/// The page in a real browser, against the programs that were built.
pub(crate) fn browser(found: &setup::Found) -> Result<()> {
    let mut npm = npm();
    npm.args(["run", "--silent", "browser"]);
    found.tell(&mut npm);
    shell::run(&mut npm)
}

/// Pictures of every page of a running gateway, such as the demo's.
pub(crate) fn screens(address: &str, only: Option<&str>) -> Result<()> {
    packages()?;
    let mut node = Command::new("node");
    node.current_dir(folder()).arg("scripts/screens.mjs").args(only);
    node.env("TAKT_HTTP", address).env("TAKT_SCREENS", shell::target().join("screens"));
    shell::run(&mut node)
}

/// What the page costs, measured in a real browser.
pub(crate) fn bench(quick: bool) -> Command {
    let mut node = Command::new("node");
    node.current_dir(folder()).arg("scripts/bench.mjs").args(quick.then_some("--quick"));
    node
}

/// The packages of the lock file, fetched again only when it changed.
pub(crate) fn packages() -> Result<()> {
    node()?;
    let lock = folder().join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder().join("node_modules/.installed");
    if std::fs::read(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    shell::run(npm().args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    std::fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Where the page's sources are.
pub(crate) fn folder() -> PathBuf {
    shell::root().join("gateway/dashboard")
}

fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder());
    npm
}

fn node() -> Result<()> {
    let hint = format!("the page is built with Node.js {NODE_MIN} or newer, with npm; install both and try again");
    let said = Command::new("node").arg("--version").output().context(hint.clone())?;
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MIN => Ok(()),
        _ => bail!("{hint} (found {version})"),
    }
}

/// The newest change of any file.
fn newest(paths: &[PathBuf]) -> Result<SystemTime> {
    let mut found = SystemTime::UNIX_EPOCH;
    for path in paths {
        found = found.max(changed(path).with_context(|| format!("cannot read {}", path.display()))?);
        if path.is_dir() {
            let inside: Result<Vec<_>, _> = std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect();
            found = found.max(newest(&inside?)?);
        }
    }
    Ok(found)
}

fn changed(path: &Path) -> std::io::Result<SystemTime> {
    std::fs::metadata(path)?.modified()
}
