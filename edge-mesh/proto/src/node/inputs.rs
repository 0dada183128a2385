//! What comes in and what goes out of the mesh's state machine.

use crate::audit::{Finding, Sample};
use crate::chunks::{ChunkMap, Release};
use crate::egress::{Blob, Payload};
use crate::frame::{Frame, Outgoing};
use crate::ids::{Digest, LogPlace, PeerId};
use crate::keys::Sealed;
use crate::lending::{Owner, TaskId, Timing};
use crate::log::{Claim, Cosigned, Entry, ForkProof};
use crate::membership::MemberList;
use crate::metering::{PriceList, Receipt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Names a write between the core and its driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersistId(pub u64);

/// A closed window of a queued model.
#[derive(Debug, Clone)]
pub struct Work {
    /// Comes back with the outcome.
    pub ticket: u64,
    /// Digest of the model's package.
    pub model: Digest,
    /// What remains of its deadline.
    pub remaining: Duration,
    /// The model's input under the strictest class of its tags.
    pub payload: Payload,
}

/// Everything that can happen to a gateway.
#[derive(Debug)]
pub enum Input {
    /// A time that [`super::Node::next_wake`] named has come.
    Wake,
    /// A decoded frame; `from` is the connection's remote key.
    Frame {
        /// The sender.
        from: PeerId,
        /// The frame.
        frame: Frame,
    },
    /// Bytes that are no frame.
    Garbage {
        /// The sender.
        from: PeerId,
    },
    /// A window to judge.
    Work(Work),
    /// A run ended.
    Done {
        /// As in [`Output::Execute`].
        task: TaskId,
        /// The model's outputs.
        output: Blob,
    },
    /// A run failed: the model is gone, or refused its input.
    Failed {
        /// As in [`Output::Execute`].
        task: TaskId,
    },
    /// A write is durable.
    Persisted(PersistId),
    /// A connection stands.
    Connected {
        /// Who.
        peer: PeerId,
        /// Measured round trip.
        rtt_us: u32,
    },
    /// A round trip was measured again.
    Rtt {
        /// Who.
        peer: PeerId,
        /// Measured.
        rtt_us: u32,
    },
    /// A connection broke.
    Disconnected {
        /// Who.
        peer: PeerId,
    },
    /// A verified member list.
    Members(Arc<MemberList>),
    /// A verified price list.
    Prices(Arc<PriceList>),
    /// A model is loaded and warm.
    Loaded {
        /// Digest of its package.
        model: Digest,
        /// Measured when it warmed up.
        timing: Timing,
    },
    /// A model is gone.
    Unloaded {
        /// Digest of its package.
        model: Digest,
    },
    /// A verified release is wanted here.
    Fetch {
        /// What.
        release: Release,
        /// Chunks that the store holds, each verified when it was stored.
        stored: Option<ChunkMap>,
    },
    /// A chunk that [`Output::ReadChunk`] asked for.
    ChunkRead {
        /// For whom.
        to: PeerId,
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
        /// As asked.
        model: Digest,
        /// As asked.
        index: u32,
        /// The chunk.
        bytes: Blob,
    },
    /// A sample was run again.
    Audited {
        /// Which.
        sample: Sample,
        /// What came of it.
        finding: Finding,
    },
    /// Settle all channels now, as before closing.
    Settle,
}

/// How a window ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Run here, in time.
    Local(Blob),
    /// Run by a peer, in time.
    Borrowed {
        /// By whom (`executed_by`).
        peer: PeerId,
        /// For the audit: the driver keeps input and output under (epoch, no).
        epoch: u64,
        /// See `epoch`.
        no: u32,
        /// The model's outputs.
        output: Blob,
    },
    /// Not in time: inconclusive (deadline).
    Late,
    /// No room even to wait: inconclusive (overload).
    Overload,
    /// The run here failed; the driver knows why.
    Failed,
}

/// What must be durable. Drivers keep it encoded: a new kind goes to the end, and none is taken out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Record {
    /// An entry of the own log and whom it is for.
    Entry {
        /// Where it stands.
        place: LogPlace,
        /// The other side of the channel.
        with: PeerId,
        /// The entry.
        entry: Entry,
    },
    /// The newest receipt where this gateway borrowed.
    Borrowed {
        /// The lender.
        lender: PeerId,
        /// With both signatures.
        receipt: Sealed<Receipt>,
    },
    /// The newest receipt where this gateway lent, got back from the borrower after a restore.
    Lent {
        /// The borrower.
        borrower: PeerId,
        /// With both signatures.
        receipt: Sealed<Receipt>,
    },
    /// The newest claim of an author that this gateway witnesses.
    Head {
        /// Whose log.
        author: PeerId,
        /// What it claims.
        claim: Claim,
    },
    /// A verified chunk.
    Chunk {
        /// Digest of the package.
        model: Digest,
        /// Which.
        index: u32,
        /// The chunk.
        bytes: Blob,
    },
    /// A complete model: the high-water mark of its name.
    Installed {
        /// Which model.
        name: u64,
        /// Its version.
        version: u64,
        /// Digest of the package.
        model: Digest,
    },
    /// A peer that forked.
    Quarantine {
        /// Why.
        proof: ForkProof,
    },
}

/// What an operator must hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Alarm {
    /// A peer wrote two histories; it is under quarantine until its incarnation is raised.
    Forked(PeerId),
    /// A peer's result was wrong; this gateway borrows no more from it.
    WrongResult(PeerId),
    /// This gateway's disk lies behind its witnesses.
    NeedsIncarnation,
    /// A voucher did not fit what was executed.
    Disputed(PeerId),
    /// A peer sent a chunk that is not what it claims to be.
    WrongChunk(PeerId),
}

/// Everything that a gateway does.
#[derive(Debug)]
pub enum Output {
    /// Send a frame.
    Send {
        /// To whom.
        to: PeerId,
        /// With its reach.
        message: Outgoing,
    },
    /// Make a record durable, then say so.
    Persist {
        /// For the answer.
        id: PersistId,
        /// What.
        record: Record,
    },
    /// Run a model.
    Execute {
        /// For the answer.
        task: TaskId,
        /// Whose work.
        owner: Owner,
        /// Which model.
        model: Digest,
        /// What goes in.
        payload: Payload,
    },
    /// A window's end.
    Verdict {
        /// As given.
        ticket: u64,
        /// How it ended.
        outcome: Outcome,
    },
    /// Read a chunk from the store and give it back.
    ReadChunk {
        /// For whom.
        to: PeerId,
        /// As asked.
        epoch: u64,
        /// As asked.
        no: u32,
        /// Which model.
        model: Digest,
        /// Which chunk.
        index: u32,
    },
    /// Run a sample again when idle, and compare.
    Reexecute(Sample),
    /// A model is complete and durable.
    Installed(Release),
    /// A checkpoint has its quorum of cosignatures.
    Checkpointed(Cosigned),
    /// Tell the operator.
    Alarm(Alarm),
}
