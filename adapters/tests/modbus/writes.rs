//! Writes: every function code and type against pymodbus; order and unknown outcomes against the fake.

use crate::fake::{Asked, Do, Fake};
use crate::peer::Peer;
use crate::rig::{Rig, coil_and_register, group, on_shard, options, wait, write_spec};
use std::time::Duration;
use takt_adapters::modbus::{QueueRefusal, Scale, WriteFunction, WriteOutcome, WriteSpec};
use takt_plant::{Reading, Value, WriteValue};

/// Writes with read-back by the device's own registers, and reads again by a group.
async fn check(rig: &Rig, slot: u32, value: WriteValue, expected: WriteOutcome) {
    let report = rig.written(slot, value).await;
    assert_eq!(report.outcome, expected, "slot {slot}, {value}");
    assert_eq!((report.value, report.slot.0), (value, slot));
}

#[test]
fn every_type_and_order_is_written_and_read_back() {
    on_shard(async {
        let peer = Peer::start(0);
        let kinds = [
            ("i16", -5),
            ("u16", 65_535),
            ("i32", -70_000),
            ("u32", 4_000_000_000),
            ("i64", i64::MIN),
            ("u64", i64::MAX),
        ];
        let orders = ["abcd", "cdab", "badc", "dcba"];
        let mut options = options(peer.port);
        let mut values = Vec::new();
        for (kind, value) in kinds.map(|(k, v)| (k, WriteValue::Integer(v))).into_iter().chain([
            ("f32", WriteValue::Number(f64::from(-123.456_f32))),
            ("f64", WriteValue::Number(std::f64::consts::PI)),
        ]) {
            for order in orders {
                let slot = u32::try_from(values.len()).expect("few");
                let register = format!("holding:{}", 1_000 + 4 * slot);
                options.writes.push(write_spec(slot, &register, kind, order, WriteFunction::Multiple));
                values.push((slot, value));
            }
        }
        let tags = options.writes.iter().zip(0..).map(|(w, i)| takt_adapters::modbus::TagOptions {
            tag: takt_plant::TagSlot(i),
            address: w.address,
            codec: w.codec.clone(),
        });
        options.groups = vec![takt_adapters::modbus::GroupOptions { tags: tags.collect(), ..group(0, 1, 20, &[]) }];
        let rig = Rig::start(options);
        rig.until("a first frame", |seen| !seen.frames.is_empty()).await;
        for (slot, value) in &values {
            check(&rig, *slot, *value, WriteOutcome::Done).await;
        }
        let n = rig.n_frames();
        rig.until("a whole cycle after the last write", |seen| seen.frames.len() > n + 1).await;
        let frames = &rig.intake.borrow().frames;
        for ((_, value), reading) in values.iter().zip(&frames.last().expect("frames").readings) {
            let expected = match value {
                WriteValue::Integer(v) => Value::Integer(*v),
                WriteValue::Number(v) => Value::Real(*v),
                WriteValue::Coil(v) => Value::Flag(*v),
            };
            assert_eq!(*reading, Reading::Good(expected));
        }
    });
}

#[test]
fn coils_single_registers_scale_and_what_devices_refuse() {
    on_shard(async {
        let peer = Peer::start(0);
        let mut options = options(peer.port);
        let scaled = WriteSpec {
            codec: takt_adapters::modbus::Codec {
                scale: Scale { factor: 0.1, offset: -40.0 },
                ..crate::rig::codec("i16", "ab")
            },
            ..write_spec(4, "holding:1210", "i16", "ab", WriteFunction::Single)
        };
        options.writes = vec![
            write_spec(0, "coil:10", "bool", "ab", WriteFunction::Single),
            write_spec(1, "coil:11", "bool", "ab", WriteFunction::Multiple),
            write_spec(2, "holding:1200", "u16", "ab", WriteFunction::Single),
            write_spec(3, "holding:1201", "u16", "ba", WriteFunction::Multiple),
            scaled,
            write_spec(5, "holding:1900", "u16", "ab", WriteFunction::Single),
            write_spec(6, "holding:1910", "u16", "ab", WriteFunction::Single),
            write_spec(7, "holding:2012", "u16", "ab", WriteFunction::Multiple),
        ];
        let rig = Rig::start(options);
        rig.until("the device", |seen| !seen.links.is_empty()).await;
        for on in [true, false, true] {
            check(&rig, 0, WriteValue::Coil(on), WriteOutcome::Done).await;
            check(&rig, 1, WriteValue::Coil(!on), WriteOutcome::Done).await;
        }
        check(&rig, 2, WriteValue::Integer(513), WriteOutcome::Done).await;
        check(&rig, 3, WriteValue::Number(513.0), WriteOutcome::Done).await;
        check(&rig, 4, WriteValue::Number(-12.3), WriteOutcome::Done).await;
        let seven = WriteOutcome::Differs { read: Reading::Good(Value::Integer(7)) };
        check(&rig, 5, WriteValue::Integer(9), seven.clone()).await;
        // This server answers function 06 with what it holds, so that it is seen without reading back.
        check_no_read_back(&rig, 5, WriteValue::Integer(9), seven).await;
        check(&rig, 6, WriteValue::Integer(9), WriteOutcome::Refused(4)).await;
        check(&rig, 7, WriteValue::Integer(9), WriteOutcome::Refused(2)).await;
        let invalid =
            |outcome: WriteOutcome, part: &str| matches!(outcome, WriteOutcome::Invalid { why } if why.contains(part));
        assert!(invalid(rig.written(2, WriteValue::Integer(70_000)).await.outcome, "does not fit into u16"));
        assert!(invalid(rig.written(99, WriteValue::Integer(1)).await.outcome, "no write 99"));
        rig.end().await;
    });
}

