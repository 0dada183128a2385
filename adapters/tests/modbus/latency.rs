//! Measured, not asserted tightly: change read → coil written, against the bare client.
//!
//! `cargo test --release -p takt-adapters --test modbus -- --ignored --nocapture latency`

use crate::fake::{Asked, Do, Fake};
use crate::rig::{Recorder, Rig, on_shard, options, permit, tag, write_spec};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use takt_adapters::Clock;
use takt_adapters::modbus::{GroupOptions, WriteFunction, WriteOutcome, WriteQueue, WriteReport, WriteRequest};
use takt_plant::{GroupSlot, MonoTime, WriteValue};
use tokio::sync::oneshot::Receiver;
use tokio_modbus::prelude::{Reader, Writer};

/// Unit ids, by which the device tells the two apart.
const TAKT: u8 = 1;
const BARE: u8 = 2;
const N_ROUNDS: usize = 1_000;
const EVERY: Duration = Duration::from_millis(10);

type Written = Rc<RefCell<Vec<(MonoTime, Receiver<WriteReport>)>>>;

/// 52 floats over 104 registers each cycle, and a coil written from inside `deliver`, as a verdict is.
fn takt(port: u16, written: &Written) -> Rig {
    let mut options = options(port);
    let tags = (0..52).map(|i| tag(i, &format!("holding:{}", 2 * i), "f32", "abcd")).collect();
    options.groups = vec![GroupOptions { group: GroupSlot(0), unit: TAKT, every: EVERY, tags }];
    options.writes = vec![write_spec(0, "coil:10", "bool", "ab", WriteFunction::Single)];
    let writes: Rc<RefCell<Option<WriteQueue>>> = Rc::default();
    let (queue, list) = (writes.clone(), written.clone());
    let on_frame = move |frame: &takt_plant::Frame| {
        let (request, report) = WriteRequest::new(permit(0, WriteValue::Coil(true)), MonoTime::from_ns(u64::MAX));
        queue.borrow().as_ref().expect("set before the first event").submit(request).expect("room");
        list.borrow_mut().push((frame.arrived, report));
    };
    let rig = Rig::start_with(options, Recorder { on_frame: Some(Box::new(on_frame)), ..Recorder::default() });
    *writes.borrow_mut() = Some(rig.ends.writes.clone());
    rig
}

/// The bare client doing the same: nanoseconds from the read's answer to the write's.
async fn bare(port: u16) -> Vec<u64> {
    let clock = Clock::new();
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("the fake listens");
    stream.set_nodelay(true).expect("a socket");
    let mut client = tokio_modbus::client::tcp::attach_slave(stream, tokio_modbus::slave::Slave(BARE));
    let mut spans = Vec::new();
    // Between the cycles of the driver, which shares the thread.
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY / 2, EVERY);
    for _ in 0..N_ROUNDS {
        ticks.tick().await;
        client.read_holding_registers(0, 104).await.expect("a link").expect("an answer");
        let read_at = clock.mono();
        client.write_single_coil(10, true).await.expect("a link").expect("an answer");
        spans.push(clock.mono().as_ns() - read_at.as_ns());
    }
    spans
}

fn quantiles_us(mut spans: Vec<u64>) -> (f64, f64) {
    spans.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let i = (share * (spans.len() - 1) as f64) as usize;
        #[expect(clippy::cast_precision_loss, reason = "microseconds")]
        let us = spans[i] as f64 / 1e3;
        us
    };
    (at(0.5), at(0.99))
}

/// As the device sees it: nanoseconds from a read's request to the write's that follows it.
fn at_the_device(asked: &[Asked], unit: u8) -> Vec<u64> {
    let own: Vec<&Asked> = asked.iter().filter(|a| a.unit == unit).collect();
    let pairs = own.windows(2).filter(|pair| !pair[0].is_write() && pair[1].is_write());
    pairs.map(|pair| pair[1].at.as_ns() - pair[0].at.as_ns()).collect()
}

fn show(what: &str, bare: Vec<u64>, takt: Vec<u64>) {
    let ((bare_p50, bare_p99), (takt_p50, takt_p99)) = (quantiles_us(bare), quantiles_us(takt));
    println!(
        "{what}: bare {bare_p50:.0}/{bare_p99:.0} us, takt {takt_p50:.0}/{takt_p99:.0} us, overhead {:.0}/{:.0} us (p50/p99)",
        takt_p50 - bare_p50,
        takt_p99 - bare_p99
    );
    // A row of the table of `cargo xtask bench`: what, against, target, seen, whether it holds.
    let (more, holds) = (takt_p50 - bare_p50, if takt_p50 - bare_p50 <= 100.0 { "yes" } else { "no" });
    println!(
        "row\tModbus, 104 registers, 10 ms cycle: {what}, p50\tbare read and write {bare_p50:.0} µs\t\
         ≤ bare + 100 µs\t{takt_p50:.0} µs; + {more:.0}; p99 {bare_p99:.0} and {takt_p99:.0} µs\t{holds}"
    );
}

#[test]
#[ignore = "a measurement: ten seconds, and only in release"]
fn latency_of_read_to_coil_written() {
    on_shard(async {
        let fake = Fake::start(0, |_, asked| vec![Do::Send(asked.honest())]);
        let written = Written::default();
        let rig = takt(fake.port, &written);
        let bare = bare(fake.port).await;
        rig.until("as many rounds", |seen| seen.frames.len() >= N_ROUNDS).await;
        rig.end().await;
        let mut spans = Vec::new();
        for (arrived, report) in written.take() {
            let report = report.await.expect("a report");
            if report.outcome == WriteOutcome::Done {
                spans.push(report.confirmed_at.expect("confirmed").as_ns() - arrived.as_ns());
            }
        }
        assert!(spans.len() >= N_ROUNDS * 9 / 10);
        show("read's answer to coil confirmed", bare, spans);
        let asked = fake.asked();
        show("at the device, read's request to coil's", at_the_device(&asked, BARE), at_the_device(&asked, TAKT));
    });
}
