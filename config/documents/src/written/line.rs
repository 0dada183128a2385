//! Lines as written.

use super::check::Check;
use super::output::Register;
use super::scalar::Whole;
use super::tag::{Tag, TagGroup};
use crate::place::At;
use crate::resolved::{ByteOrder, RegisterType};
use std::time::Duration;
use takt_plant::{ConnectionId, LineId};

written! {
    /// A production line.
    pub(crate) struct Line = "line" {
        /// Its name.
        required id: LineId,
        /// Its tags.
        optional tags: Vec<At<Tag>>,
        /// Many tags of one kind at once.
        optional tag_groups: Vec<At<TagGroup>>,
        /// A number in the PLC that moves while the gateway lives.
        optional heartbeat: Heartbeat,
        /// The quality questions that are asked of it.
        optional checks: Vec<At<Check>>,
    }
}

written! {
    /// A number in the PLC that moves while the gateway lives; its stop tells the PLC to fall back.
    pub(crate) struct Heartbeat = "heartbeat" {
        /// The PLC's connection.
        required connection: ConnectionId,
        /// The register, such as holding:300.
        required register: Register,
        /// What the register holds. Default u16.
        optional r#type: RegisterType,
        /// The order of bytes. Default abcd.
        optional order: ByteOrder,
        /// Unit id. Default: the connection's.
        optional unit: Whole<0, 255>,
        /// How often the number moves.
        required every: Duration,
    }
}
