//! The MQTT driver against a real mosquitto, with mosquitto's own clients as peers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod broker;

use broker::{Broker, Running, Seen, on_shard, values};
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::Ticket;
use takt_adapters::convert::Conversion;
use takt_adapters::mqtt::mapping::{Field, Format, JsonMapping, Layout, Scope, TimeMapping};
use takt_adapters::mqtt::options::{LastWill, Protocol, Qos};
use takt_adapters::mqtt::{Command, GroupMapping, OfferRefused, Options, Plan};
use takt_plant::{GroupSlot, TagSlot};

const BOTH: [Protocol; 2] = [Protocol::V3, Protocol::V5];

fn plan_of(filters: &[(&str, Qos)]) -> Plan {
    let group = |(i, (filter, qos)): (usize, &(&str, Qos))| {
        let field = Field { pointer: "/v".into(), scope: Scope::Sample, conversion: Conversion::default() };
        GroupMapping {
            group: GroupSlot(u32::try_from(i).unwrap()),
            filter: (*filter).to_owned(),
            qos: *qos,
            tags: Arc::from([TagSlot(0)]),
            format: Format::Json(JsonMapping {
                layout: Layout::One,
                fields: vec![field],
                time: TimeMapping::arrival(),
            }),
        }
    };
    let groups: Vec<GroupMapping> = filters.iter().enumerate().map(group).collect();
    Plan::new(&groups).unwrap()
}

fn plan() -> Plan {
    plan_of(&[("line/#", Qos::AtLeastOnce)])
}

fn options(broker: &Broker, protocol: Protocol) -> Options {
    Options { protocol, ..broker.options("takt") }
}

fn value(v: u32) -> String {
    format!(r#"{{"v":{v}}}"#)
}

#[test]
fn every_quality_of_service_is_delivered_acknowledged_and_answered() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let plan = plan_of(&[("q/0", Qos::AtMostOnce), ("q/1", Qos::AtLeastOnce), ("q/2", Qos::ExactlyOnce)]);
            let running = Running::start(options(&broker, protocol), plan, true);
            running.until_up().await;
            running.notes.borrow_mut().echo = Some((running.outlet.clone(), "out".into()));
            let mut subscriber = broker.subscriber("out", 6, &[]);
            tokio::time::sleep(Duration::from_millis(300)).await;
            for i in 0..6 {
                broker.publish(&format!("q/{}", i % 3), &value(i), &["-q", &(i % 3).to_string()]);
            }
            running
                .until("six confirmations", |s| s.iter().filter(|s| matches!(s, Seen::Published(_))).count() == 6)
                .await;
            assert_eq!(running.values(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
            let has_mark: Vec<bool> = running.notes.borrow().marks.iter().map(Option::is_some).collect();
            assert_eq!(has_mark, [false, true, true, false, true, true]);
            running.stop().await;
            subscriber.wait().unwrap();
            let text = std::io::read_to_string(subscriber.stdout.take().unwrap()).unwrap();
            assert_eq!(text, "out 0\nout 1\nout 2\nout 3\nout 4\nout 5\n");
        });
    }
}

#[test]
fn what_is_published_while_away_arrives_on_return() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let first = Running::start(options(&broker, protocol), plan(), true);
            first.until_up().await;
            broker.publish("line/a", &value(1), &[]);
            first.until("the first value", |s| values(s) == [1.0]).await;
            first.stop().await;
            for v in [2, 3] {
                broker.publish("line/a", &value(v), &[]);
            }
            let second = Running::start(options(&broker, protocol), plan(), true);
            second.until("what was missed", |s| values(s) == [2.0, 3.0]).await;
            second.until_up().await;
            assert!(second.seen().contains(&Seen::Up(true)), "{:?}", second.seen());
            second.stop().await;
            let clean = Options { clean_session: true, ..options(&broker, protocol) };
            let third = Running::start(clean, plan(), true);
            third.until_up().await;
            assert_eq!(third.stop().await.first(), Some(&Seen::Up(false)));
        });
    }
}

#[test]
fn what_is_not_durable_is_not_acknowledged_and_comes_again_as_a_duplicate() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let plan = || plan_of(&[("line/1", Qos::AtLeastOnce), ("line/2", Qos::ExactlyOnce)]);
            let first = Running::start(options(&broker, protocol), plan(), false);
            first.until_up().await;
            broker.publish("line/1", &value(1), &[]);
            broker.publish("line/2", &value(2), &["-q", "2"]);
            broker.publish("line/1", &value(3), &[]);
            first.until("three values", |s| values(s) == [1.0, 2.0, 3.0]).await;
            first.durable.send(Ticket(1)).unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            first.vanish().await;

            let second = Running::start(options(&broker, protocol), plan(), true);
            second.until("the two that were not durable", |s| values(s).len() == 2).await;
            let again = |s: &Seen| matches!(s, Seen::Value(_, true));
            assert_eq!((second.values(), second.seen().iter().filter(|s| again(s)).count()), (vec![2.0, 3.0], 2));
            tokio::time::sleep(Duration::from_millis(300)).await;
            second.vanish().await;

            let third = Running::start(options(&broker, protocol), plan(), true);
            third.until_up().await;
            broker.publish("line/1", &value(4), &[]);
            third.until("only what is new", |s| values(s) == [4.0]).await;
            third.stop().await;
        });
    }
}

