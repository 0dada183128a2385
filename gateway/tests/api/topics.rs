//! Topics of the live stream: what is asked for comes, only what is new of it, and a slow reader skips.

use crate::http::{ask, token};
use crate::stream::Follower;
use crate::{Desk, desk};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use takt::board::{LineGauge, LinePlan, Now, TagPlan};
use takt_adapters::Link;
use takt_plant::{ExportClass, Frame, GroupSlot, Outcome, Reading, TagSlot};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// Tags of the large line.
const N_TAGS: u32 = 5_000;
/// How often the large line's tags get new values.
const N_ROUNDS: u32 = 30;

fn ids(event: &Value) -> Vec<String> {
    let tags = event["tags"].as_array().expect("a list").iter();
    tags.map(|tag| format!("{}/{}", tag["line"].as_str().expect("text"), tag["id"].as_str().expect("text"))).collect()
}

#[tokio::test]
async fn only_new_readings_come() {
    let mut desk = desk().await;
    let mut all = Follower::of(&desk, "?topics=tags").await;
    let mut one = Follower::of(&desk, "?topics=tags&line=press-3").await;
    let whole = all.next("tags").await;
    assert_eq!((&whole["whole"], ids(&whole).len()), (&true.into(), 6 + 41), "those without a reading as well");
    assert_eq!(whole["tags"][0]["quality"], "none");
    assert_eq!(ids(&one.next("tags").await).len(), 6);
    desk.fake.readings();
    for (follower, n) in [(&mut all, 6 + 41), (&mut one, 6)] {
        let fresh = follower.next("tags").await;
        assert_eq!((&fresh["whole"], ids(&fresh).len()), (&false.into(), n), "{fresh}");
        assert_eq!((&fresh["tags"][0]["id"], &fresh["tags"][0]["quality"]), (&"ram_force".into(), &"good".into()));
        assert!(fresh["tags"][0]["value"].is_number() && fresh["tags"][0]["age_ms"].is_number(), "{fresh}");
        assert_eq!((&fresh["tags"][3]["quality"], &fresh["tags"][3]["value"]), (&"bad".into(), &Value::Null));
    }
    // Now one tag alone.
    tokio::time::sleep(Duration::from_millis(250)).await;
    show(&desk, &desk.fake.press.line, &[2], 7.5);
    let fresh = all.next("tags").await;
    assert_eq!((ids(&fresh), &fresh["tags"][0]["value"]), (vec!["press-3/part_no".to_owned()], &7.5.into()));
    assert_eq!(fresh["n_skipped"], 0);
    assert_eq!(ids(&one.next("tags").await), ["press-3/part_no"]);
    // A line that goes: what is left is told as a whole.
    desk.fake.board.remove_line(&crate::fake::name("reactor"));
    let whole = all.next("tags").await;
    assert_eq!((&whole["whole"], ids(&whole).len()), (&true.into(), 6));
}

#[tokio::test]
async fn a_line_of_its_own() {
    let mut desk = desk().await;
    let mut follower = Follower::of(&desk, "?topics=status,verdicts&line=reactor").await;
    let status = follower.next("status").await;
    let lines = status["lines"].as_array().expect("a list");
    assert_eq!((lines.len(), &lines[0]["id"]), (1, &"reactor".into()));
    assert_eq!(follower.next("verdicts").await["verdicts"], Value::Array(Vec::new()));
    desk.fake.press.give(Outcome::Fail, 1, &desk.fake.clock);
    desk.fake.reactor.give(Outcome::Pass, 1, &desk.fake.clock);
    let came = follower.next("verdicts").await;
    assert_eq!((came["verdicts"].as_array().map(Vec::len), &came["verdicts"][0]["line"]), (Some(1), &"reactor".into()));
    for (query, status) in
        [("?topics=weather", 400), ("?topics=", 400), ("?topic=tags", 400), ("?topics=tags&line=nowhere", 404)]
    {
        let answer = ask(desk.address, "GET", &format!("/api/v1/stream{query}"), &[]).await;
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        assert!(answer.json()["hint"].is_string());
    }
}

