//! The device goes and comes back: bad readings meanwhile, the fail-safe value first on return.

use crate::fake::{Asked, Do, Fake};
use crate::peer::Peer;
use crate::rig::{Recorder, Rig, coil_and_register, group, on_shard, options, permit, wait};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use takt_adapters::Link;
use takt_adapters::modbus::{WriteOutcome, WriteQueue, WriteRequest};
use takt_plant::{Fault, MonoTime, Reading, WriteValue};

fn is_up(link: &Link) -> bool {
    matches!(link, Link::Up { .. })
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound").port()
}

/// An intake that writes the fail-safe value 4711 whenever the device comes up, as the gateway does.
fn with_fail_safe(writes: &Rc<RefCell<Option<WriteQueue>>>) -> Recorder {
    let writes = writes.clone();
    let on_up = move || {
        let (request, _) = WriteRequest::new(permit(1, WriteValue::Integer(4711)), MonoTime::from_ns(u64::MAX));
        writes.borrow().as_ref().expect("set before the first event").submit(request).expect("room");
    };
    Recorder { on_up: Some(Box::new(on_up)), ..Recorder::default() }
}

#[test]
fn a_refusing_device_gives_bad_frames_and_the_fail_safe_value_goes_first_on_return() {
    on_shard(async {
        let port = free_port();
        let mut options = options(port);
        options.groups = vec![group(0, 1, 20, &["holding:100", "holding:900"])];
        options.writes = coil_and_register();
        let writes = Rc::new(RefCell::new(None));
        let rig = Rig::start_with(options, with_fail_safe(&writes));
        *writes.borrow_mut() = Some(rig.ends.writes.clone());
        rig.until("five bad frames and three attempts", |seen| seen.frames.len() >= 5 && seen.links.len() >= 3).await;
        for frame in &rig.intake.borrow().frames {
            assert!(frame.readings.iter().all(|r| *r == Reading::Bad(Fault::Disconnected)));
        }
        assert!(rig.intake.borrow().links.iter().all(|l| matches!(l, Link::Down { retry_ms, .. } if *retry_ms <= 100)));
        let stale = rig.written(0, WriteValue::Coil(true)).await;
        assert_eq!((stale.outcome, stale.sent_at), (WriteOutcome::Disconnected, None));

        let fake = Fake::start(port, |_, asked| vec![Do::Send(asked.honest())]);
        rig.until("good frames", |seen| seen.frames.last().is_some_and(|f| f.readings[0].as_f64() == Some(100.0)))
            .await;
        let first = fake.asked()[0].clone();
        assert!(first.is_write() && (first.address, first.quantity) == (1000, 4711), "{first:?}");
        assert_eq!(fake.asked().iter().filter(|a| a.is_write()).count(), 1, "no write from before the outage");
        rig.end().await;
    });
}

#[test]
fn a_write_from_before_the_first_connection_is_never_sent() {
    on_shard(async {
        let fake = Fake::honest();
        let mut options = options(fake.port);
        options.groups = vec![group(0, 1, 20, &["holding:100"])];
        options.writes = coil_and_register();
        let writes = Rc::new(RefCell::new(None));
        let rig = Rig::start_with(options, with_fail_safe(&writes));
        *writes.borrow_mut() = Some(rig.ends.writes.clone());
        let early = rig.written(0, WriteValue::Coil(true)).await;
        assert_eq!((early.outcome, early.sent_at), (WriteOutcome::Disconnected, None));
        rig.until("a frame", |seen| !seen.frames.is_empty()).await;
        let first = fake.asked()[0].clone();
        assert_eq!((first.function, first.address, first.quantity), (6, 1000, 4711));
        assert_eq!(fake.asked().iter().filter(|a| a.is_write()).count(), 1);
        rig.end().await;
    });
}

#[test]
fn a_device_that_hangs_is_reported_and_not_asked_in_haste() {
    on_shard(async {
        let fake = Fake::start(0, |_, _| vec![]);
        let mut options = options(fake.port);
        options.timing.timeout = Duration::from_millis(50);
        options.retry.max = Duration::from_secs(5);
        options.groups = vec![group(0, 1, 20, &["holding:100"])];
        let rig = Rig::start(options);
        rig.until("three outages", |seen| seen.links.iter().filter(|l| matches!(l, Link::Down { .. })).count() >= 3)
            .await;
        let seen = rig.intake.borrow();
        assert!(
            seen.frames.iter().all(|f| matches!(f.readings[0], Reading::Bad(Fault::Timeout | Fault::Disconnected)))
        );
        assert!(seen.frames.iter().any(|f| f.readings[0] == Reading::Bad(Fault::Timeout)));
        let why = seen.links.iter().find_map(|l| if let Link::Down { why, .. } = l { Some(why.clone()) } else { None });
        assert!(why.expect("one").contains("no answer in time"));
        assert!(fake.n_open_max() <= 1);
    });
}

