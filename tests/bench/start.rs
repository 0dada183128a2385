//! Start → first verdict: from the start of the process, a message waiting at the broker, to its
//! verdict in another client.

use crate::Extent;
use crate::figures::Over;
use crate::row::Row;
use crate::tep::{self, Messages};
use crate::traffic::Line;
use std::time::{Duration, Instant};
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;

/// Starts it again and again.
pub(crate) fn run(extent: &Extent) {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&tep::document(&broker.url(), "bench/start"));
    tep::learn(&gateway);
    let mut messages = Messages::new();
    // The broker keeps messages for a session that it knows.
    gateway.start_connected();
    gateway.stop();
    let mut line = Line::connect("start", broker.address(), vec!["bench/start".into()], tep::VERDICTS);
    let mut spans = Vec::new();
    for _ in 0..extent.n_rounds {
        line.send(&messages.take(1)[0]);
        std::thread::sleep(Duration::from_millis(200));
        let begun = Instant::now();
        let came = std::thread::scope(|scope| {
            let came = scope.spawn(|| line.answer());
            gateway.start();
            came.join().expect("a verdict comes")
        });
        spans.push((came - begun).as_secs_f64() * 1e3);
        assert_eq!(gateway.stop(), Some(0), "a clean end");
    }
    Row::report("start of the process → first verdict", format!("{} ms", Over::of(spans))).print();
}