#[tokio::test]
async fn alarms_come_when_they_change() {
    let desk = desk().await;
    let mut follower = Follower::of(&desk, "?topics=alarms").await;
    assert_eq!(follower.next("alarms").await["alarms"], Value::Array(Vec::new()));
    let why = "no route to host".into();
    desk.fake.plc.link(&Link::Down { why, retry_ms: 1_000 }, Now::of(&desk.fake.clock));
    let kinds = |event: &Value| -> Vec<String> {
        let alarms = event["alarms"].as_array().expect("a list").iter();
        alarms.map(|alarm| alarm["kind"].as_str().expect("text").to_owned()).collect()
    };
    let mut seen = kinds(&follower.next("alarms").await);
    while !seen.contains(&"connection".to_owned()) {
        seen = kinds(&follower.next("alarms").await);
    }
}

/// Shows these tags of a line with one value.
fn show(desk: &Desk, line: &LineGauge, slots: &[u32], value: f64) {
    let (at, arrived) = (desk.fake.clock.wall(), desk.fake.clock.mono());
    line.frame(&Frame {
        group: GroupSlot(9),
        tags: slots.iter().map(|slot| TagSlot(*slot)).collect(),
        readings: slots.iter().map(|_| Reading::number(value)).collect(),
        at,
        arrived_at: at,
        arrived,
    });
}

/// A reader with little room, chunk by chunk: each is one event.
struct Chunks(BufReader<TcpStream>);

impl Chunks {
    async fn open(desk: &Desk, query: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 << 10).expect("settable");
        let mut stream = socket.connect(desk.address).await.expect("it listens");
        let address = desk.address;
        let head = format!("GET /api/v1/stream{query} HTTP/1.1\r\nHost: {address}\r\n{}\r\n", token(address));
        stream.write_all(head.as_bytes()).await.expect("it reads");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).await.expect("a head");
        }
        Self(reader)
    }

    /// The data of the next event.
    async fn next(&mut self) -> Value {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            let mut size = String::new();
            self.0.read_line(&mut size).await.expect("a size");
            let n = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
            let mut chunk = vec![0; n + 2];
            self.0.read_exact(&mut chunk).await.expect("a chunk");
            let text = String::from_utf8(chunk).expect("text");
            let data =
                text.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event with data").to_owned();
            serde_json::from_str(&data).expect("JSON")
        });
        waited.await.expect("an event in time")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_5000_tags_a_slow_reader_gets_the_newest_and_is_told_what_it_skipped() {
    let desk = desk().await;
    let tag = |n: u32| TagPlan {
        id: crate::fake::name(&format!("tag_{n:04}")),
        unit: "mm".into(),
        export: ExportClass::Never,
        connection: crate::fake::name("plc"),
    };
    let plan = LinePlan { id: crate::fake::name("large"), tags: (0..N_TAGS).map(tag).collect() };
    let line: Arc<LineGauge> = desk.fake.board.line(plan, Now::of(&desk.fake.clock));
    let mut slow = Chunks::open(&desk, "?topics=tags&line=large").await;
    let mut quick = Follower::of(&desk, "?topics=tags&line=press-3").await;
    let first = slow.next().await;
    assert_eq!((&first["whole"], ids(&first).len()), (&true.into(), N_TAGS as usize));
    quick.next("tags").await;
    let slots: Vec<u32> = (0..N_TAGS).collect();
    for round in 1..=N_ROUNDS {
        show(&desk, &line, &slots, f64::from(round));
        show(&desk, &desk.fake.press.line, &[0], f64::from(round));
        // The slow one does not read; the other one gets its values all the same.
        let mut value = 0.0;
        while value < f64::from(round) {
            value = quick.next("tags").await["tags"][0]["value"].as_f64().unwrap_or(value);
        }
        tokio::time::sleep(Duration::from_millis(210)).await;
    }
    let (mut n_events, mut n_skipped) = (0, 0);
    let mut values: BTreeMap<String, f64> = BTreeMap::new();
    while values.len() < N_TAGS as usize || values.values().any(|v| *v < f64::from(N_ROUNDS)) {
        let event = slow.next().await;
        n_events += 1;
        n_skipped += event["n_skipped"].as_u64().expect("a number");
        for tag in event["tags"].as_array().expect("a list") {
            let value = tag["value"].as_f64().expect("a number");
            let before = values.insert(tag["id"].as_str().expect("text").to_owned(), value);
            assert!(before.is_none_or(|before| before < value), "no value comes twice, none goes back");
        }
    }
    assert!(n_skipped > 0, "{n_events} events came, and none says that something was skipped");
    assert!(n_events < N_ROUNDS, "{n_events} events waited for a reader that did not read");
}
