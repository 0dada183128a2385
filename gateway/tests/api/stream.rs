//! The live stream: what comes, that a slow reader is told, and that it costs the writer nothing.

use crate::http::ask;
use crate::session::Browser;
use crate::shelf::Shelf;
use crate::{Desk, desk, desk_with};
use std::time::Duration;
use takt::access::{Role, UserChange, UserOrder};
use takt_plant::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

pub struct Follower {
    socket: TcpStream,
    text: String,
}

impl Follower {
    async fn new(desk: &Desk) -> Self {
        Self::with(desk, &crate::http::token(desk.address)).await
    }

    /// With this query.
    pub async fn of(desk: &Desk, query: &str) -> Self {
        Self::asked(desk, query, &crate::http::token(desk.address)).await
    }

    /// With these headers.
    async fn with(desk: &Desk, headers: &str) -> Self {
        Self::asked(desk, "", headers).await
    }

    async fn asked(desk: &Desk, query: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(desk.address).await.expect("it listens");
        let request = format!(
            "GET /api/v1/stream{query} HTTP/1.1\r\nHost: {}\r\n{headers}Last-Event-ID: 77\r\n\r\n",
            desk.address
        );
        socket.write_all(request.as_bytes()).await.expect("it reads");
        Self { socket, text: String::new() }
    }

    /// The data of the next event of this kind.
    pub async fn next(&mut self, kind: &str) -> serde_json::Value {
        let mark = format!("event: {kind}\n");
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(found) = self.take(&mark) {
                return found;
            }
            assert!(Instant::now() < end, "no {kind} came");
            let mut bytes = vec![0; 1 << 16];
            let n = self.socket.read(&mut bytes).await.expect("the stream goes on");
            assert!(n > 0, "the stream ended: {}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
    }

    /// Cuts off everything up to the end of the first whole event of this kind.
    fn take(&mut self, mark: &str) -> Option<serde_json::Value> {
        let unchunked: String = self.text.split("\r\n").filter(|l| !l.bytes().all(|b| b.is_ascii_hexdigit())).collect();
        let at = unchunked.find(mark)?;
        let event = &unchunked[at..];
        let end = event.find("\n\n")?;
        let data = event[..end].lines().find_map(|line| line.strip_prefix("data: "))?.to_owned();
        self.text = event[end..].to_owned();
        Some(serde_json::from_str(&data).expect("the event's data is JSON"))
    }
}

#[tokio::test]
async fn a_viewer_gets_what_is_and_what_comes() {
    let mut desk = desk().await;
    let first = desk.fake.press.give(Outcome::Pass, 1, &desk.fake.clock);
    desk.viewer.board().pump();
    let mut follower = Follower::new(&desk).await;
    let status = follower.next("status").await;
    assert_eq!(status["gateway"], "box-1");
    let recent = follower.next("verdicts").await;
    assert_eq!(recent["verdicts"][0]["seq"], first.key.seq);
    for _ in 0..3 {
        desk.fake.press.give(Outcome::Fail, 1, &desk.fake.clock);
    }
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let batch = follower.next("verdicts").await;
        seen.extend(batch["verdicts"].as_array().expect("a list").iter().map(|v| v["seq"].as_u64()));
    }
    assert_eq!(seen, [Some(2), Some(3), Some(4)]);
    let counted = follower.next("status").await;
    assert_eq!(counted["lines"][0]["checks"][0]["verdicts"]["fail"], 3, "the status follows within a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_told_what_it_missed_and_holds_up_nobody() {
    let mut desk = desk().await;
    // This one opens the stream and does not read while the verdicts come.
    let mut slow = Follower::new(&desk).await;
    slow.next("verdicts").await;
    let mut longest = Duration::ZERO;
    const N: u64 = 30_000;
    for n in 0..N {
        let began = Instant::now();
        desk.fake.press.give(Outcome::Pass, 1, &desk.fake.clock);
        longest = longest.max(began.elapsed());
        if n % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(longest < Duration::from_secs(1), "a verdict waited {longest:?} for a reader");
    let (mut shown, mut missed, mut last) = (0, 0, 0);
    while last < N {
        let batch = slow.next("verdicts").await;
        missed += batch["n_missed"].as_u64().expect("a number");
        for verdict in batch["verdicts"].as_array().expect("a list") {
            let seq = verdict["seq"].as_u64().expect("a number");
            assert!(seq > last, "the order is kept");
            last = seq;
            shown += 1;
        }
    }
    let unseen = desk.viewer.refresh().lines[0].checks[0].n_unseen;
    assert!(missed > 0, "{N} verdicts cannot all have been shown");
    assert_eq!(shown + missed + unseen, N, "every verdict was shown or counted as missed");
    let counts = desk.fake.press.gauge.counts();
    assert_eq!(counts.n_verdicts(), N, "none is missing from the counts");
}

#[tokio::test]
async fn streams_are_bounded() {
    let desk = desk_with(Shelf::default(), |options| options.n_streams_max = 2).await;
    let mut held = vec![Follower::new(&desk).await, Follower::new(&desk).await];
    for follower in &mut held {
        follower.next("status").await;
    }
    let third = ask(desk.address, "GET", "/api/v1/stream", &[]).await;
    assert_eq!(third.status, 503);
    assert_eq!(third.header("retry-after"), Some("5"));
    assert!(third.json()["hint"].as_str().is_some_and(|hint| hint.contains("/api/v1/status")));
    drop(held);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    Follower::new(&desk).await.next("status").await;
}

#[tokio::test]
async fn one_user_does_not_take_all_streams() {
    let desk = desk_with(Shelf::default(), |options| options.n_streams_of_user_max = 1).await;
    desk.user("anna", Role::Viewer).await;
    let mut first = Follower::new(&desk).await;
    first.next("status").await;
    assert_eq!(ask(desk.address, "GET", "/api/v1/stream", &[]).await.status, 503);
    let browser = Browser::sign_in(&desk, "anna").await;
    Follower::with(&desk, &format!("Cookie: {}\r\n", browser.cookie)).await.next("status").await;
}

#[tokio::test]
async fn fifty_pages_follow_at_once() {
    let mut desk = desk().await;
    let mut pages = Vec::new();
    for _ in 0..50 {
        pages.push(Follower::new(&desk).await);
    }
    for page in &mut pages {
        page.next("status").await;
    }
    let record = desk.fake.press.give(Outcome::Fail, 1, &desk.fake.clock);
    for page in &mut pages {
        let mut last = 0;
        while last < record.key.seq {
            let batch = page.next("verdicts").await;
            last = batch["verdicts"].as_array().and_then(|all| all.last()?["seq"].as_u64()).unwrap_or(0);
        }
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let desk = desk().await;
    desk.user("anna", Role::Viewer).await;
    let browser = Browser::sign_in(&desk, "anna").await;
    let mut follower = Follower::with(&desk, &format!("Cookie: {}\r\n", browser.cookie)).await;
    follower.next("status").await;
    let change = UserChange { role: Some(Role::Operator), ..UserChange::default() };
    let order = UserOrder::Change { name: "anna".into(), change };
    desk.access.carry_out(&order, "a test").await.expect("changed");
    // The last chunk is empty (RFC 9112, 7.1); the connection may live on.
    let ended = async {
        let mut rest = Vec::new();
        while !rest.ends_with(b"0\r\n\r\n") {
            assert!(follower.socket.read_buf(&mut rest).await.expect("it can be read") > 0, "cut off");
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(15), ended).await;
    assert!(ended.is_ok(), "the stream went on after its session ended");
}
