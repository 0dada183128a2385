//! What the field devices really say: tried, read, scanned, listened to, before anything is saved.
//!
//! Console and HTTP both ask here. A connection is asked for by its name in the documents in force, or
//! as it would be written. A device that a running driver has connected is asked through that driver
//! ([`Running`]), because it may take no second connection (B7); a broker gets a client of its own.

mod asked;
mod budget;
mod mapping;
mod registers;
mod topics;
mod trial;

pub use asked::{AskedConnection, FieldError, WrittenConnection};
pub use budget::{BudgetView, GroupBudgetView, TagAddress, budget, request_ms};
pub use mapping::{MappedReading, MappedTag, MappingPreview, map, sample_topic};
pub use registers::{
    Guess, RegisterRead, Scan, Stretch, answer_bits, answer_registers, device, read_register, scan, stretch_of, target,
};
pub use topics::{FieldKind, HeardField, HeardTopic, TopicsHeard, first_message, listen};
pub use trial::{TrialReport, TrialStep, try_connection};

use takt_adapters::modbus::ProbeRequest;
use tokio::sync::mpsc;

/// A driver that has a device connected now.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its connection's name.
    pub connection: String,
    /// Where it may be asked.
    pub probes: mpsc::Sender<ProbeRequest>,
    /// What it said last: connected, or why not.
    pub standing: Result<(), String>,
}