#[test]
fn a_redelivery_that_was_consumed_is_acknowledged_without_delivery() {
    let broker = Broker::start("");
    on_shard(async {
        let first = Running::start(options(&broker, Protocol::V3), plan(), false);
        first.until_up().await;
        broker.publish("line/1", &value(1), &[]);
        first.until("the value", |s| values(s) == [1.0]).await;
        let known = first.notes.borrow().known.clone();
        first.vanish().await;
        let second = Running::start(options(&broker, Protocol::V3), plan(), true);
        second.notes.borrow_mut().known = known;
        second.until("the duplicate", |s| s.contains(&Seen::Duplicate)).await;
        broker.publish("line/1", &value(2), &[]);
        second.until("what is new", |s| values(s) == [2.0]).await;
        second.vanish().await;
        let third = Running::start(options(&broker, Protocol::V3), plan(), true);
        third.until_up().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(third.stop().await.iter().filter(|s| matches!(s, Seen::Value(..))).count(), 0);
    });
}

#[test]
fn malformed_and_oversized_messages_are_rejected_and_the_stream_goes_on() {
    let broker = Broker::start("message_size_limit 0\n");
    for protocol in BOTH {
        on_shard(async {
            let small = Options { packet_bytes_max: 2_000, clean_session: true, ..options(&broker, protocol) };
            let large = format!(r#"{{"v":1,"fill":"{}"}}"#, "x".repeat(300_000));
            broker.publish("line/retained", &large, &["-r"]);
            let running = Running::start(small, plan(), true);
            running.until_up().await;
            for (topic, payload) in
                [("line/1", "{"), ("line/1", "Bad"), ("line/2", large.as_str()), ("line/1", r#"{"w":1}"#)]
            {
                broker.publish(topic, payload, &[]);
            }
            broker.publish_file("line/1", b"\xff\xfe\x00", &[]);
            broker.publish("line/1", &value(7), &[]);
            running.until("the good value", |s| values(s) == [7.0]).await;
            let seen = running.stop().await;
            let rejects: Vec<&str> =
                seen.iter().filter_map(|s| if let Seen::Reject(why) = s { Some(why.as_str()) } else { None }).collect();
            // An MQTT 5 broker knows our limit and keeps what is larger to itself.
            let n_oversized = rejects.iter().filter(|why| why.contains("raise max_packet_size")).count();
            assert_eq!(n_oversized, if protocol == Protocol::V3 { 2 } else { 0 }, "{rejects:?}");
            assert_eq!(rejects.len() - n_oversized, 4, "{rejects:?}");
            assert_eq!(seen.iter().filter(|s| matches!(s, Seen::Down(_))).count(), 1, "{seen:?}");
        });
    }
}

#[test]
fn a_restarted_broker_is_found_again_and_tokens_come_back() {
    let mut broker = Broker::start("");
    for protocol in BOTH {
        let options = options(&broker, protocol);
        on_shard(async {
            let running = Running::start(options, plan(), true);
            running.until_up().await;
            broker.stop();
            running.until("the loss", |s| matches!(s.last(), Some(Seen::Down(_)))).await;
            let refused = running.outlet.offer("out", "x", Qos::AtLeastOnce, false, 1);
            assert_eq!(refused, Err(OfferRefused::Down));
            tokio::time::sleep(Duration::from_millis(600)).await;
            broker.resume();
            running.until_up().await;
            assert_eq!(running.seen().last(), Some(&Seen::Up(true)), "the broker saved the session");
            broker.publish("line/1", &value(5), &[]);
            running.until("a value after the restart", |s| values(s) == [5.0]).await;
            running.outlet.offer("out", "x", Qos::AtLeastOnce, false, 2).unwrap();
            running.until("its confirmation", |s| s.contains(&Seen::Published(2))).await;
            running.stop().await;
        });
    }
}

#[test]
fn a_broker_that_lost_its_sessions_gets_the_subscriptions_again() {
    let mut broker = Broker::start("");
    let options = options(&broker, Protocol::V3);
    on_shard(async {
        let running = Running::start(options, plan(), true);
        running.until_up().await;
        broker.kill();
        let _ = std::fs::remove_file(broker.folder.path().join("mosquitto.db"));
        broker.resume();
        running.until("the return", |s| s.iter().filter(|s| matches!(s, Seen::Up(_))).count() == 2).await;
        assert_eq!(running.seen().last(), Some(&Seen::Up(false)));
        broker.publish("line/1", &value(6), &[]);
        running.until("a value", |s| values(s) == [6.0]).await;
        running.stop().await;
    });
}

#[test]
fn a_client_id_used_twice_is_reported_as_taken_over() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let mut patient = options(&broker, protocol);
            patient.retry.longest = Duration::from_millis(50);
            let mut rival = patient.clone();
            rival.retry.seed = 1;
            // The rival comes back at once, whatever happens.
            rival.retry.taken_over = Duration::from_millis(20);
            let first = Running::start(patient, plan(), true);
            first.until_up().await;
            let second = Running::start(rival, plan(), true);
            first.until("the report", |s| s.contains(&Seen::TakenOver)).await;
            let down =
                |s: &Seen| matches!(s, Seen::Down(why) if why.contains("another client uses the client id 'takt'"));
            assert!(first.seen().iter().any(down), "{:?}", first.seen());
            let n_before = first.seen().len();
            tokio::time::sleep(Duration::from_millis(600)).await;
            assert_eq!(first.seen().len(), n_before, "it waits instead of fighting");
            first.stop().await;
            second.stop().await;
        });
    }
}

