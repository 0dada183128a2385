//! A plant of many lines and tags on one broker, for the benchmarks of memory and growth.

use bytes::Bytes;
use std::path::Path;
use std::time::{Duration, SystemTime};
use takt_tests::gateway::Gateway;

/// How large it is. Every message carries `n_together` tags of one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) n_lines: usize,
    pub(crate) n_tags: usize,
    pub(crate) n_together: usize,
    /// Whether each line has a check that judges every message.
    pub(crate) judged: bool,
}

/// The model of its checks.
const MODEL: &str = "plant";

impl Size {
    /// The topics, one for each group of tags.
    pub(crate) fn topics(self) -> Vec<String> {
        let n_groups = self.n_tags / self.n_together;
        let of_line = |line| (1..=n_groups).map(move |group| format!("plant/{line}/{group}"));
        (1..=self.n_lines).flat_map(of_line).collect()
    }

    /// Where the verdicts appear.
    pub(crate) fn verdicts(self) -> &'static str {
        "takt/v1/lab/test-box/+/process/verdict"
    }

    /// Its document.
    pub(crate) fn document(self, broker: &str) -> String {
        let head =
            format!("\n[[connections]]\nid = \"broker\"\nkind = \"mqtt\"\nurl = \"{broker}\"\nverdicts = true\n");
        (1..=self.n_lines).fold(head, |document, line| document + &self.line(line))
    }

    fn line(self, line: usize) -> String {
        let mut text = format!("\n[[lines]]\nid = \"line-{line}\"\n");
        for (group, topic) in (0..self.n_tags / self.n_together).map(|group| (group, group + 1)) {
            let (first, last) = (group * self.n_together + 1, (group + 1) * self.n_together);
            text += &format!(
                "[[lines.tag_groups]]\nnames = [\"t_{{{first}..{last}}}\"]\n\
                 source = {{ connection = \"broker\", topic = \"plant/{line}/{topic}\", value = \"/{{name}}\", \
                 time = \"/ts\", time_format = \"ms\" }}\n"
            );
        }
        if self.judged {
            let n = self.n_tags;
            text += &format!(
                "[[lines.checks]]\nid = \"process\"\ninputs = [\"t_{{1..{n}}}\"]\nmodel = \"{MODEL}\"\n\
                 window = {{ kind = \"frame\" }}\ndeadline = \"10s\"\n"
            );
        }
        text
    }

    /// Messages for all topics in turn, the same number for each.
    pub(crate) fn messages(self, n: usize, walk: &mut Walk) -> Vec<Bytes> {
        let n_groups = self.n_tags / self.n_together;
        assert!(n.is_multiple_of(self.n_lines * n_groups), "{n} messages for {self:?}");
        let message = |i: usize| {
            // The client begins with the second topic.
            let group = (i + 1) % (self.n_lines * n_groups) % n_groups;
            walk.message(group * self.n_together + 1, self.n_together)
        };
        (0..n).map(message).collect()
    }
}

/// Values that wander, with three decimals, as sensors send them.
pub(crate) struct Walk {
    values: Vec<f64>,
    seed: u64,
    at_ms: u128,
}

impl Walk {
    pub(crate) fn new(n_tags: usize) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let at_ms = (now - Duration::from_secs(3_600)).as_millis();
        Self { values: (0..n_tags).map(|i| 20.0 + i as f64).collect(), seed: 0x2545_F491_4F6C_DD1D, at_ms }
    }

    fn noise(&mut self) -> f64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed % 2_001) as f64 / 1_000.0 - 1.0
    }

    fn row(&mut self, first: usize, n: usize) -> Vec<f64> {
        for i in first - 1..first - 1 + n {
            // Drawn back to its middle, so that a model of it stays true.
            let middle = 20.0 + i as f64;
            self.values[i] += 0.1 * (middle - self.values[i]) + 0.3 * self.noise();
        }
        self.values[first - 1..first - 1 + n].to_vec()
    }

    fn message(&mut self, first: usize, n: usize) -> Bytes {
        self.at_ms += 1;
        let row = self.row(first, n);
        let fields = row.iter().zip(first..).map(|(value, tag)| format!("\"t_{tag}\":{value:.3}"));
        format!("{{\"ts\":{},{}}}", self.at_ms, fields.collect::<Vec<_>>().join(",")).into()
    }
}

/// Learns a T²/SPE model of so many tags, installs and activates it.
pub(crate) fn learn(gateway: &Gateway, n_tags: usize) {
    let path = |name: &str| gateway.folder().join(name).display().to_string();
    let (csv, package) = (path("good.csv"), path("plant-1.0.0.takt"));
    let mut writer = csv::Writer::from_path(Path::new(&csv)).expect("the folder can be written");
    writer.write_record((1..=n_tags).map(|i| format!("t_{i}"))).expect("a header");
    let mut walk = Walk::new(n_tags);
    for _ in 0..n_tags * 10 {
        let row = walk.row(1, n_tags);
        writer.write_record(row.iter().map(|value| format!("{value:.3}"))).expect("a row");
    }
    writer.flush().expect("the file is whole");
    let learn = ["learn", "--csv", &csv, "--components", "11", "--name", MODEL, "--version", "1.0.0"];
    gateway.run_ok(&[&learn[..], &["--output", &package]].concat());
    gateway.run_ok(&["model", "install", &package]);
    gateway.run_ok(&["model", "activate", MODEL, "1.0.0"]);
}
