//! Outputs: where a verdict is written.

use super::tag::{ByteOrder, RegisterType};
use crate::place::At;
use std::time::Duration;
use takt_plant::{ConnectionId, OutputId, WriteLimits, WriteValue};

/// One output of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub id: At<OutputId>,
    /// Where it is written.
    pub write: WriteTarget,
    /// What is written for which verdict.
    pub values: VerdictValues,
    /// What is written when no verdict comes in time.
    pub fail_safe: At<WriteValue>,
    /// How it is written.
    pub mode: OutputMode,
    /// What may be written at all.
    pub limits: WriteLimits,
    /// Whether each write is read back. Default false.
    pub read_back: bool,
    /// Whether a write may be repeated after an unknown outcome. Default false.
    pub repeat_safe: bool,
}

impl Output {
    /// Every value that it may write, each where it is written in the document.
    pub fn every_value(&self) -> impl Iterator<Item = &At<WriteValue>> {
        let rest = match &self.mode {
            OutputMode::Pulse { rest, .. } => Some(rest),
            OutputMode::Level | OutputMode::Handshake(_) => None,
        };
        let VerdictValues { pass, fail, inconclusive } = &self.values;
        [pass, fail, inconclusive, &self.fail_safe].into_iter().chain(rest)
    }
}

/// A register or coil that is written, or, in a handshake, read.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteTarget {
    /// The device's connection.
    pub connection: At<ConnectionId>,
    /// Unit id.
    pub unit: u8,
    /// The address as written: `holding:100`, `400001`, `coil:3`.
    pub register: At<String>,
    /// The type; `None`: the natural one, a bit for coils, u16 for registers.
    pub kind: Option<At<RegisterType>>,
    /// The order of bytes. Default ABCD.
    pub order: ByteOrder,
}

/// What is written for which verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictValues {
    /// For pass.
    pub pass: At<WriteValue>,
    /// For fail.
    pub fail: At<WriteValue>,
    /// For inconclusive.
    pub inconclusive: At<WriteValue>,
}

/// How a verdict is written.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputMode {
    /// The value stays until the next verdict.
    Level,
    /// The value goes back to `rest` after `duration`; a value equal to `rest` makes no pulse.
    Pulse {
        /// How long it stays.
        duration: Duration,
        /// What stands there otherwise: false or 0 where nothing is written.
        rest: At<WriteValue>,
    },
    /// The PLC raises `ready` with a part number; the verdict is written, then the part number into `answer`.
    Handshake(Box<Handshake>),
}

/// The registers of a handshake.
#[derive(Debug, Clone, PartialEq)]
pub struct Handshake {
    /// Raised by the PLC, read by us.
    pub ready: WriteTarget,
    /// The part number, read by us.
    pub part: WriteTarget,
    /// The same part number, written by us after the value.
    pub answer: WriteTarget,
}
