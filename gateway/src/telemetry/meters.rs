//! Counters of the viewers' side: a log line and its counter are one call.

use super::metric::{Kind, Metric};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use std::sync::Arc;

/// Label of the one dimension that these counters have.
const LABEL: &str = "of";

/// What is counted here rather than read off the board.
const COUNTED: [Metric; 8] = [
    Metric::HttpRequests,
    Metric::HttpRefused,
    Metric::StreamMissed,
    Metric::ControlCommands,
    Metric::OtlpBytes,
    Metric::OtlpBlocked,
    Metric::OtlpFailed,
    Metric::Traces,
];

/// Counters of the viewers' side. Cheap to clone; nothing of this lies on the way of a verdict.
#[derive(Clone)]
pub struct Meters {
    counters: Arc<[(Metric, Counter<u64>)]>,
}

impl Meters {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |metric: Metric| {
            let spec = metric.spec();
            debug_assert!(spec.kind == Kind::Counter, "only counters are counted here");
            (metric, meter.u64_counter(spec.name).with_description(spec.help).build())
        };
        Self { counters: COUNTED.into_iter().map(counter).collect() }
    }

    /// Counts `n` for one kind, without a log line.
    pub fn count(&self, metric: Metric, of: &'static str, n: u64) {
        let found = self.counters.iter().find(|(counted, _)| *counted == metric);
        debug_assert!(found.is_some(), "{metric:?} is read off the board");
        if let Some((_, counter)) = found {
            counter.add(n, &[KeyValue::new(LABEL, of)]);
        }
    }

    /// Counts one and says so at level `warn`.
    pub fn warn(&self, metric: Metric, of: &'static str, why: &str) {
        self.count(metric, of, 1);
        tracing::warn!(metric = metric.spec().name, of, "{why}");
    }

    /// Counts one and says so at level `info`.
    pub fn say(&self, metric: Metric, of: &'static str, what: &str) {
        self.count(metric, of, 1);
        tracing::info!(metric = metric.spec().name, of, "{what}");
    }
}
