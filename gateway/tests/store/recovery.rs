//! What a new run learns about the last one.

use crate::support::*;
use std::path::Path;
use std::time::Duration;
use takt::store::{ArmingRecord, Loss, NewDocument, Origin, Since, Store};
use takt_plant::*;

fn copy_files(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        } else {
            let _ = std::fs::remove_file(to.join(name));
        }
    }
}

async fn fill(store: &Store, epoch: u32, slots: &takt::store::Slots, seqs: std::ops::RangeInclusive<u64>) {
    let (mut journal, mut durable) = store.journal(0);
    let last = *seqs.end();
    for n in seqs {
        journal.submit(delivery(n, epoch, slots, 3)).unwrap();
    }
    until(&mut durable, last).await;
}

#[tokio::test]
async fn a_clean_end_and_a_cut_off_end_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let cut = tempfile::tempdir().unwrap();
    let (store, first, slots) = open(dir.path(), options(), &[3]);
    assert_eq!((first.origin, first.loss), (Origin::New, Loss::Nothing));
    fill(&store, first.epoch, &slots, 1..=40).await;
    // As after a power cut: the files as they are now.
    copy_files(dir.path(), cut.path(), &["takt.db", "takt.db-wal", "takt.anchor"]);
    store.close().unwrap();

    let (store, clean, same) = open(dir.path(), options(), &[3]);
    assert_eq!((clean.origin, clean.epoch, clean.loss), (Origin::Continued, first.epoch, Loss::Nothing));
    assert_eq!(same, slots);
    assert_eq!(clean.last_seq[&slots.checks[0]], 40);
    assert_eq!(clean.positions[&slots.checks[0]], 40_u64.to_le_bytes());
    let marks = &clean.marks[&slots.connections[0]];
    let numbers: Vec<u8> = marks.iter().map(|m| m[0]).collect();
    assert_eq!(numbers, (25..=40).collect::<Vec<u8>>(), "the last sixteen, oldest first");
    store.close().unwrap();

    let (store, cut_off, _) = open(cut.path(), options(), &[3]);
    assert_eq!((cut_off.origin, cut_off.epoch), (Origin::Continued, first.epoch));
    assert!(matches!(cut_off.loss, Loss::AtMost { window, .. } if window < Duration::from_secs(1)));
    assert_eq!((cut_off.last_seq, cut_off.positions, cut_off.marks), (clean.last_seq, clean.positions, clean.marks));
    let frames = store.reader().frames(slots.groups[0], Since::Last(100)).await.unwrap();
    assert_eq!(frames.len(), 40);
    store.close().unwrap();
}

/// A second kill before anything new came: folding had moved past the rows that held the marks, and a
/// redelivery was consumed twice.
#[tokio::test]
async fn marks_outlive_two_kills_with_nothing_between_them() {
    let dirs: [tempfile::TempDir; 3] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let unfolded = takt::store::StoreOptions { fold: Duration::from_secs(3_600), ..options() };
    let files = ["takt.db", "takt.db-wal", "takt.anchor"];
    let (store, first, slots) = open(dirs[0].path(), unfolded.clone(), &[3]);
    fill(&store, first.epoch, &slots, 1..=10).await;
    copy_files(dirs[0].path(), dirs[1].path(), &files);
    store.close().unwrap();
    let (store, _, _) = open(dirs[1].path(), unfolded.clone(), &[3]);
    store.flush().await.unwrap();
    copy_files(dirs[1].path(), dirs[2].path(), &files);
    store.close().unwrap();
    let (store, last, _) = open(dirs[2].path(), unfolded, &[3]);
    let numbers: Vec<u8> = last.marks[&slots.connections[0]].iter().map(|mark| mark[0]).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<u8>>());
    store.close().unwrap();
}

