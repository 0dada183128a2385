//! What all tests of the store share: names, frames, verdicts, and an open store in a folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use takt::record::{LatencySplit, ModelStamp, VerdictRecord};
use takt::store::{
    CheckLayout, ConnectionLayout, Entry, GroupLayout, Layout, Recovered, Slots, Store, StoreOptions, WhenUnwritable,
};
use takt_adapters::{Clock, Ticket};
use takt_plant::*;
use tokio::sync::watch;

pub fn line() -> LineId {
    LineId::new("press-3").unwrap()
}

pub fn check() -> CheckId {
    CheckId::new("stroke").unwrap()
}

pub fn tags(n: usize) -> Vec<TagId> {
    (0..n).map(|i| TagId::new(&format!("tag{i}")).unwrap()).collect()
}

/// A layout of one line with groups of so many tags, one check, and two connections of which the
/// second holds.
pub fn layout(group_sizes: &[usize]) -> Layout {
    let connection =
        |name: &str, when_unwritable| ConnectionLayout { id: ConnectionId::new(name).unwrap(), when_unwritable };
    let mut first = 0;
    let groups = group_sizes.iter().map(|n| {
        let tags = tags(first + n).split_off(first);
        first += n;
        GroupLayout { line: line(), tags }
    });
    Layout {
        groups: groups.collect(),
        connections: vec![connection("judging", WhenUnwritable::Judge), connection("holding", WhenUnwritable::Hold)],
        checks: vec![CheckLayout { line: line(), check: check(), publishes: vec![0] }],
    }
}

/// Quick to fold and to seal, so that tests see every step.
pub fn options() -> StoreOptions {
    StoreOptions {
        linger: Duration::from_millis(2),
        linger_unacknowledged: Duration::from_millis(5),
        chunk_frames_max: 100,
        fold: Duration::from_millis(20),
        retry: Duration::from_millis(100),
        marks_max: 16,
        // Source times of the tests lie near 1970.
        samples_age_max: Duration::MAX,
        verdicts_age_max: Duration::MAX,
        ..StoreOptions::default()
    }
}

pub fn open(dir: &Path, options: StoreOptions, sizes: &[usize]) -> (Store, Recovered, Slots) {
    let (store, recovered) = Store::open(dir, options, Clock::new()).unwrap();
    let slots = store.register(&layout(sizes)).unwrap();
    (store, recovered, slots)
}

/// A frame whose first reading is `v`, the next `v + 1`, and so on, at `at_ns`.
pub fn frame(group: GroupSlot, n_tags: usize, at_ns: i64, v: f64) -> Frame {
    Frame {
        group,
        tags: (0..n_tags).map(|i| TagSlot(i as u32)).collect(),
        readings: (0..n_tags).map(|i| Reading::number(v + i as f64)).collect(),
        at: WallTime::from_ns(at_ns),
        arrived_at: WallTime::from_ns(at_ns + 1_500),
        arrived: MonoTime::from_ns(0),
    }
}

pub fn verdict(epoch: u32, seq: u64, outcome: Outcome, part: Option<Value>) -> Arc<VerdictRecord> {
    let at = WallTime::from_ns(seq as i64 * 1_000_000);
    let window = WindowKey { from: at, to: at, n: 1, part };
    Arc::new(VerdictRecord {
        key: VerdictKey { line: line(), check: check(), epoch, seq, window },
        outcome,
        at,
        scores: vec![Score { name: "t2".into(), value: seq as f64 / 3.0, limit: 9.5 }],
        contributions: vec![(TagId::new("tag0").unwrap(), 0.75), (TagId::new("tag1").unwrap(), 0.25)],
        model: Some(Arc::new(ModelStamp { name: "press".into(), version: "1".into(), digest: "b3:0".into() })),
        latency: LatencySplit { total_us: 120, ..LatencySplit::default() },
        executed_by: GatewayId::new("here").unwrap(),
    })
}

/// One delivery: a frame, a mark, a verdict and a position, all numbered `n`.
pub fn delivery(n: u64, epoch: u32, slots: &Slots, n_tags: usize) -> Entry {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&n.to_le_bytes());
    Entry {
        ticket: Ticket(n),
        acknowledges: Some(slots.connections[0]),
        frames: vec![frame(slots.groups[0], n_tags, n as i64 * 1_000_000, n as f64)],
        marks: vec![(slots.connections[0], digest)],
        verdicts: vec![verdict(epoch, n, Outcome::Pass, None)],
        positions: vec![(slots.checks[0], n.to_le_bytes().to_vec())],
        ..Entry::default()
    }
}

pub async fn until(receiver: &mut watch::Receiver<Ticket>, n: u64) {
    let waited = tokio::time::timeout(Duration::from_secs(30), receiver.wait_for(|t| t.0 >= n)).await;
    waited.expect("the ticket becomes durable within 30 s").expect("the store lives");
}

/// Waits until something holds, up to half a minute.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never happened: {what}");
}

/// Bytes of all files of the store together.
pub fn disk_bytes(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).unwrap().filter_map(Result::ok);
    files.filter_map(|f| f.metadata().ok()).filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
}
