//! The byte limit holds, space is given back, and the order of loss is kept.

use crate::support::*;
use std::time::Duration;
use takt::record::VerdictRecord;
use takt::store::{Dropped, Entry, Event, Since, Store, StoreOptions, StoredFrame, VerdictFilter};
use takt_adapters::Ticket;
use takt_plant::*;

/// Noise: frames that cannot be compressed.
fn noise(group: GroupSlot, n_tags: usize, at_ns: i64, seed: &mut u64) -> Frame {
    let mut next = || {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        Reading::number(f64::from_bits((*seed >> 12) | 0x3ff0_0000_0000_0000))
    };
    let readings = (0..n_tags).map(|_| next()).collect();
    Frame { readings, ..frame(group, n_tags, at_ns, 0.0) }
}

/// What was dropped and what is left, of one moment: retention works on while the two are read.
async fn settled(store: &Store, group: GroupSlot) -> (Vec<Dropped>, Vec<StoredFrame>) {
    for n in 1.. {
        let before = store.reader().dropped().await.unwrap();
        let left = store.reader().frames(group, Since::Last(usize::MAX)).await.unwrap();
        if store.reader().dropped().await.unwrap() == before {
            println!("what was dropped stood still in look {n}");
            return (before, left);
        }
    }
    unreachable!("it looks until it stands still");
}

#[tokio::test]
async fn the_limit_holds_and_samples_go_before_verdicts() {
    const LIMIT: u64 = 6 << 20;
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { bytes_max: LIMIT, ..options() };
    let (store, first, slots) = open(dir.path(), options.clone(), &[50]);
    let (mut journal, mut durable) = store.journal(0);
    let mut seed = 88_172_645_463_325_252;
    let mut bytes_max = 0;
    let n_entries = 40_000; // 16 MB of noise
    for n in 1..=n_entries {
        let frames = vec![noise(slots.groups[0], 50, n as i64 * 1_000_000, &mut seed)];
        let verdicts = if n % 40 == 0 { vec![verdict(first.epoch, n / 40, Outcome::Pass, None)] } else { Vec::new() };
        journal.submit(Entry { ticket: Ticket(n), frames, verdicts, ..Entry::default() }).unwrap();
        if n % 200 == 0 {
            until(&mut durable, n).await;
            bytes_max = bytes_max.max(disk_bytes(dir.path()));
        }
    }
    eventually("samples were dropped", async || !store.reader().dropped().await.unwrap().is_empty()).await;
    store.flush().await.unwrap();
    assert!(bytes_max <= LIMIT, "{bytes_max} bytes on disk, the limit is {LIMIT}");
    assert!(bytes_max > LIMIT / 2, "{bytes_max} bytes: the limit was never near");
    let (dropped, left) = settled(&store, slots.groups[0]).await;
    assert!(dropped.iter().all(|d| d.kind == "samples" && d.reason == "size"), "{dropped:?}");
    assert_eq!(dropped[0].n, (n_entries - left.len() as u64) * 50, "what is not there is counted as dropped");
    assert_eq!(left.last().unwrap().at.as_ns(), n_entries as i64 * 1_000_000, "the newest stay");
    let verdicts = store.reader().verdicts(&VerdictFilter::default(), usize::MAX).await.unwrap();
    assert_eq!(verdicts.len(), 1_000, "no verdict goes while there are samples");
    assert_eq!(store.health().n_frames_lost, 0);
    println!("longest slice {} us, longest commit {} us", store.health().slice_us_max, store.health().commit_us_max);
    store.close().unwrap();

    // A smaller limit gives the space back.
    let (store, _, _) = open(dir.path(), StoreOptions { bytes_max: LIMIT / 2, ..options }, &[50]);
    eventually("the files shrink", async || disk_bytes(dir.path()) <= LIMIT / 2).await;
    assert_eq!(store.reader().verdicts(&VerdictFilter::default(), usize::MAX).await.unwrap().len(), 1_000);
    store.close().unwrap();
}

