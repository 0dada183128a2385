//! What others ask of the writer. Each request carries the way back.

use crate::store::alarms::AlarmRecord;
use crate::store::documents::{ArmingRecord, NewDocument};
use crate::store::entry::{ConnectionSlot, Event};
use crate::store::error::StoreError;
use crate::store::feedback::Feedback;
use crate::store::layout::{Layout, Slots};
use crate::store::recover::Progress;
use crate::store::verdict::StoredVerdict;
use tokio::sync::oneshot;

/// The way back.
pub type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The way back of the end, for a plain thread.
pub type CloseReply = std::sync::mpsc::SyncSender<Result<(), StoreError>>;

/// A closed list of all requests.
#[derive(Debug)]
pub enum Request {
    /// Names to slots. Answered on a channel that a plain thread can wait on.
    Register(Layout, std::sync::mpsc::SyncSender<Slots>),
    /// Commits and folds everything that was handed in before.
    Flush(Reply<()>),
    /// Where everything stands now.
    Progress(Reply<Progress>),
    /// As `Flush`, and seals every open chunk.
    Seal(Reply<()>),
    /// A new document version; answers its number.
    PutDocument(NewDocument, Reply<u32>),
    /// Arms an output.
    Arm(ArmingRecord, Reply<()>),
    /// Disarms an output; answers whether it was armed.
    Disarm(String, Reply<bool>),
    /// Something happened outside the pipeline.
    Event(Event, Reply<()>),
    /// What somebody said about a verdict; answers whether its check is known.
    Feedback(Feedback, Reply<bool>),
    /// Where alarms stand now; those that are normal are forgotten.
    Alarms(Vec<AlarmRecord>, Reply<()>),
    /// Verdicts that a connection has not confirmed, oldest first.
    OutboxPending(ConnectionSlot, usize, Reply<Vec<StoredVerdict>>),
    /// Ends the writer after everything is folded.
    Close(CloseReply),
}
