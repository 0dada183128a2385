//! Answers that come late, do not fit, break off or are garbage: no value is ever another's (B9).

use crate::fake::{Asked, Do, Fake};
use crate::rig::{Recorder, Rig, group, on_shard, options, wait};
use std::sync::atomic::Ordering;
use std::time::Duration;
use takt_adapters::Link;
use takt_plant::{Fault, GroupSlot, Reading};

/// Every register holds its own address, so a value of another register is seen at once.
fn check_values(seen: &Recorder, addresses: &[f64]) {
    for frame in &seen.frames {
        for (reading, address) in frame.readings.iter().zip(addresses) {
            assert!(reading.as_f64().is_none_or(|v| v == *address), "{reading:?} at {address}");
        }
    }
}

/// Runs two registers, read apart, against a device that misbehaves in its first `n_bad` answers;
/// gives the number of connections that it took.
fn check(name: &'static str, n_bad: usize, misbehave: impl Fn(&Asked) -> Vec<Do> + Send + Sync + 'static) -> usize {
    on_shard(async move {
        let fake = Fake::start(
            0,
            move |n, asked| {
                if n > 0 && n <= n_bad { misbehave(asked) } else { vec![Do::Send(asked.honest())] }
            },
        );
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_millis(300);
        options.groups = vec![group(0, 1, 20, &["holding:100", "holding:500"])];
        let rig = Rig::start(options);
        wait(name, || fake.asked().len() > 2 * n_bad + 4).await;
        let n = rig.n_frames();
        rig.until("good frames again", |seen| {
            seen.frames[n..].iter().any(|f| f.readings.iter().all(|r| r.as_f64().is_some()))
        })
        .await;
        check_values(&rig.intake.borrow(), &[100.0, 500.0]);
        assert_eq!(fake.n_open_max(), 1, "{name}: more connections than configured");
        rig.end().await;
        fake.n_accepted()
    })
}

#[test]
fn a_late_answer_is_never_another_requests() {
    // Later than the time-out, so that it arrives when the next request is out.
    let late = |asked: &Asked| vec![Do::Wait(Duration::from_millis(900)), Do::Send(asked.honest())];
    assert!(check("late", 4, late) >= 5, "the connection ends with every answer that did not come");
}

#[test]
fn an_answer_of_another_transaction_is_refused() {
    check("transaction", 6, |asked| {
        let other = Asked { transaction: asked.transaction.wrapping_add(1), address: 7, ..asked.clone() };
        vec![Do::Send(other.honest())]
    });
}

#[test]
fn an_answer_of_another_unit_is_refused() {
    check("unit", 6, |asked| vec![Do::Send(Asked { unit: 9, address: 7, ..asked.clone() }.honest())]);
}

#[test]
fn an_answer_of_another_function_is_refused() {
    check("function", 6, |asked| vec![Do::Send(Asked { function: 4, address: 7, ..asked.clone() }.honest())]);
}

#[test]
fn an_answer_of_another_length_is_refused() {
    check("long", 6, |asked| {
        vec![Do::Send(Asked { quantity: asked.quantity + 1, address: 7, ..asked.clone() }.honest())]
    });
    check("short", 6, |asked| vec![Do::Send(Asked { quantity: 0, address: 7, ..asked.clone() }.honest())]);
    check("odd", 6, |asked| vec![Do::Send(asked.adu(&[3, 1, 0]))]);
    check("byte count beyond the frame", 6, |asked| vec![Do::Send(asked.adu(&[3, 250, 0, 7]))]);
}

/// The header is right, and what follows is anything.
#[test]
fn random_answers_spoil_nothing() {
    for seed in 0..2 {
        check("random", 30, move |asked| {
            let mut random = fastrand::Rng::with_seed(seed ^ (u64::from(asked.transaction) << 8));
            let mut pdu: Vec<u8> = (0..random.usize(0..260)).map(|_| random.u8(..)).collect();
            // Anything but a well-formed answer: that would be a device that lies about its own values.
            if let [function, count, ..] = &mut pdu[..] {
                *function = random.choice([1, 2, 3, 4, 5, 6, 15, 16, 43, 0x83, 0xff]).expect("one of them");
                *count = if *count == 2 { 4 } else { *count };
            }
            vec![Do::Send(asked.adu(&pdu))]
        });
    }
}

#[test]
fn two_answers_to_one_request_spoil_nothing() {
    check("twice", 6, |asked| {
        let again = Asked { address: 7, ..asked.clone() };
        vec![Do::Send([asked.honest(), again.honest()].concat())]
    });
}