#[test]
fn a_changed_topic_list_takes_effect_at_once() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let clean = Options { clean_session: true, ..options(&broker, protocol) };
            let running = Running::start(clean, plan_of(&[("a", Qos::AtLeastOnce), ("b", Qos::AtLeastOnce)]), true);
            running.until_up().await;
            let plan = plan_of(&[("b", Qos::AtLeastOnce), ("c/+", Qos::AtLeastOnce)]);
            running.commands.send(Command::Replace(plan)).await.unwrap();
            // Subscribed once a message of the new filter arrives.
            for _ in 0..100 {
                broker.publish("c/first", &value(1), &[]);
                if !running.values().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            for (topic, v) in [("a", 2), ("b", 3), ("c/2", 4), ("c/2/d", 5), ("b", 6)] {
                broker.publish(topic, &value(v), &[]);
            }
            running.until("the last value", |s| values(s).ends_with(&[6.0])).await;
            let seen = running.stop().await;
            let later: Vec<f64> = values(&seen).into_iter().filter(|v| *v > 1.0).collect();
            assert_eq!(later, [3.0, 4.0, 6.0]);
            assert_eq!(
                seen.iter().filter(|s| matches!(s, Seen::Down(_))).count(),
                1,
                "the connection stayed: {seen:?}"
            );
        });
    }
}

#[test]
fn filters_that_overlap_deliver_each_message_once() {
    let broker = Broker::start("");
    on_shard(async {
        let plan =
            plan_of(&[("line/#", Qos::AtMostOnce), ("line/+/f", Qos::AtLeastOnce), ("line/1/f", Qos::AtMostOnce)]);
        let running = Running::start(options(&broker, Protocol::V3), plan, true);
        running.until_up().await;
        broker.publish("line/1/f", &value(1), &[]);
        broker.publish("line/2", &value(2), &[]);
        // One message for three groups, then one for one group: four frames, two deliveries.
        running.until("both messages", |s| values(s) == [1.0, 1.0, 1.0, 2.0]).await;
        assert_eq!(running.notes.borrow().ticket, 2);
        running.stop().await;
    });
}

#[test]
fn retained_messages_come_once_and_the_last_will_speaks_after_a_kill() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            broker.publish("line/kept", &value(9), &["-r"]);
            let mut with_will = options(&broker, protocol);
            with_will.last_will = Some(LastWill {
                topic: "state".into(),
                payload: b"gone".to_vec(),
                qos: Qos::AtLeastOnce,
                retain: true,
            });
            let running = Running::start(with_will.clone(), plan(), true);
            running.until("the retained value", |s| values(s) == [9.0]).await;
            running.until_up().await;
            running.outlet.offer("state", "here", Qos::AtLeastOnce, true, 1).unwrap();
            running.until("its confirmation", |s| s.contains(&Seen::Published(1))).await;
            assert_eq!(retained(&broker), "state here\n");
            running.vanish().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(retained(&broker), "state gone\n");
            let again = Running::start(with_will, plan(), true);
            again.until_up().await;
            again.outlet.offer("state", "bye", Qos::AtLeastOnce, true, 2).unwrap();
            again.stop().await;
            assert_eq!(retained(&broker), "state bye\n", "an orderly end needs no last will");
        });
    }
}

fn retained(broker: &Broker) -> String {
    let mut subscriber = broker.subscriber("state", 1, &[]);
    subscriber.wait().unwrap();
    std::io::read_to_string(subscriber.stdout.take().unwrap()).unwrap()
}

