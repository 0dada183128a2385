//! The benchmarks of the whole program: the release build as a process, against real peers, each
//! figure beside its limit in the same run. `cargo xtask bench` builds, runs and tabulates.
//!
//! `takt-bench [--quick] NAME…`. Rows for the table are printed as lines that begin with `row`.
//! Noise never fails a benchmark; only what is broken does.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock and waits by it")]

mod account;
mod bare;
mod budget;
mod echo;
mod figures;
mod growth;
mod memory;
mod mqtt;
mod plant;
mod row;
mod start;
mod subject;
mod tep;
mod traffic;

use std::time::Duration;

/// How much is measured.
pub(crate) struct Extent {
    /// Rounds over all subjects.
    pub(crate) n_rounds: usize,
    /// Messages before the first round.
    pub(crate) n_warm_up: usize,
    /// Messages of a paced round.
    pub(crate) n_messages: usize,
    /// Messages of a round flat out.
    pub(crate) n_flat_out: usize,
    /// How long memory may settle.
    pub(crate) settle: Duration,
}

const FULL: Extent =
    Extent { n_rounds: 7, n_warm_up: 1_000, n_messages: 4_000, n_flat_out: 40_000, settle: Duration::from_secs(60) };
const QUICK: Extent =
    Extent { n_rounds: 3, n_warm_up: 500, n_messages: 2_000, n_flat_out: 15_000, settle: Duration::from_secs(20) };

type Benchmark = (&'static str, fn(&Extent));

const BENCHMARKS: [Benchmark; 5] = [
    ("mqtt", mqtt::run),
    ("budget", budget::run),
    ("memory", memory::run),
    ("start", start::run),
    ("growth", growth::run),
];

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, broker, from, to] = words.as_slice()
        && word == "echo"
    {
        echo::run(broker.parse().expect("the broker's address"), from, to);
    }
    let quick = words.iter().position(|word| word == "--quick").map(|i| words.remove(i)).is_some();
    let extent = if quick { QUICK } else { FULL };
    for word in &words {
        let known = BENCHMARKS.iter().any(|(name, _)| name == word);
        assert!(known, "there is no benchmark '{word}'; there are {:?}", BENCHMARKS.map(|(name, _)| name));
    }
    for (name, run) in BENCHMARKS {
        if words.is_empty() || words.iter().any(|word| word == name) {
            run(&extent);
        }
    }
}
