//! `cargo xtask fuzz`: every decoder of hostile bytes, for some seconds each.

use crate::shell;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pinned fuzzing driver; the toolchain is whatever nightly is installed.
const CARGO_FUZZ: &str = "0.13.2";

/// Longest input. Longer ones add repetition, not new paths.
const INPUT_BYTES_MAX: u32 = 4_096;

/// An input that takes so many seconds is a defect: decoders are linear.
const INPUT_S_MAX: u32 = 10;

/// The seed of the short pass.
const SHORT_SEED: u32 = 1;

/// Runs the named targets, or all. `again`: the same inputs as every time.
pub(crate) fn run(names: &[String], seconds: u32, again: bool) -> Result<()> {
    if let Err(why) = ready() {
        bail!("{why}");
    }
    pass(names, seconds, again)
}

/// The short pass of every test run: enough to see that a decoder takes its seeds and what lies near
/// them, the same inputs each time, so that a test run does not fail by chance. Searching for new ones is
/// `cargo xtask fuzz`. Without a nightly toolchain it says that it did not run.
pub(crate) fn short(seconds: u32) -> Result<()> {
    if let Err(why) = ready() {
        eprintln!("NOT RUN: the fuzz targets: {why}");
        return Ok(());
    }
    pass(&[], seconds, true)
}

fn pass(names: &[String], seconds: u32, again: bool) -> Result<()> {
    let folder = folder();
    let known = targets(&folder)?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no fuzz target '{unknown}'; there are {}", known.join(", "));
    }
    let chosen: Vec<&String> = known.iter().filter(|name| names.is_empty() || names.contains(name)).collect();
    let mut failed = Vec::new();
    for target in &chosen {
        if let Err(error) = one(target, &folder, seconds, again) {
            eprintln!("{error:#}");
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("{} found something; the inputs lie under {}", failed.join(", "), found_folder().display());
    }
    println!("{} fuzz targets, {seconds} s each: nothing found", chosen.len());
    Ok(())
}

/// One target. New inputs that reach new code are kept under the target folder and come first next time.
fn one(target: &str, folder: &Path, seconds: u32, again: bool) -> Result<()> {
    let corpus = shell::target().join(if again { "fuzz/short" } else { "fuzz/corpus" }).join(target);
    if again && corpus.is_dir() {
        std::fs::remove_dir_all(&corpus)?;
    }
    let found = found_folder().join(target);
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&found)?;
    // No sanitizer: none of this is unsafe code of ours, and panics, overflows, endless loops and
    // hunger for memory show without one, at twice the speed and half the build.
    let mut fuzz = cargo_fuzz();
    fuzz.args(["run", "--sanitizer", "none", "--fuzz-dir"]).arg(folder);
    fuzz.arg("--target-dir").arg(shell::target().join("fuzz/build")).arg(target).arg(&corpus);
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        fuzz.arg(&seeds);
    }
    fuzz.args(["--", "-print_final_stats=1", "-verbosity=0"]);
    fuzz.arg(format!("-max_total_time={seconds}"));
    if again {
        fuzz.arg(format!("-seed={SHORT_SEED}"));
    }
    fuzz.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    fuzz.arg(format!("-timeout={INPUT_S_MAX}"));
    fuzz.arg(format!("-artifact_prefix={}/", found.display()));
    shell::run(&mut fuzz)
}

/// Whether there is a nightly toolchain and cargo-fuzz, which is installed under the target folder
/// when it is missing.
fn ready() -> Result<(), String> {
    let says = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    if !says("cargo", &["+nightly", "--version"]) {
        return Err("there is no nightly toolchain: rustup toolchain install nightly --profile minimal".to_owned());
    }
    if installed().exists() {
        return Ok(());
    }
    let mut install = shell::cargo();
    install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"]).arg(tools());
    shell::run(&mut install).map_err(|error| format!("cargo-fuzz cannot be installed: {error:#}"))
}

/// Cargo-fuzz under the nightly toolchain, whatever toolchain runs us.
fn cargo_fuzz() -> Command {
    let mut command = Command::new(installed());
    command.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO").env_remove("CARGO_TARGET_DIR");
    command
}

fn installed() -> PathBuf {
    tools().join("bin/cargo-fuzz")
}

fn tools() -> PathBuf {
    shell::target().join("tools")
}

fn folder() -> PathBuf {
    shell::root().join("tests/fuzz")
}

fn found_folder() -> PathBuf {
    shell::target().join("fuzz/found")
}

/// The targets, by their files.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