#[tokio::test]
async fn verdicts_go_last_when_there_is_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { bytes_max: 2 << 20, ..options() };
    let (store, first, _) = open(dir.path(), options, &[1]);
    let (mut journal, mut durable) = store.journal(0);
    for n in 1..=20_000 {
        let verdicts = vec![verdict(first.epoch, n, Outcome::Pass, Some(Value::Integer(n as i64)))];
        journal.submit(Entry { ticket: Ticket(n), verdicts, ..Entry::default() }).unwrap();
        if n % 200 == 0 {
            until(&mut durable, n).await;
        }
    }
    store.flush().await.unwrap();
    let dropped = || async { store.reader().dropped().await.unwrap() };
    eventually("verdicts were dropped", async || !dropped().await.is_empty()).await;
    let left = store.reader().verdicts(&VerdictFilter::default(), usize::MAX).await.unwrap();
    let dropped = dropped().await;
    assert_eq!(dropped[0].kind, "verdicts");
    assert_eq!(left[0].record.key.seq, 20_000, "the newest stay");
    assert!(disk_bytes(dir.path()) <= 2 << 20);
    store.close().unwrap();
}

#[tokio::test]
async fn old_samples_go_by_age_and_a_clock_jump_ages_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { samples_age_max: Duration::from_secs(3_600), ..options() };
    let (store, _, slots) = open(dir.path(), options, &[1]);
    let (mut journal, _) = store.journal(0);
    let now = takt_adapters::Clock::new().wall().as_ns();
    let hours = |h: i64| now + h * 3_600_000_000_000;
    // One chunk of two hours ago, one that claims to come from 2036.
    for (i, at) in [hours(-2), hours(90_000)].into_iter().enumerate() {
        let frames = (0..100).map(|n| frame(slots.groups[0], 1, at + n, n as f64)).collect();
        journal.submit(Entry { ticket: Ticket(i as u64 + 1), frames, ..Entry::default() }).unwrap();
        store.seal().await.unwrap();
    }
    let left = || async { store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap() };
    eventually("the old chunk is gone", async || left().await.len() == 100).await;
    assert_eq!(left().await[0].at.as_ns(), hours(90_000));
    let dropped = store.reader().dropped().await.unwrap();
    assert_eq!((dropped[0].reason.as_str(), dropped[0].n), ("age", 100));
    store.close().unwrap();
}

#[tokio::test]
async fn what_is_old_goes_also_behind_what_claims_to_come_from_the_future() {
    let dir = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3_600);
    let options = StoreOptions { samples_age_max: hour, verdicts_age_max: hour, ..options() };
    let (store, first, slots) = open(dir.path(), options, &[1]);
    let (mut journal, _) = store.journal(0);
    let now = takt_adapters::Clock::new().wall().as_ns();
    let hours = |h: i64| now + h * 3_600_000_000_000;
    // From 2036, then two hours ago, then of this hour: samples, verdicts and events alike.
    for (i, at) in [hours(90_000), hours(-2), hours(0)].into_iter().enumerate() {
        let n = i as u64 + 1;
        let frames = (0..100).map(|n| frame(slots.groups[0], 1, at + n, n as f64)).collect();
        let record =
            VerdictRecord { at: WallTime::from_ns(at), ..(*verdict(first.epoch, n, Outcome::Pass, None)).clone() };
        let event = Event {
            at: WallTime::from_ns(at),
            who: "anna".into(),
            what: "test".into(),
            line: None,
            text: n.to_string(),
        };
        let (verdicts, events) = (vec![std::sync::Arc::new(record)], vec![event]);
        journal.submit(Entry { ticket: Ticket(n), frames, verdicts, events, ..Entry::default() }).unwrap();
        store.seal().await.unwrap();
    }
    let dropped = || async {
        let all = store.reader().dropped().await.unwrap();
        let mut all: Vec<_> = all.into_iter().map(|d| (d.kind.clone(), d.reason.clone(), d.n)).collect();
        all.sort();
        all
    };
    let aged = |kind: &str, n: u64| (kind.to_owned(), "age".to_owned(), n);
    let expected = [aged("events", 1), aged("samples", 100), aged("verdicts", 1)];
    eventually("what is old is gone", async || dropped().await == expected).await;
    let frames = store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap();
    let mut left: Vec<i64> = frames.iter().map(|frame| (frame.at.as_ns() - now) / 3_600_000_000_000).collect();
    left.dedup();
    assert_eq!(left, [90_000, 0], "nothing else is");
    let verdicts = store.reader().verdicts(&VerdictFilter::default(), usize::MAX).await.unwrap();
    let mut seqs: Vec<u64> = verdicts.iter().map(|verdict| verdict.record.key.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 3]);
    store.close().unwrap();
}
