//! The replay driver on real files.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use takt_adapters::convert::Conversion;
use takt_adapters::replay::options::{Column, GroupColumns, Options, RowTime, Speed, TagColumn, TimeColumn};
use takt_adapters::replay::{Ended, Ports, ReplayError, run};
use takt_adapters::stamp::{StampFormat, StampReader};
use takt_adapters::{Clock, Delivery, Intake, Link, MessageMark, Ticket};
use takt_plant::{Frame, GroupSlot, Reading, TagSlot};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Notes {
    frames: Vec<Frame>,
    rejects: Vec<String>,
    links: Vec<String>,
    ticket: u64,
    durable: Option<watch::Sender<Ticket>>,
}

impl Intake for Notes {
    fn is_duplicate(&mut self, _: &MessageMark) -> bool {
        false
    }

    fn deliver(&mut self, delivery: Delivery) -> Ticket {
        self.ticket += 1;
        self.frames.extend(delivery.frames);
        self.rejects.extend(delivery.rejects.into_iter().map(|r| r.from));
        if let Some(durable) = &self.durable {
            let _ = durable.send(Ticket(self.ticket));
        }
        Ticket(self.ticket)
    }

    fn link(&mut self, link: Link) {
        self.links.push(match link {
            Link::Down { why, .. } => why,
            other => format!("{other:?}"),
        });
    }