fn slow(n_ms: u64) -> impl Fn(usize, &Asked) -> Vec<Do> + Send + Sync {
    move |_, asked| vec![Do::Wait(Duration::from_millis(n_ms)), Do::Send(asked.honest())]
}

/// Thirty reads that cannot be merged.
fn many_reads() -> takt_adapters::modbus::GroupOptions {
    let addresses: Vec<String> = (0..30).map(|i| format!("holding:{}", i * 100)).collect();
    group(0, 1, 60_000, &addresses.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_write_overtakes_the_reads_that_wait() {
    on_shard(async {
        let fake = Fake::start(0, slow(20));
        let mut options = options(fake.port);
        options.groups = vec![many_reads()];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        wait("a third read", || fake.asked().len() >= 3).await;
        let (request, report) = rig.write(0, WriteValue::Coil(true));
        let n_before = fake.asked().len();
        rig.ends.writes.submit(request).expect("room");
        assert_eq!(report.await.expect("a report").outcome, WriteOutcome::Done);
        let place = fake.asked().iter().position(Asked::is_write).expect("it was sent");
        // The read that is out finishes first; one more may have been sent while this test looked.
        assert!(place <= n_before + 1, "{place} after {n_before}");
        rig.end().await;
    });
}

#[test]
fn with_a_connection_of_its_own_a_write_waits_for_no_read() {
    on_shard(async {
        // Reads are never answered; writes are.
        let fake = Fake::start(0, |_, asked| if asked.is_write() { vec![Do::Send(asked.honest())] } else { vec![] });
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_secs(20);
        options.write_connection = true;
        options.groups = vec![many_reads()];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        rig.until("the device", |seen| !seen.links.is_empty()).await;
        wait("the read that is never answered", || !fake.asked().is_empty()).await;
        check_no_read_back(&rig, 0, WriteValue::Coil(true), WriteOutcome::Done).await;
        check_no_read_back(&rig, 1, WriteValue::Integer(3), WriteOutcome::Done).await;
        assert_eq!(rig.n_frames(), 0);
        assert_eq!(fake.n_open_max(), 2);
        rig.stop.cancel();
    });
}

async fn check_no_read_back(rig: &Rig, slot: u32, value: WriteValue, expected: WriteOutcome) {
    let (request, report) = rig.write(slot, value);
    rig.ends.writes.submit(request).expect("room");
    assert_eq!(report.await.expect("a report").outcome, expected);
}

#[test]
fn an_unknown_outcome_is_repeated_only_when_that_is_safe() {
    on_shard(async {
        let fake = Fake::start(0, |_, asked| if asked.is_write() { vec![] } else { vec![Do::Send(asked.honest())] });
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_millis(500);
        options.groups = vec![group(0, 1, 20, &["holding:1"])];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        for (repeat_safe, n_sent) in [(false, 1), (true, 2)] {
            rig.until("the device", |seen| seen.frames.last().is_some_and(|f| f.readings[0].value().is_some())).await;
            let before = fake.asked().iter().filter(|a| a.is_write()).count();
            let (mut request, report) = rig.write(0, WriteValue::Coil(true));
            request.repeat_safe = repeat_safe;
            rig.ends.writes.submit(request).expect("room");
            let report = report.await.expect("a report");
            assert!(matches!(report.outcome, WriteOutcome::TimedOut | WriteOutcome::Disconnected), "{report:?}");
            assert!(report.sent_at.is_some() && report.confirmed_at.is_none());
            assert_eq!(fake.asked().iter().filter(|a| a.is_write()).count() - before, n_sent);
        }
        assert_eq!(fake.n_open_max(), 1);
        rig.end().await;
    });
}

#[test]
fn a_write_that_is_repeated_takes_no_other_ones_place() {
    on_shard(async {
        // The first write of the coil is never answered; everything else is.
        let is_first = std::sync::atomic::AtomicBool::new(true);
        let fake = Fake::start(0, move |_, asked| {
            let is_lost = asked.function == 5 && is_first.swap(false, std::sync::atomic::Ordering::SeqCst);
            if is_lost { vec![] } else { vec![Do::Send(asked.honest())] }
        });
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_millis(800);
        options.groups = vec![group(0, 1, 20, &["holding:1"])];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        rig.until("the device", |seen| seen.frames.last().is_some_and(|f| f.readings[0].value().is_some())).await;
        let (mut release, released) = rig.write(0, WriteValue::Coil(false));
        release.repeat_safe = true;
        rig.ends.writes.submit(release).expect("room");
        wait("the release that is not answered", || fake.asked().iter().any(Asked::is_write)).await;
        let (verdict, judged) = rig.write(1, WriteValue::Integer(7));
        rig.ends.writes.submit(verdict).expect("room");
        assert_eq!(released.await.expect("a report").outcome, WriteOutcome::Done, "the second time");
        assert_eq!(judged.await.expect("a report").outcome, WriteOutcome::Done, "behind it");
        let functions: Vec<u8> = fake.asked().iter().filter(|a| a.is_write()).map(|a| a.function).collect();
        assert_eq!(functions, [5, 5, 6], "in their order");
        rig.end().await;
    });
}

#[test]
fn what_is_too_late_is_not_sent_and_a_full_queue_refuses() {
    on_shard(async {
        let fake = Fake::start(0, slow(100));
        let mut options = options(fake.port);
        options.groups = vec![many_reads()];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        wait("a read", || !fake.asked().is_empty()).await;
        let (mut late, report) = rig.write(0, WriteValue::Coil(true));
        late.not_after = rig.clock.mono();
        rig.ends.writes.submit(late).expect("room");
        let report = report.await.expect("a report");
        assert_eq!((report.outcome, report.sent_at), (WriteOutcome::Expired, None));
        assert!(!fake.asked().iter().any(Asked::is_write));

        let mut reports = Vec::new();
        let refusal = loop {
            let (request, report) = rig.write(1, WriteValue::Integer(1));
            match rig.ends.writes.submit(request) {
                Ok(()) => reports.push(report),
                Err(refusal) => break refusal,
            }
        };
        assert_eq!(refusal, QueueRefusal::Full);
        // Stopping sends what was handed over, as far as its bounded time goes, and answers the rest.
        rig.end().await;
        let n_reported = reports.len();
        let mut outcomes = Vec::new();
        for report in reports {
            outcomes.push(report.await.expect("a report").outcome);
        }
        assert!(outcomes.contains(&WriteOutcome::Done), "{outcomes:?}");
        assert_eq!(
            outcomes.iter().filter(|o| matches!(o, WriteOutcome::Done | WriteOutcome::Disconnected)).count(),
            n_reported
        );
    });
}

/// What is handed over right before the stop arrives, whatever the connection was doing: a fail-safe value
/// must not be lost to a pause between requests, or to a connection that rests between polls.
#[test]
fn what_was_handed_over_before_the_stop_is_written() {
    for closes in [false, true] {
        on_shard(async move {
            let fake = Fake::start(0, slow(5));
            let mut options = options(fake.port);
            options.timing.pause_between_requests = Duration::from_millis(50);
            options.close_between_polls = closes;
            options.groups = vec![group(0, 1, 60_000, &["holding:1"])];
            options.writes = coil_and_register();
            let rig = Rig::start(options);
            rig.until("the first read", |seen| !seen.frames.is_empty()).await;
            wait("the connection rests, where it does", || !closes || fake.n_open() == 0).await;
            let (first, first_report) = rig.write(0, WriteValue::Coil(true));
            let (second, second_report) = rig.write(1, WriteValue::Integer(7));
            rig.ends.writes.submit(first).expect("room");
            rig.ends.writes.submit(second).expect("room");
            rig.end().await;
            let outcomes = [first_report, second_report].map(|mut report| report.try_recv().map(|r| r.outcome));
            assert_eq!(outcomes, [Ok(WriteOutcome::Done), Ok(WriteOutcome::Done)], "closes: {closes}");
        });
    }
}

/// At the end of a run every output of a device is owed its fail-safe value at once, however many lines share it.
#[test]
fn every_write_of_a_large_plan_finds_room_and_is_sent_before_the_end() {
    on_shard(async {
        let fake = Fake::start(0, slow(0));
        let mut options = options(fake.port);
        let coil = |slot: u32| write_spec(slot, &format!("coil:{slot}"), "bool", "ab", WriteFunction::Single);
        options.writes = (0..40).map(coil).collect();
        let rig = Rig::start(options);
        let mut reports = Vec::new();
        for slot in 0..40 {
            let (request, report) = rig.write(slot, WriteValue::Coil(true));
            rig.ends.writes.submit(request).unwrap_or_else(|refusal| panic!("write {slot} finds no room: {refusal}"));
            reports.push(report);
        }
        rig.end().await;
        for mut report in reports {
            assert_eq!(report.try_recv().map(|report| report.outcome), Ok(WriteOutcome::Done));
        }
    });
}
