//! Figures of the store, printed. Run them with
//! `cargo test --release -p takt --test store bench -- --ignored --nocapture --test-threads 1`.
//! CPU is that of the whole process, all threads, user and system.

use crate::support::*;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use takt::store::{Entry, GroupLayout, Layout, Span, Store, StoreOptions};
use takt_adapters::{Clock, Ticket};
use takt_plant::*;

/// User and system time of this process.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn reference_folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("TAKT_DATA").map_or_else(beside, PathBuf::from);
    assert!(folder.is_dir(), "the reference data is missing at {}; set TAKT_DATA", folder.display());
    folder
}

fn unpacked(path: &Path) -> String {
    let output = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Rows of numbers, and the time between two of them.
struct Recording {
    name: &'static str,
    rows: Vec<Vec<Reading>>,
    step_ns: i64,
}

fn tep() -> Recording {
    let mut rows = Vec::new();
    for name in ["d00_te", "d01_te", "d02_te", "d04_te", "d05_te", "d08_te", "d10_te", "d11_te", "d13_te", "d14_te"] {
        let text = unpacked(&reference_folder().join(format!("tep/{name}.dat.gz")));
        for line in text.lines() {
            rows.push(line.split_whitespace().map(|v| Reading::number(v.parse().unwrap())).collect());
        }
    }
    Recording { name: "TEP, 52 tags", rows, step_ns: 180_000_000_000 }
}

fn skab() -> Recording {
    let mut rows = Vec::new();
    let mut files: Vec<_> =
        std::fs::read_dir(reference_folder().join("skab/valve1")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        for line in unpacked(&file).lines().skip(1) {
            rows.push(line.split(';').skip(1).take(8).map(|v| Reading::number(v.parse().unwrap())).collect());
        }
    }
    Recording { name: "SKAB, 8 tags", rows, step_ns: 1_000_000_000 }
}

/// Three axes of a machine's vibration as a 16-bit converter gives it: two tones, a resonance that
/// comes and goes, and noise of about six bits.
fn waveform() -> Recording {
    let mut seed = 88_172_645_463_325_252_u64;
    let mut noise = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % 64) as f64 - 32.0
    };
    let row = |i: usize| {
        let t = i as f64 / 10_000.0;
        let axis = |a: f64, f: f64, n: f64| {
            let tone = 9_000.0 * a * (t * f * std::f64::consts::TAU).sin()
                + 2_500.0 * (t * 3.1 * f * std::f64::consts::TAU).sin();
            let burst =
                4_000.0 * (t * 2_210.0 * std::f64::consts::TAU).sin() * (t * 1.7 * std::f64::consts::TAU).sin().powi(8);
            Reading::Good(Value::Integer((tone + burst + n).round() as i64))
        };
        vec![axis(1.0, 24.5, noise()), axis(0.6, 49.0, noise()), axis(0.3, 73.5, noise())]
    };
    let rows = (0..200_000).map(row).collect();
    Recording { name: "16-bit waveform, 3 tags", rows, step_ns: 100_000 }
}

fn group_layout(n_tags: usize) -> Layout {
    Layout { groups: vec![GroupLayout { line: line(), tags: tags(n_tags) }], ..layout(&[]) }
}

/// The recording as it would have come until now: what is older than the store keeps would be dropped
/// while it is measured.
fn frames_of(recording: &Recording, group: GroupSlot) -> Vec<Frame> {
    let from = Clock::new().wall().as_ns() - recording.rows.len() as i64 * recording.step_ns;
    let tags: std::sync::Arc<[TagSlot]> = (0..recording.rows[0].len() as u32).map(TagSlot).collect();
    let frame = |(i, row): (usize, &Vec<Reading>)| {
        let at = WallTime::from_ns(from + i as i64 * recording.step_ns);
        // Arrival wanders by up to half a millisecond, in microseconds.
        let lag = Duration::from_micros(300 + (i as u64).wrapping_mul(2_654_435_761) % 500);
        Frame {
            group,
            tags: tags.clone(),
            readings: row.clone().into_boxed_slice(),
            at,
            arrived_at: at.plus(lag),
            arrived: MonoTime::from_ns(0),
        }
    };
    recording.rows.iter().enumerate().map(frame).collect()
}