#[test]
fn garbage_and_broken_off_answers_end_the_connection() {
    check("garbage", 6, |_| vec![Do::Send(vec![0xff; 300])]);
    check("oversized", 2, |asked| {
        let mut header = asked.honest();
        header[4..6].copy_from_slice(&[0xff, 0xff]);
        vec![Do::Send(header)]
    });
    check("length zero", 6, |_| vec![Do::Send(vec![0; 8])]);
    check("closed in the middle", 6, |asked| vec![Do::Send(asked.honest()[..8].to_vec()), Do::Close]);
    check("closed without an answer", 6, |_| vec![Do::Close]);
    check("one byte at a time", 6, |asked| {
        asked.honest().into_iter().flat_map(|b| [Do::Send(vec![b]), Do::Wait(Duration::from_millis(1))]).collect()
    });
}

#[test]
fn a_misfit_is_counted_and_shown() {
    on_shard(async {
        let fake = Fake::start(0, |n, asked| {
            let transaction = if n == 3 { asked.transaction + 1 } else { asked.transaction };
            vec![Do::Send(Asked { transaction, ..asked.clone() }.honest())]
        });
        let mut options = options(fake.port);
        options.groups = vec![group(0, 1, 20, &["holding:100"])];
        let rig = Rig::start(options);
        rig.until("six frames", |seen| seen.frames.len() >= 6).await;
        let seen = rig.intake.borrow();
        assert_eq!(seen.rejects.len(), 1);
        assert_eq!(seen.rejects[0].from, "holding:100 (1)");
        assert_eq!(seen.frames[3].readings[0], Reading::Bad(Fault::Disconnected));
        assert_eq!(rig.ends.counts.n_garbled.load(Ordering::Relaxed), 1);
        // Made anew at once: no outage to speak of.
        assert_eq!(seen.links, [Link::Up { session_present: false }]);
    });
}

#[test]
fn a_device_that_closes_after_every_answer_costs_no_reading() {
    on_shard(async {
        let fake = Fake::start(0, |_, asked| vec![Do::Send(asked.honest()), Do::Close]);
        let mut options = options(fake.port);
        options.groups = vec![group(0, 1, 50, &["holding:100"])];
        let rig = Rig::start(options);
        rig.until("ten frames", |seen| seen.frames.len() >= 10).await;
        assert!(rig.intake.borrow().frames.iter().all(|f| f.readings[0].as_f64() == Some(100.0)));
        assert_eq!(fake.n_open_max(), 1);
        rig.end().await;
    });
}

#[test]
fn exceptions_are_named_and_keep_the_connection() {
    on_shard(async {
        let fake = Fake::start(0, |_, asked| {
            vec![Do::Send(if asked.address == 500 { asked.exception(4) } else { asked.honest() })]
        });
        let mut options = options(fake.port);
        options.groups = vec![group(0, 1, 20, &["holding:100", "holding:500"])];
        let rig = Rig::start(options);
        rig.until("five frames", |seen| seen.frames.len() >= 5).await;
        for frame in &rig.intake.borrow().frames {
            assert_eq!(frame.readings[1], Reading::Bad(Fault::Exception(4)));
            assert_eq!(frame.readings[0].as_f64(), Some(100.0));
        }
        assert_eq!(fake.n_accepted(), 1);
        rig.end().await;
    });
}

#[test]
fn a_silent_unit_is_set_aside_and_the_other_keeps_its_cycle() {
    on_shard(async {
        use std::sync::{Arc, atomic::AtomicBool};
        let is_silent = Arc::new(AtomicBool::new(true));
        let its = is_silent.clone();
        let fake = Fake::start(0, move |_, asked| {
            if asked.unit == 2 && its.load(Ordering::SeqCst) { vec![] } else { vec![Do::Send(asked.honest())] }
        });
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_secs(1);
        options.setting_aside.probe_first = Duration::from_secs(3);
        options.groups = vec![group(0, 1, 50, &["holding:100"]), group(1, 2, 50, &["holding:200", "holding:900"])];
        let rig = Rig::start(options);
        let aside = |is| Link::UnitAside { unit: 2, aside: is };
        rig.until("unit 2 is set aside", |seen| seen.links.contains(&aside(true))).await;
        let n_asked = |unit| fake.asked().iter().filter(|a| a.unit == unit).count();
        assert_eq!(n_asked(2), 3, "one time-out in each cycle, then none");
        let before = [n_asked(1), rig.n_frames()];
        rig.until("twenty frames more", |seen| seen.frames.len() >= before[1] + 20).await;
        assert!(n_asked(2) <= 4 && n_asked(1) >= before[0] + 8);
        assert_eq!(rig.intake.borrow().links.iter().filter(|l| matches!(l, Link::Down { .. })).count(), 0);
        is_silent.store(false, Ordering::SeqCst);
        rig.until("unit 2 is back", |seen| seen.links.contains(&aside(false))).await;
        let n = rig.n_frames();
        rig.until("its values", |seen| {
            seen.frames[n..].iter().any(|f| f.group == GroupSlot(1) && f.readings[1].as_f64() == Some(900.0))
        })
        .await;
        assert_eq!(fake.n_open_max(), 1);
        rig.end().await;
    });
}
