//! What may go wrong with the box itself: model files and the library, a full disk, a wall clock that
//! jumps. Verdicts go on or say why they do not; nothing is guessed.

use crate::parts::{FAULTY, GOOD, Part, learn};
use crate::verdicts::{Verdict, check_books, check_sequence, once, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use takt_tests::faketime::FakeClock;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::{Message, Subscriber};

const TOPIC: &str = "takt/v1/lab/test-box/press/part/verdict";
/// How long a busy machine may take for a step.
const PATIENCE: Duration = Duration::from_secs(60);

fn document(broker: &Mosquitto, connection: &str, more: &str) -> String {
    format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
verdicts = true
{connection}
[[lines]]
id = "press"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = {{ connection = "broker", topic = "part", value = "/{{name}}" }}
[[lines.checks]]
id = "part"
inputs = ["force", "power", "oil"]
model = "press"
window = {{ kind = "frame" }}
deadline = "60s"
{more}
"#,
        broker.url()
    )
}

fn publish(sensor: &Subscriber, part: Part) {
    let [force, power, oil] = part;
    sensor.publish("part", format!("{{\"force\":{force},\"power\":{power},\"oil\":{oil}}}"));
}

fn check(gateway: &Gateway) -> Value {
    check_books(gateway)["lines"][0]["checks"][0].clone()
}

fn wait_total(gateway: &Gateway, n: u64) {
    wait_until(&format!("{n} verdicts"), PATIENCE, || {
        (check(gateway)["verdicts"]["total"].as_u64() >= Some(n)).then_some(())
    });
}

/// The packages of a gateway's catalogue.
fn packages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(packages(&path)),
            path if path.extension().is_some_and(|kind| kind == "takt") => found.push(path),
            _ => {}
        }
    }
    found
}

#[test]
fn without_its_model_or_library_a_check_is_inconclusive_and_says_why() {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&document(&broker, "", ""));
    learn(&gateway);
    gateway.start_ready();
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    publish(&sensor, GOOD);
    publish(&sensor, FAULTY);
    wait_total(&gateway, 2);
    let verdicts = check(&gateway)["verdicts"].clone();
    assert_eq!((&verdicts["pass"], &verdicts["fail"]), (&1.into(), &1.into()), "{verdicts}");
    // The package is cut on the disk; the loaded model does not care, the next start does.
    let found = packages(&gateway.folder().join("data/models"));
    assert_eq!(found.len(), 1, "{found:?}");
    let whole = std::fs::read(&found[0]).expect("a package");
    std::fs::write(&found[0], &whole[..whole.len() / 2]).expect("it can be cut");
    publish(&sensor, GOOD);
    wait_total(&gateway, 3);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    gateway.start_connected();
    let (code, ready) = gateway.get("/readyz").expect("it answers");
    assert_eq!(code, 503, "{ready}");
    let model = check(&gateway)["models"][0].clone();
    assert_eq!(model["standing"], "failed", "{model}");
    publish(&sensor, FAULTY);
    wait_total(&gateway, 1);
    assert_eq!(check(&gateway)["verdicts"]["reasons"]["no_model"], 1, "{}", check(&gateway));
    assert_eq!(gateway.stop(), Some(0), "a clean end");
    // The package is mended, but now the library is missing.
    std::fs::write(&found[0], &whole).expect("it can be mended");
    gateway.set("TAKT_ORT_LIB", "/nowhere/libonnxruntime.so");
    gateway.start_connected();
    let model = check(&gateway)["models"][0].to_string();
    assert!(model.contains("failed") && model.contains("/nowhere/libonnxruntime.so"), "{model}");
    publish(&sensor, FAULTY);
    wait_total(&gateway, 1);
    assert_eq!(check(&gateway)["verdicts"]["reasons"]["no_model"], 1, "{}", check(&gateway));
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

/// A small file system of its own, unmounted at the end.
pub(crate) struct Disk(tempfile::TempDir);

