//! The client's half of an MQTT session, without IO or clock: what is owed to the broker, what the
//! broker owes us, and the bytes to send.
//!
//! Inputs are [`Session::received`] (a message was delivered, acknowledge it once its ticket is
//! durable), [`Session::release`] (everything up to this ticket is), [`Session::publish_from`] and
//! [`Session::on`] (any packet that is no message). Output is [`Session::outbox`].

use crate::intake::Ticket;
use crate::mqtt::options::{Options, Protocol, Qos};
use crate::mqtt::outlet::Outlet;
use crate::mqtt::packet::{BrokerLimits, Inbound, Outbound, WireError};
use crate::mqtt::plan::Subscription;
use crate::mqtt::wire;
use bytes::BytesMut;
use std::collections::{HashMap, VecDeque};

/// Filters in one SUBSCRIBE packet, so that it stays far below any broker's packet limit.
const FILTERS_PER_PACKET: usize = 64;

/// Bytes that may wait to be sent before publications wait in the outlet instead.
const OUTBOX_BYTES_MAX: usize = 256 << 10;

/// What a packet means to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// The broker has the publication with this token.
    Published(u64),
    /// The broker refuses it, for good.
    Refused(u64, String),
    /// The broker answered a subscription; the filters that it refused, with its reasons.
    Subscribed(Vec<(String, String)>),
    /// The broker ends the connection.
    Goodbye {
        why: String,
        taken_over: bool,
    },
}

/// The client's half of a session, for as long as one connection lasts.
#[derive(Debug)]
pub(super) struct Session {
    /// The bytes to send.
    pub outbox: BytesMut,
    /// Publications whose last byte the socket may not have taken yet.
    pub leaving: Vec<u64>,
    protocol: Protocol,
    limits: BrokerLimits,
    in_flight_max: usize,
    receive_max: usize,
    acks: VecDeque<Owed>,
    flights: HashMap<u16, Flight>,
    asked: HashMap<u16, Vec<String>>,
    last_packet: u16,
    /// Something of QoS 2 was sent or received: there a packet of the broker that is no message asks for an answer.
    has_qos_2: bool,
}

/// An acknowledgement that is owed to the broker.
#[derive(Debug, Clone, Copy)]
struct Owed {
    ticket: Ticket,
    qos: Qos,
    packet: u16,
}

/// A publication on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flight {
    /// `None` for a QoS 2 publication of an earlier connection that only keeps its packet id busy.
    token: Option<u64>,
    qos: Qos,
}

impl Session {
    /// A session on a new connection. `orphans` are the packet ids of QoS 2 publications that an
    /// earlier connection left open: they are released, so that the broker forgets them, and stay
    /// busy until it says so. Their tokens went back to the offerer, so that such a message may
    /// arrive twice, but a new one is never taken for an old one.
    pub fn new(options: &Options, limits: BrokerLimits, orphans: &[u16]) -> Result<Self, WireError> {
        let mut session = Self {
            outbox: BytesMut::with_capacity(4_096),
            leaving: Vec::new(),
            protocol: options.protocol,
            limits,
            in_flight_max: usize::from(options.in_flight_max.min(limits.receive_max)),
            receive_max: usize::from(options.receive_max),
            acks: VecDeque::new(),
            flights: HashMap::new(),
            asked: HashMap::new(),
            last_packet: 0,
            has_qos_2: !orphans.is_empty(),
        };
        for packet in orphans {
            session.flights.insert(*packet, Flight { token: None, qos: Qos::ExactlyOnce });
            session.send(&Outbound::PubRel(*packet))?;
        }
        Ok(session)
    }

    /// Largest packet that may be offered.
    pub fn packet_bytes_max(&self, options: &Options) -> usize {
        options.packet_bytes_max.min(self.limits.packet_bytes_max)
    }

    /// Whether nothing may be read until something is acknowledged. A broker of MQTT 5 should keep to the
    /// receive maximum by itself, but mosquitto 2.0.11 sends up to its own max_inflight_messages; one of
    /// 3.1.1 was never told it. What comes beyond stays unread: a redelivery is known by as many marks as
    /// messages may be unacknowledged, and not by more.
    pub fn is_full(&self) -> bool {
        self.acks.len() >= self.receive_max
    }

