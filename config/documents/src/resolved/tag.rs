//! Tags and where their samples come from.

use crate::place::At;
use std::time::Duration;
use takt_plant::{ConnectionId, ExportClass, TagId, Value};

/// One tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// Its name.
    pub id: At<TagId>,
    /// Where its samples come from.
    pub source: TagSource,
    /// Engineering unit.
    pub unit: Option<String>,
    /// Instrument range: outside it a value is Bad.
    pub range: Option<(f64, f64)>,
    /// EU range: scales charts, nothing else.
    pub scale: Option<(f64, f64)>,
    /// How far its data may go. Default same-site.
    pub export: ExportClass,
}

/// Where a tag's samples come from.
#[derive(Debug, Clone, PartialEq)]
pub enum TagSource {
    /// Registers of a device.
    Modbus(ModbusSource),
    /// Messages of a broker.
    Mqtt(MqttSource),
    /// A column of a recorded file.
    Replay(ReplaySource),
}

/// What comes together: tags with equal keys arrive in one message, one poll or one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupKey {
    /// One poll: connection, unit, cycle.
    Poll(ConnectionId, u8, Duration),
    /// One message: connection, topic filter, and how samples and their times lie in it.
    Message(ConnectionId, String, String),
    /// One row.
    Row(ConnectionId),
}

impl TagSource {
    /// Whether the values are texts, which no model can take.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Modbus(source) => source.kind.as_deref() == Some(&RegisterType::String),
            Self::Mqtt(source) => source.conversion.text,
            Self::Replay(source) => source.conversion.text,
        }
    }

    /// The connection's name.
    pub fn connection(&self) -> &At<ConnectionId> {
        match self {
            Self::Modbus(source) => &source.connection,
            Self::Mqtt(source) => &source.connection,
            Self::Replay(source) => &source.connection,
        }
    }

    /// The time between two samples, where the source fixes one.
    pub fn cadence(&self) -> Option<Duration> {
        match self {
            Self::Modbus(source) => Some(source.every),
            Self::Mqtt(source) => match &source.format {
                PayloadFormat::Json(json) => json.step,
                PayloadFormat::Raw(raw) => raw.step,
                PayloadFormat::Text => None,
            },
            Self::Replay(_) => None,
        }
    }

    /// What this tag comes together with.
    pub fn group(&self) -> GroupKey {
        match self {
            Self::Modbus(s) => GroupKey::Poll(s.connection.value.clone(), s.unit, s.every),
            Self::Mqtt(s) => GroupKey::Message(s.connection.value.clone(), s.topic.value.clone(), s.format.layout()),
            Self::Replay(s) => GroupKey::Row(s.connection.value.clone()),
        }
    }
}

/// Registers of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct ModbusSource {
    /// The device's connection.
    pub connection: At<ConnectionId>,
    /// Unit id.
    pub unit: u8,
    /// The address as written: `holding:100`, `400001`, `40001`, `coil:3`.
    pub register: At<String>,
    /// The type; `None`: the natural one, a bit for coils and discrete inputs, u16 for registers.
    pub kind: Option<At<RegisterType>>,
    /// The order of bytes. Default ABCD.
    pub order: ByteOrder,
    /// The bit of the register, 0 the least significant.
    pub bit: Option<At<u8>>,
    /// Bytes of a text.
    pub length: Option<At<u16>>,
    /// value = raw × scale + offset. Default 1.
    pub scale: f64,
    /// value = raw × scale + offset. Default 0.
    pub offset: f64,
    /// Raw values that mean that there is no value.
    pub sentinels: Vec<Value>,
    /// Its cycle.
    pub every: Duration,
}

/// What registers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegisterType {
    /// A bit.
    Bool,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 64 bits.
    U64,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// A text.
    String,
}

impl RegisterType {
    /// Registers of one value; `None` for a text, whose length is written beside it.
    pub fn n_registers(self) -> Option<u16> {
        match self {
            Self::Bool | Self::I16 | Self::U16 => Some(1),
            Self::I32 | Self::U32 | Self::F32 => Some(2),
            Self::I64 | Self::U64 | Self::F64 => Some(4),
            Self::String => None,
        }
    }
}

