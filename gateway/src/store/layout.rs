//! What the gateway registers by name, and the stable slots it gets back.

use super::entry::{CheckSlot, ConnectionSlot};
use takt_plant::{CheckId, ConnectionId, GroupSlot, LineId, TagId};

/// What happens to a connection's messages while the store cannot be written (disk full, read-only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenUnwritable {
    /// Go on judging: acknowledge undurably, count `not_durable`, raise the alarm.
    #[default]
    Judge,
    /// Acknowledge nothing until the store can be written again.
    Hold,
}

/// A connection as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLayout {
    /// Its name.
    pub id: ConnectionId,
    /// What happens while the store cannot be written.
    pub when_unwritable: WhenUnwritable,
}

/// The tags of one line that come together in one message or poll, in the frames' order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupLayout {
    /// The line.
    pub line: LineId,
    /// The tags, in the order of [`takt_plant::Frame::readings`].
    pub tags: Vec<TagId>,
}

/// A check as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLayout {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// The broker connections, by index in [`Layout::connections`], that must confirm its verdicts.
    pub publishes: Vec<usize>,
}

/// Everything that is registered. Registering again what is known gives the same slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Connections.
    pub connections: Vec<ConnectionLayout>,
    /// Frame groups.
    pub groups: Vec<GroupLayout>,
    /// Checks.
    pub checks: Vec<CheckLayout>,
}

/// The slots of a layout, each in the layout's order. They survive restarts and changed documents:
/// the same names give the same slots. Group slots of the store are what frames must carry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots {
    /// One per connection.
    pub connections: Vec<ConnectionSlot>,
    /// One per group. A changed tag list of a line is another group with another slot.
    pub groups: Vec<GroupSlot>,
    /// One per check.
    pub checks: Vec<CheckSlot>,
}
