//! Metrics that are read off the board when somebody asks.

use super::metric::{Kind, Metric};
use crate::board::Viewer;
use crate::board::leaving::WayStatus;
use crate::board::status::{CheckStatus, ConnectionStatus, Severity, SpreadStatus, Status};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use std::sync::Arc;

type Put<'a> = dyn FnMut(f64, &[KeyValue]) + 'a;

/// Registers an observable instrument for every metric that the board knows.
pub(super) fn register(meter: &Meter, viewer: &Arc<Viewer>) {
    for metric in Metric::ALL {
        let spec = metric.spec();
        let viewer = Arc::clone(viewer);
        if !known(*metric) {
            continue;
        }
        match spec.kind {
            Kind::Counter => drop(
                meter
                    .f64_observable_counter(spec.name)
                    .with_description(spec.help)
                    .with_callback(move |seen| read(*metric, &viewer, &mut |v, labels| seen.observe(v, labels)))
                    .build(),
            ),
            Kind::Gauge => drop(
                meter
                    .f64_observable_gauge(spec.name)
                    .with_description(spec.help)
                    .with_callback(move |seen| read(*metric, &viewer, &mut |v, labels| seen.observe(v, labels)))
                    .build(),
            ),
        }
    }
}

/// Whether the board knows it; the others are counted where they happen.
fn known(metric: Metric) -> bool {
    use Metric as M;
    !matches!(
        metric,
        M::HttpRequests
            | M::HttpRefused
            | M::StreamMissed
            | M::ControlCommands
            | M::OtlpBytes
            | M::OtlpBlocked
            | M::OtlpFailed
            | M::Traces
    )
}

fn read(metric: Metric, viewer: &Viewer, put: &mut Put) {
    let status = &*viewer.latest();
    match metric {
        Metric::EgressPassed | Metric::EgressWithheld | Metric::EgressRawBeyondSite => {
            viewer.board().leaving().ways.iter().for_each(|way| of_way(metric, way, put));
        }
        Metric::Ready => put(flag(status.ready), &[]),
        Metric::Problems => of_problems(status, put),
        Metric::UptimeSeconds => put(number(status.uptime_s), &[]),
        Metric::StoreBytes => {
            if let Some(n) = status.store.n_bytes {
                put(number(n), &[]);
            }
        }
        Metric::StoreLost => {
            let lost = status.store.losses;
            let kinds = [
                ("frames", lost.n_frames),
                ("verdicts", lost.n_verdicts),
                ("records", lost.n_records),
                ("conflicting", lost.n_conflicting),
                ("damaged", lost.n_damaged),
            ];
            for (kind, n) in kinds {
                put(number(n), &[KeyValue::new("kind", kind)]);
            }
        }
        Metric::StoreCutSamples => put(number(status.store.cut.map_or(0, |cut| cut.n_samples_max)), &[]),
        Metric::ClockJumps => put(number(status.clock.n_jumps), &[]),
        Metric::QueueWaiting | Metric::QueueFull => {
            for queue in &status.queues {
                let n = if metric == Metric::QueueFull { queue.n_full } else { queue.n_waiting };
                put(number(n), &[KeyValue::new("queue", queue.name.clone())]);
            }
        }
        _ => {
            for connection in &status.connections {
                of_connection(metric, connection, put);
            }
            for check in status.lines.iter().flat_map(|line| &line.checks) {
                of_check(metric, check, put);
            }
        }
    }
}

fn of_problems(status: &Status, put: &mut Put) {
    for (severity, word) in [(Severity::NotReady, "not_ready"), (Severity::Degraded, "degraded")] {
        let n = status.problems.iter().filter(|problem| problem.severity == severity).count();
        put(number(n as u64), &[KeyValue::new("severity", word)]);
    }
}

fn of_way(metric: Metric, way: &WayStatus, put: &mut Put) {
    let at = [KeyValue::new("way", way.way.clone()), KeyValue::new("reach", way.reach.clone())];
    if metric == Metric::EgressRawBeyondSite {
        return put(number(way.raw_beyond_site), &at);
    }
    for count in &way.counts {
        let n = if metric == Metric::EgressPassed { count.passed } else { count.withheld };
        put(number(n), &with(&at, &[("content", &count.content), ("class", &count.class)]));
    }
}

