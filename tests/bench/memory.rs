//! Resident memory of the gateway: in the demo, and with 100 lines of 100 tags at 10 Hz.

use crate::growth::Site;
use crate::plant::Size;
use crate::row::Row;
use crate::{Extent, account};
use std::fs;
use std::io::{BufRead, Read};
use std::process::{Command, Stdio};
use std::time::Duration;
use takt_tests::gateway::program;
use takt_tests::process::{Process, free_address};

const DEMO_MB_MAX: f64 = 80.0;
const PLANT_MB_MAX: f64 = 200.0;

/// Messages of one turn of the plant: 10 Hz on 100 lines for two seconds.
const N_MESSAGES: usize = 2_000;

/// Runs both.
pub(crate) fn run(extent: &Extent) {
    demo(extent.settle);
    plant(extent.settle);
}

/// The demo as a user runs it; its gateway after it has learned and judged for a while.
fn demo(settle: Duration) {
    let demo = program().with_file_name("takt-demo");
    let mut command = Command::new(&demo);
    command.args(["--learn", "20", "--http", &free_address().to_string()]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process::start("takt-demo", &mut command);
    let mut output = process.output();
    let mut line = String::new();
    while !line.contains("Production.") {
        line.clear();
        let n = output.read_line(&mut line).expect("its output is text");
        assert!(n > 0, "the demo ended before production began");
    }
    std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
    std::thread::sleep(settle);
    let pid = child(process.id(), "takt").expect("the demo runs a gateway");
    show("resident memory: the demo's gateway", pid, DEMO_MB_MAX, settle);
    assert!(process.terminate(Duration::from_secs(40)).is_some(), "the demo ends when it is asked to");
}

fn plant(settle: Duration) {
    let mut site = Site::start(Size { n_lines: 100, n_tags: 100, n_together: 100, judged: true });
    let n_turns = settle.as_secs() / 2;
    for _ in 0..n_turns.max(1) {
        site.round(N_MESSAGES);
    }
    let pid = site.gateway.id().expect("the gateway runs");
    show("resident memory: 100 lines × 100 tags at 10 Hz, each message judged", pid, PLANT_MB_MAX, settle);
}

fn show(what: &str, pid: u32, limit_mb: f64, settle: Duration) {
    let (now, peak) = account::resident_mb(pid);
    Row {
        what: what.into(),
        against: "–".into(),
        target: format!("≤ {limit_mb} MB"),
        seen: format!("{now:.0} MB after {} s, at most {peak:.0} MB", settle.as_secs()),
        holds: Some(now <= limit_mb),
    }
    .print();
}

/// The child of a process by its name.
fn child(parent: u32, name: &str) -> Option<u32> {
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let (head, rest) = stat.rsplit_once(')')?;
        let is_it =
            head.ends_with(&format!("({name}")) && rest.split_whitespace().nth(1)?.parse::<u32>().ok()? == parent;
        is_it.then_some(())
    };
    let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid| is_child(pid).is_some())
}
