//! MQTT message → verdict message: Takt, a bare echo and Python, interleaved, seen from outside by
//! one clock; and what Takt says of its own part, against a bare run of the model.

use crate::bare;
use crate::figures::{Over, Quantiles};
use crate::row::Row;
use crate::subject::{Seen, Subject};
use crate::tep::{self, Messages};
use crate::{Extent, account};
use bytes::Bytes;
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;

/// 1,000 messages a second.
const EVERY: Duration = Duration::from_millis(1);

/// The figures of one subject, one of each round.
#[derive(Default)]
struct Column {
    p50: Vec<f64>,
    p99: Vec<f64>,
    cpu_us: Vec<f64>,
    per_s: Vec<f64>,
    flat_cpu_us: Vec<f64>,
}

/// What Takt's verdicts say of the time inside, and the bare run beside it.
#[derive(Default)]
struct Inside {
    total: Vec<Quantiles>,
    run: Vec<Quantiles>,
}

/// Runs the comparison.
pub(crate) fn run(extent: &Extent) {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&tep::document(&broker.url(), "bench/takt"));
    let package = tep::learn(&gateway);
    gateway.start_connected();
    let (echo, _echo) = Subject::echo(broker.address());
    let (python, _python) = Subject::python(broker.address(), &package);
    let mut subjects = [Subject::takt(&gateway, broker.address()), echo, python];
    let mut bare = bare::of_package(&package);
    let mut columns: [Column; 3] = Default::default();
    let mut inside = Inside::default();
    let mut messages = Messages::new();
    for subject in &mut subjects {
        subject.paced(&mut messages, extent.n_warm_up, EVERY);
    }
    for round in 0..extent.n_rounds {
        for (subject, column) in subjects.iter_mut().zip(&mut columns) {
            let before = account::threads(subject.pid);
            let seen = subject.paced(&mut messages, extent.n_messages, EVERY);
            note(round, subject, &seen, column, &before);
            if subject.name == "Takt" {
                inside.total.push(Quantiles::of(&totals(&seen.round.answers)));
                inside.run.push(Quantiles::of(&bare.paced(extent.n_messages / 4, EVERY)));
            }
        }
    }
    let published = gateway.json("/api/v1/status")["lines"][0]["checks"][0]["latency_us"].clone();
    println!("what the gateway says: {published}");
    for round in 0..extent.n_rounds {
        for (subject, column) in subjects.iter_mut().zip(&mut columns) {
            let before = account::threads(subject.pid);
            let seen = subject.flat_out(&mut messages, extent.n_flat_out);
            note_flat(round, subject, &seen, column, &before);
        }
    }
    rows(&columns, &inside);
}

/// The processor time of each thread at an earlier moment.
type Before = Vec<(String, Duration)>;

fn note(round: usize, subject: &Subject, seen: &Seen, column: &mut Column, before: &Before) {
    let Quantiles { p50, p99 } = Quantiles::of(&seen.round.trips);
    let (name, cpu) = (subject.name, seen.cpu_us);
    println!("round {round}, 1,000/s, {name}: p50 {p50:.0} µs, p99 {p99:.0} µs, CPU {cpu:.1} µs a message");
    note_threads(subject, seen, before);
    column.p50.push(p50);
    column.p99.push(p99);
    column.cpu_us.push(cpu);
}