/// The order of bytes in 32 bits; 64 bits follow the same two rules (bytes, then words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// High byte first, high word first (ABCD, ABCDEFGH).
    Abcd,
    /// High byte first, low word first (CDAB, GHEFCDAB).
    Cdab,
    /// Low byte first, high word first (BADC, BADCFEHG).
    Badc,
    /// Low byte first, low word first (DCBA, HGFEDCBA).
    Dcba,
}

/// Messages of a broker.
#[derive(Debug, Clone, PartialEq)]
pub struct MqttSource {
    /// The broker's connection.
    pub connection: At<ConnectionId>,
    /// Topic filter, `+` and `#` allowed.
    pub topic: At<String>,
    /// 0, 1 or 2. Default 1.
    pub qos: u8,
    /// How the payload is read.
    pub format: PayloadFormat,
    /// From what the payload says to the value.
    pub conversion: Conversion,
}

/// From what a text source says to the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// value = raw × scale + offset. Default 1.
    pub scale: f64,
    /// value = raw × scale + offset. Default 0.
    pub offset: f64,
    /// Whether the value is a text; otherwise a text that writes no number is Bad. Default false.
    pub text: bool,
}

/// How a payload is read.
#[derive(Debug, Clone, PartialEq)]
pub enum PayloadFormat {
    /// JSON, by JSON Pointer (RFC 6901).
    Json(Box<JsonFormat>),
    /// One decimal number or word as text.
    Text,
    /// Numbers in binary, one after the other.
    Raw(RawFormat),
}

impl PayloadFormat {
    /// How samples and their times lie in the payload, as a text that is equal for equal layouts.
    fn layout(&self) -> String {
        match self {
            Self::Json(json) => {
                let each = json.each.as_ref().map(|each| &each.value);
                format!("json {each:?} {} {:?} {:?}", json.columns, json.time, json.step)
            }
            Self::Text => "text".into(),
            Self::Raw(raw) => format!("{raw:?}"),
        }
    }
}

/// How a value stands in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonFormat {
    /// Pointer to the value; from the sample where `each` is written.
    pub value: At<String>,
    /// The time; `None`: the arrival time.
    pub time: Option<TimeField>,
    /// Pointer to an array of samples.
    pub each: Option<At<String>>,
    /// Whether value and time are arrays themselves, one element per sample. Default false.
    pub columns: bool,
    /// Time between two samples of one message that carry no times of their own.
    pub step: Option<Duration>,
}

/// How values stand in a binary payload: sample by sample, and in each sample tag by tag.
#[derive(Debug, Clone, PartialEq)]
pub struct RawFormat {
    /// What they are.
    pub kind: RawType,
    /// Their order of bytes. Default little.
    pub endian: Endian,
    /// Bytes before the first value. Default 0.
    pub header_bytes: u32,
    /// Time between two of them, the last at the arrival time; `None`: the payload holds one.
    pub step: Option<Duration>,
}

/// A time in a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeField {
    /// Pointer to it.
    pub pointer: At<String>,
    /// How it is written.
    pub format: TimeFormat,
    /// The zone of times that are written without an offset, such as Europe/Berlin; `None`: UTC.
    pub zone: Option<At<String>>,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeFormat {
    /// RFC 3339. The default.
    Rfc3339,
    /// Seconds since 1970, with or without decimals.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
    /// By a pattern of strptime; UTC where the pattern has no offset.
    Pattern(At<String>),
}

/// What a binary array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RawType {
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 32 bits.
    U32,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
}

/// The order of bytes of a binary array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endian {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

/// A column of a recorded file.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplaySource {
    /// The file's connection.
    pub connection: At<ConnectionId>,
    /// The column's name in the first row.
    pub column: At<String>,
    /// From what a cell says to the value.
    pub conversion: Conversion,
}