#[test]
fn a_thousand_publications_are_confirmed_within_the_limits() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let few = Options { in_flight_max: 8, ..options(&broker, protocol) };
            let running = Running::start(few, plan(), true);
            running.until_up().await;
            for token in 0..1_000 {
                let qos = if token % 2 == 0 { Qos::AtLeastOnce } else { Qos::ExactlyOnce };
                running.outlet.offer("out", "x", qos, false, token).unwrap();
            }
            running.until("all confirmations", |s| s.len() > 1_000).await;
            let mut tokens: Vec<u64> = running
                .seen()
                .iter()
                .filter_map(|s| if let Seen::Published(t) = s { Some(*t) } else { None })
                .collect();
            tokens.sort_unstable();
            assert_eq!(tokens, (0..1_000).collect::<Vec<u64>>());
            running.stop().await;
        });
    }
}

#[test]
fn an_unreachable_or_refusing_broker_is_named() {
    let port = broker::free_port();
    on_shard(async {
        let nobody = Running::start(Options::new("127.0.0.1", port, "takt"), plan(), true);
        nobody
            .until("the report", |s| matches!(s.first(), Some(Seen::Down(why)) if why.contains("cannot reach")))
            .await;
        nobody.stop().await;
    });
    let broker = Broker::start("allow_anonymous false\n");
    for protocol in BOTH {
        on_shard(async {
            let stranger = Running::start(options(&broker, protocol), plan(), true);
            stranger
                .until("the report", |s| matches!(s.first(), Some(Seen::Down(why)) if why.contains("refuses")))
                .await;
            stranger.stop().await;
        });
    }
}

#[test]
fn a_broker_that_hangs_is_given_up_and_unconfirmed_tokens_come_back() {
    let broker = Broker::start("");
    for protocol in BOTH {
        on_shard(async {
            let wary = Options {
                keep_alive: Duration::from_secs(1),
                timeout: Duration::from_millis(500),
                ..options(&broker, protocol)
            };
            let running = Running::start(wary, plan(), true);
            running.until_up().await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            assert!(!running.seen().iter().any(|s| matches!(s, Seen::Down(_))), "pings keep it: {:?}", running.seen());
            broker.freeze();
            for token in 0..3 {
                running.outlet.offer("out", "x", Qos::ExactlyOnce, false, token).unwrap();
            }
            let gone = |s: &Seen| matches!(s, Seen::Down(why) if why.contains("does not answer a ping"));
            running.until("the loss", |s| s.iter().any(gone)).await;
            assert_eq!(running.outlet.counts().n_given_back, 3);
            let silent = |s: &Seen| matches!(s, Seen::Down(why) if why.contains("did not answer within 500 ms"));
            running.until("a vain attempt", |s| s.iter().any(silent)).await;
            broker.thaw();
            running.until_up().await;
            running.outlet.offer("out", "x", Qos::ExactlyOnce, false, 9).unwrap();
            running.until("a confirmation", |s| s.contains(&Seen::Published(9))).await;
            assert!(!running.seen().iter().any(|s| matches!(s, Seen::Published(0..=2))), "{:?}", running.seen());
            running.stop().await;
        });
    }
}

/// Answers every connection with these bytes, then waits for its end.
fn impostor(answer: &'static [u8]) -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let mut buffer = [0; 1_024];
            let _ = socket.read(&mut buffer);
            let _ = socket.write_all(answer);
            while matches!(socket.read(&mut buffer), Ok(n) if n > 0) {}
        }
    });
    port
}

#[test]
fn what_is_no_broker_is_named_and_tried_again() {
    const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
    for (answer, piece) in [
        (&[b'H'; 200][..], "broke before the broker answered"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "did not answer within 300 ms"),
        (&[0x20, 2, 0, 0, 0xF0, 1, 0], "no MQTT packet"),
        (&[0x20, 2, 0, 0, 0x30, 0xFF, 0xFF, 0xFF, 0xFF], "no MQTT packet"),
        (&[0x20, 2, 0, 0, 0x40, 0xFF, 0xFF, 0x7F], "no MQTT packet"),
        (&[0x20, 2, 0, 0, 0xC0, 0], "PINGREQ"),
        (&[0x20, 2, 0, 0, 0x20, 2, 0, 0], "second CONNACK"),
        (ACCEPTED, "does not answer the subscription"),
    ] {
        on_shard(async {
            let mut options = Options::new("127.0.0.1", impostor(answer), "takt");
            options.timeout = Duration::from_millis(300);
            options.keep_alive = Duration::from_secs(2);
            options.retry.first = Duration::from_millis(20);
            let running = Running::start(options, plan(), true);
            let named = |s: &&Seen| matches!(s, Seen::Down(why) if why.contains(piece));
            running.until(piece, |s| s.iter().filter(named).count() >= 2).await;
            running.stop().await;
        });
    }
}
