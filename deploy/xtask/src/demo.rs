//! `cargo xtask demo`: builds the gateway and the demo plant, then hands over to the demo.

use crate::{dashboard, shell, wheels};
use anyhow::Result;

/// Builds and runs the main job. Ctrl-C goes to the demo, which ends everything in order.
pub(crate) fn run(release: bool, provider: Option<wheels::Provider>, arguments: &[String]) -> Result<()> {
    let library = wheels::library(provider.unwrap_or(wheels::Provider::Cpu))?;
    dashboard::run()?;
    let mut build = shell::cargo();
    // The whole workspace, as tests and benchmarks build it: with fewer packages cargo would choose other
    // features and build every dependency twice.
    build.args(["build", "--workspace", "--bins"]);
    let profile = if release { "release" } else { "debug" };
    if release {
        build.arg("--release");
    }
    shell::run(&mut build)?;
    let programs = shell::target().join(profile);
    let mut demo = std::process::Command::new(programs.join("takt-demo"));
    demo.env("TAKT_ORT_LIB", library).env("TAKT_BIN", &programs).args(arguments);
    shell::run(&mut demo)
}
