//! A full disk and a read-only one: verdicts go on, each connection by its own rule, and the store
//! recovers by itself. Needs the right to mount; without it the tests say so and check nothing.

use crate::support::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use takt::store::{ArmingRecord, Confirmation, Entry, Journal, Origin, Since, Slots, Store, StoreError};
use takt_adapters::Ticket;
use takt_plant::{Outcome, WallTime};
use tokio::sync::watch::Receiver;

/// A small file system of its own, unmounted at the end.
struct Disk {
    dir: tempfile::TempDir,
}

fn ran(program: &str, args: &[&str], path: &Path) -> bool {
    Command::new(program).args(args).arg(path).output().is_ok_and(|o| o.status.success())
}

impl Disk {
    /// In memory.
    fn new(size: &str) -> Option<Self> {
        let disk = Self { dir: tempfile::tempdir().unwrap() };
        if ran("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], disk.path()) {
            return Some(disk);
        }
        println!("NOT CHECKED: this user may not mount a tmpfs, so a full disk cannot be made here");
        None
    }

    /// An ext4 file system in a file, which becomes read-only when it finds an error.
    fn ext4(image: &Path) -> Option<Self> {
        let disk = Self { dir: tempfile::tempdir().unwrap() };
        let file = std::fs::File::create(image).unwrap();
        file.set_len(32 << 20).unwrap();
        let made = ran("mkfs.ext4", &["-q", "-F"], image) && disk.mount_ext4(image);
        if made && disk.error_switch().is_some_and(|s| s.exists()) {
            return Some(disk);
        }
        println!("NOT CHECKED: no ext4 with a loop device here, so a disk cannot become read-only");
        None
    }

    fn mount_ext4(&self, image: &Path) -> bool {
        ran("mount", &["-o", "loop,errors=remount-ro", &image.to_string_lossy()], self.path())
    }

    fn error_switch(&self) -> Option<PathBuf> {
        let output = Command::new("findmnt").args(["-no", "SOURCE"]).arg(self.path()).output().ok()?;
        let device = String::from_utf8(output.stdout).ok()?;
        Some(Path::new("/sys/fs/ext4").join(device.trim().rsplit('/').next()?).join("trigger_fs_error"))
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.path().join("filler")).unwrap();
        let block = vec![1_u8; 4_096];
        while file.write_all(&block).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }

    fn unmount(&self) {
        ran("umount", &["-l"], self.path());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}

/// A running store with twenty durable deliveries, and everything that the tests watch.
struct Run {
    store: Store,
    journal: Journal,
    slots: Slots,
    epoch: u32,
    all: Receiver<Ticket>,
    judged: Receiver<Ticket>,
    held: Receiver<Ticket>,
    n: u64,
}

impl Run {
    async fn begin(dir: &Path) -> Self {
        let (store, first, slots) = open(dir, options(), &[50]);
        let (journal, all) = store.journal(0);
        let (judged, held) = (store.durable(0, slots.connections[0]), store.durable(0, slots.connections[1]));
        let mut run = Self { store, journal, slots, epoch: first.epoch, all, judged, held, n: 0 };
        for _ in 0..20 {
            run.deliver(0);
        }
        until(&mut run.all, 20).await;
        run
    }

    fn deliver(&mut self, connection: usize) {
        self.n += 1;
        let acknowledges = Some(self.slots.connections[connection]);
        self.journal.submit(Entry { acknowledges, ..delivery(self.n, self.epoch, &self.slots, 50) }).unwrap();
    }

