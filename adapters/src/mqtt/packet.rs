//! Packets to and from the broker, in one vocabulary for both protocol versions.

use crate::mqtt::options::{Options, Qos};
use crate::mqtt::plan::Subscription;
use bytes::Bytes;

/// A packet from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inbound {
    ConnAck(ConnAck),
    Message(Message),
    /// Confirms a publication of QoS 1; `refused` says why where the broker did not take it.
    PubAck {
        packet: u16,
        refused: Option<String>,
    },
    PubRec {
        packet: u16,
        refused: Option<String>,
    },
    PubRel {
        packet: u16,
    },
    PubComp {
        packet: u16,
    },
    /// One entry per filter of the subscription, in its order.
    SubAck {
        packet: u16,
        refused: Vec<Option<String>>,
    },
    UnsubAck,
    Pong,
    /// MQTT 5: the broker ends the connection and says why.
    Goodbye {
        why: String,
        taken_over: bool,
    },
}

/// The broker's answer to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConnAck {
    pub session_present: bool,
    pub refused: Option<String>,
    pub limits: BrokerLimits,
}

/// What an MQTT 5 broker allows; the widest values for 3.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BrokerLimits {
    pub receive_max: u16,
    pub packet_bytes_max: usize,
    pub qos_max: Qos,
    pub retain: bool,
    pub keep_alive_s: Option<u16>,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self {
            receive_max: u16::MAX,
            packet_bytes_max: 268_435_455,
            qos_max: Qos::ExactlyOnce,
            retain: true,
            keep_alive_s: None,
        }
    }
}

/// A message from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub topic: Topic,
    pub payload: Bytes,
    pub qos: Qos,
    pub redelivered: bool,
    pub packet: u16,
}

/// A topic as the codec of its version gives it, checked to be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    Text(String),
    Bytes(Bytes),
}

impl Topic {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Bytes(bytes) => std::str::from_utf8(bytes).unwrap_or("(no UTF-8)"),
        }
    }
}

/// A packet to the broker.
#[derive(Debug, Clone)]
pub(super) enum Outbound<'a> {
    Connect(&'a Options),
    Publish {
        topic: &'a str,
        payload: &'a Bytes,
        qos: Qos,
        retain: bool,
        packet: u16,
    },
    PubAck(u16),
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    /// `keep_retained`: retained messages of filters that the broker already holds do not come again
    /// (MQTT 5 only).
    Subscribe {
        packet: u16,
        filters: &'a [Subscription],
        keep_retained: bool,
    },
    Unsubscribe {
        packet: u16,
        filters: &'a [String],
    },
    Ping,
    Disconnect,
}

/// Why a connection cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    #[error("the broker sent bytes that are no MQTT packet ({0}); check that address and port are those of a broker")]
    Malformed(String),
    #[error("the broker sent a {0} packet, which only clients send")]
    Unexpected(&'static str),
    #[error("a packet could not be written ({0})")]
    Unwritable(String),
}