#[tokio::test]
async fn a_restored_store_has_a_new_epoch_and_nothing_armed() {
    let dir = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir().unwrap();
    let (store, first, slots) = open(dir.path(), options(), &[3]);
    fill(&store, first.epoch, &slots, 1..=5).await;
    let record = ArmingRecord {
        output: "press-3/stroke/reject".into(),
        by: "anna".into(),
        at: WallTime::from_ns(1),
        digest: "b3:1".into(),
    };
    store.arm(record.clone()).await.unwrap();
    store.close().unwrap();
    copy_files(dir.path(), backup.path(), &["takt.db"]);
    let (store, continued, _) = open(dir.path(), options(), &[3]);
    assert_eq!(continued.arming, [record]);
    fill(&store, first.epoch, &slots, 6..=9).await;
    store.close().unwrap();

    copy_files(backup.path(), dir.path(), &["takt.db", "takt.db-wal", "takt.db-shm"]);
    let (store, restored, same) = open(dir.path(), options(), &[3]);
    assert_eq!(restored.origin, Origin::Restored);
    assert!(restored.epoch > first.epoch);
    assert_eq!(same, slots);
    assert!(restored.arming.is_empty() && restored.last_seq.is_empty() && restored.positions.is_empty());
    fill(&store, restored.epoch, &slots, 1..=2).await;
    store.close().unwrap();
    let (store, again, _) = open(dir.path(), options(), &[3]);
    assert_eq!((again.origin, again.epoch), (Origin::Continued, restored.epoch));
    assert_eq!(again.last_seq[&slots.checks[0]], 2);
    store.close().unwrap();

    std::fs::remove_file(dir.path().join("takt.db")).unwrap();
    let _ = std::fs::remove_file(dir.path().join("takt.db-wal"));
    let (store, replaced, _) = open(dir.path(), options(), &[3]);
    assert_eq!(replaced.origin, Origin::New);
    assert!(replaced.epoch > restored.epoch, "the anchor remembers the epoch of a lost database");
    store.close().unwrap();
}

#[tokio::test]
async fn slow_groups_do_not_hold_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let options = takt::store::StoreOptions { bytes_max: 8 << 20, ..options() };
    let (store, first, slots) = open(dir.path(), options.clone(), &[40, 1]);
    let (mut journal, mut durable) = store.journal(0);
    // One frame of the slow group at the beginning, then two megabytes of the fast one.
    let slow = frame(slots.groups[1], 1, 77, 7.0);
    let mut entry = delivery(1, first.epoch, &slots, 40);
    entry.frames.push(slow);
    journal.submit(entry).unwrap();
    for n in 2..=6_000 {
        journal.submit(delivery(n, first.epoch, &slots, 40)).unwrap();
        if n % 100 == 0 {
            until(&mut durable, n).await;
        }
    }
    let slow_group = slots.groups[1];
    let of_slow = |store: Store| async move { store.reader().frames(slow_group, Since::Last(9)).await.unwrap() };
    eventually("the journal is short", async || {
        let rows = sqlx_count(dir.path(), "SELECT COALESCE(SUM(length(body)), 0) FROM journal").await;
        rows < 1_500_000
    })
    .await;
    assert_eq!(of_slow(store.clone()).await.len(), 1);
    store.close().unwrap();
    let (store, _, _) = open(dir.path(), options, &[40, 1]);
    let frames = of_slow(store.clone()).await;
    assert_eq!((frames.len(), frames[0].at.as_ns()), (1, 77));
    let all = store.reader().frames(slots.groups[0], Since::Last(10_000)).await.unwrap();
    let values: Vec<u64> = all.iter().map(|f| f.readings[0].as_f64().unwrap() as u64).collect();
    assert_eq!(values, (1..=6_000).collect::<Vec<u64>>());
    store.close().unwrap();
}

async fn sqlx_count(dir: &Path, sql: &'static str) -> i64 {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("takt.db")).read_only(true);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
}

#[tokio::test]
async fn documents_keep_every_version() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, _) = open(dir.path(), options(), &[1]);
    let put = |name: &str, text: Option<&str>| NewDocument {
        kind: "line".into(),
        name: name.into(),
        text: text.map(Into::into),
        by: "anna".into(),
        at: WallTime::from_ns(1),
        note: "trial".into(),
    };
    for (name, text, version) in [("a", Some("one"), 1), ("a", Some("two"), 2), ("b", Some("x"), 1), ("b", None, 2)] {
        assert_eq!(store.put_document(put(name, text)).await.unwrap(), version);
    }
    let reader = store.reader();
    let current: Vec<_> = reader.documents("line").await.unwrap().into_iter().map(|d| (d.name, d.version)).collect();
    assert_eq!(current, [("a".to_string(), 2)], "a removed document is not current");
    assert_eq!(reader.document("line", "a", Some(1)).await.unwrap().text.as_deref(), Some("one"));
    assert_eq!(reader.document("line", "a", None).await.unwrap().text.as_deref(), Some("two"));
    assert_eq!(reader.document_history("line", "b").await.unwrap().len(), 2);
    assert!(reader.document("line", "c", None).await.is_err());
    store.close().unwrap();
}
