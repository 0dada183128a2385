//! Growth: what a sample costs when lines and tags become many at one total rate of samples.
//!
//! The messages are alike on both sides and so is their rate; only the number of places that they
//! come from and go to differs. Both gateways run beside each other and are measured in turns.

use crate::figures::Over;
use crate::plant::{self, Size, Walk};
use crate::row::Row;
use crate::traffic::Line;
use crate::{Extent, account};
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;

/// 1,000 messages a second in all.
const EVERY: Duration = Duration::from_millis(1);

/// How much more a sample may cost.
const TIMES_MAX: f64 = 1.3;

/// One gateway with its traffic. Each has a broker of its own.
pub(crate) struct Site {
    size: Size,
    line: Line,
    walk: Walk,
    pub(crate) gateway: Gateway,
    _broker: Mosquitto,
}

impl Site {
    /// Starts broker and gateway, with a model where lines are judged.
    pub(crate) fn start(size: Size) -> Self {
        let broker = Mosquitto::start();
        let mut gateway = Gateway::new(&size.document(&broker.url()));
        if size.judged {
            plant::learn(&gateway, size.n_tags);
        }
        gateway.start_connected();
        let line = Line::connect("plant", broker.address(), size.topics(), size.verdicts());
        Self { size, line, walk: Walk::new(size.n_tags), gateway, _broker: broker }
    }

    /// Sends messages and gives the CPU time a sample, in microseconds.
    pub(crate) fn round(&mut self, n_messages: usize) -> f64 {
        let pid = self.gateway.id().expect("the gateway runs");
        let payloads = self.size.messages(n_messages, &mut self.walk);
        let n_answers = if self.size.judged { n_messages } else { 0 };
        let before = account::cpu(pid);
        self.line.paced(&payloads, EVERY, n_answers);
        std::thread::sleep(Duration::from_millis(50));
        let used = account::cpu(pid).since(&before);
        #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
        let n_samples = (n_messages * self.size.n_together) as f64;
        used.as_secs_f64() * 1e6 / n_samples
    }
}

/// Runs both comparisons.
pub(crate) fn run(extent: &Extent) {
    let judged = |n_lines| Size { n_lines, n_tags: 100, n_together: 100, judged: true };
    let what = "growth: 1 → 100 lines of 100 tags, each message judged, 1,000 messages/s";
    compare(what, judged(1), judged(100), extent);
    let kept = |n_lines, n_tags| Size { n_lines, n_tags, n_together: 10, judged: false };
    let what = "growth: 10 → 10,000 tags on 1 → 100 lines, kept in history, 1,000 messages/s of 10";
    compare(what, kept(1, 10), kept(100, 100), extent);
}

fn compare(what: &str, small: Size, large: Size, extent: &Extent) {
    let mut sites = [Site::start(small), Site::start(large)];
    let mut costs = [Vec::new(), Vec::new()];
    // A message for every topic at least, so that nothing is seen for the first time later.
    for site in &mut sites {
        let n_topics = site.size.topics().len();
        site.round(extent.n_warm_up.next_multiple_of(n_topics));
    }
    for _ in 0..extent.n_rounds {
        for (site, costs) in sites.iter_mut().zip(&mut costs) {
            costs.push(site.round(extent.n_messages));
        }
    }
    let [small, large] = costs;
    let times = Over::pairs(&large, &small, |large, small| large / small);
    println!("{what}: {small:.3?} and {large:.3?} µs a sample");
    Row {
        what: what.into(),
        against: format!("the small one, {} µs a sample", Over::of(small)),
        target: format!("≤ {TIMES_MAX} × a sample"),
        seen: format!("{} µs; ×{times}", Over::of(large)),
        holds: Some(times.median <= TIMES_MAX),
    }
    .print();
}
