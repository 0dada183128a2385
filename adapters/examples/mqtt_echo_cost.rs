//! The driver as an echo against rumqttc's own event loop as an echo, on one broker, interleaved.
//!
//! Each echo receives QoS 1 messages of 1 KB and publishes each back with QoS 1. Both acknowledge by
//! hand, after the publication was handed over. Reported: round trip at 1,000 messages a second, CPU
//! time of the echo's thread per message at that rate and flat out.
//!
//! `cargo run --release -p takt-adapters --example mqtt_echo_cost -- PORT` (a mosquitto with
//! `set_tcp_nodelay true` and `max_inflight_messages 1000`)

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measurement may panic and reads the clock")]

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use takt_adapters::convert::Conversion;
use takt_adapters::mqtt::mapping::{Field, Format, JsonMapping, Layout, Scope, TimeMapping};
use takt_adapters::mqtt::options::Qos;
use takt_adapters::mqtt::{GroupMapping, Options, Outlet, OutletLimits, Plan, Ports};
use takt_adapters::{Clock, Delivery, Intake, Link, MessageMark, Ticket};
use takt_plant::{GroupSlot, TagSlot};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

const PAYLOAD_BYTES: usize = 1_024;

fn main() {
    let port: u16 = std::env::args().nth(1).expect("the broker's port").parse().unwrap();
    let echoes = [("ours", spawn("ours", move || ours(port))), ("theirs", spawn("theirs", move || theirs(port)))];
    std::thread::sleep(Duration::from_millis(500));
    for round in 0..3 {
        for (name, account) in &echoes {
            let (cpu_us, mut trips) = drive(port, name, account, 3_000, Some(Duration::from_millis(1)));
            trips.sort_unstable();
            let at = |q: usize| trips[trips.len() * q / 100].as_micros();
            let (flat_us, all) = drive(port, name, account, 60_000, None);
            let rate = 60_000.0 / all.last().unwrap().as_secs_f64();
            println!(
                "{round} {name}: round trip p50 {} p99 {} µs, CPU {cpu_us:.1} µs a message; flat out {rate:.0}/s, CPU {flat_us:.1} µs",
                at(50),
                at(99)
            );
        }
    }
}

/// Starts an echo on a thread of its own; where the scheduler keeps that thread's account.
fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> PathBuf {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name(name.into());
    let body = move || {
        let own = std::fs::read_link("/proc/thread-self").unwrap();
        tell.send(Path::new("/proc").join(own).join("schedstat")).unwrap();
        run();
    };
    thread.spawn(body).unwrap();
    told.recv().unwrap()
}

/// User and system time of a thread in microseconds.
fn cpu_us(account: &Path) -> f64 {
    let text = std::fs::read_to_string(account).unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}

struct Echo {
    outlet: Outlet,
    durable: watch::Sender<Ticket>,
    ticket: u64,
}

impl Intake for Echo {
    fn is_duplicate(&mut self, _: &MessageMark) -> bool {
        false
    }

    fn deliver(&mut self, _: Delivery) -> Ticket {
        self.ticket += 1;
        self.outlet.offer("out/ours", vec![b'x'; 200], Qos::AtLeastOnce, false, self.ticket).unwrap();
        self.durable.send(Ticket(self.ticket)).unwrap();
        Ticket(self.ticket)
    }

    fn link(&mut self, link: Link) {
        println!("ours: {link:?}");
    }

    fn published(&mut self, _: u64) {}
}

fn ours(port: u16) {
    let field = Field { pointer: "/v".into(), scope: Scope::Sample, conversion: Conversion::default() };
    let group = GroupMapping {
        group: GroupSlot(0),
        filter: "in/ours".into(),
        qos: Qos::AtLeastOnce,
        tags: Arc::from([TagSlot(0)]),
        format: Format::Json(JsonMapping { layout: Layout::One, fields: vec![field], time: TimeMapping::arrival() }),
    };
    let mut options = Options::new("127.0.0.1", port, "ours");
    options.clean_session = true;
    let outlet = Outlet::new(OutletLimits { n_max: 100_000, n_bytes_max: 100 << 20 });
    let (durable, durable_rx) = watch::channel(Ticket(0));
    let (_commands, commands) = mpsc::channel(1);
    let echo = Echo { outlet: outlet.clone(), durable, ticket: 0 };
    let ports = Ports {
        clock: Clock::new(),
        intake: Rc::new(RefCell::new(echo)),
        durable: durable_rx,
        outlet,
        commands,
        shutdown: CancellationToken::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(takt_adapters::mqtt::run(options, Plan::new(&[group]).unwrap(), ports));
}

fn theirs(port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = MqttOptions::new("theirs", "127.0.0.1", port);
        options.set_manual_acks(true).set_max_packet_size(1 << 20, 1 << 20).set_inflight(256);
        let (client, mut events) = AsyncClient::new(options, 200_000);
        events.network_options.set_tcp_nodelay(true);
        client.subscribe("in/theirs", QoS::AtLeastOnce).await.unwrap();
        loop {
            if let Event::Incoming(Packet::Publish(p)) = events.poll().await.unwrap() {
                client.try_publish("out/theirs", QoS::AtLeastOnce, false, vec![b'x'; 200]).unwrap();
                client.try_ack(&p).unwrap();
            }
        }
    });
}

/// Sends messages to an echo and waits for all of them: its CPU time a message, and the round trips
/// (flat out: times since the first message was sent).
fn drive(port: u16, name: &str, account: &Path, n: u32, every: Option<Duration>) -> (f64, Vec<Duration>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = MqttOptions::new(format!("driver-{name}"), "127.0.0.1", port);
        options.set_max_packet_size(1 << 20, 1 << 20).set_inflight(200);
        let (client, mut events) = AsyncClient::new(options, 64);
        events.network_options.set_tcp_nodelay(true);
        client.subscribe(format!("out/{name}"), QoS::AtMostOnce).await.unwrap();
        while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
        let topic = format!("in/{name}");
        let payload = format!("{{\"v\":1.5,\"fill\":\"{}\"}}", "x".repeat(PAYLOAD_BYTES - 20));
        let sent = Rc::new(RefCell::new(Vec::with_capacity(n as usize)));
        let begun = Instant::now();
        let cpu_us_before = cpu_us(account);
        let feed = async {
            for i in 0..n {
                if let Some(every) = every {
                    let due = begun + every * i;
                    tokio::time::sleep_until(due.into()).await;
                }
                sent.borrow_mut().push(Instant::now());
                client.publish(topic.clone(), QoS::AtLeastOnce, false, payload.clone()).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let receive = async {
            let mut trips = Vec::with_capacity(n as usize);
            while trips.len() < n as usize {
                if let Event::Incoming(Packet::Publish(_)) = events.poll().await.unwrap() {
                    let from = if every.is_some() { sent.borrow()[trips.len()] } else { begun };
                    trips.push(from.elapsed());
                }
            }
            trips
        };
        let trips = tokio::select! {
            () = feed => unreachable!("feeding never ends"),
            trips = receive => trips,
        };
        ((cpu_us(account) - cpu_us_before) / f64::from(n), trips)
    })
}
