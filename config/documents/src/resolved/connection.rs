//! Connections: one configured way to a device, a broker or a file.

use crate::place::At;
use crate::secret::{Pem, SecretRef};
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::{ConnectionId, ExportClass};

/// One connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its name.
    pub id: At<ConnectionId>,
    /// What is at its end.
    pub kind: ConnectionKind,
}

/// What is at the end of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionKind {
    /// An MQTT broker.
    Mqtt(Mqtt),
    /// A Modbus TCP device or converter.
    ModbusTcp(Modbus),
    /// A recorded file.
    Replay(Replay),
}

impl ConnectionKind {
    /// The word of documents and of the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Mqtt(_) => "mqtt",
            Self::ModbusTcp(_) => "modbus-tcp",
            Self::Replay(_) => "replay",
        }
    }
}

/// What happens to messages while the store cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhenUnwritable {
    /// Judge and acknowledge them, undurably; counted and alarmed.
    Judge,
    /// Hold them back.
    Hold,
}

impl WhenUnwritable {
    /// The word of documents and of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Judge => "judge",
            Self::Hold => "hold",
        }
    }
}

/// An MQTT broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Mqtt {
    /// `mqtt://host[:1883]` or `mqtts://host[:8883]`, without user and password.
    pub url: At<String>,
    /// Which protocol is spoken. Default 3.1.1.
    pub version: MqttVersion,
    /// The client id. Default `takt-GATEWAY-CONNECTION`.
    pub client_id: At<String>,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<At<SecretRef>>,
    /// TLS: there for `mqtts://` only.
    pub tls: Option<Tls>,
    /// Whether the broker forgets us between connections. Default false.
    pub clean_session: bool,
    /// Silence after which we say that we are there. Default 30 s.
    pub keep_alive: Duration,
    /// Largest packet in bytes, both ways. Default 1 MB.
    pub packet_bytes_max: u32,
    /// Unacknowledged messages at most. Default 1024.
    pub receive_maximum: u16,
    /// How far away the broker is: what may go there by the tags' export classes. Default same-site.
    pub reach: ExportClass,
    /// What happens to messages while the store cannot be written.
    pub when_unwritable: WhenUnwritable,
    /// Whether verdicts are published here. Default false.
    pub verdicts: bool,
}

/// MQTT protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MqttVersion {
    /// 3.1.1.
    V311,
    /// 5.
    V5,
}

/// TLS files.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Certificates of the authorities that are trusted; `None`: the machine's own.
    pub ca: Option<At<Pem>>,
    /// Our certificate and its key, where the broker asks for one.
    pub identity: Option<(At<Pem>, At<Pem>)>,
}

/// A Modbus TCP device or converter.
#[derive(Debug, Clone, PartialEq)]
pub struct Modbus {
    /// `host[:502]`.
    pub address: At<String>,
    /// Unit id of tags that name none. Default 1.
    pub unit: u8,
    /// Longest wait for an answer. Default 1 s.
    pub timeout: Duration,
    /// Registers that nobody asked for between two tags of one read, at most. Default 8.
    pub gap_max: u16,
    /// Bits that nobody asked for between two tags of one read, at most. Default 64.
    pub gap_bits_max: u16,
    /// Registers of one read at most. Default 125.
    pub registers_per_read: u16,
    /// Coils or discrete inputs of one read at most. Default 2000.
    pub bits_per_read: u16,
    /// TCP connections to the device at most. Default 1.
    pub connections_max: u8,
    /// Whether the TCP connection closes between polls. Default false.
    pub close_between_polls: bool,
    /// Pause after connecting. Default none.
    pub pause_after_connect: Duration,
    /// Pause between two requests. Default none.
    pub pause_between_requests: Duration,
    /// Whether writes have a TCP connection of their own. Default false.
    pub write_connection: bool,
    /// Which function writes one register. Default 6.
    pub single_register_write: SingleRegisterWrite,
}

/// Which function writes one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SingleRegisterWrite {
    /// FC06.
    Fc06,
    /// FC16 with one register.
    Fc16,
}

/// A recorded file.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The CSV file; seen from the document's folder (`beside_document`).
    pub file: At<PathBuf>,
    /// How fast. Default real.
    pub speed: Speed,
    /// Where the time of a row stands.
    pub time: ReplayTime,
    /// The character between two columns. Default a comma.
    pub delimiter: u8,
}

/// How fast a file is replayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// This many times as fast as it was recorded; 1 is real time.
    Times(f64),
    /// As fast as it is consumed.
    Max,
}

/// Where the time of a row stands.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayTime {
    /// In a column.
    Column {
        /// The column's name.
        column: At<String>,
        /// How it is written.
        format: super::tag::TimeFormat,
        /// The zone of times that are written without an offset; `None`: UTC.
        zone: Option<At<String>>,
    },
    /// Nowhere: rows follow each other at this distance, from the moment of starting.
    Every(Duration),
}
