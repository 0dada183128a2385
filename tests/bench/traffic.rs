//! The one clock outside: publishes messages to a subject and takes what the subject publishes.
//!
//! Plain blocking sockets, because whatever this program burns the subject lacks on a small machine.
//! Messages go out at QoS 1, so that the broker stores and acknowledges them; what comes back is
//! taken at QoS 0, so that taking it costs nobody an acknowledgement.

use bytes::{Bytes, BytesMut};
use rumqttc::{Connect, Packet, Publish, QoS, Subscribe};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PACKET_BYTES_MAX: usize = 1 << 20;
/// Nothing comes for so long: the subject is broken, and that is an error.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// Messages on their way while a subject runs flat out: enough that it never waits for the next, few
/// enough that no broker queue grows.
const ON_THEIR_WAY_MAX: usize = 800;
/// Messages that are written together flat out.
const TOGETHER: usize = 16;

/// What came back in one round.
pub(crate) struct Round {
    /// From the message's departure to the answer's arrival, in order.
    pub(crate) trips: Vec<Duration>,
    /// The answers.
    pub(crate) answers: Vec<Bytes>,
    /// From the first departure to the last arrival.
    pub(crate) wall: Duration,
}

/// A client of the broker for one subject.
pub(crate) struct Line {
    out: TcpStream,
    back: TcpStream,
    inbox: BytesMut,
    topics: Vec<String>,
    n_sent: usize,
    packet: u16,
}

impl Line {
    /// Connects; `topics` are what the subject listens to, `answers` what it publishes. Messages go to
    /// the topics in turn.
    pub(crate) fn connect(name: &str, broker: SocketAddr, topics: Vec<String>, answers: &str) -> Self {
        let out = connect(&format!("{name}-out"), broker);
        let mut back = connect(&format!("{name}-back"), broker);
        let mut bytes = BytesMut::new();
        let mut ask = Subscribe::new(answers, QoS::AtMostOnce);
        ask.pkid = 1;
        ask.write(&mut bytes).expect("a packet");
        back.write_all(&bytes).expect("the broker listens");
        let mut inbox = BytesMut::new();
        while !matches!(next(&mut back, &mut inbox), Packet::SubAck(_)) {}
        Self { out, back, inbox, topics, n_sent: 0, packet: 0 }
    }

    /// One message after the other, each at its time; waits for so many answers.
    pub(crate) fn paced(&mut self, payloads: &[Bytes], every: Duration, n_answers: usize) -> Round {
        let mut departures = Vec::with_capacity(payloads.len());
        let Self { out, back, inbox, topics, n_sent, packet } = self;
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let taking = scope.spawn(|| take(back, inbox, n_answers, None));
            let mut buffer = BytesMut::new();
            for (i, payload) in payloads.iter().enumerate() {
                let due = begun + every * u32::try_from(i).expect("a round is short");
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                encode(turn(topics, n_sent), packet, payload, &mut buffer);
                departures.push(Instant::now());
                send(out, &mut buffer);
            }
            let (arrivals, answers) = taking.join().expect("the answers come");
            let trips = arrivals.iter().zip(&departures).map(|(back, out)| *back - *out).collect();
            Round { trips, answers, wall: arrivals.last().map_or(begun.elapsed(), |last| *last - begun) }
        })
    }

    /// As fast as the subject answers.
    pub(crate) fn flat_out(&mut self, payloads: &[Bytes]) -> Round {
        let n_back = AtomicUsize::new(0);
        let Self { out, back, inbox, topics, n_sent, packet } = self;
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let taking = scope.spawn(|| take(back, inbox, payloads.len(), Some(&n_back)));
            let mut buffer = BytesMut::new();
            for (i, together) in payloads.chunks(TOGETHER).enumerate() {
                while i * TOGETHER > n_back.load(Ordering::Relaxed) + ON_THEIR_WAY_MAX {
                    assert!(!taking.is_finished(), "the answers stopped");
                    std::thread::sleep(Duration::from_micros(100));
                }
                together.iter().for_each(|payload| encode(turn(topics, n_sent), packet, payload, &mut buffer));
                send(out, &mut buffer);
            }
            let (arrivals, answers) = taking.join().expect("the answers come");
            let wall = *arrivals.last().expect("at least one") - begun;
            Round { trips: Vec::new(), answers, wall }
        })
    }

    /// Waits for one answer; when it came.
    pub(crate) fn answer(&mut self) -> Instant {
        take(&mut self.back, &mut self.inbox, 1, None).0[0]
    }

    /// Sends one message and leaves it at that.
    pub(crate) fn send(&mut self, payload: &Bytes) {
        let mut buffer = BytesMut::new();
        encode(turn(&self.topics, &mut self.n_sent), &mut self.packet, payload, &mut buffer);
        send(&mut self.out, &mut buffer);
    }
}

