//! The 52-field process that the MQTT benchmarks judge: messages, model, document.

use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use takt_tests::dataset::tep;
use takt_tests::gateway::Gateway;

/// The model's name.
pub(crate) const MODEL: &str = "tep";

/// Place of the time stamp in a message: after `{"ts":`, thirteen digits of milliseconds.
const STAMP: std::ops::Range<usize> = 6..19;

/// Messages of the process in normal operation, each a millisecond of source time after the last.
pub(crate) struct Messages {
    rows: Vec<Vec<u8>>,
    at_ms: u64,
    n: usize,
}

impl Messages {
    /// Begins an hour ago, so that a round flat out stays in the past.
    pub(crate) fn new() -> Self {
        let names = tep::names();
        let row = |row: &Vec<f64>| {
            let fields = names.iter().zip(row).map(|(name, value)| format!("\"{name}\":{value:?}"));
            format!("{{\"ts\":1700000000000,{}}}", fields.collect::<Vec<_>>().join(",")).into_bytes()
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let at_ms = u64::try_from((now - Duration::from_secs(3_600)).as_millis()).expect("small");
        Self { rows: tep::test_run(0).iter().map(row).collect(), at_ms, n: 0 }
    }

    /// The next messages.
    pub(crate) fn take(&mut self, n: usize) -> Vec<Bytes> {
        (0..n).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> Bytes {
        let mut message = self.rows[self.n % self.rows.len()].clone();
        self.n += 1;
        self.at_ms += 1;
        message[STAMP].copy_from_slice(self.at_ms.to_string().as_bytes());
        message.into()
    }
}

/// Learns the model by the reference protocol of the data set, installs and activates it; its package.
pub(crate) fn learn(gateway: &Gateway) -> PathBuf {
    let path = |name: &str| gateway.folder().join(name).display().to_string();
    write_csv(Path::new(&path("d00.csv")), &tep::training());
    write_csv(Path::new(&path("d00_te.csv")), &tep::test_run(0));
    let (csv, limits, package) = (path("d00.csv"), path("d00_te.csv"), path("tep-1.0.0.takt"));
    let learn = ["learn", "--csv", &csv, "--limit-csv", &limits, "--limit-rank", "10", "--components", "11"];
    gateway.run_ok(&[&learn[..], &["--name", MODEL, "--version", "1.0.0", "--output", &package]].concat());
    gateway.run_ok(&["model", "install", &package]);
    gateway.run_ok(&["model", "activate", MODEL, "1.0.0"]);
    package.into()
}

fn write_csv(path: &Path, rows: &[Vec<f64>]) {
    let mut writer = csv::Writer::from_path(path).expect("the folder can be written");
    writer.write_record(tep::names()).expect("a header");
    for row in rows {
        writer.write_record(row.iter().map(|v| format!("{v:?}"))).expect("a row");
    }
    writer.flush().expect("the file is whole");
}

/// One line with one frame check, history and journal as they are by default.
pub(crate) fn document(broker: &str, topic: &str) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{broker}"
verdicts = true

[[lines]]
id = "tep"
[[lines.tag_groups]]
names = ["xmeas_{{1..41}}", "xmv_{{1..11}}"]
source = {{ connection = "broker", topic = "{topic}", value = "/{{name}}", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "process"
inputs = ["xmeas_{{1..41}}", "xmv_{{1..11}}"]
model = "{MODEL}"
window = {{ kind = "frame" }}
deadline = "10s"
"#
    )
}

/// Where its verdicts appear.
pub(crate) const VERDICTS: &str = "takt/v1/lab/test-box/tep/process/verdict";
