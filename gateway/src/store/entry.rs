//! What the pipeline hands to the journal: one entry per delivery, committed as a whole or not at all.

use crate::record::VerdictRecord;
use std::sync::Arc;
use takt_adapters::Ticket;
use takt_plant::{Frame, LineId, OutputId, WallTime};

/// A connection's place in the store: given out by name at registration, and stable for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionSlot(pub u32);

/// A check's place in the store: given out by name at registration, and stable for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckSlot(pub u32);

/// The first 16 bytes of a message's digest ([`takt_adapters::MessageMark`]).
pub type Digest = [u8; 16];

/// Everything that one delivery led to. It commits in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// The delivery's place on its shard. An entry without a delivery (a timer, a confirmation)
    /// repeats the shard's last ticket.
    pub ticket: Ticket,
    /// Whose acknowledgement waits for this entry; `None` when nobody waits (a poll, a timer), and
    /// then the commit may linger longer.
    pub acknowledges: Option<ConnectionSlot>,
    /// The frames, in the order in which the pipeline took them.
    pub frames: Vec<Frame>,
    /// The messages that are consumed by this entry.
    pub marks: Vec<(ConnectionSlot, Digest)>,
    /// The verdicts, in the order in which they were given.
    pub verdicts: Vec<Arc<VerdictRecord>>,
    /// Where checks stand after this entry: a snapshot of windower and judge, opaque to the store.
    /// The newest one of a check counts.
    pub positions: Vec<(CheckSlot, Vec<u8>)>,
    /// What operators and auditors should be able to read later.
    pub events: Vec<Event>,
    /// What became of earlier verdicts' writes.
    pub writes: Vec<WriteResult>,
    /// What brokers confirmed.
    pub confirmed: Vec<Confirmation>,
}

impl Entry {
    /// Whether it holds nothing but a ticket.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
            && self.marks.is_empty()
            && self.verdicts.is_empty()
            && self.positions.is_empty()
            && self.events.is_empty()
            && self.writes.is_empty()
            && self.confirmed.is_empty()
    }
}

/// Something that happened and should be found again: who, what, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: WallTime,
    /// A user's name, or the part of the gateway that acted.
    pub who: String,
    /// A short stable word, such as `output.arm` or `connection.down`.
    pub what: String,
    /// The line, where one is concerned.
    pub line: Option<LineId>,
    /// The sentence that is shown.
    pub text: String,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Written, and read back where that was asked for.
    Confirmed,
    /// The output is not armed; the write was only logged.
    DryRun,
    /// The interlock or the device refused it.
    Refused(String),
    /// No answer in time: the outcome is unknown.
    TimedOut,
    /// Read back as something else.
    Differs(String),
}

/// What a write was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// The verdict's value.
    Verdict,
    /// The part number that answers a handshake.
    Answer,
    /// The fail-safe value in the verdict's place.
    FailSafe,
    /// The end of its pulse, or the clearing of its handshake.
    Release,
}

/// The end of a write that a verdict led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteResult {
    /// The verdict's check.
    pub check: CheckSlot,
    /// The verdict's number within the current epoch.
    pub seq: u64,
    /// The output.
    pub output: OutputId,
    /// What it was for.
    pub kind: WriteKind,
    /// What became of it.
    pub outcome: WriteOutcome,
    /// From the verdict to the end of the write, in microseconds.
    pub write_us: u32,
    /// What was written, as text.
    pub value: String,
    /// Where, such as `coil:10`; empty where nobody can say any more.
    pub target: String,
}

/// A broker's confirmation of one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// The broker's connection.
    pub connection: ConnectionSlot,
    /// The verdict's check.
    pub check: CheckSlot,
    /// The verdict's epoch.
    pub epoch: u32,
    /// The verdict's number within its epoch.
    pub seq: u64,
}