fn turn<'t>(topics: &'t [String], n_sent: &mut usize) -> &'t str {
    *n_sent += 1;
    &topics[*n_sent % topics.len()]
}

/// Connects with a clean session and waits for the broker's word.
fn connect(client: &str, broker: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(broker).expect("the broker listens");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(SILENCE_MAX)).expect("a socket");
    let mut connect = Connect::new(client);
    connect.keep_alive = 0;
    let mut bytes = BytesMut::new();
    connect.write(&mut bytes).expect("a packet");
    stream.write_all(&bytes).expect("the broker listens");
    let mut inbox = BytesMut::new();
    assert!(matches!(next(&mut stream, &mut inbox), Packet::ConnAck(_)), "the broker welcomes {client}");
    stream
}

fn encode(topic: &str, packet: &mut u16, payload: &Bytes, buffer: &mut BytesMut) {
    *packet = packet.checked_add(1).unwrap_or(1);
    let mut publish = Publish::from_bytes(topic, QoS::AtLeastOnce, payload.clone());
    publish.pkid = *packet;
    publish.write(buffer).expect("a packet");
}

/// Sends the buffer, and drops the acknowledgements that have come: nobody wakes for them.
fn send(stream: &mut TcpStream, buffer: &mut BytesMut) {
    stream.write_all(buffer).expect("the broker listens");
    buffer.clear();
    let mut acks = [0; 4_096];
    stream.set_nonblocking(true).expect("a socket");
    loop {
        match stream.read(&mut acks) {
            Ok(0) => panic!("the broker closed the connection"),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("the broker's acknowledgements: {error}"),
        }
    }
    stream.set_nonblocking(false).expect("a socket");
}

/// Takes so many answers, with the time of each.
fn take(
    stream: &mut TcpStream,
    inbox: &mut BytesMut,
    n: usize,
    n_back: Option<&AtomicUsize>,
) -> (Vec<Instant>, Vec<Bytes>) {
    let (mut arrivals, mut answers) = (Vec::with_capacity(n), Vec::with_capacity(n));
    while arrivals.len() < n {
        let packet = next(stream, inbox);
        if let Packet::Publish(answer) = packet {
            arrivals.push(Instant::now());
            answers.push(answer.payload);
            if let Some(n_back) = n_back {
                n_back.store(arrivals.len(), Ordering::Relaxed);
            }
        }
    }
    (arrivals, answers)
}

/// The next packet.
fn next(stream: &mut TcpStream, inbox: &mut BytesMut) -> Packet {
    let mut bytes = [0; 32 << 10];
    loop {
        match Packet::read(inbox, PACKET_BYTES_MAX) {
            Ok(packet) => return packet,
            Err(rumqttc::Error::InsufficientBytes(_)) => {}
            Err(error) => panic!("the broker's packet: {error}"),
        }
        let n = stream.read(&mut bytes).unwrap_or_else(|error| panic!("nothing comes from the broker: {error}"));
        assert!(n > 0, "the broker closed the connection");
        inbox.extend_from_slice(&bytes[..n]);
    }
}
