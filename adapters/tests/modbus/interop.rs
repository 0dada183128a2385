//! Against pymodbus: every type and order, every table, holes, and reads for people.

use crate::peer::Peer;
use crate::rig::{Rig, group, on_shard, options, tag};
use std::time::Duration;
use takt_adapters::modbus::probe::Target;
use takt_adapters::modbus::{Answer, GroupOptions, ProbeRequest, Span, Way, read_now, sweep};
use takt_plant::{Fault, GroupSlot, Reading, Value};

fn span(start: &str, n: u16) -> Span {
    Span { start: start.parse().expect("an address"), n }
}

/// The value as the server's script printed it: integers as such, decimals as 64-bit numbers.
fn printed(text: &str, kind: &str) -> Value {
    if kind.starts_with('f') {
        return Value::Real(text.parse().expect("a number"));
    }
    text.parse().map(Value::Integer).unwrap_or_else(|_| Value::Unsigned(text.parse().expect("a number")))
}

#[test]
fn every_type_in_every_order_is_read_as_the_server_wrote_it() {
    on_shard(async {
        let peer = Peer::start(0);
        assert_eq!(peer.cases.len(), 2 * (2 * 2 + 6 * 4));
        let tags = peer.cases.iter().enumerate().map(|(i, c)| tag(i, &c.register, &c.r#type, &c.order)).collect();
        let mut options = options(peer.port);
        options.groups = vec![GroupOptions { group: GroupSlot(0), unit: 1, every: Duration::from_millis(50), tags }];
        let rig = Rig::start(options);
        rig.until("a second frame", |seen| seen.frames.len() >= 2).await;
        for (case, reading) in peer.cases.iter().zip(&rig.intake.borrow().frames[1].readings) {
            assert_eq!(*reading, Reading::Good(printed(&case.value, &case.r#type)), "{case:?}");
        }
        rig.end().await;
    });
}

#[test]
fn all_four_tables_are_read() {
    on_shard(async {
        let peer = Peer::start(0);
        let mut options = options(peer.port);
        let tables = [
            ("coil:9", "bool"),
            ("discrete:9", "bool"),
            ("discrete:10", "bool"),
            ("input:11", "u16"),
            ("300012", "bit(0)"),
            ("holding:2003", "u16"),
        ];
        let tags = tables.iter().enumerate().map(|(i, (a, kind))| tag(i, a, kind, "ab")).collect();
        options.groups = vec![GroupOptions { group: GroupSlot(0), unit: 1, every: Duration::from_millis(50), tags }];
        let rig = Rig::start(options);
        rig.until("a frame", |seen| !seen.frames.is_empty()).await;
        let values: Vec<_> = rig.intake.borrow().frames[0].readings.iter().map(Reading::as_f64).collect();
        assert_eq!(values, [1.0, 0.0, 1.0, 77.0, 1.0, 2003.0].map(Some));
        rig.end().await;
    });
}

#[test]
fn a_hole_in_a_merged_read_makes_only_its_own_tag_bad() {
    on_shard(async {
        let peer = Peer::start(0);
        let mut options = options(peer.port);
        options.groups = vec![group(0, 1, 20, &["holding:2008", "holding:2012", "holding:2016", "holding:2018"])];
        let rig = Rig::start(options);
        rig.until("five frames", |seen| seen.frames.len() >= 5).await;
        for frame in &rig.intake.borrow().frames {
            assert_eq!(frame.readings[1], Reading::Bad(Fault::Exception(2)));
            let good: Vec<_> = frame.readings.iter().filter_map(Reading::as_f64).collect();
            assert_eq!(good, [2008.0, 2016.0, 2018.0]);
        }
        let counts = &rig.ends.counts;
        let n_splits = counts.n_splits.load(std::sync::atomic::Ordering::Relaxed);
        let n_exceptions = counts.n_exceptions.load(std::sync::atomic::Ordering::Relaxed);
        assert!(n_splits <= 3 && n_exceptions == n_splits + 1, "split once: {n_splits}, {n_exceptions}");
        rig.end().await;
    });
}

#[test]
fn read_now_and_sweep_show_what_the_device_holds() {
    on_shard(async {
        let peer = Peer::start(0);
        let target = Target { address: format!("127.0.0.1:{}", peer.port), unit: 1, timing: options(0).timing };
        let case = peer.cases.iter().find(|c| c.r#type == "f32" && c.order == "cdab").expect("listed");
        let mut way = Way::own(&target).await.expect("a connection");
        let at = case.register.parse().expect("an address");
        let glimpse = read_now(&mut way, target.unit, at).await.expect("an answer");
        let meant = glimpse.guesses.iter().find(|g| g.kind.to_string() == "f32" && g.order.to_string() == "cdab");
        assert_eq!(meant.expect("every order").reading, Reading::Good(printed(&case.value, "f32")));
        let at = "holding:2019".parse().expect("an address");
        let last = read_now(&mut way, target.unit, at).await.expect("the table's end");
        assert_eq!(last.raw, Answer::Registers(vec![2019]));

        let found = sweep(&mut way, target.unit, span("holding:2000", 25), Duration::ZERO).await;
        assert_eq!(found.ended_by, None);
        let there: Vec<u16> = found
            .swept
            .iter()
            .filter_map(|s| s.found.as_ref().ok())
            .flat_map(|answer| match answer {
                Answer::Registers(registers) => registers.clone(),
                Answer::Bits(_) => panic!("registers were asked for"),
            })
            .collect();
        assert_eq!(there, (2000..2010).chain(2015..2020).collect::<Vec<_>>());
    });
}

/// B7: "read now" goes through the running driver's only connection.
#[test]
fn a_probe_shares_the_drivers_connection() {
    on_shard(async {
        let peer = Peer::start(0);
        let mut options = options(peer.port);
        options.groups = vec![group(0, 1, 10, &["input:1"])];
        let rig = Rig::start(options);
        rig.until("a frame", |seen| !seen.frames.is_empty()).await;
        let (reply, answer) = tokio::sync::oneshot::channel();
        let request = ProbeRequest { unit: 1, span: span("input:500", 2), reply };
        rig.ends.probes.try_send(request).expect("room");
        assert_eq!(answer.await.expect("a reply"), Ok(Answer::Registers(vec![1, 1])));
        rig.end().await;
    });
}
