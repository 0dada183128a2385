//! TEP by MQTT: 52-field JSON messages through a real mosquitto, the published missed-detection rates.

use crate::verdicts::{Verdict, check_books, check_sequence, read};
use std::path::Path;
use std::time::Duration;
use takt_tests::dataset::tep;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// The reference protocol: limits from d00_te as its 10th largest.
const LIMIT_RANK: &str = "10";
const COMPONENTS: &str = "11";
/// How far a rate may lie from the published one.
const RATE_TOLERANCE: f64 = 0.005;
/// Rows before the fault in a test run.
const N_NORMAL: usize = 160;

/// Writes rows as CSV with the variables' names.
pub(crate) fn write_csv(path: &Path, rows: &[Vec<f64>]) {
    let mut writer = csv::Writer::from_path(path).expect("the folder can be written");
    writer.write_record(tep::names()).expect("a header");
    for row in rows {
        writer.write_record(row.iter().map(|v| format!("{v:?}"))).expect("a row");
    }
    writer.flush().expect("the file is whole");
}

/// Learns the baseline as a user does, installs and activates it.
pub(crate) fn learn(gateway: &Gateway) {
    let path = |name: &str| gateway.folder().join(name).display().to_string();
    write_csv(Path::new(&path("d00.csv")), &tep::training());
    write_csv(Path::new(&path("d00_te.csv")), &tep::test_run(0));
    let (csv, limits, package) = (path("d00.csv"), path("d00_te.csv"), path("tep-1.0.0.takt"));
    let report = gateway.run_ok(&[
        "learn",
        "--csv",
        &csv,
        "--limit-csv",
        &limits,
        "--limit-rank",
        LIMIT_RANK,
        "--components",
        COMPONENTS,
        "--name",
        "tep",
        "--version",
        "1.0.0",
        "--output",
        &package,
    ]);
    assert!(report.contains("28.907") && report.contains("50.829"), "the published limits: {report}");
    gateway.run_ok(&["model", "install", &package]);
    gateway.run_ok(&["model", "activate", "tep", "1.0.0"]);
}

/// The share of faulty rows below the limit of a score.
pub(crate) fn missed(verdicts: &[Verdict], score: &str) -> f64 {
    let faulty = &verdicts[N_NORMAL..];
    let below = faulty.iter().filter(|verdict| {
        let (value, limit) = verdict.scores[score];
        value <= limit
    });
    below.count() as f64 / faulty.len() as f64
}

/// Compares a run's rates with the published ones.
pub(crate) fn check_rates(fault: u32, verdicts: &[Verdict], t2: f64, spe: f64) {
    for (score, published) in [("t2", t2), ("spe", spe)] {
        let rate = missed(verdicts, score);
        let off = (rate - published).abs();
        assert!(off <= RATE_TOLERANCE, "fault {fault}, {score}: missed {rate:.4}, published {published:.4}");
    }
}

fn document(broker: &Mosquitto) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
when_unwritable = "hold"

[[lines]]
id = "tep"
[[lines.tag_groups]]
names = ["xmeas_{{1..41}}", "xmv_{{1..11}}"]
source = {{ connection = "broker", topic = "tep/row", value = "/{{name}}", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "process"
inputs = ["xmeas_{{1..41}}", "xmv_{{1..11}}"]
model = "tep"
window = {{ kind = "frame" }}
deadline = "10s"
"#,
        broker.url()
    )
}

fn message(names: &[String], row: &[f64], at_ms: u64) -> String {
    let fields = names.iter().zip(row).map(|(name, value)| format!("\"{name}\":{value:?}"));
    format!("{{\"ts\":{at_ms},{}}}", fields.collect::<Vec<_>>().join(","))
}

#[test]
fn every_public_fault_has_its_published_missed_detection_rates() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker));
    learn(&gateway);
    gateway.start_ready();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/tep/process/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let names = tep::names();
    let mut n_sent = 0;
    let mut verdicts: Vec<Verdict> = Vec::new();
    let reference = tep::reference();
    assert_eq!(reference.len(), 11, "every public fault");
    for (fault, _, _) in &reference {
        for row in tep::test_run(*fault) {
            // 3 minutes between rows, as recorded.
            sensor.publish("tep/row", message(&names, &row, 1_700_000_000_000 + n_sent * 180_000));
            n_sent += 1;
        }
    }
    let all = usize::try_from(n_sent).expect("small");
    wait_until("a verdict for every row", Duration::from_secs(120), || {
        verdicts.extend(consumer.take().iter().map(read));
        (verdicts.len() >= all).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    verdicts.extend(consumer.take().iter().map(read));
    assert_eq!(verdicts.len(), all, "exactly one verdict a row");
    check_sequence(&verdicts, 1);
    for ((fault, t2, spe), run) in reference.iter().zip(verdicts.chunks(960)) {
        check_rates(*fault, run, *t2, *spe);
        assert!(run.iter().all(|v| v.reason.is_none()), "every row is judged");
        let failed = run.iter().find(|v| v.outcome == "fail").expect("every fault is seen");
        assert!(!failed.tags.is_empty(), "a failed verdict names tags");
    }
    let status = check_books(&gateway);
    let books = &status["lines"][0]["checks"][0]["books"];
    assert_eq!(books["received"], n_sent, "{books}");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}