fn note_flat(round: usize, subject: &Subject, seen: &Seen, column: &mut Column, before: &Before) {
    let per_s = n_of(seen) / seen.round.wall.as_secs_f64();
    println!("round {round}, flat out, {}: {per_s:.0}/s, CPU {:.1} µs a message", subject.name, seen.cpu_us);
    note_threads(subject, seen, before);
    column.per_s.push(per_s);
    column.flat_cpu_us.push(seen.cpu_us);
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages")]
fn n_of(seen: &Seen) -> f64 {
    seen.round.answers.len() as f64
}

/// Says what each thread spent on a message since `before`.
fn note_threads(subject: &Subject, seen: &Seen, before: &Before) {
    for (name, cpu) in account::threads(subject.pid) {
        let earlier = before.iter().find(|(other, _)| *other == name).map_or(Duration::ZERO, |(_, cpu)| *cpu);
        let us = cpu.saturating_sub(earlier).as_secs_f64() * 1e6 / n_of(seen);
        if us >= 0.1 {
            println!("    thread {name}: {us:.1} µs");
        }
    }
}

/// `latency_us.total` of each verdict.
fn totals(verdicts: &[Bytes]) -> Vec<Duration> {
    let total = |verdict: &Bytes| {
        let verdict: serde_json::Value = serde_json::from_slice(verdict).expect("a verdict is JSON");
        let us = verdict["latency_us"]["total"].as_u64().unwrap_or_else(|| panic!("a verdict has a total: {verdict}"));
        Duration::from_micros(us)
    };
    verdicts.iter().map(total).collect()
}

fn half(spans: &Quantiles) -> f64 {
    spans.p50
}

fn nearly_all(spans: &Quantiles) -> f64 {
    spans.p99
}

fn rows([takt, echo, python]: &[Column; 3], inside: &Inside) {
    let of = |figures: &[f64]| Over::of(figures.iter().copied());
    let row = |what: &str, against: String, target: &str, seen: String, holds| {
        Row { what: what.into(), against, target: target.into(), seen, holds }.print();
    };
    let more = Over::pairs(&takt.p50, &echo.p50, |takt, echo| takt - echo);
    let what = "MQTT message → verdict message, 1,000/s, p50";
    let seen = format!("{} µs; + {more}", of(&takt.p50));
    row(what, format!("bare echo {} µs", of(&echo.p50)), "≤ echo + 30 µs", seen, Some(more.median <= 30.0));
    let times = Over::pairs(&takt.p99, &echo.p99, |takt, echo| takt / echo);
    let what = "MQTT message → verdict message, 1,000/s, p99";
    let seen = format!("{} µs; ×{times}", of(&takt.p99));
    row(what, format!("bare echo {} µs", of(&echo.p99)), "≤ 1.35 × echo", seen, Some(times.median <= 1.35));
    let seen = format!("p50 {} µs, p99 {} µs", of(&python.p50), of(&python.p99));
    Row::report("Python, message → verdict message, 1,000/s", seen).print();
    let spans = |spans: &[Quantiles], q: fn(&Quantiles) -> f64| spans.iter().map(q).collect::<Vec<f64>>();
    for (name, q, limit) in [("p50", half as fn(&Quantiles) -> f64, 20.0), ("p99", nearly_all, 100.0)] {
        let (total, run) = (spans(&inside.total, q), spans(&inside.run, q));
        let more = Over::pairs(&total, &run, |total, run| total - run);
        let what = format!("inside Takt: payload received → verdict given, {name}");
        let seen = format!("{} µs; + {more}", of(&total));
        let target = format!("≤ run + {limit} µs");
        row(&what, format!("bare run {} µs", of(&run)), &target, seen, Some(more.median <= limit));
    }
    for (what, takt, python, least) in [
        ("CPU a verdict, history and journal on, 1,000/s", &takt.cpu_us, &python.cpu_us, 4.0),
        ("CPU a verdict, history and journal on, flat out", &takt.flat_cpu_us, &python.flat_cpu_us, 5.0),
    ] {
        let times = Over::pairs(python, takt, |python, takt| python / takt);
        let seen = format!("{} µs; ÷{times}", of(takt));
        let against = format!("Python without history {} µs", of(python));
        row(what, against, &format!("≥ {least} × less"), seen, Some(times.median >= least));
    }
    let cpu = |column: &Column| format!("{} and {} µs", of(&column.cpu_us), of(&column.flat_cpu_us));
    Row::report("bare echo, CPU a message, 1,000/s and flat out", cpu(echo)).print();
    let seen = format!("{}/s; echo {}/s; Python {}/s", of(&takt.per_s), of(&echo.per_s), of(&python.per_s));
    Row::report("sustained verdicts, flat out", seen).print();
}
