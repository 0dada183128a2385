//! Outputs as written.

use super::decode::{Collector, Written, schema_of, shown};
use super::scalar::Whole;
use super::words::Mode;
use crate::resolved::{ByteOrder, RegisterType};
use crate::tree::{Body, Node};
use schemars::{Schema, SchemaGenerator, json_schema};
use std::time::Duration;
use takt_plant::{ConnectionId, OutputId, WriteValue};

written! {
    /// Where a verdict is written.
    pub(crate) struct Output = "output" {
        /// Its name.
        required id: OutputId,
        /// The register or coil.
        required write: Target,
        /// How it is written: level stays, pulse goes back after `duration`, handshake follows the PLC. Default level.
        optional mode: Mode,
        /// Pulse: how long the value stays.
        optional duration: Duration,
        /// Pulse: the value that stands there otherwise. Default false or 0.
        optional rest: WriteValue,
        /// Handshake: raised by the PLC when a part is ready.
        optional ready: Place,
        /// Handshake: where the PLC puts the part number.
        optional part: Place,
        /// Handshake: where the same part number goes after the verdict.
        optional answer: Place,
        /// What is written for which verdict.
        required value: Values,
        /// What is written when no verdict comes in time, when a connection goes or comes back, and when the gateway
        /// ends; again and again while the device does not take it.
        required fail_safe: WriteValue,
        /// Smallest number that may be written.
        optional min: f64,
        /// Largest number that may be written.
        optional max: f64,
        /// How often the value may change at most, such as "10/s" or "30/min", to spare the actuator. It holds back
        /// passes alone, within their deadline; then the fail-safe value is written. Fails are never held back.
        optional rate: Rate,
        /// Whether each write is read back. Default false.
        optional read_back: bool,
        /// Whether a write may be repeated after an unknown outcome. Default false.
        optional repeat_safe: bool,
    }
}

written! {
    /// A register or coil of a connection.
    pub(crate) struct Target = "write target" {
        /// The PLC's connection.
        required connection: ConnectionId,
        /// The address, such as coil:10 or holding:200.
        required register: Register,
        /// What the register holds. Default u16; a coil holds a bit.
        optional r#type: RegisterType,
        /// The order of bytes. Default abcd.
        optional order: ByteOrder,
        /// Unit id. Default: the connection's.
        optional unit: Whole<0, 255>,
    }
}

written! {
    /// A register or coil of the output's connection.
    pub(crate) struct PlaceTable = "register" {
        /// The address, such as coil:11 or holding:202.
        required register: Register,
        /// What the register holds. Default u16; a coil holds a bit.
        optional r#type: RegisterType,
        /// The order of bytes. Default abcd.
        optional order: ByteOrder,
    }
}

written! {
    /// What is written for which verdict: true, false or a number.
    pub(crate) struct Values = "value table" {
        /// For pass.
        required pass: WriteValue,
        /// For fail.
        required fail: WriteValue,
        /// For inconclusive.
        required inconclusive: WriteValue,
    }
}

/// An address: a text, or a number as in the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Register(pub String);

impl Written for Register {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write \"holding:100\", \"coil:3\", or the number of the manual, such as 40001";
        match &node.body {
            Body::Text(text) if text.trim().is_empty() => to.refuse(node, "the address is empty", HINT),
            Body::Text(text) => Some(Self(text.trim().to_owned())),
            Body::Integer(v) if (0..=465_536).contains(v) => Some(Self(v.to_string())),
            Body::Integer(v) => to.refuse(node, format!("{v} is no address"), HINT),
            _ => to.refuse_sort(node, "an address", HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "examples": ["holding:100", "coil:3", 40001] })
    }
}

/// A register of the output's connection: its address, or a table.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Address(Register),
    Table(PlaceTable),
}

impl Written for Place {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            Body::Table(_) => PlaceTable::decode(node, to).map(Self::Table),
            _ => Register::decode(node, to).map(Self::Address),
        }
    }

    fn schema(defs: &mut SchemaGenerator) -> Schema {
        let (address, table) = (schema_of::<Register>(defs), schema_of::<PlaceTable>(defs));
        json_schema!({ "anyOf": [address, table] })
    }

    fn tidy(node: &mut Node) {
        if matches!(node.body, Body::Table(_)) {
            PlaceTable::tidy(node);
        }
    }
}

impl Written for WriteValue {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            Body::Flag(on) => Some(Self::Coil(on)),
            Body::Integer(v) => match i64::try_from(v) {
                Ok(v) => Some(Self::Integer(v)),
                Err(_) => to.refuse(node, format!("{v} needs more than 64 bits"), "write a smaller number"),
            },
            Body::Real(_) => f64::decode(node, to).map(Self::Number),
            _ => to.refuse_sort(node, "true, false or a number", "write the value without quotes"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "number"] })
    }
}

/// A rate, as the shortest time between two writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(pub Duration);

impl Written for Rate {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write how many in which time, such as \"10/s\", \"30/min\" or \"100/h\"";
        let Some(text) = node.text() else { return to.refuse_sort(node, "a rate", HINT) };
        let per = |unit: &str| match unit.trim() {
            "s" => Some(1),
            "min" => Some(60),
            "h" => Some(3600),
            _ => None,
        };
        let parts = text.split_once('/').and_then(|(n, unit)| Some((n.trim().parse::<u32>().ok()?, per(unit)?)));
        match parts {
            Some((n, seconds)) if n > 0 => Some(Self(Duration::from_secs(seconds) / n)),
            _ => to.refuse(node, format!("\"{}\" is no rate", shown(text)), HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]* */ *(s|min|h)$" })
    }
}
