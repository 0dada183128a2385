//! `cargo xtask bench`: the benchmarks behind SPECIFICATION.md, each against its limit in one run.
//!
//! A benchmark prints what it likes; its figures are lines of five tab-separated cells after `row`.
//! They become one table, and `bench.json` in the target folder. A target that is missed is shown, it
//! is no error: another machine, or another load, is not a defect.

use crate::{dashboard, setup, shell};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Benchmarks of `takt-bench`, which drives the release programs as processes.
const OF_THE_PROGRAM: [&str; 5] = ["mqtt", "budget", "memory", "start", "growth"];

/// The page in a real browser, against the release program: frame times, first load, open pages.
const PAGE: &str = "page";

/// A benchmark beside the code that it measures: its name, and the cargo command that runs it. All are
/// of the whole workspace: with fewer packages cargo would choose other features and build anew.
const BESIDE_THE_CODE: [(&str, &str); 6] = [
    // 1,024 × 3 windows through a CNN in process against the bare run loop.
    ("windows", "bench --workspace --bench windows"),
    // A scorer against a bare `Session::run` of the same graph, interleaved.
    ("score", "bench --workspace --bench score"),
    // Decoding and digest of a 52-field message.
    ("mqtt-codec", "bench --workspace --bench mqtt_codec_cost"),
    // A changed register to a written coil against a bare read and write.
    ("modbus", "test --release --workspace --test modbus -- --ignored --nocapture latency"),
    // History against SQLite rows, 1,000 a statement; bytes a sample on real data.
    ("store", "test --release --workspace --test store -- --ignored --nocapture history"),
    // A day of 50 tags at 10 Hz, decimated, from the request to the last byte.
    ("history", "test --release --workspace --test console -- --ignored --nocapture a_day"),
];

/// The cells of a row.
const CELLS: [&str; 5] = ["what", "against", "target", "seen", "holds"];
type Row = [String; CELLS.len()];

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String], quick: bool) -> Result<()> {
    let known =
        OF_THE_PROGRAM.into_iter().chain([PAGE]).chain(BESIDE_THE_CODE.map(|(name, _)| name)).collect::<Vec<_>>();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no benchmark '{unknown}'; there are {}", known.join(", "));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let found = setup::for_tests()?;
    let mut rows = Vec::new();
    if OF_THE_PROGRAM.into_iter().chain([PAGE]).any(wanted) {
        dashboard::run()?;
        let mut build = shell::cargo();
        build.args(["build", "--release", "--workspace", "--bins"]);
        shell::run(&mut build)?;
        let programs = shell::target().join("release");
        for name in OF_THE_PROGRAM.into_iter().filter(|name| wanted(name)) {
            let mut command = Command::new(programs.join("takt-bench"));
            command.arg(name).args(quick.then_some("--quick"));
            found.tell(&mut command);
            command.env("TAKT_BIN", &programs);
            measure(name, &mut command, &mut rows)?;
        }
        if wanted(PAGE) {
            let mut command = dashboard::bench(quick);
            found.tell(&mut command);
            command.env("TAKT_BIN", &programs);
            measure(PAGE, &mut command, &mut rows)?;
        }
    }
    for (name, arguments) in BESIDE_THE_CODE.into_iter().filter(|(name, _)| wanted(name)) {
        let mut command = shell::cargo();
        command.args(arguments.split(' '));
        found.tell(&mut command);
        measure(name, &mut command, &mut rows)?;
    }
    tabulate(&rows);
    keep(&rows)
}

/// Runs one benchmark; its rows are taken, everything else is shown.
fn measure(name: &str, command: &mut Command, rows: &mut Vec<Row>) -> Result<()> {
    println!("== {name}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
    let output = child.stdout.take().context("its output is piped")?;
    for line in BufReader::new(output).lines() {
        let line = line.with_context(|| format!("{name} prints no text"))?;
        match line.strip_prefix("row\t").map(|cells| cells.split('\t').map(str::to_owned).collect::<Vec<_>>()) {
            None => println!("{line}"),
            Some(cells) => match Row::try_from(cells) {
                Ok(row) => rows.push(row),
                Err(cells) => bail!("{name}: a row has {} cells, not {}", cells.len(), CELLS.len()),
            },
        }
    }
    let status = child.wait().with_context(|| format!("{name} cannot be awaited"))?;
    if !status.success() {
        bail!("the benchmark '{name}' ended with {status}");
    }
    Ok(())
}

/// Prints the rows as a Markdown table, as SPECIFICATION.md takes it.
fn tabulate(rows: &[Row]) {
    println!("\n| {} |\n|{}", CELLS.join(" | "), "---|".repeat(CELLS.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    let missed = rows.iter().filter(|[.., holds]| holds == "no").count();
    let kept = rows.iter().filter(|[.., holds]| holds == "yes").count();
    println!("\n{kept} promises hold, {missed} are missed");
}

/// Writes the rows as JSON.
fn keep(rows: &[Row]) -> Result<()> {
    let named = |row: &Row| -> serde_json::Map<String, serde_json::Value> {
        CELLS.iter().zip(row).map(|(cell, text)| ((*cell).to_owned(), text.as_str().into())).collect()
    };
    let path = shell::target().join("bench.json");
    let text = serde_json::to_string_pretty(&rows.iter().map(named).collect::<Vec<_>>())?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("kept in {}", path.display());
    Ok(())
}