/// CPU seconds and bytes of the store for a recording.
async fn through_the_store(recording: &Recording) -> (f64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default(), Clock::new()).unwrap();
    let slots = store.register(&group_layout(recording.rows[0].len())).unwrap();
    store.seal().await.unwrap();
    let empty = used_bytes(dir.path()).await;
    let frames = frames_of(recording, slots.groups[0]);
    let (mut journal, mut durable) = store.journal(0);
    let before = cpu();
    let mut ticket = 0;
    let mut frames = frames.into_iter().peekable();
    while frames.peek().is_some() {
        ticket += 1;
        let frames: Vec<Frame> = frames.by_ref().take(10).collect();
        journal.submit(Entry { ticket: Ticket(ticket), frames, ..Entry::default() }).unwrap();
        if ticket % 200 == 0 {
            until(&mut durable, ticket).await;
        }
    }
    store.seal().await.unwrap();
    let took = (cpu() - before).as_secs_f64();
    let bytes = used_bytes(dir.path()).await - empty;
    store.close().unwrap();
    (took, bytes)
}

async fn used_bytes(dir: &Path) -> u64 {
    let options = SqliteConnectOptions::new().filename(dir.join("takt.db")).read_only(true);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let sql = "SELECT (page_count - freelist_count) * 4096 FROM pragma_page_count, pragma_freelist_count";
    sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut conn).await.unwrap().cast_unsigned()
}

/// The reference: a row per sample, 1,000 a statement, one transaction per 10,000.
async fn through_rows(recording: &Recording) -> (f64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("takt.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let create = "CREATE TABLE sample (at INTEGER NOT NULL, tag INTEGER NOT NULL, value REAL NOT NULL)";
    sqlx::query(create).execute(&mut conn).await.unwrap();
    let mut samples = Vec::new();
    for frame in frames_of(recording, GroupSlot(1)) {
        for (i, reading) in frame.readings.iter().enumerate() {
            samples.push((frame.at.as_ns(), i as i64, reading.as_f64().unwrap()));
        }
    }
    let before = cpu();
    for part in samples.chunks(10_000) {
        sqlx::query("BEGIN").execute(&mut conn).await.unwrap();
        for rows in part.chunks(1_000) {
            let sql = format!("INSERT INTO sample VALUES {}", vec!["(?,?,?)"; rows.len()].join(","));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (at, tag, value) in rows {
                query = query.bind(at).bind(tag).bind(value);
            }
            query.execute(&mut conn).await.unwrap();
        }
        sqlx::query("COMMIT").execute(&mut conn).await.unwrap();
    }
    let took = (cpu() - before).as_secs_f64();
    conn.close().await.unwrap();
    (took, used_bytes(dir.path()).await)
}

#[tokio::test]
#[ignore = "a measurement"]
async fn history() {
    for recording in [tep(), skab(), waveform()] {
        let n = (recording.rows.len() * recording.rows[0].len()) as f64;
        // Small recordings several times, so that the clock's 10 ms do not matter.
        let rounds = (2_000_000.0 / n).ceil().max(1.0);
        let (mut store, mut rows) = ((0.0, 0), (0.0, 0));
        for _ in 0..rounds as usize {
            let (s, r) = (through_the_store(&recording).await, through_rows(&recording).await);
            store = (store.0 + s.0, s.1);
            rows = (rows.0 + r.0, r.1);
        }
        println!(
            "{}: store {:.2} M samples per CPU second, {:.2} bytes a sample; rows {:.2} M, {:.2} bytes; ×{:.2}, 1/{:.1}",
            recording.name,
            rounds * n / store.0 / 1e6,
            store.1 as f64 / n,
            rounds * n / rows.0 / 1e6,
            rows.1 as f64 / n,
            rows.0 / store.0,
            rows.1 as f64 / store.1 as f64,
        );
        let (speed, size) = (rows.0 / store.0, rows.1 as f64 / store.1 as f64);
        let holds = |holds: bool| if holds { "yes" } else { "no" };
        // Rows of the table of `cargo xtask bench`: what, against, target, seen, whether it holds.
        println!(
            "row\thistory, samples a CPU second: {}\tSQLite rows, 1,000 a statement, {:.2} M\t≥ 1.5 ×\t{:.2} M; ×{speed:.2}\t{}",
            recording.name,
            rounds * n / rows.0 / 1e6,
            rounds * n / store.0 / 1e6,
            holds(speed >= 1.5),
        );
        println!(
            "row\thistory, bytes a sample: {}\tSQLite rows, {:.2}\t≤ 1/8\t{:.2}; 1/{size:.1}\t{}",
            recording.name,
            rows.1 as f64 / n,
            store.1 as f64 / n,
            holds(size >= 8.0),
        );
    }
}

/// Messages of 52 fields with a verdict each, at a rate or flat out with 20 in flight.
async fn messages(n: u64, per_s: Option<u64>) -> (f64, f64, u64) {
    let recording = tep();
    let dir = tempfile::tempdir().unwrap();
    let (store, recovered) = Store::open(dir.path(), StoreOptions::default(), Clock::new()).unwrap();
    let slots = store.register(&Layout { groups: group_layout(52).groups, ..layout(&[]) }).unwrap();
    let (mut journal, mut durable) = store.journal(0);
    let make = |n: u64, frames: Vec<Frame>| {
        let entry = delivery(n, recovered.epoch, &slots, 2);
        Entry { frames, ..entry }
    };
    let pool = frames_of(&recording, slots.groups[0]);
    let clock = Clock::new();
    let started = clock.mono();
    let before = cpu();
    for i in 1..=n {
        let frame = pool[i as usize % pool.len()].clone();
        journal.submit(make(i, vec![frame])).unwrap();
        match per_s {
            Some(rate) if i % 10 == 0 => {
                let due = started.plus(Duration::from_secs_f64(i as f64 / rate as f64));
                tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(due))).await;
            }
            Some(_) => {}
            None => until(&mut durable, i.saturating_sub(20)).await,
        }
    }
    until(&mut durable, n).await;
    let took = (cpu() - before).as_secs_f64();
    let wall = clock.mono().since(started).as_secs_f64();
    // The same loop without a store: making and dropping the entries, and the timer.
    let started = clock.mono();
    let before = cpu();
    for i in 1..=n {
        drop(make(i, vec![pool[i as usize % pool.len()].clone()]));
        if let Some(rate) = per_s
            && i % 10 == 0
        {
            let due = started.plus(Duration::from_secs_f64(i as f64 / rate as f64));
            tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(due))).await;
        }
    }
    let bare = (cpu() - before).as_secs_f64();
    let n_commits = store.health().n_commits;
    store.close().unwrap();
    ((took - bare) / n as f64 * 1e6, n as f64 / wall, n_commits)
}