    /// The store cannot be written any more: verdicts go on, by each connection's rule.
    async fn goes_on(&mut self) {
        for _ in 0..1_500 {
            self.deliver(0);
            if self.store.health().unwritable.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(self.store.health().unwritable.is_some(), "the store notices");
        until(&mut self.judged, self.n).await;
        let store = self.store.clone();
        eventually("undurable acknowledgements are counted", async || store.health().n_not_durable > 0).await;
        self.deliver(1);
        let held_ticket = self.n;
        self.deliver(0);
        until(&mut self.judged, self.n).await;
        assert!(self.held.borrow().0 < held_ticket, "held back");
        assert!(self.all.borrow().0 < held_ticket, "the shard's own watch stops before the held one");
    }

    async fn values(&self) -> Vec<u64> {
        let frames = self.store.reader().frames(self.slots.groups[0], Since::Last(usize::MAX)).await.unwrap();
        frames.iter().map(|f| f.readings[0].as_f64().unwrap() as u64).collect()
    }
}

#[tokio::test]
async fn a_full_disk_stops_no_verdict_and_recovers() {
    let Some(disk) = Disk::new("8m") else { return };
    let mut run = Run::begin(disk.path()).await;
    disk.fill();
    run.goes_on().await;
    disk.empty();
    until(&mut run.held.clone(), run.n - 1).await;
    until(&mut run.all.clone(), run.n).await;
    eventually("the alarm goes", async || run.store.health().unwritable.is_none()).await;
    assert_eq!(run.values().await, (1..=run.n).collect::<Vec<u64>>(), "what waited in memory was stored afterwards");
    assert_eq!(run.store.health().n_frames_lost, 0);
    run.store.close().unwrap();
    let (store, again, slots) = open(disk.path(), options(), &[50]);
    assert_eq!(again.last_seq[&slots.checks[0]], run.n);
    store.close().unwrap();
}

#[tokio::test]
async fn a_disk_that_becomes_read_only_stops_no_verdict() {
    let images = tempfile::tempdir().unwrap();
    let image = images.path().join("disk.img");
    let Some(disk) = Disk::ext4(&image) else { return };
    let mut run = Run::begin(disk.path()).await;
    std::fs::write(disk.error_switch().unwrap(), "test").unwrap();
    run.goes_on().await;
    let (n, store) = (run.n, run.store.clone());
    let closed = store.close();
    assert!(matches!(closed, Err(StoreError::Unwritable(_))), "{closed:?}");
    drop(run);
    // The operator repairs the disk and starts again: what was durable is there.
    disk.unmount();
    assert!(ran("fsck.ext4", &["-fy"], &image) || disk.mount_ext4(&image));
    let _ = disk.mount_ext4(&image);
    let (store, again, slots) = open(disk.path(), options(), &[50]);
    let last = again.last_seq[&slots.checks[0]];
    assert!((20..n).contains(&last), "20 were durable, {last} are there, {n} were handed in");
    store.close().unwrap();
}

#[tokio::test]
async fn the_backlog_is_bounded_and_says_what_it_lost() {
    let Some(disk) = Disk::new("4m") else { return };
    let options = takt::store::StoreOptions { backlog_bytes_max: 200_000, ..options() };
    let (store, first, slots) = open(disk.path(), options, &[50]);
    let (mut journal, mut all) = store.journal(0);
    journal.submit(delivery(1, first.epoch, &slots, 50)).unwrap();
    until(&mut all, 1).await;
    disk.fill();
    let mut n = 1;
    eventually("frames are lost", async || {
        for _ in 0..50 {
            n += 1;
            journal.submit(delivery(n, first.epoch, &slots, 50)).unwrap();
        }
        store.health().n_frames_lost > 100
    })
    .await;
    disk.empty();
    eventually("the alarm goes", async || store.health().unwritable.is_none()).await;
    store.flush().await.unwrap();
    let health = store.health();
    let n_left = store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap().len() as u64;
    assert_eq!(n_left + health.n_frames_lost, n, "every frame is stored or counted as lost");
    let page = store.reader().verdicts(&takt::store::VerdictFilter::default(), usize::MAX).await.unwrap();
    assert_eq!(page.len() as u64 + health.n_verdicts_lost, n);
    assert!(page.iter().all(|v| v.record.outcome == Outcome::Pass));
    store.close().unwrap();
}

/// Whatever is left of a clean end, the store opens on a full disk, says so, and comes back.
#[tokio::test]
async fn a_store_opens_on_a_full_disk_and_begins_when_it_can() {
    let Some(disk) = Disk::new("8m") else { return };
    let run = Run::begin(disk.path()).await;
    let (epoch, n) = (run.epoch, run.n);
    run.store.clone().close().unwrap();
    drop(run);
    disk.fill();
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let (store, again, slots) = open(disk.path(), options(), &[50]);
        assert_eq!(again.origin, Origin::Continued);
        epochs.push(again.epoch);
        assert_eq!(again.last_seq[&slots.checks[0]], n);
        assert!(store.health().unwritable.is_some(), "it says so at once");
        let frames = store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap();
        assert_eq!(frames.len() as u64, n, "what lies there can be read");
        assert!(store.close().is_err(), "nothing was written");
    }
    let (store, third, slots) = open(disk.path(), options(), &[50]);
    epochs.push(third.epoch);
    // The first goes on with numbers that are all kept; those that it gives itself are not.
    assert!(epochs[0] == epoch && epochs.is_sorted_by(|a, b| a < b), "{epochs:?} after {epoch}");
    let (mut journal, mut all) = store.journal(0);
    journal.submit(delivery(n + 1, third.epoch, &slots, 50)).unwrap();
    until(&mut store.durable(0, slots.connections[0]), n + 1).await;
    assert_eq!(store.progress().await.unwrap().last_seq[&slots.checks[0]], n + 1, "what waits counts");
    disk.empty();
    eventually("the alarm goes", async || store.health().unwritable.is_none()).await;
    until(&mut all, n + 1).await;
    let frames = store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap();
    assert_eq!(frames.len() as u64, n + 1);
    store.close().unwrap();
    let (store, again, slots) = open(disk.path(), options(), &[50]);
    assert_eq!((again.epoch, again.origin), (third.epoch, Origin::Continued), "what went out was kept at last");
    assert_eq!(again.last_seq[&slots.checks[0]], n + 1);
    store.close().unwrap();
}