    fn published(&mut self, _: u64) {}
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn options(file: &tempfile::NamedTempFile, columns: &[&str], speed: Speed) -> Options {
    let column =
        |name: &&str| TagColumn { column: Column::Named((*name).to_owned()), conversion: Conversion::default() };
    let stamp = StampReader::new(StampFormat::Iso, None).unwrap();
    Options {
        path: file.path().to_owned(),
        delimiter: b';',
        has_header: true,
        time: RowTime::Column(TimeColumn { column: Column::Named("time".into()), stamp }),
        groups: vec![GroupColumns {
            group: GroupSlot(0),
            tags: (0..u32::try_from(columns.len()).unwrap()).map(TagSlot).collect(),
            columns: columns.iter().map(column).collect(),
        }],
        speed,
        ahead_max: 100,
    }
}

struct Outcome {
    ended: Result<Ended, ReplayError>,
    notes: Notes,
    took: Duration,
}

/// Replays to the end, or for `stop_after`. `at_once`: deliveries are durable at once.
#[expect(clippy::disallowed_methods, reason = "the test measures how long a replay takes")]
fn replay(options: Options, at_once: bool, stop_after: Option<Duration>) -> Outcome {
    let (durable, durable_rx) = watch::channel(Ticket(0));
    let keep = durable.clone();
    let notes = Rc::new(RefCell::new(Notes { durable: at_once.then_some(durable), ..Notes::default() }));
    let shutdown = CancellationToken::new();
    let ports =
        Ports { clock: Clock::new(), intake: Rc::clone(&notes), durable: durable_rx, shutdown: shutdown.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let ended = runtime.block_on(async {
        let running = run(options, ports);
        match stop_after {
            None => running.await,
            Some(after) => {
                let stop = async {
                    tokio::time::sleep(after).await;
                    shutdown.cancel();
                };
                tokio::join!(running, stop).0
            }
        }
    });
    drop(keep);
    let notes = Rc::try_unwrap(notes).ok().unwrap().into_inner();
    Outcome { ended, notes, took: begun.elapsed() }
}

#[test]
fn rows_come_in_file_order_repeated_stamps_included() {
    let mut text = String::from("time;a;b\n");
    for i in 0..1_000 {
        // Every third stamp stands twice, as in real recordings.
        let s = if i % 3 == 2 { i - 1 } else { i };
        let b = ["1.5", "", "Scan Timeout"][i % 3];
        writeln!(text, "2020-01-01 00:{:02}:{:02};{i};{b}", s / 60 % 60, s % 60).unwrap();
    }
    text.push_str("2020-01-01 01:00:00;short\n2020-01-01 01:00:01;1000;2\n");
    let file = file(&text);
    let outcome = replay(options(&file, &["a", "b"], Speed::Max), true, None);
    assert_eq!(outcome.ended.unwrap(), Ended::EndOfFile { n_rows: 1_002 });
    let values: Vec<f64> = outcome.notes.frames.iter().filter_map(|f| f.readings[0].as_f64()).collect();
    assert_eq!(values, (0..=1_000).map(f64::from).collect::<Vec<_>>());
    let n_bad = outcome.notes.frames.iter().filter(|f| matches!(f.readings[1], Reading::Bad(_))).count();
    assert_eq!(n_bad, 666);
    let line = format!("{} line 1002", file.path().display());
    assert_eq!(outcome.notes.rejects, [line]);
    assert_eq!(outcome.notes.links, ["Up { session_present: false }", "end of file"]);
}

#[test]
fn speed_follows_the_stamps() {
    let file = file("time;a\n2020-01-01 00:00:00;1\n2020-01-01 00:00:01;2\n2020-01-01 00:00:03;3\n");
    for (factor, least_ms, most_ms) in [(10.0, 300, 2_000), (3.0, 1_000, 2_900)] {
        let outcome = replay(options(&file, &["a"], Speed::Factor(factor)), true, None);
        assert_eq!(outcome.notes.frames.len(), 3);
        let took_ms = outcome.took.as_millis();
        assert!((least_ms..most_ms).contains(&took_ms), "factor {factor} took {took_ms} ms");
    }
}

#[test]
fn a_file_without_times_has_the_given_distance() {
    let file = file("a\n1\n2\n3\n4\n");
    let every = Duration::from_millis(250);
    let options = Options { time: RowTime::Every(every), ..options(&file, &["a"], Speed::Factor(5.0)) };
    let outcome = replay(options.clone(), true, None);
    let at: Vec<_> = outcome.notes.frames.iter().map(|frame| frame.at).collect();
    let distances: Vec<_> = at.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert_eq!(distances, [Some(every); 3]);
    assert!(outcome.notes.frames.iter().all(|frame| frame.readings[0].value().is_some()), "no doubt about the time");
    assert!(outcome.took >= Duration::from_millis(150), "five times as fast as the distance");
    let none = replay(Options { time: RowTime::Arrival, ..options }, true, None);
    let why = none.ended.unwrap_err().to_string();
    assert!(why.contains("a time column or the distance of rows"), "{why}");
}

#[test]
fn a_replay_waits_for_the_journal_and_stops_when_told() {
    let mut text = String::from("time;a\n");
    for i in 0..5_000 {
        writeln!(text, "2020-01-01 00:00:00;{i}").unwrap();
    }
    let file = file(&text);
    let outcome = replay(options(&file, &["a"], Speed::Max), false, Some(Duration::from_millis(300)));
    assert_eq!(outcome.ended.unwrap(), Ended::Shutdown);
    assert_eq!(outcome.notes.frames.len(), 101, "one more than may be ahead");
    assert_eq!(outcome.notes.links.last().map(String::as_str), Some("stopped by the gateway"));
}

#[test]
fn a_missing_file_or_column_is_named() {
    let file = file("time;a\n");
    let missing = replay(options(&file, &["z"], Speed::Max), true, None);
    assert!(missing.ended.unwrap_err().to_string().contains("no column 'z'; its columns are time, a"));
    let mut elsewhere = options(&file, &["a"], Speed::Max);
    elsewhere.path = "/nowhere/rows.csv".into();
    let outcome = replay(elsewhere, true, None);
    assert!(matches!(outcome.ended, Err(ReplayError::File { .. })));
    assert!(outcome.notes.links[0].contains("cannot read /nowhere/rows.csv"));
    let empty = replay(options(&file, &["a"], Speed::Max), true, None);
    assert_eq!(empty.ended.unwrap(), Ended::EndOfFile { n_rows: 0 });
}