#[tokio::test]
#[ignore = "a measurement"]
async fn journal() {
    for (name, n, rate) in
        [("1,000/s", 10_000, Some(1_000)), ("5,000/s", 50_000, Some(5_000)), ("flat out", 50_000, None)]
    {
        let (us, per_s, n_commits) = messages(n, rate).await;
        println!(
            "{name}: {us:.1} us CPU a message, {per_s:.0} messages/s, {:.1} messages a commit",
            n as f64 / n_commits as f64
        );
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_day_of_fifty_tags() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default(), Clock::new()).unwrap();
    let slots = store.register(&group_layout(50)).unwrap();
    let (mut journal, mut durable) = store.journal(0);
    let n = 864_000_u64;
    for i in (0..n).step_by(100) {
        let frames = (i..i + 100).map(|i| frame(slots.groups[0], 50, i as i64 * 100_000_000, (i % 1_000) as f64 / 8.0));
        let ticket = Ticket(i / 100 + 1);
        journal.submit(Entry { ticket, frames: frames.collect(), ..Entry::default() }).unwrap();
        if ticket.0.is_multiple_of(50) {
            until(&mut durable, ticket.0).await;
        }
    }
    store.flush().await.unwrap();
    let clock = Clock::new();
    let span = |from: i64, to: i64| Span {
        from: WallTime::from_ns(from * 1_000_000_000),
        to: WallTime::from_ns(to * 1_000_000_000),
    };
    for (name, span, n_tags) in [
        ("day, 50 tags", span(0, 86_400), 50),
        ("hour, 4 tags", span(3_600, 7_200), 4),
        ("day, 1 tag", span(0, 86_400), 1),
    ] {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let started = clock.mono();
            let points = store.reader().points(&line(), &tags(n_tags), span, 1_000).await.unwrap();
            best = best.min(clock.mono().since(started));
            assert!(points.iter().all(|p| p.len() > 900));
        }
        println!("1,000 points of {name}: {:.1} ms", best.as_secs_f64() * 1e3);
    }
    store.close().unwrap();
}
