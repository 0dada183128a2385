//! The budget of a verdict: CPU microseconds a message by stage, flat out, from a sampled profile.
//!
//! `perf` takes the stacks of the gateway while it runs; the innermost function that belongs to a
//! stage says where a sample goes. The stages add up to the CPU time that the kernel accounts for.

use crate::Extent;
use crate::row::Row;
use crate::subject::Subject;
use crate::tep::{self, Messages};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::Process;

/// A stage and the functions that belong to it: the innermost that matches any stage decides, and of
/// the stages the first that matches it.
const STAGES: [(&str, &[&str]); 10] = [
    ("inference (ONNX Runtime)", &["onnxruntime", "takt_models::onnx"]),
    ("digest (BLAKE3)", &["blake3"]),
    ("windower", &["takt_models::windower"]),
    ("features", &["takt_models::features"]),
    (
        "judge and check",
        &["takt_models::judge", "takt::pipeline::check", "takt::pipeline::line", "takt::pipeline::gate"],
    ),
    ("encode the verdict", &["takt::payload", "takt::egress", "takt::pipeline::outbox"]),
    ("board", &["takt::board", "takt::telemetry", "takt::api"]),
    (
        "journal and history",
        &["takt::store", "takt::pipeline::position", "takt::pipeline::cell", "sqlx", "sqlite3", "pco"],
    ),
    (
        "decode",
        &[
            "mqtt::walk",
            "mqtt::json",
            "mqtt::fill",
            "mqtt::pointer",
            "mqtt::plan",
            "mqtt::topic",
            "takt_adapters::stamp",
            "takt_adapters::convert",
            "mqtt::sink",
            "mqtt::decode",
            "serde_json",
        ],
    ),
    ("MQTT session and socket", &["takt_adapters::mqtt", "rumqttc"]),
];
/// Threads whose every sample belongs to one stage.
const THREADS: [(&str, &str); 1] = [("takt-store", "journal and history")];
const REST: &str = "runtime and rest";

/// How often the profile looks, in Hz: a prime, so that it keeps no step with the messages.
const HZ: &str = "1999";

/// Runs Takt flat out under `perf`.
pub(crate) fn run(extent: &Extent) {
    if !Command::new("perf").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("the budget of the stages needs perf (Debian: linux-perf); not measured");
        return;
    }
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&tep::document(&broker.url(), "bench/takt"));
    tep::learn(&gateway);
    gateway.start_connected();
    let mut takt = Subject::takt(&gateway, broker.address());
    let mut messages = Messages::new();
    takt.flat_out(&mut messages, extent.n_warm_up);
    let profile = gateway.folder().join("perf.data");
    let mut perf = Command::new("perf");
    perf.args(["record", "-q", "-e", "cpu-clock", "-F", HZ, "--call-graph", "dwarf,8192", "-p", &takt.pid.to_string()]);
    perf.arg("-o").arg(&profile).stderr(Stdio::null());
    let mut perf = Process::start("perf", &mut perf);
    // perf attaches while nothing happens.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let seen = takt.flat_out(&mut messages, extent.n_flat_out / 2);
    assert!(perf.terminate(std::time::Duration::from_secs(60)).is_some(), "perf ends when it is asked to");
    let stages = count(&stacks(&profile));
    let n: u64 = stages.values().sum();
    assert!(n > 0, "the profile holds samples");
    for (stage, of_stage) in &stages {
        #[expect(clippy::cast_precision_loss, reason = "counts of samples")]
        let share = *of_stage as f64 / n as f64;
        let text = format!("{:.1} µs ({:.0} %)", share * seen.cpu_us, share * 100.0);
        Row::report(&format!("budget of a verdict, flat out: {stage}"), text).print();
    }
    Row::report("budget of a verdict, flat out, under the profiler: all", format!("{:.1} µs", seen.cpu_us)).print();
}

/// The stacks of a profile as text: a head line each, then functions from the innermost out.
fn stacks(profile: &Path) -> String {
    let mut script = Command::new("perf");
    script.args(["script", "--no-inline", "-F", "comm,ip,sym,dso", "-i"]).arg(profile).stderr(Stdio::null());
    let output = script.output().expect("perf starts");
    assert!(output.status.success(), "perf script: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn count(stacks: &str) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for stack in stacks.split("\n\n").filter(|stack| !stack.trim().is_empty()) {
        let (head, functions) = stack.trim_start_matches('\n').split_once('\n').unwrap_or((stack, ""));
        *counts.entry(stage(head.trim(), functions)).or_default() += 1;
    }
    counts
}

fn stage(thread: &str, functions: &str) -> &'static str {
    if let Some((_, stage)) = THREADS.iter().find(|(name, _)| thread.starts_with(name)) {
        return stage;
    }
    let of = |function: &str| STAGES.iter().find(|(_, names)| names.iter().any(|name| function.contains(name)));
    functions.lines().find_map(of).map_or(REST, |(stage, _)| stage)
}