#[test]
fn a_killed_server_comes_back_and_keeps_the_connection_limit() {
    on_shard(async {
        let mut peer = Peer::start(0);
        let mut options = options(peer.port);
        options.groups = vec![group(0, 1, 20, &["holding:2001", "input:500", "input:501"])];
        options.writes = coil_and_register();
        let writes = Rc::new(RefCell::new(None));
        let rig = Rig::start_with(options, with_fail_safe(&writes));
        *writes.borrow_mut() = Some(rig.ends.writes.clone());
        for _ in 0..2 {
            let n = rig.n_frames();
            let good = |seen: &Recorder| seen.frames[n..].iter().any(|f| f.readings[0].as_f64() == Some(2001.0));
            rig.until("good frames", good).await;
            let now = rig.intake.borrow().frames.last().map(|f| [f.readings[1].as_f64(), f.readings[2].as_f64()]);
            assert_eq!(now, Some([Some(1.0); 2]), "connections open now and at most");
            peer.kill();
            let n = rig.n_frames();
            rig.until("bad frames", |seen| {
                seen.frames[n..].iter().any(|f| f.readings[0] == Reading::Bad(Fault::Disconnected))
            })
            .await;
            rig.until("the outage is told", |seen| seen.links.last().is_some_and(|l| !is_up(l))).await;
            peer = Peer::start(peer.port);
        }
        let n_up = rig.intake.borrow().links.iter().filter(|l| is_up(l)).count();
        assert!(n_up >= 2, "{n_up}");
        rig.end().await;
    });
}

#[test]
fn never_more_connections_than_configured() {
    for (connections_max, write_connection, n_max) in [(1, false, 1), (1, true, 2), (3, false, 3)] {
        on_shard(async move {
            // Time-outs, broken connections and honest answers in turn.
            let fake = Fake::start(0, |n, asked| match n % 7 {
                3 => vec![],
                5 => vec![Do::Close],
                _ => vec![Do::Send(asked.honest())],
            });
            let mut options = options(fake.port);
            options.timing.timeout = Duration::from_millis(60);
            (options.connections_max, options.write_connection) = (connections_max, write_connection);
            options.groups = (0..4).map(|i| group(i, 1, 20, &["holding:100", "holding:900"])).collect();
            options.writes = coil_and_register();
            let rig = Rig::start(options);
            let mut n = 0;
            while fake.asked().len() < 150 {
                let (request, _) = rig.write(n % 2, WriteValue::Integer(1));
                let _ = rig.ends.writes.submit(request);
                n += 1;
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            assert!(fake.n_open_max() <= n_max, "{} of {n_max}", fake.n_open_max());
            assert!(fake.n_accepted() > n_max, "connections were made anew");
            rig.end().await;
        });
    }
}

#[test]
fn an_option_closes_the_connection_between_polls() {
    on_shard(async {
        let fake = Fake::honest();
        let mut options = options(fake.port);
        options.close_between_polls = true;
        options.groups = vec![group(0, 1, 100, &["holding:100", "holding:900"])];
        options.writes = coil_and_register();
        let rig = Rig::start(options);
        rig.until("five frames", |seen| seen.frames.len() >= 5).await;
        assert!(rig.intake.borrow().frames.iter().all(|f| f.readings[1].as_f64() == Some(900.0)));
        assert_eq!(rig.intake.borrow().links, [Link::Up { session_present: false }]);
        // A cycle that is late follows on the same connection.
        assert!(fake.n_accepted() >= 2 && fake.n_open_max() == 1, "{}, {}", fake.n_accepted(), fake.n_open_max());
        let report = rig.written(1, WriteValue::Integer(1000)).await;
        assert_eq!(report.outcome, WriteOutcome::Done);
        wait("the write", || fake.asked().iter().any(Asked::is_write)).await;
        rig.end().await;
    });
}

#[test]
fn pauses_after_connect_and_between_requests_are_kept() {
    on_shard(async {
        let fake = Fake::honest();
        let mut options = options(fake.port);
        options.timing.pause_after_connect = Duration::from_millis(100);
        options.timing.pause_between_requests = Duration::from_millis(50);
        options.groups = vec![group(0, 1, 60_000, &["holding:100", "holding:500", "holding:900"])];
        let rig = Rig::start(options);
        rig.until("the frame", |seen| !seen.frames.is_empty()).await;
        let arrived = rig.intake.borrow().frames[0].arrived;
        assert!(arrived >= MonoTime::from_ns(200_000_000), "{arrived:?}");
        rig.end().await;
    });
}
