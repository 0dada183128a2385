//! Packets of MQTT 3.1.1.

use crate::mqtt::options::{Options, Qos};
use crate::mqtt::packet::{BrokerLimits, ConnAck, Inbound, Message, Outbound, Topic, WireError};
use crate::mqtt::plan::Subscription;
use bytes::BytesMut;
use rumqttc::{Connect, ConnectReturnCode, LastWill, Login, Packet, QoS, SubscribeFilter, SubscribeReasonCode};

/// Reads one packet where the buffer holds one whole. Sizes are the caller's business.
pub(super) fn read(buffer: &mut BytesMut) -> Result<Option<Inbound>, WireError> {
    let packet = match Packet::read(buffer, usize::MAX) {
        Ok(packet) => packet,
        Err(rumqttc::Error::InsufficientBytes(_)) => return Ok(None),
        Err(error) => return Err(WireError::Malformed(error.to_string())),
    };
    inbound(packet).map(Some)
}

/// Appends one packet to a buffer.
pub(super) fn write(packet: &Outbound<'_>, buffer: &mut BytesMut) -> Result<(), WireError> {
    let packet = outbound(packet);
    packet.write(buffer, usize::MAX).map(|_| ()).map_err(|e| WireError::Unwritable(e.to_string()))
}

fn inbound(packet: Packet) -> Result<Inbound, WireError> {
    Ok(match packet {
        Packet::ConnAck(ack) => Inbound::ConnAck(ConnAck {
            session_present: ack.session_present,
            refused: (ack.code != ConnectReturnCode::Success).then(|| format!("{:?}", ack.code)),
            limits: BrokerLimits::default(),
        }),
        Packet::Publish(p) => Inbound::Message(Message {
            topic: Topic::Text(p.topic),
            payload: p.payload,
            qos: from_qos(p.qos),
            redelivered: p.dup,
            packet: p.pkid,
        }),
        Packet::PubAck(ack) => Inbound::PubAck { packet: ack.pkid, refused: None },
        Packet::PubRec(rec) => Inbound::PubRec { packet: rec.pkid, refused: None },
        Packet::PubRel(rel) => Inbound::PubRel { packet: rel.pkid },
        Packet::PubComp(comp) => Inbound::PubComp { packet: comp.pkid },
        Packet::SubAck(ack) => {
            let refused = |code: &SubscribeReasonCode| match code {
                SubscribeReasonCode::Success(_) => None,
                SubscribeReasonCode::Failure => Some("the broker gives no reason".to_owned()),
            };
            Inbound::SubAck { packet: ack.pkid, refused: ack.return_codes.iter().map(refused).collect() }
        }
        Packet::UnsubAck(_) => Inbound::UnsubAck,
        Packet::PingResp => Inbound::Pong,
        Packet::Connect(_) => return Err(WireError::Unexpected("CONNECT")),
        Packet::Subscribe(_) => return Err(WireError::Unexpected("SUBSCRIBE")),
        Packet::Unsubscribe(_) => return Err(WireError::Unexpected("UNSUBSCRIBE")),
        Packet::PingReq => return Err(WireError::Unexpected("PINGREQ")),
        Packet::Disconnect => return Err(WireError::Unexpected("DISCONNECT")),
    })
}

fn outbound(packet: &Outbound<'_>) -> Packet {
    match packet {
        Outbound::Connect(options) => Packet::Connect(connect(options)),
        Outbound::Publish { topic, payload, qos, retain, packet } => {
            let mut publish = rumqttc::Publish::from_bytes(*topic, to_qos(*qos), (*payload).clone());
            publish.retain = *retain;
            publish.pkid = *packet;
            Packet::Publish(publish)
        }
        Outbound::PubAck(packet) => Packet::PubAck(rumqttc::PubAck::new(*packet)),
        Outbound::PubRec(packet) => Packet::PubRec(rumqttc::PubRec::new(*packet)),
        Outbound::PubRel(packet) => Packet::PubRel(rumqttc::PubRel::new(*packet)),
        Outbound::PubComp(packet) => Packet::PubComp(rumqttc::PubComp::new(*packet)),
        Outbound::Subscribe { packet, filters, .. } => {
            let filter = |s: &Subscription| SubscribeFilter::new(s.filter.clone(), to_qos(s.qos));
            Packet::Subscribe(rumqttc::Subscribe { pkid: *packet, filters: filters.iter().map(filter).collect() })
        }
        Outbound::Unsubscribe { packet, filters } => {
            Packet::Unsubscribe(rumqttc::Unsubscribe { pkid: *packet, topics: filters.to_vec() })
        }
        Outbound::Ping => Packet::PingReq,
        Outbound::Disconnect => Packet::Disconnect,
    }
}

fn connect(options: &Options) -> Connect {
    let mut connect = Connect::new(options.client_id.clone());
    connect.keep_alive = u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX);
    connect.clean_session = options.clean_session;
    connect.login = options.credentials.as_ref().map(|c| Login {
        username: c.user.clone(),
        password: String::from_utf8_lossy(c.password.reveal()).into_owned(),
    });
    connect.last_will =
        options.last_will.as_ref().map(|w| LastWill::new(&w.topic, w.payload.clone(), to_qos(w.qos), w.retain));
    connect
}

fn to_qos(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}

fn from_qos(qos: QoS) -> Qos {
    match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}
