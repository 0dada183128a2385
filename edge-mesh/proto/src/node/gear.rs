//! Small parts of the state machine: options, counters, loans, pairs, timers, and what follows a write.

use crate::egress::Payload;
use crate::ids::{Digest, PeerId, Units};
use crate::lending::LendingOptions;
use crate::limits::BATCH_REQUESTS;
use crate::log::Claim;
use crate::metering::{BorrowerSide, LenderSide};
use std::time::Duration;
use takt_plant::MonoTime;

/// Options of one gateway.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// Lending.
    pub lending: LendingOptions,
    /// Requests that make a voucher due.
    pub batch: u32,
    /// After this long a voucher is due for fewer.
    pub settle_every: Duration,
    /// Between two looks at what waits for an answer.
    pub upkeep_every: Duration,
    /// Log entries that make a checkpoint due.
    pub checkpoint_entries: u64,
    /// After this long a checkpoint is due for fewer.
    pub checkpoint_every: Duration,
    /// First-day allowance, booked against the fleet's account.
    pub allowance: Units,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            lending: LendingOptions::default(),
            batch: BATCH_REQUESTS,
            settle_every: Duration::from_secs(60),
            upkeep_every: Duration::from_millis(500),
            checkpoint_entries: 1000,
            checkpoint_every: Duration::from_secs(600),
            allowance: Units(0),
        }
    }
}

/// What happened, as counters that only rise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says what it counts")]
pub struct Counts {
    pub n_local: u64,
    pub n_borrowed: u64,
    pub n_late: u64,
    pub n_overload: u64,
    pub n_failed: u64,
    pub n_lent: u64,
    pub n_lent_dropped: u64,
    pub n_refused: [u64; 6],
    pub n_told_no: u64,
    pub n_lost: u64,
    pub n_garbage: u64,
    pub n_strangers: u64,
    pub n_export_refused: u64,
    pub n_peers_refused: u64,
    pub n_vouchers_refused: u64,
    pub n_receipts_refused: u64,
    pub n_wrong_chunks: u64,
    pub n_wrong_results: u64,
}

/// Peer, epoch, number: names a request everywhere.
pub(super) type LoanKey = (PeerId, u64, u32);

/// An own window at a peer.
#[derive(Debug)]
pub(super) struct Loan {
    pub(super) ticket: u64,
    pub(super) model: Digest,
    pub(super) payload: Payload,
    pub(super) deadline: MonoTime,
    /// Peers asked before.
    pub(super) asked: Vec<PeerId>,
    pub(super) mean_us: u64,
}

/// Both channels with one peer.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) lends: Option<Box<LenderSide>>,
    pub(super) borrows: Option<Box<BorrowerSide>>,
    /// The peer's first witnesses, by which version of the member list.
    pub(super) watchers: (u64, Vec<PeerId>),
}

/// What to do when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Advert,
    Upkeep,
    Deadline(LoanKey),
}

/// What follows once a record is durable.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    Nothing,
    /// An own entry of this incarnation.
    Claim(u32, u64),
    /// Another's claim.
    TellHeld(PeerId, Claim),
    ChunkStored(Digest, u32),
}
