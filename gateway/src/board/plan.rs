//! What the board shows a gauge for: filled in by `assemble`, plain values.

use std::time::Duration;
use takt_plant::{CheckId, ConnectionId, ExportClass, GatewayId, LineId, MonoTime, OutputId, SiteId, TagId, WallTime};

/// Both clocks, read together by a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Says when.
    pub wall: WallTime,
    /// Says how long.
    pub mono: MonoTime,
}

impl Now {
    /// Reads both clocks.
    pub fn of(clock: &takt_adapters::Clock) -> Self {
        Self { wall: clock.wall(), mono: clock.mono() }
    }
}

/// Who this gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The gateway's name.
    pub gateway: GatewayId,
    /// Where it stands.
    pub site: SiteId,
    /// The program's version.
    pub version: String,
    /// The runtime pack in use, such as `cpu` or `openvino`, with the library's version.
    pub runtime: String,
}

/// A connection that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionPlan {
    /// Its name.
    pub id: ConnectionId,
    /// `mqtt`, `modbus-tcp`, `replay`.
    pub kind: String,
    /// Where it leads, without secrets: shown to operators.
    pub address: String,
}

/// A tag of a line, at the index of its slot.
#[derive(Debug, Clone, PartialEq)]
pub struct TagPlan {
    /// Its name.
    pub id: TagId,
    /// Its unit, or nothing for numbers without one.
    pub unit: String,
    /// How far its data may leave the box.
    pub export: ExportClass,
    /// The connection that delivers it.
    pub connection: ConnectionId,
}

/// A line that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePlan {
    /// Its name.
    pub id: LineId,
    /// Its tags, each at the index of its [`takt_plant::TagSlot`].
    pub tags: Vec<TagPlan>,
}

/// A check that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckPlan {
    /// Its name.
    pub id: CheckId,
    /// From the arrival of the closing sample to the write's confirmation.
    pub deadline: Duration,
    /// The window's rule in words, such as `frame` or `trigger part_no`.
    pub window: String,
    /// The tags it judges, by name, in the model's order.
    pub inputs: Vec<TagId>,
    /// The models it may judge with (several with recipes), by name. Readiness asks for all of them.
    pub models: Vec<String>,
    /// Its outputs, in the order of the document.
    pub outputs: Vec<OutputPlan>,
    /// How long it may give no verdict while in production before the gateway says that it is not
    /// ready (B42); `None` where long silence is normal.
    pub quiet_max: Option<Duration>,
}

/// An output that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPlan {
    /// Its name.
    pub id: OutputId,
    /// The connection it writes on.
    pub connection: ConnectionId,
    /// Where it writes, such as `coil:10`.
    pub target: String,
}
