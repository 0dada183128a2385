//! Documents as resolved: plain values, every default filled in, every name looked up.
//!
//! What an adapter reads by its own rules (addresses, topics, pointers, URLs) stays a text with its
//! place ([`crate::At`]), so that whoever reads it can report with file, line and column.

pub mod check;
pub mod connection;
pub mod gateway;
pub mod line;
pub mod output;
pub mod tag;

pub use check::{Check, Condition, Device, Holds, Input, OpenVinoDevice, Recipe, RecipeKey, Rule, Selection, Steady};
pub use connection::{
    Connection, ConnectionKind, Modbus, Mqtt, MqttVersion, Replay, ReplayTime, SingleRegisterWrite, Speed, Tls,
    WhenUnwritable,
};
pub use gateway::{Gateway, History, Http, ListenTls, Otlp, Pack, Runtime, Threads};
pub use line::{Heartbeat, Line};
pub use output::{Handshake, Output, OutputMode, VerdictValues, WriteTarget};
pub use tag::{
    ByteOrder, Conversion, Endian, GroupKey, JsonFormat, ModbusSource, MqttSource, PayloadFormat, RawFormat, RawType,
    RegisterType, ReplaySource, Tag, TagSource, TimeField, TimeFormat,
};

/// All documents, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The box itself; `None` when only connections and lines were read.
    pub gateway: Option<Gateway>,
    /// The connections, in the order of writing.
    pub connections: Vec<Connection>,
    /// The lines, in the order of writing.
    pub lines: Vec<Line>,
}

impl Resolved {
    /// The connection of this name.
    pub fn connection(&self, id: &takt_plant::ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|c| c.id.value == *id)
    }
}
