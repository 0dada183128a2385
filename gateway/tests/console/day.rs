//! A day of history over HTTP: a measurement, for `cargo xtask bench history`.

use crate::kit::Bench;
use std::fmt::Write as _;
use std::time::Duration;
use takt::store::{Entry, GroupLayout, Layout, Store, StoreOptions};
use takt_adapters::{Clock, Ticket};
use takt_plant::{Frame, LineId, MonoTime, Reading, TagId, TagSlot, WallTime};

const N_TAGS: u32 = 50;
/// A day at 10 Hz.
const N_FRAMES: i64 = 864_000;
const STEP_NS: i64 = 100_000_000;
/// The promise: a day is on the screen at once.
const TARGET: Duration = Duration::from_millis(100);

const LINE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
[[lines]]
id = "press"
[[lines.tag_groups]]
names = [NAMES]
source = { connection = "plc", register = "holding:100", type = "f32", every = "1h" }
"#;

/// Fills a store with the day up to `to_ns`: 50 slow waves with noise.
fn fill(dir: &std::path::Path, to_ns: i64) {
    let (store, _) = Store::open(dir, StoreOptions::default(), Clock::new()).expect("an empty folder");
    let tags = (0..N_TAGS).map(|n| TagId::new(&format!("tag{n}")).expect("a name")).collect();
    let group = GroupLayout { line: LineId::new("press").expect("a name"), tags };
    let layout = Layout { groups: vec![group], ..Layout::default() };
    let slots = store.register(&layout).expect("it is open");
    let (mut journal, mut durable) = store.journal(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let frame = |i: i64| {
        let at = WallTime::from_ns(to_ns - (N_FRAMES - i) * STEP_NS);
        let value =
            |n: u32| Reading::number((i as f64 / 3_000.0 + f64::from(n)).sin() * 100.0 + (i * 7 % 13) as f64 / 8.0);
        Frame {
            group: slots.groups[0],
            tags: (0..N_TAGS).map(TagSlot).collect(),
            readings: (0..N_TAGS).map(value).collect(),
            at,
            arrived_at: at,
            arrived: MonoTime::from_ns(0),
        }
    };
    for (ticket, from) in (1_u64..).zip((0..N_FRAMES).step_by(100)) {
        let frames = (from..from + 100).map(frame).collect();
        journal.submit(Entry { ticket: Ticket(ticket), frames, ..Entry::default() }).expect("there is room");
        if ticket.is_multiple_of(50) {
            let waited = runtime.block_on(durable.wait_for(|done| done.0 >= ticket)).map(drop);
            waited.expect("the store lives");
        }
    }
    store.close().expect("it can be written");
}

#[test]
#[ignore = "a measurement"]
fn a_day_of_fifty_tags_over_http() {
    let names: Vec<String> = (0..N_TAGS).map(|n| format!("\"tag{n}\"")).collect();
    let bench = Bench::with(&LINE.replace("NAMES", &names.join(", ")));
    let clock = Clock::new();
    let to_ns = clock.wall().as_ns();
    fill(&bench.path("data/store"), to_ns);
    let running = bench.start();
    let mut query = String::new();
    for n in 0..N_TAGS {
        write!(query, "tag{n},").expect("a string");
    }
    let time = |ns: i64| takt::payload::time_text(WallTime::from_ns(ns));
    for (what, points) in [("1,000", 1_000), ("5,000", 5_000)] {
        let from = time(to_ns - N_FRAMES * STEP_NS);
        let path = format!("/api/v1/history?line=press&tags={query}&from={from}&to={}&points={points}", time(to_ns));
        let mut best = Duration::MAX;
        let mut n_bytes = 0;
        for _ in 0..5 {
            let began = clock.mono();
            let answer = bench.ask("GET", &path, "").status(200);
            best = best.min(clock.mono().since(began));
            n_bytes = answer.body.len();
            assert_eq!(answer.json()["tags"].as_array().map(Vec::len), Some(N_TAGS as usize));
        }
        let ms = best.as_secs_f64() * 1e3;
        println!("a day of 50 tags at 10 Hz, {what} points: {ms:.1} ms, {n_bytes} bytes");
        let holds = if best <= TARGET { "yes" } else { "no" };
        println!("row\ta day of 50 tags at 10 Hz over HTTP, {what} points\t–\t≤ 100 ms\t{ms:.1} ms\t{holds}");
    }
    assert_eq!(running.stop().0, Some(0));
}