    /// Notes that a message was delivered and is to be acknowledged once `ticket` is durable.
    pub fn received(&mut self, qos: Qos, packet: u16, ticket: Ticket) -> Result<(), WireError> {
        if qos == Qos::AtMostOnce {
            return Ok(());
        }
        self.has_qos_2 |= qos == Qos::ExactlyOnce;
        if self.acks.len() >= self.receive_max {
            return Err(WireError::Malformed("more unacknowledged messages than it may send".into()));
        }
        self.acks.push_back(Owed { ticket, qos, packet });
        Ok(())
    }

    /// Acknowledges what is durable, in the order of arrival.
    pub fn release(&mut self, durable: Ticket) -> Result<(), WireError> {
        while let Some(owed) = self.acks.front().copied().filter(|o| o.ticket <= durable) {
            self.acks.pop_front();
            self.send(&match owed.qos {
                Qos::ExactlyOnce => Outbound::PubRec(owed.packet),
                Qos::AtMostOnce | Qos::AtLeastOnce => Outbound::PubAck(owed.packet),
            })?;
        }
        Ok(())
    }

    /// Whether acknowledgements are owed.
    pub fn owes(&self) -> bool {
        !self.acks.is_empty()
    }

    /// Whether another publication may go out before one is confirmed.
    pub fn has_room(&self) -> bool {
        self.flights.len() < self.in_flight_max
    }

    /// Whether no packet of the broker but a message asks for an answer: nothing was of QoS 2.
    pub fn is_without_qos_2(&self) -> bool {
        !self.has_qos_2
    }

    /// Publications on their way.
    pub fn n_in_flight(&self) -> usize {
        self.flights.values().filter(|f| f.token.is_some()).count()
    }

    /// Packet ids of QoS 2 publications that are not complete.
    pub fn orphans(&self) -> Vec<u16> {
        let open = |(packet, flight): (&u16, &Flight)| (flight.qos == Qos::ExactlyOnce).then_some(*packet);
        self.flights.iter().filter_map(open).collect()
    }

    /// Takes from the outlet what may be sent now.
    pub fn publish_from(&mut self, outlet: &Outlet) -> Result<(), WireError> {
        while self.flights.len() < self.in_flight_max && self.outbox.len() < OUTBOX_BYTES_MAX {
            let Some(offer) = outlet.next() else { break };
            let qos = offer.qos.min(self.limits.qos_max);
            let packet = match qos {
                Qos::AtMostOnce => 0,
                Qos::AtLeastOnce | Qos::ExactlyOnce => self.free_packet(),
            };
            self.has_qos_2 |= qos == Qos::ExactlyOnce;
            if packet != 0 {
                self.flights.insert(packet, Flight { token: Some(offer.token), qos });
            }
            self.leaving.push(offer.token);
            let retain = offer.retain && self.limits.retain;
            self.send(&Outbound::Publish { topic: &offer.topic, payload: &offer.payload, qos, retain, packet })?;
        }
        Ok(())
    }

    /// Asks for subscriptions. `keep_retained` as in [`Outbound::Subscribe`].
    pub fn subscribe(&mut self, subscriptions: &[Subscription], keep_retained: bool) -> Result<(), WireError> {
        for filters in subscriptions.chunks(FILTERS_PER_PACKET) {
            let packet = self.free_packet();
            self.asked.insert(packet, filters.iter().map(|s| s.filter.clone()).collect());
            self.send(&Outbound::Subscribe { packet, filters, keep_retained })?;
        }
        Ok(())
    }

    /// Ends subscriptions.
    pub fn unsubscribe(&mut self, filters: &[String]) -> Result<(), WireError> {
        for filters in filters.chunks(FILTERS_PER_PACKET) {
            let packet = self.free_packet();
            self.send(&Outbound::Unsubscribe { packet, filters })?;
        }
        Ok(())
    }

    /// Whether the broker has answered every subscription.
    pub fn is_subscribed(&self) -> bool {
        self.asked.is_empty()
    }

