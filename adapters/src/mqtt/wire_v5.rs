//! Packets of MQTT 5.

use crate::mqtt::options::{Options, Qos};
use crate::mqtt::packet::{BrokerLimits, ConnAck, Inbound, Message, Outbound, Topic, WireError};
use crate::mqtt::plan::Subscription;
use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5::{
    self, Connect, ConnectProperties, ConnectReturnCode, DisconnectReasonCode, Filter, LastWill, Login, Packet,
    PubAckReason, PubRecReason, RetainForwardRule, SubscribeReasonCode,
};
use rumqttc::v5::mqttbytes::{Error, QoS};

/// Reads one packet where the buffer holds one whole. Sizes are the caller's business.
pub(super) fn read(buffer: &mut BytesMut) -> Result<Option<Inbound>, WireError> {
    let packet = match Packet::read(buffer, None) {
        Ok(packet) => packet,
        Err(Error::InsufficientBytes(_)) => return Ok(None),
        Err(error) => return Err(WireError::Malformed(error.to_string())),
    };
    inbound(packet).map(Some)
}

/// Appends one packet to a buffer.
pub(super) fn write(packet: &Outbound<'_>, buffer: &mut BytesMut) -> Result<(), WireError> {
    let packet = outbound(packet);
    packet.write(buffer, None).map(|_| ()).map_err(|e| WireError::Unwritable(e.to_string()))
}

fn inbound(packet: Packet) -> Result<Inbound, WireError> {
    Ok(match packet {
        Packet::ConnAck(ack) => Inbound::ConnAck(conn_ack(&ack)),
        Packet::Publish(p) => Inbound::Message(message(p)?),
        Packet::PubAck(ack) => {
            let taken = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
            Inbound::PubAck { packet: ack.pkid, refused: (!taken).then(|| format!("{:?}", ack.reason)) }
        }
        Packet::PubRec(rec) => {
            let taken = matches!(rec.reason, PubRecReason::Success | PubRecReason::NoMatchingSubscribers);
            Inbound::PubRec { packet: rec.pkid, refused: (!taken).then(|| format!("{:?}", rec.reason)) }
        }
        Packet::PubRel(rel) => Inbound::PubRel { packet: rel.pkid },
        Packet::PubComp(comp) => Inbound::PubComp { packet: comp.pkid },
        Packet::SubAck(ack) => {
            let refused = |code: &SubscribeReasonCode| match code {
                SubscribeReasonCode::Success(_) => None,
                other => Some(format!("{other:?}")),
            };
            Inbound::SubAck { packet: ack.pkid, refused: ack.return_codes.iter().map(refused).collect() }
        }
        Packet::UnsubAck(_) => Inbound::UnsubAck,
        Packet::PingResp(_) => Inbound::Pong,
        Packet::Disconnect(bye) => {
            let text = bye.properties.and_then(|p| p.reason_string).map(|t| format!(": {t}")).unwrap_or_default();
            Inbound::Goodbye {
                why: format!("{:?}{text}", bye.reason_code),
                taken_over: bye.reason_code == DisconnectReasonCode::SessionTakenOver,
            }
        }
        Packet::Auth(_) => return Err(WireError::Unexpected("AUTH")),
        Packet::Connect(..) => return Err(WireError::Unexpected("CONNECT")),
        Packet::Subscribe(_) => return Err(WireError::Unexpected("SUBSCRIBE")),
        Packet::Unsubscribe(_) => return Err(WireError::Unexpected("UNSUBSCRIBE")),
        Packet::PingReq(_) => return Err(WireError::Unexpected("PINGREQ")),
    })
}

fn message(p: v5::Publish) -> Result<Message, WireError> {
    if std::str::from_utf8(&p.topic).is_err() {
        return Err(WireError::Malformed("a topic that is no UTF-8".into()));
    }
    if p.topic.is_empty() {
        return Err(WireError::Malformed("a topic alias, although none was allowed".into()));
    }
    Ok(Message {
        topic: Topic::Bytes(p.topic),
        payload: p.payload,
        qos: from_qos(p.qos),
        redelivered: p.dup,
        packet: p.pkid,
    })
}

