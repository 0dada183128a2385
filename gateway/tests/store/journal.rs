//! Entries go in and come out again, committed as a whole and in order.

use crate::support::*;
use takt::store::{Entry, Event, Since, Store, StoreError, VerdictFilter, WriteKind, WriteOutcome, WriteResult};
use takt_adapters::{Clock, Ticket};
use takt_plant::*;

#[tokio::test]
async fn what_is_durable_is_read_back_before_and_after_folding_and_sealing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, mut durable) = store.journal(0);
    for n in 1..=250 {
        journal.submit(delivery(n, recovered.epoch, &slots, 3)).unwrap();
        if n % 50 == 0 {
            until(&mut durable, n).await;
            let frames = store.reader().frames(slots.groups[0], Since::Last(1_000)).await.unwrap();
            let values: Vec<f64> = frames.iter().map(|f| f.readings[0].as_f64().unwrap()).collect();
            assert_eq!(values, (1..=n).map(|v| v as f64).collect::<Vec<_>>());
            let page = store.reader().verdicts(&VerdictFilter::default(), 1_000).await.unwrap();
            assert_eq!(page.iter().map(|v| v.record.key.seq).collect::<Vec<_>>(), (1..=n).rev().collect::<Vec<_>>());
        }
    }
    store.flush().await.unwrap();
    eventually("two chunks are sealed", async || store.health().n_chunks >= 2).await;
    let frames = store.reader().frames(slots.groups[0], Since::Source(WallTime::from_ns(60_000_000))).await.unwrap();
    assert_eq!(frames.len(), 191);
    assert_eq!(frames[0].arrived_at.as_ns(), 60_001_500);
    assert_eq!(store.reader().frames(slots.groups[0], Since::Last(7)).await.unwrap().len(), 7);
    let page = store.reader().verdicts(&VerdictFilter::default(), 2).await.unwrap();
    assert_eq!(page[0].record, *verdict(recovered.epoch, 250, Outcome::Pass, None));
    store.close().unwrap();
}

#[tokio::test]
async fn an_idle_store_commits_at_once_and_a_busy_one_gathers() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, mut durable) = store.journal(0);
    journal.submit(delivery(1, recovered.epoch, &slots, 3)).unwrap();
    until(&mut durable, 1).await;
    let before = store.health().n_commits;
    for n in 2..=1_001 {
        journal.submit(delivery(n, recovered.epoch, &slots, 3)).unwrap();
    }
    until(&mut durable, 1_001).await;
    store.flush().await.unwrap();
    let health = store.health();
    assert_eq!((health.n_entries, health.n_frames, health.n_samples, health.n_verdicts), (1_001, 1_001, 3_003, 1_001));
    assert!(health.n_commits - before < 500, "{} commits for 1,000 entries", health.n_commits - before);
    store.close().unwrap();
}

#[tokio::test]
async fn writes_and_events_are_found_with_their_verdicts() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, mut durable) = store.journal(0);
    let output = OutputId::new("reject").unwrap();
    let result = |seq, outcome| WriteResult {
        check: slots.checks[0],
        seq,
        output: output.clone(),
        kind: WriteKind::Verdict,
        outcome,
        write_us: 80,
        value: "true".into(),
        target: "coil:10".into(),
    };
    let event = Event {
        at: WallTime::from_ns(5),
        who: "anna".into(),
        what: "output.arm".into(),
        line: Some(line()),
        text: "reject is armed".into(),
    };
    journal.submit(delivery(1, recovered.epoch, &slots, 3)).unwrap();
    let writes = vec![result(1, WriteOutcome::TimedOut)];
    journal.submit(Entry { ticket: Ticket(2), writes, events: vec![event.clone()], ..Entry::default() }).unwrap();
    until(&mut durable, 2).await;
    store.flush().await.unwrap();
    let writes = vec![result(1, WriteOutcome::Refused("late".into()))];
    journal.submit(Entry { ticket: Ticket(3), writes, ..Entry::default() }).unwrap();
    until(&mut durable, 3).await;
    for _ in 0..2 {
        let page = store.reader().verdicts(&VerdictFilter::default(), 10).await.unwrap();
        let outcomes: Vec<_> = page[0].writes.iter().map(|w| w.outcome.clone()).collect();
        assert_eq!(outcomes, [WriteOutcome::TimedOut, WriteOutcome::Refused("late".into())]);
        store.flush().await.unwrap();
    }
    assert_eq!(store.reader().events(None, 10).await.unwrap()[0].event, event);
    store.close().unwrap();
}

#[tokio::test]
async fn a_key_that_comes_again_is_kept_once_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, _) = store.journal(0);
    journal.submit(delivery(1, recovered.epoch, &slots, 3)).unwrap();
    journal.submit(delivery(1, recovered.epoch, &slots, 3)).unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.reader().verdicts(&VerdictFilter::default(), 10).await.unwrap().len(), 1);
    assert_eq!((store.health().n_repeated, store.health().n_conflicting), (1, 0));
    store.close().unwrap();
}

#[tokio::test]
async fn a_number_that_is_given_twice_is_counted_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, _) = store.journal(0);
    journal.submit(delivery(1, recovered.epoch, &slots, 3)).unwrap();
    store.flush().await.unwrap();
    let verdicts = vec![verdict(recovered.epoch, 1, Outcome::Fail, None)];
    journal.submit(Entry { verdicts, ..delivery(2, recovered.epoch, &slots, 3) }).unwrap();
    store.flush().await.unwrap();
    assert_eq!((store.health().n_repeated, store.health().n_conflicting), (1, 1));
    let event = store.reader().events(None, 10).await.unwrap()[0].event.clone();
    assert_eq!((event.what.as_str(), event.line), ("verdict.conflict", Some(line())));
    assert!(event.text.starts_with("stroke: number 1 of epoch"), "{}", event.text);
    let stored = store.reader().verdicts(&VerdictFilter::default(), 10).await.unwrap();
    assert_eq!(stored[0].record.outcome, Outcome::Pass, "the first one stays");
    store.close().unwrap();
}

#[tokio::test]
async fn progress_is_where_everything_stands_now() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, _) = store.journal(0);
    for n in 1..=20 {
        journal.submit(delivery(n, recovered.epoch, &slots, 3)).unwrap();
        if n % 7 == 0 {
            store.flush().await.unwrap();
        }
        let now = store.progress().await.unwrap();
        assert_eq!(now.epoch, recovered.epoch);
        assert_eq!(now.last_seq[&slots.checks[0]], n);
        assert_eq!(now.positions[&slots.checks[0]], n.to_le_bytes());
        let marks = &now.marks[&slots.connections[0]];
        assert_eq!((marks.len() as u64, marks.last().unwrap()[0]), (n.min(16), n as u8));
    }
    store.close().unwrap();
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, _) = open(dir.path(), options(), &[1]);
    let again = Store::open(dir.path(), options(), Clock::new());
    assert!(matches!(again, Err(StoreError::InUse { .. })));
    store.clone().close().unwrap();
    assert!(store.health().unwritable.is_some_and(|why| why.contains("ended")), "nothing is durable after the end");
    let (store, _, _) = open(dir.path(), options(), &[1]);
    store.close().unwrap();
}
