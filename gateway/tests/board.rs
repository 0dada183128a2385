//! The board under load: nothing is lost from the counts, and what a verdict costs.

#[path = "api/fake.rs"]
mod fake;

use fake::Fake;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use takt::board::{FRESH_MAX, Live, Now, RECENT_MAX, REJECTS_MAX, Viewer};
use takt_plant::{Frame, GroupSlot, MonoTime, Outcome, Reading, TagSlot, Value, WallTime};
use tokio::sync::broadcast::error::TryRecvError;

#[test]
fn a_rush_is_counted_whole_and_shown_in_part() {
    let mut fake = Fake::new();
    let n = FRESH_MAX as u64 + 700;
    let mut live = fake.board.subscribe();
    for _ in 0..n {
        fake.press.give(Outcome::Pass, 1, &fake.clock);
    }
    let status = fake.board.status(Now::of(&fake.clock));
    let check = &status.lines[0].checks[0];
    assert_eq!(check.verdicts.total, n);
    assert_eq!(check.n_unseen, 700, "the oldest were pushed out for viewers");
    assert_eq!(check.last.as_ref().map(|last| last.seq), Some(n), "the newest stays");
    assert_eq!(fake.board.recent().len(), RECENT_MAX);
    let mut seen = 0;
    while let Ok(Live::Verdict(record)) = live.try_recv() {
        seen += 1;
        assert_eq!(record.key.seq, 700 + seen);
    }
    assert_eq!(seen, FRESH_MAX as u64);
}

#[test]
fn rejects_keep_the_last_and_count_all() {
    let fake = Fake::new();
    for i in 0..100_u8 {
        fake.reject(&[i; 300]);
    }
    assert_eq!(fake.broker.traffic().n_rejects, 100);
    let kept = fake.broker.rejects();
    assert_eq!(kept.len(), REJECTS_MAX);
    assert_eq!((kept[0].first_bytes[0], kept[0].first_bytes.len(), kept[0].n_bytes), (99, 64, 300));
}

/// A burst is one message after the other with a pause behind it: the last one counts.
#[test]
fn the_last_of_a_burst_is_shown() {
    let fake = Fake::new();
    let line = &fake.press.line;
    let at_ms = |ms: u64| MonoTime::from_ns(1_000_000_000 + ms * 1_000_000);
    let latest = |v: i64| vec![Reading::Good(Value::Integer(v)); 2];
    for v in 0..5_u32 {
        line.frame(&Frame {
            group: GroupSlot(0),
            tags: Arc::from([TagSlot(0), TagSlot(1)]),
            readings: latest(i64::from(v)).into(),
            at: WallTime::from_ns(i64::from(v)),
            arrived_at: WallTime::from_ns(i64::from(v)),
            arrived: at_ms(u64::from(v)),
        });
    }
    let shown = || line.live(1).map(|live| (live.reading, live.at, live.arrived));
    let reading = |v: i64| Reading::Good(Value::Integer(v));
    assert_eq!(shown(), Some((reading(0), WallTime::from_ns(0), at_ms(0))), "no more often than eyes see");
    line.settle(&latest(4), at_ms(199));
    assert_eq!(shown().map(|shown| shown.0), Some(reading(0)));
    line.settle(&latest(4), at_ms(200));
    assert_eq!(shown(), Some((reading(4), WallTime::from_ns(4), at_ms(4))));
    line.settle(&latest(9), at_ms(900));
    assert_eq!(shown().map(|shown| shown.0), Some(reading(4)), "nothing was passed over since");
}

#[test]
fn the_books_close_in_every_status_while_the_line_runs() {
    let mut fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let stop = Arc::new(AtomicBool::new(false));
    let seen = {
        let (viewer, stop) = (Arc::clone(&viewer), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let status = viewer.refresh();
                let check = &status.lines[0].checks[0];
                assert!(check.books.close, "{:?}", check.books);
                assert_eq!(check.books.judged, check.verdicts.total * 3);
                n += 1;
            }
            n
        })
    };
    for _ in 0..20_000 {
        fake.press.give(Outcome::Pass, 3, &fake.clock);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(seen.join().expect("every status closed") > 0);
}

#[test]
fn a_checks_order_is_kept_whoever_pumps() {
    let mut fake = Fake::new();
    let mut live = fake.board.subscribe();
    let stop = Arc::new(AtomicBool::new(false));
    let pump = || {
        let (board, stop) = (Arc::clone(&fake.board), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                board.pump();
            }
        })
    };
    let pumps = [pump(), pump(), pump()];
    let mut last = 0;
    for n in 0..20_000 {
        fake.press.give(Outcome::Pass, 1, &fake.clock);
        if n % 100 == 0 {
            std::thread::yield_now();
        }
        loop {
            match live.try_recv() {
                Ok(Live::Verdict(record)) => {
                    assert!(record.key.seq > last, "{} after {last}", record.key.seq);
                    last = record.key.seq;
                }
                Ok(Live::Write(_)) | Err(TryRecvError::Lagged(_)) => {}
                Err(_) => break,
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    for pump in pumps {
        pump.join().expect("a pump ends");
    }
    assert!(last > 0);
}

#[test]
fn a_replaced_line_begins_anew_and_a_removed_one_goes() {
    let mut fake = Fake::new();
    fake.press.give(Outcome::Pass, 1, &fake.clock);
    let plan = fake.press.line.plan().clone();
    let now = Now::of(&fake.clock);
    fake.board.line(plan.clone(), now);
    let status = fake.board.status(now);
    assert_eq!(status.lines.len(), 2, "one of each name");
    assert!(status.lines.iter().find(|line| line.id == "press-3").is_some_and(|line| line.checks.is_empty()));
    fake.board.remove_line(&plan.id);
    assert_eq!(fake.board.status(now).lines.len(), 1);
}

/// `cargo test --release -p takt --test board -- --ignored --nocapture` prints the figures.
#[test]
#[ignore = "measures; meant for a release build on an idle machine"]
fn a_verdict_costs_at_most_half_a_microsecond() {
    let mut fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let record = fake.press.give(Outcome::Pass, 1, &fake.clock);
    let stop = Arc::new(AtomicBool::new(false));
    let pump = {
        let (viewer, stop) = (Arc::clone(&viewer), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                viewer.board().pump();
                std::thread::sleep(takt::board::PUMP_EVERY);
            }
        })
    };
    let mut rounds: Vec<f64> = (0..200)
        .map(|_| {
            let began = fake.clock.mono();
            for _ in 0..500 {
                fake.press.gauge.verdict(&record, &fake.press.books, fake.clock.mono());
            }
            let us = fake.clock.mono().since(began).as_secs_f64() * 1e6 / 500.0;
            std::thread::sleep(std::time::Duration::from_millis(5));
            us
        })
        .collect();
    stop.store(true, Ordering::Relaxed);
    pump.join().expect("the pump ends");
    rounds.sort_by(f64::total_cmp);
    println!("a verdict on the board: p50 {:.3} us, p99 {:.3} us (clock read included)", rounds[100], rounds[198]);
    assert!(rounds[100] <= 0.5);
    let began = fake.clock.mono();
    for _ in 0..1_000 {
        drop(viewer.refresh());
    }
    println!("a status of two lines with 47 tags: {:.1} us", fake.clock.mono().since(began).as_secs_f64() * 1e3);
}
