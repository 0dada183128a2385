//! Connections as written.

use super::decode::{Collector, Written};
use super::scalar::{Bytes, Whole};
use super::tag::TimeText;
use super::words::Reach;
use crate::resolved::{MqttVersion, Speed, WhenUnwritable};
use crate::secret::{Pem, SecretRef};
use crate::tree::{Body, Node};
use schemars::{Schema, SchemaGenerator, json_schema};
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::ConnectionId;

/// A connection, or the name of one that could not be read.
#[derive(Debug, Clone)]
pub(crate) enum Connection {
    Whole(Box<AnyConnection>),
    Broken(Option<ConnectionId>),
}

impl Connection {
    /// Its name, as far as it could be read.
    pub fn id(&self) -> Option<&ConnectionId> {
        match self {
            Self::Whole(any) => match &**any {
                AnyConnection::Mqtt(c) => c.id.as_deref(),
                AnyConnection::ModbusTcp(c) => c.id.as_deref(),
                AnyConnection::Replay(c) => c.id.as_deref(),
            },
            Self::Broken(id) => id.as_ref(),
        }
    }
}

impl Written for Connection {
    const NAME: Option<&'static str> = AnyConnection::NAME;

    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        let id = node.get("id").and_then(Node::text).and_then(|text| ConnectionId::new(text).ok());
        Some(AnyConnection::decode(node, to).map_or(Self::Broken(id), |any| Self::Whole(Box::new(any))))
    }

    fn schema(defs: &mut SchemaGenerator) -> Schema {
        AnyConnection::schema(defs)
    }

    fn tidy(node: &mut Node) {
        AnyConnection::tidy(node);
    }
}

kinds! {
    /// One configured way to a device, a broker or a file.
    pub(crate) enum AnyConnection = "connection" {
        "mqtt" => Mqtt(Mqtt),
        "modbus-tcp" => ModbusTcp(ModbusTcp),
        "replay" => Replay(Replay),
    }
}

written! {
    /// An MQTT broker.
    pub(crate) struct Mqtt = "mqtt connection" by kind {
        /// Its name.
        required id: ConnectionId,
        /// mqtt://host[:1883] or, with TLS, mqtts://host[:8883].
        required url: String,
        /// Protocol version. Default 3.1.1.
        optional version: MqttVersion,
        /// Client id. Default takt-GATEWAY-CONNECTION.
        optional client_id: String,
        /// User name.
        optional user: String,
        /// Password, as secret:NAME.
        optional password: SecretRef,
        /// Certificates of the authorities that are trusted: a PEM file or secret:NAME. Default: the machine's own.
        optional ca: Pem,
        /// Our certificate: a PEM file or secret:NAME.
        optional cert: Pem,
        /// The key of our certificate: a PEM file or secret:NAME.
        optional key: Pem,
        /// Whether the broker forgets us between connections. Default false: nothing is lost meanwhile.
        optional clean_session: bool,
        /// Silence after which we say that we are there, from 1s to 18h. Default 30s.
        optional keep_alive: Duration,
        /// Largest packet, both ways. Default 1MB.
        optional max_packet_size: Bytes,
        /// Unacknowledged messages at most. Default 1024.
        optional receive_maximum: Whole<1, 65535>,
        /// How far away the broker is: what may go there by the tags' export classes. Default same.
        optional site: Reach,
        /// What happens to messages while the store cannot be written. Default: as history says.
        optional when_unwritable: WhenUnwritable,
        /// Whether verdicts are published here. Default false.
        optional verdicts: bool,
    }
}

written! {
    /// A Modbus TCP device or converter.
    pub(crate) struct ModbusTcp = "modbus-tcp connection" by kind {
        /// Its name.
        required id: ConnectionId,
        /// host[:502].
        required address: String,
        /// Unit id of tags that name none. Default 1.
        optional unit: Whole<0, 255>,
        /// Cycle of tags that name none. Default 1s.
        optional every: Duration,
        /// Longest wait for an answer. Default 1s.
        optional timeout: Duration,
        /// Bits that nobody asked for between two tags of one read, at most. Default 64.
        optional gap_bits_max: Whole<0, 1998>,
        /// Registers that nobody asked for between two tags of one read, at most. Default 8.
        optional gap_max: Whole<0, 124>,
        /// Registers of one read at most. Default 125.
        optional registers_per_read: Whole<1, 125>,
        /// Coils or discrete inputs of one read at most. Default 2000.
        optional bits_per_read: Whole<1, 2000>,
        /// TCP connections to the device at most. Default 1.
        optional connections_max: Whole<1, 16>,
        /// Whether the TCP connection closes between polls. Default false.
        optional close_between_polls: bool,
        /// Pause after connecting. Default 0s.
        optional pause_after_connect: Duration,
        /// Pause between two requests. Default 0s.
        optional pause_between_requests: Duration,
        /// Whether writes have a TCP connection of their own; needs connections_max of at least 2. Default false.
        optional write_connection: bool,
        /// The function that writes one register: 6 or 16. Default 6.
        optional single_register_write: WriteFunction,
    }
}

written! {
    /// A recorded CSV file, its first row the names of the columns.
    pub(crate) struct Replay = "replay connection" by kind {
        /// Its name.
        required id: ConnectionId,
        /// The file, seen from the document's folder.
        required file: PathBuf,
        /// "real", "max", or how many times as fast as recorded. Default real.
        optional speed: Speed,
        /// The column with the time of a row.
        optional time: String,
        /// How the time is written: rfc3339, s, ms, us, ns, or a pattern of strptime. Default rfc3339.
        optional time_format: TimeText,
        /// The zone of times written without an offset, such as Europe/Berlin. Default UTC.
        optional time_zone: String,
        /// Distance of rows in a file without a column of times.
        optional every: Duration,
        /// The character between two columns. Default ",".
        optional delimiter: Delimiter,
    }
}

/// FC06 or FC16.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteFunction(pub u8);

impl Written for WriteFunction {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            Body::Integer(6) => Some(Self(6)),
            Body::Integer(16) => Some(Self(16)),
            _ => to.refuse(node, "this function does not write one register", "write 6 or 16"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [6, 16] })
    }
}

/// One ASCII character.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delimiter(pub u8);

impl Written for Delimiter {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.text().map(str::as_bytes) {
            Some([one]) if one.is_ascii() && !matches!(one, b'"' | b'\n' | b'\r') => Some(Self(*one)),
            _ => to.refuse(node, "one character belongs here", "write \",\", \";\" or \"\\t\""),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 1 })
    }
}

impl Written for Speed {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write \"real\", \"max\", or a number above 0: 10 is ten times as fast as recorded";
        match &node.body {
            Body::Text(text) if text == "real" => Some(Self::Times(1.0)),
            Body::Text(text) if text == "max" => Some(Self::Max),
            Body::Integer(_) | Body::Real(_) => match f64::decode(node, to)? {
                times if times > 0.0 => Some(Self::Times(times)),
                times => to.refuse(node, format!("{times} is no speed"), HINT),
            },
            _ => to.refuse(node, "this is no speed", HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["real", "max"] }, { "type": "number", "exclusiveMinimum": 0 }] })
    }
}