impl Disk {
    pub(crate) fn new(size: &str) -> Option<Self> {
        let disk = Self(tempfile::tempdir().expect("a folder"));
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(disk.0.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(disk);
        }
        println!("NOT CHECKED: this user may not mount a tmpfs, so a full disk cannot be made here");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.0.path().join("filler")).expect("a file");
        while file.write_all(&[1; 4_096]).is_ok() {}
    }

    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.0.path().join("filler")).expect("it is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).output());
    }
}

/// Runs into a full disk and out of it. `judge`: messages are acknowledged undurably and counted;
/// `hold`: they are judged, but not acknowledged before they are durable.
fn full_disk(rule: &str) {
    let Some(disk) = Disk::new("48m") else { return };
    let broker = Mosquitto::start();
    let connection = format!("when_unwritable = \"{rule}\"");
    let mut gateway = Gateway::on(disk.0.path(), &document(&broker, &connection, ""));
    learn(&gateway);
    gateway.start_ready();
    let consumer = Subscriber::connect("consumer", broker.address(), &[TOPIC]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    for _ in 0..50 {
        publish(&sensor, GOOD);
    }
    wait_total(&gateway, 50);
    disk.fill();
    let not_durable = || gateway.json("/api/v1/status")["n_not_durable"].as_u64().expect("a number");
    let unwritable = || gateway.json("/api/v1/status")["store"]["standing"] == "unwritable";
    let mut n_sent = 50;
    wait_until("the full disk is noticed", PATIENCE, || {
        publish(&sensor, FAULTY);
        n_sent += 1;
        unwritable().then_some(())
    });
    for _ in 0..100 {
        publish(&sensor, FAULTY);
    }
    n_sent += 100;
    if rule == "judge" {
        wait_total(&gateway, n_sent);
        wait_until("what is acknowledged undurably is counted", PATIENCE, || (not_durable() > 0).then_some(()));
    } else {
        wait_total(&gateway, n_sent);
        assert_eq!(not_durable(), 0, "nothing is acknowledged undurably");
    }
    let (_, ready) = gateway.get("/readyz").expect("it answers");
    assert!(ready.contains("store"), "the store is named: {ready}");
    disk.empty();
    wait_until("the store is written again", PATIENCE, || (!unwritable()).then_some(()));
    publish(&sensor, GOOD);
    n_sent += 1;
    wait_total(&gateway, n_sent);
    let mut verdicts: Vec<Verdict> = Vec::new();
    wait_until("every verdict arrives", PATIENCE, || {
        verdicts.extend(consumer.take().iter().map(read));
        (once(&verdicts).len() as u64 >= n_sent).then_some(())
    });
    check_sequence(&once(&verdicts), 1);
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn on_a_full_disk_verdicts_go_on() {
    full_disk("judge");
}

#[test]
fn on_a_full_disk_messages_are_held_back_where_that_is_wanted() {
    full_disk("hold");
}

/// What each number of each epoch stands for.
#[derive(Default)]
struct Numbers {
    windows: BTreeMap<(u64, u64), String>,
}

impl Numbers {
    /// Takes what a consumer heard. A repetition is the same window, or a number was given twice.
    fn take(&mut self, messages: &[Message]) {
        for verdict in messages.iter().map(read) {
            let window = verdict.window["key"].as_str().expect("a window has a key").to_owned();
            let first = self.windows.entry((verdict.epoch, verdict.seq)).or_insert_with(|| window.clone());
            assert_eq!(*first, window, "{} of epoch {} names two windows", verdict.seq, verdict.epoch);
        }
    }

    fn last(&self) -> (u64, u64) {
        *self.windows.last_key_value().expect("there are some").0
    }
}

/// Verdicts that went out of a full disk are lost with a kill; their numbers must not name other windows.
#[test]
fn numbers_that_went_out_of_a_full_disk_are_not_given_again() {
    let Some(disk) = Disk::new("48m") else { return };
    let broker = Mosquitto::start();
    let mut gateway = Gateway::on(disk.0.path(), &document(&broker, "when_unwritable = \"judge\"", ""));
    learn(&gateway);
    gateway.start_ready();
    let consumer = Subscriber::connect("consumer", broker.address(), &[TOPIC]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut numbers = Numbers::default();
    let parts = |numbers: &mut Numbers, n: usize| {
        let n_before = numbers.windows.len();
        (0..n).for_each(|_| publish(&sensor, GOOD));
        wait_until(&format!("{n} numbers more"), PATIENCE, || {
            numbers.take(&consumer.take());
            (numbers.windows.len() >= n_before + n).then_some(())
        });
    };
    let unwritable = |gateway: &Gateway| gateway.json("/api/v1/status")["store"]["standing"] == "unwritable";
    parts(&mut numbers, 20);
    disk.fill();
    wait_until("the full disk is noticed", PATIENCE, || {
        parts(&mut numbers, 1);
        unwritable(&gateway).then_some(())
    });
    parts(&mut numbers, 20);
    let (first, n_heard) = (numbers.last().0, numbers.windows.len());
    // Once from what the first run left, once from what a run left that could never write. A broker that
    // connects anew gets what the store holds, and that is nothing new before it can be written.
    for _ in 0..2 {
        gateway.kill();
        gateway.start_connected();
        (0..20).for_each(|_| publish(&sensor, GOOD));
        wait_total(&gateway, 20);
    }
    disk.empty();
    wait_until("the store is written again", PATIENCE, || (!unwritable(&gateway)).then_some(()));
    wait_until("what the last run gave out is heard", PATIENCE, || {
        numbers.take(&consumer.take());
        (numbers.windows.len() >= n_heard + 20).then_some(())
    });
    let (epoch, seq) = numbers.last();
    assert!(epoch > first, "the numbers are those of another epoch: {epoch} after {first}");
    gateway.kill();
    gateway.start_connected();
    parts(&mut numbers, 5);
    assert_eq!(numbers.last(), (epoch, seq + 5), "all was kept at last, so epoch and numbers go on");
    check_books(&gateway);
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn a_wall_clock_that_jumps_makes_no_burst_and_loses_nothing() {
    let broker = Mosquitto::start();
    let more = r#"
[[lines.checks]]
id = "second"
inputs = ["force"]
model = "none"
window = { kind = "time", span = "1s", hop = "1s", step = "100ms", max_age = "1s" }
deadline = "60s"
"#;
    let mut gateway = Gateway::new(&document(&broker, "", more));
    let clock = FakeClock::of(&mut gateway);
    learn(&gateway);
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &[TOPIC]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    let mut n_sent = 0;
    for (n_jumps, by) in [(0, "+0"), (1, "+1h"), (2, "-1h"), (3, "+10y"), (4, "+0")] {
        clock.shift(by);
        // Arrival times stand for source times here, so the jump is in the samples too.
        for _ in 0..60 {
            publish(&sensor, GOOD);
            n_sent += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
        wait_total(&gateway, n_sent);
        wait_until(&format!("jump {n_jumps} is shown"), PATIENCE, || {
            (gateway.json("/api/v1/status")["clock"]["n_jumps"].as_u64() >= Some(n_jumps)).then_some(())
        });
    }
    let mut verdicts: Vec<Verdict> = Vec::new();
    wait_until("every verdict arrives", PATIENCE, || {
        verdicts.extend(consumer.take().iter().map(read));
        (verdicts.len() as u64 >= n_sent).then_some(())
    });
    assert_eq!(verdicts.len() as u64, n_sent, "one for each message");
    check_sequence(&verdicts, 1);
    assert!(verdicts.iter().all(|verdict| verdict.outcome == "pass"), "each judged as ever");
    let status = check_books(&gateway);
    let seconds = status["lines"][0]["checks"][1]["verdicts"]["total"].as_u64().expect("a number");
    assert!(seconds < 60, "an hour makes no 3,600 windows: {seconds}");
    let longest = status["lines"][0]["checks"][0]["latency_us"]["total"]["max"].as_u64().expect("a number");
    assert!(longest < 60_000_000, "durations follow the monotonic clock: {longest} µs");
    assert!(gateway.log().contains("the wall clock jumped"), "it is in the log");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}