fn conn_ack(ack: &v5::ConnAck) -> ConnAck {
    let mut limits = BrokerLimits::default();
    let mut text = String::new();
    if let Some(p) = &ack.properties {
        limits.receive_max = p.receive_max.unwrap_or(limits.receive_max).max(1);
        limits.packet_bytes_max = p.max_packet_size.map_or(limits.packet_bytes_max, |n| n as usize);
        limits.qos_max = match p.max_qos {
            Some(0) => Qos::AtMostOnce,
            Some(1) => Qos::AtLeastOnce,
            _ => Qos::ExactlyOnce,
        };
        limits.retain = p.retain_available != Some(0);
        limits.keep_alive_s = p.server_keep_alive;
        text = p.reason_string.as_ref().map(|t| format!(": {t}")).unwrap_or_default();
    }
    let refused = (ack.code != ConnectReturnCode::Success).then(|| format!("{:?}{text}", ack.code));
    ConnAck { session_present: ack.session_present, refused, limits }
}

fn outbound(packet: &Outbound<'_>) -> Packet {
    match packet {
        Outbound::Connect(options) => connect(options),
        Outbound::Publish { topic, payload, qos, retain, packet } => Packet::Publish(v5::Publish {
            dup: false,
            qos: to_qos(*qos),
            retain: *retain,
            topic: Bytes::copy_from_slice(topic.as_bytes()),
            pkid: *packet,
            payload: (*payload).clone(),
            properties: None,
        }),
        Outbound::PubAck(packet) => Packet::PubAck(v5::PubAck::new(*packet, None)),
        Outbound::PubRec(packet) => Packet::PubRec(v5::PubRec::new(*packet, None)),
        Outbound::PubRel(packet) => Packet::PubRel(v5::PubRel::new(*packet, None)),
        Outbound::PubComp(packet) => Packet::PubComp(v5::PubComp::new(*packet, None)),
        Outbound::Subscribe { packet, filters, keep_retained } => {
            let filter = |s: &Subscription| Filter {
                path: s.filter.clone(),
                qos: to_qos(s.qos),
                nolocal: false,
                preserve_retain: true,
                retain_forward_rule: if *keep_retained {
                    RetainForwardRule::OnNewSubscribe
                } else {
                    RetainForwardRule::OnEverySubscribe
                },
            };
            let filters = filters.iter().map(filter).collect();
            Packet::Subscribe(v5::Subscribe { pkid: *packet, filters, properties: None })
        }
        Outbound::Unsubscribe { packet, filters } => {
            Packet::Unsubscribe(v5::Unsubscribe { pkid: *packet, filters: filters.to_vec(), properties: None })
        }
        Outbound::Ping => Packet::PingReq(v5::PingReq),
        Outbound::Disconnect => Packet::Disconnect(v5::Disconnect::new(DisconnectReasonCode::NormalDisconnection)),
    }
}

fn connect(options: &Options) -> Packet {
    let mut properties = ConnectProperties::new();
    if !options.clean_session {
        properties.session_expiry_interval = Some(u32::try_from(options.session_expiry.as_secs()).unwrap_or(u32::MAX));
    }
    properties.receive_maximum = Some(options.receive_max);
    properties.max_packet_size = Some(u32::try_from(options.packet_bytes_max).unwrap_or(u32::MAX));
    let connect = Connect {
        keep_alive: u16::try_from(options.keep_alive.as_secs()).unwrap_or(u16::MAX),
        client_id: options.client_id.clone(),
        clean_start: options.clean_session,
        properties: Some(properties),
    };
    let login = options.credentials.as_ref().map(|c| Login {
        username: c.user.clone(),
        password: String::from_utf8_lossy(c.password.reveal()).into_owned(),
    });
    let will =
        options.last_will.as_ref().map(|w| LastWill::new(&w.topic, w.payload.clone(), to_qos(w.qos), w.retain, None));
    Packet::Connect(connect, will, login)
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