fn of_connection(metric: Metric, connection: &ConnectionStatus, put: &mut Put) {
    let v = match metric {
        Metric::ConnectionUp => flag(connection.link == "up"),
        Metric::ConnectionUps => number(connection.n_ups),
        Metric::Messages => number(connection.n_messages),
        Metric::Duplicates => number(connection.n_duplicates),
        Metric::Rejects => number(connection.n_rejects),
        Metric::NotDurable => number(connection.n_not_durable),
        _ => return,
    };
    put(v, &[KeyValue::new("connection", connection.id.clone())]);
}

fn of_check(metric: Metric, check: &CheckStatus, put: &mut Put) {
    let at = [KeyValue::new("line", check.line.clone()), KeyValue::new("check", check.id.clone())];
    match metric {
        Metric::FramesReceived => put(number(check.books.received), &at),
        Metric::FramesJudged => put(number(check.books.judged), &at),
        Metric::FramesWaiting => put(number(check.books.waiting), &at),
        Metric::PartsMissed => {
            if let Some(n) = check.missed_parts {
                put(number(n), &at);
            }
        }
        Metric::QuietSeconds => put(check.quiet_s, &at),
        Metric::InProduction => put(flag(check.production.on), &at),
        Metric::Unseen => put(number(check.n_unseen), &at),
        Metric::Verdicts => of_verdicts(check, &at, put),
        Metric::FramesDropped => {
            for (reason, n) in &check.books.reasons {
                put(number(*n), &with(&at, &[("reason", reason)]));
            }
        }
        Metric::LatencySeconds => of_latency(check, &at, put),
        Metric::ModelReady => of_models(check, &at, put),
        Metric::ModelFallback => of_fallbacks(check, &at, put),
        Metric::OutputArmed => {
            for output in &check.outputs {
                put(flag(output.armed), &with(&at, &[("output", &output.id)]));
            }
        }
        Metric::Writes => {
            for output in &check.outputs {
                for (outcome, n) in &output.writes {
                    put(number(*n), &with(&at, &[("output", &output.id), ("outcome", outcome)]));
                }
            }
        }
        _ => {}
    }
}

fn of_verdicts(check: &CheckStatus, at: &[KeyValue; 2], put: &mut Put) {
    put(number(check.verdicts.pass), &with(at, &[("verdict", "pass"), ("reason", "")]));
    put(number(check.verdicts.fail), &with(at, &[("verdict", "fail"), ("reason", "")]));
    for (reason, n) in &check.verdicts.reasons {
        put(number(*n), &with(at, &[("verdict", "inconclusive"), ("reason", reason)]));
    }
}

fn of_latency(check: &CheckStatus, at: &[KeyValue; 2], put: &mut Put) {
    let stages = check.latency_us;
    let stages: [(&str, SpreadStatus); 6] = [
        ("queue", stages.queue),
        ("features", stages.features),
        ("inference", stages.inference),
        ("write", stages.write),
        ("total", stages.total),
        ("handed_over", stages.handed_over),
    ];
    for (stage, spread) in stages.into_iter().filter(|(_, spread)| spread.n > 0) {
        for (quantile, us) in [("0.5", spread.p50), ("0.99", spread.p99), ("1", spread.max)] {
            put(f64::from(us) * 1e-6, &with(at, &[("stage", stage), ("quantile", quantile)]));
        }
    }
}

fn of_models(check: &CheckStatus, at: &[KeyValue; 2], put: &mut Put) {
    for model in &check.models {
        let version = model.model.as_ref().map_or("", |stamp| stamp.version.as_str());
        let provider = model.device_used.as_deref().unwrap_or("");
        let labels = [("model", model.name.as_str()), ("version", version), ("provider", provider)];
        put(flag(model.standing == "ready"), &with(at, &labels));
    }
}

fn of_fallbacks(check: &CheckStatus, at: &[KeyValue; 2], put: &mut Put) {
    for model in check.models.iter().filter(|model| model.standing == "ready") {
        let device = |device: &Option<String>| device.clone().unwrap_or_default();
        let (asked, used) = (device(&model.device_asked), device(&model.device_used));
        let labels = [("model", model.name.as_str()), ("asked", asked.as_str()), ("used", used.as_str())];
        put(flag(model.fallback.is_some()), &with(at, &labels));
    }
}

fn with(at: &[KeyValue; 2], more: &[(&'static str, &str)]) -> Vec<KeyValue> {
    let more = more.iter().map(|(name, v)| KeyValue::new(*name, (*v).to_owned()));
    at.iter().cloned().chain(more).collect()
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has only floats; exact up to 2^53")]
fn number(n: u64) -> f64 {
    n as f64
}