/// As after a kill on a full disk: what went out after the last commit is gone, and a new epoch keeps its
/// numbers apart. Everything else goes on, what a broker has not confirmed of the old epoch included.
#[tokio::test]
async fn numbers_that_went_out_unkept_begin_a_new_epoch() {
    let Some(disk) = Disk::new("8m") else { return };
    let killed = tempfile::tempdir().unwrap();
    let mut run = Run::begin(disk.path()).await;
    let record =
        ArmingRecord { output: "a/b/c".into(), by: "anna".into(), at: WallTime::from_ns(1), digest: "d".into() };
    run.store.arm(record.clone()).await.unwrap();
    disk.fill();
    run.goes_on().await;
    for file in std::fs::read_dir(disk.path()).unwrap().map(|file| file.unwrap()) {
        if file.file_name() != "filler" {
            std::fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
        }
    }
    let (store, again, slots) = open(killed.path(), options(), &[50]);
    assert_eq!(again.origin, Origin::Continued);
    assert!(again.epoch > run.epoch, "{} after {}", again.epoch, run.epoch);
    let check = slots.checks[0];
    let last = again.last_seq[&check];
    assert!((20..run.n).contains(&last), "20 were durable, {last} are there, {} went out", run.n);
    assert_eq!((again.arming, again.positions[&check].len()), (vec![record], 8));
    let (mut journal, mut all) = store.journal(0);
    journal.submit(delivery(last + 1, again.epoch, &slots, 50)).unwrap();
    until(&mut all, last + 1).await;
    let connection = slots.connections[0];
    let pending = async |store: &Store| {
        let page = store.outbox_pending(connection, 1_000).await.unwrap();
        page.iter().map(|verdict| (verdict.record.key.epoch, verdict.record.key.seq)).collect::<Vec<_>>()
    };
    let numbers = |from: u64| {
        let old = (from..=last).map(|seq| (run.epoch, seq));
        old.chain([(again.epoch, last + 1)]).collect::<Vec<_>>()
    };
    assert_eq!(pending(&store).await, numbers(1), "what the broker has not confirmed, of both epochs");
    let confirm = |epoch, seq| Confirmation { connection, check, epoch, seq };
    let confirmed = (1..=15).map(|seq| confirm(run.epoch, seq)).chain([confirm(again.epoch, last + 1)]).collect();
    journal.submit(Entry { ticket: Ticket(last + 1), confirmed, ..Entry::default() }).unwrap();
    eventually("they are confirmed", async || pending(&store).await.len() as u64 == last - 15).await;
    let rest = (16..=last).map(|seq| confirm(run.epoch, seq)).collect();
    journal.submit(Entry { ticket: Ticket(last + 1), confirmed: rest, ..Entry::default() }).unwrap();
    eventually("all are", async || pending(&store).await.is_empty()).await;
    store.close().unwrap();
    let (store, once_more, _) = open(killed.path(), options(), &[50]);
    assert_eq!((once_more.epoch, once_more.last_seq[&check]), (again.epoch, last + 1), "one new epoch is enough");
    assert!(pending(&store).await.is_empty());
    store.close().unwrap();
}

#[tokio::test]
async fn a_new_store_begins_in_memory_on_a_full_disk() {
    let Some(disk) = Disk::new("8m") else { return };
    disk.fill();
    let (store, first, slots) = open(disk.path(), options(), &[50]);
    assert_eq!(first.origin, Origin::New);
    let (mut journal, mut all) = store.journal(0);
    journal.submit(delivery(1, first.epoch, &slots, 50)).unwrap();
    until(&mut store.durable(0, slots.connections[0]), 1).await;
    assert!(store.reader().documents("lines").await.unwrap().is_empty(), "an empty store can be read");
    assert_eq!(store.health().n_not_durable, 1);
    disk.empty();
    until(&mut all, 1).await;
    eventually("the alarm goes", async || store.health().unwritable.is_none()).await;
    assert_eq!(store.reader().frames(slots.groups[0], Since::Last(usize::MAX)).await.unwrap().len(), 1);
    store.close().unwrap();
    let (store, again, slots) = open(disk.path(), options(), &[50]);
    assert_eq!((again.epoch, again.origin), (first.epoch, Origin::Continued));
    assert_eq!(again.last_seq[&slots.checks[0]], 1);
    store.close().unwrap();
}