    /// Appends a packet of another kind.
    pub fn send(&mut self, packet: &Outbound<'_>) -> Result<(), WireError> {
        wire::write(self.protocol, packet, &mut self.outbox)
    }

    /// Takes a packet that is no message.
    pub fn on(&mut self, packet: Inbound) -> Result<Step, WireError> {
        match packet {
            Inbound::PubAck { packet, refused } => Ok(self.end_flight(packet, refused)),
            Inbound::PubRec { packet, refused: Some(why) } => Ok(self.end_flight(packet, Some(why))),
            Inbound::PubRec { packet, refused: None } => self.send(&Outbound::PubRel(packet)).map(|()| Step::Nothing),
            Inbound::PubComp { packet } => Ok(self.end_flight(packet, None)),
            // Answered even where no message is known: an earlier connection may have received it.
            Inbound::PubRel { packet } => self.send(&Outbound::PubComp(packet)).map(|()| Step::Nothing),
            Inbound::SubAck { packet, refused } => {
                let filters = self.asked.remove(&packet).unwrap_or_default();
                let no = |(filter, why): (String, Option<String>)| why.map(|why| (filter, why));
                Ok(Step::Subscribed(filters.into_iter().zip(refused).filter_map(no).collect()))
            }
            Inbound::Goodbye { why, taken_over } => Ok(Step::Goodbye { why, taken_over }),
            Inbound::UnsubAck | Inbound::Pong => Ok(Step::Nothing),
            Inbound::ConnAck(_) => Err(WireError::Unexpected("second CONNACK")),
            Inbound::Message(_) => unreachable!("messages go to the pipeline"),
        }
    }

    fn end_flight(&mut self, packet: u16, refused: Option<String>) -> Step {
        let token = self.flights.remove(&packet).and_then(|flight| flight.token);
        match (token, refused) {
            (None, _) => Step::Nothing,
            (Some(token), None) => Step::Published(token),
            (Some(token), Some(why)) => Step::Refused(token, why),
        }
    }

