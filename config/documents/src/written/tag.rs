//! Tags as written, one by one and in groups.

use super::decode::{Collector, Written, shown};
use super::output::Register;
use super::scalar::Whole;
use super::sequence::Interval;
use super::words::Format;
use crate::place::At;
use crate::resolved::{ByteOrder, Endian, RegisterType};
use crate::tree::Node;
use schemars::{Schema, SchemaGenerator, json_schema};
use std::time::Duration;
use takt_plant::{ConnectionId, ExportClass, TagId, Value};

written! {
    /// A named measured or controlled variable.
    pub(crate) struct Tag = "tag" {
        /// Its name.
        required id: TagId,
        /// Where its samples come from.
        required source: Source,
        /// Engineering unit, such as kN.
        optional unit: String,
        /// Instrument range [low, high]: outside it a value is Bad.
        optional range: Interval,
        /// EU range [low, high]: scales charts, nothing else.
        optional scale: Interval,
        /// How far its data may go. Default same-site.
        optional export: ExportClass,
    }
}

written! {
    /// Many tags of one kind. In the texts of `source`, {name} stands for the tag's name, {number} for the
    /// number of its range, {index} for its place in the group, from 0. A register moves on by itself.
    pub(crate) struct TagGroup = "tag group" {
        /// The names, one by one or as ranges: "temp", "xmeas_{1..41}", "zone_{01..12}".
        required names: Vec<At<String>>,
        /// Where the samples come from.
        required source: Source,
        /// Registers from one tag to the next. Default: the width of the type.
        optional stride: Whole<0, 1000>,
        /// Engineering unit, such as kN.
        optional unit: String,
        /// Instrument range [low, high]: outside it a value is Bad.
        optional range: Interval,
        /// EU range [low, high]: scales charts, nothing else.
        optional scale: Interval,
        /// How far the data may go. Default same-site.
        optional export: ExportClass,
    }
}

written! {
    /// Where samples come from. Which keys belong here, the connection's kind says.
    pub(crate) struct Source = "source" {
        /// The connection.
        required connection: ConnectionId,
        /// Modbus: the address, as holding:100, input:0, coil:3, discrete:7, 400001 or 40001.
        optional register: Register,
        /// Modbus: what the registers hold; default u16 for registers. MQTT, raw: i16, u16, i32, u32, f32 or f64. Elsewhere only
        /// "string": the value is a text. Without it a text that writes no number is Bad.
        optional r#type: RegisterType,
        /// Modbus: the order of bytes, A the highest. Default abcd.
        optional order: ByteOrder,
        /// Modbus: the bit of a register, 0 the lowest.
        optional bit: Whole<0, 15>,
        /// Modbus: bytes of a string.
        optional length: Whole<1, 250>,
        /// value = raw × scale + offset. Default 1.
        optional scale: f64,
        /// value = raw × scale + offset. Default 0.
        optional offset: f64,
        /// Modbus: raw values that mean that there is no value.
        optional sentinels: Vec<At<Value>>,
        /// Modbus: the cycle. Default: the connection's.
        optional every: Duration,
        /// Modbus: the unit id. Default: the connection's.
        optional unit: Whole<0, 255>,
        /// MQTT: the topic, + and # allowed.
        optional topic: String,
        /// MQTT: quality of service. Default 1.
        optional qos: Whole<0, 2>,
        /// MQTT: how the payload is read. Default json.
        optional format: Format,
        /// MQTT, json: JSON Pointer to the value, such as /vib/rms; from the sample where `each` is written.
        optional value: String,
        /// MQTT, json: JSON Pointer to the time. Default: the arrival time.
        optional time: String,
        /// MQTT, json: how the time is written: rfc3339, s, ms, us, ns, or a pattern of strptime. Default rfc3339.
        optional time_format: TimeText,
        /// MQTT, json: the zone of times written without an offset, such as Europe/Berlin. Default UTC.
        optional time_zone: String,
        /// MQTT, json: JSON Pointer to an array of samples; value and time are then seen from each of them.
        optional each: String,
        /// MQTT, json: whether value and time are arrays themselves, one element per sample. Default false.
        optional columns: bool,
        /// MQTT, raw: order of bytes. Default little.
        optional endian: Endian,
        /// MQTT, raw: bytes before the first value. Default 0.
        optional header_bytes: Whole<0, 65535>,
        /// MQTT, raw, each or columns: time between two samples of one message that carry no times of their own.
        optional step: Duration,
        /// Replay: the column's name.
        optional column: String,
    }
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeText(pub String);

impl Written for TimeText {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write rfc3339, s, ms, us, ns, or a pattern such as \"%Y-%m-%d %H:%M:%S%.f\"";
        let Some(text) = node.text() else { return to.refuse_sort(node, "the format of a time", HINT) };
        let known = matches!(text, "rfc3339" | "s" | "ms" | "us" | "ns");
        if known || text.contains('%') {
            return Some(Self(text.to_owned()));
        }
        to.refuse(node, format!("\"{}\" is no format of a time", shown(text)), HINT)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(rfc3339|s|ms|us|ns)$|%" })
    }
}
