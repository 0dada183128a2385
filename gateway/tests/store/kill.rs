//! kill -9 at random moments under load: what was reported durable is there, whole and in order.

use crate::support::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use takt::store::{Since, StoreOptions, VerdictFilter};

const DIR: &str = "TAKT_TEST_KILL_DIR";

fn kill_options() -> StoreOptions {
    StoreOptions { chunk_frames_max: 150, ..options() }
}

/// Not a test by itself: the process that is killed. Writes as fast as the store takes it, and says
/// on its output what is durable.
#[test]
#[ignore = "the child of the kill test"]
fn child_writes_until_it_is_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (store, recovered, slots) = open(Path::new(&dir), kill_options(), &[5, 2]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut journal, mut durable) = store.journal(0);
        let last = recovered.last_seq.get(&slots.checks[0]).copied().unwrap_or(0);
        for n in last + 1.. {
            let mut entry = delivery(n, recovered.epoch, &slots, 5);
            entry.frames.push(frame(slots.groups[1], 2, n as i64, n as f64));
            journal.submit(entry).unwrap();
            if n % 7 == 0 {
                // The first of a run waits for all; so the reported number is always true.
                until(&mut durable, n).await;
                writeln!(std::io::stdout(), "durable {n}").unwrap();
                std::io::stdout().flush().unwrap();
            }
        }
    });
}

fn run_and_kill(dir: &Path, after: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut last = 0;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // A line that the kill cut off does not count.
            if let Some(n) = line.strip_prefix("durable ").and_then(|n| n.parse().ok()) {
                last = n;
            }
        }
        last
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[tokio::test]
async fn nothing_durable_is_lost_by_kill_9() {
    let rounds = if std::env::var_os("TAKT_LONG").is_some() { 60 } else { 6 };
    let dir = tempfile::tempdir().unwrap();
    let mut seed: u64 = std::process::id().into();
    println!("seed {seed}");
    let mut durable = 0;
    for round in 0..rounds {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_millis(150 + (seed >> 33) % 1_200);
        durable = run_and_kill(dir.path(), after).max(durable);
        let (store, recovered, slots) = open(dir.path(), kill_options(), &[5, 2]);
        let last = recovered.last_seq.get(&slots.checks[0]).copied().unwrap_or(0);
        println!("round {round}: killed after {after:?}, durable {durable}, found {last}");
        assert!(last >= durable, "{durable} was reported durable, {last} is the last");
        let want: Vec<u64> = (1..=last).collect();
        for group in &slots.groups {
            let frames = store.reader().frames(*group, Since::Last(usize::MAX)).await.unwrap();
            let got: Vec<u64> = frames.iter().map(|f| f.readings[0].as_f64().unwrap() as u64).collect();
            assert_eq!(got, want, "frames of group {group:?}: each once, in order");
        }
        let verdicts = store.reader().verdicts(&VerdictFilter::default(), usize::MAX).await.unwrap();
        assert_eq!(verdicts.iter().rev().map(|v| v.record.key.seq).collect::<Vec<_>>(), want);
        if last > 0 {
            assert_eq!(recovered.positions[&slots.checks[0]], last.to_le_bytes());
            assert_eq!(recovered.marks[&slots.connections[0]].last().unwrap()[..8], last.to_le_bytes());
        }
        store.close().unwrap();
    }
    assert!(durable > 100, "the child wrote under load: {durable}");
}