    fn free_packet(&mut self) -> u16 {
        loop {
            self.last_packet = self.last_packet.checked_add(1).unwrap_or(1);
            let packet = self.last_packet;
            if !self.flights.contains_key(&packet) && !self.asked.contains_key(&packet) {
                return packet;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::outlet::OutletLimits;

    fn session(in_flight_max: u16) -> Session {
        let options = Options { in_flight_max, ..Options::new("broker", 1883, "takt") };
        Session::new(&options, BrokerLimits::default(), &[]).unwrap()
    }

    /// First byte and packet id of everything in the outbox.
    fn sent(session: &mut Session) -> Vec<(u8, u16)> {
        let mut packets = vec![];
        while let Some(header) = wire::header(&session.outbox).unwrap() {
            let bytes = session.outbox.split_to(header.packet_bytes);
            let at = if bytes[0] >> 4 == 3 { 2 + 2 + usize::from(bytes[3]) } else { 2 };
            packets.push((bytes[0] & 0xF6, u16::from_be_bytes([bytes[at], bytes[at + 1]])));
        }
        packets
    }

    const PUB_ACK: u8 = 0x40;
    const PUB_REC: u8 = 0x50;
    const PUB_REL: u8 = 0x62;
    const PUB_COMP: u8 = 0x70;
    const PUBLISH_1: u8 = 0x32;
    const PUBLISH_2: u8 = 0x34;

    #[test]
    fn acknowledgements_wait_for_the_journal_and_keep_their_order() {
        let mut s = session(4);
        for (qos, packet, ticket) in [
            (Qos::AtLeastOnce, 5, 1),
            (Qos::AtMostOnce, 0, 2),
            (Qos::ExactlyOnce, 6, 3),
            (Qos::AtLeastOnce, 7, 3),
            (Qos::AtLeastOnce, 8, 4),
        ] {
            s.received(qos, packet, Ticket(ticket)).unwrap();
        }
        for (durable, expected) in [
            (0, vec![]),
            (1, vec![(PUB_ACK, 5)]),
            (2, vec![]),
            (3, vec![(PUB_REC, 6), (PUB_ACK, 7)]),
            (9, vec![(PUB_ACK, 8)]),
        ] {
            s.release(Ticket(durable)).unwrap();
            assert_eq!(sent(&mut s), expected, "durable {durable}");
        }
        assert!(!s.owes());
        assert_eq!(s.on(Inbound::PubRel { packet: 6 }), Ok(Step::Nothing));
        assert_eq!(s.on(Inbound::PubRel { packet: 99 }), Ok(Step::Nothing));
        assert_eq!(sent(&mut s), [(PUB_COMP, 6), (PUB_COMP, 99)]);
    }

    fn offer(outlet: &Outlet, qos: Qos, token: u64) {
        outlet.offer("t", &b"x"[..], qos, false, token).unwrap();
    }

    #[test]
    fn publications_are_confirmed_by_token_and_bounded_in_flight() {
        let outlet = Outlet::new(OutletLimits::default());
        outlet.open(1_000);
        for (qos, token) in [(Qos::AtLeastOnce, 10), (Qos::ExactlyOnce, 11), (Qos::AtLeastOnce, 12)] {
            offer(&outlet, qos, token);
        }
        let mut s = session(2);
        s.publish_from(&outlet).unwrap();
        assert_eq!(sent(&mut s), [(PUBLISH_1, 1), (PUBLISH_2, 2)]);
        assert_eq!(s.on(Inbound::PubRec { packet: 2, refused: None }), Ok(Step::Nothing));
        assert_eq!(sent(&mut s), [(PUB_REL, 2)]);
        assert_eq!(s.on(Inbound::PubComp { packet: 2 }), Ok(Step::Published(11)));
        s.publish_from(&outlet).unwrap();
        assert_eq!(sent(&mut s), [(PUBLISH_1, 3)]);
        let refused = Some("QuotaExceeded".to_owned());
        assert_eq!(s.on(Inbound::PubAck { packet: 1, refused }), Ok(Step::Refused(10, "QuotaExceeded".into())));
        assert_eq!(s.on(Inbound::PubAck { packet: 1, refused: None }), Ok(Step::Nothing));
        assert_eq!(s.n_in_flight(), 1);
    }

    #[test]
    fn an_open_qos_2_packet_id_is_released_and_not_used_again() {
        let options = Options::new("broker", 1883, "takt");
        let mut s = Session::new(&options, BrokerLimits::default(), &[1, 2]).unwrap();
        assert_eq!(sent(&mut s), [(PUB_REL, 1), (PUB_REL, 2)]);
        let outlet = Outlet::new(OutletLimits::default());
        outlet.open(1_000);
        offer(&outlet, Qos::AtLeastOnce, 7);
        s.publish_from(&outlet).unwrap();
        assert_eq!(sent(&mut s), [(PUBLISH_1, 3)]);
        assert_eq!(s.on(Inbound::PubComp { packet: 1 }), Ok(Step::Nothing));
        assert_eq!((s.orphans(), s.n_in_flight()), (vec![2], 1));
    }

    #[test]
    fn a_broker_that_sends_more_than_it_may_is_refused() {
        let options = Options { protocol: Protocol::V5, receive_max: 2, ..Options::new("broker", 1883, "takt") };
        let mut s = Session::new(&options, BrokerLimits::default(), &[]).unwrap();
        for packet in [1, 2] {
            s.received(Qos::AtLeastOnce, packet, Ticket(1)).unwrap();
        }
        assert!(s.received(Qos::AtLeastOnce, 3, Ticket(1)).is_err());
    }

    #[test]
    fn refused_filters_are_named() {
        let mut s = session(1);
        let subscriptions: Vec<Subscription> =
            (0..70).map(|i| Subscription { filter: format!("t/{i}"), qos: Qos::AtLeastOnce }).collect();
        s.subscribe(&subscriptions, false).unwrap();
        let packets: Vec<u16> = s.asked.keys().copied().collect();
        assert_eq!(packets.len(), 2);
        for packet in packets {
            let mut refused = vec![None; s.asked[&packet].len()];
            refused[0] = Some("no".to_owned());
            let first = s.asked[&packet][0].clone();
            assert_eq!(s.on(Inbound::SubAck { packet, refused }), Ok(Step::Subscribed(vec![(first, "no".into())])));
        }
        assert!(s.is_subscribed());
    }
}
