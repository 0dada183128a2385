//! What the store counts about itself: written by the writer, read by anyone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// The counters, shared with the writer.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub n_commits: AtomicU64,
    pub n_entries: AtomicU64,
    pub n_frames: AtomicU64,
    pub n_samples: AtomicU64,
    pub n_verdicts: AtomicU64,
    pub n_chunks: AtomicU64,
    pub n_repeated: AtomicU64,
    pub n_conflicting: AtomicU64,
    pub n_not_durable: AtomicU64,
    pub n_frames_lost: AtomicU64,
    pub n_verdicts_lost: AtomicU64,
    pub n_damaged: AtomicU64,
    pub commit_us_sum: AtomicU64,
    pub commit_us_max: AtomicU64,
    pub slice_us_max: AtomicU64,
    pub bytes: AtomicU64,
    pub unwritable: AtomicBool,
    why: Mutex<String>,
}

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreHealth {
    /// `None`: it can be written. Else why not, and messages are let go undurably or held back.
    pub unwritable: Option<String>,
    /// Group commits.
    pub n_commits: u64,
    /// Entries committed.
    pub n_entries: u64,
    /// Frames committed.
    pub n_frames: u64,
    /// Samples committed.
    pub n_samples: u64,
    /// Verdicts committed.
    pub n_verdicts: u64,
    /// Chunks sealed.
    pub n_chunks: u64,
    /// Verdicts that came again with a key that is stored already.
    pub n_repeated: u64,
    /// Verdicts among them that are not the stored ones: their number was given twice.
    pub n_conflicting: u64,
    /// Messages whose acknowledgement was let go before they were durable.
    pub n_not_durable: u64,
    /// Frames that never became durable: dropped while the store could not be written.
    pub n_frames_lost: u64,
    /// Verdicts that never became durable.
    pub n_verdicts_lost: u64,
    /// Entries refused because the queue was full.
    pub n_refused: u64,
    /// Stored parts that could not be read.
    pub n_damaged: u64,
    /// Time of all commits together, in microseconds.
    pub commit_us_sum: u64,
    /// Longest commit, in microseconds.
    pub commit_us_max: u64,
    /// Longest slice of retention, in microseconds.
    pub slice_us_max: u64,
    /// The store's files together, in bytes.
    pub bytes: u64,
}

impl Counters {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Relaxed);
    }

    /// The store cannot be written, for this reason.
    pub fn set_unwritable(&self, why: &str) {
        let mut text = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.clone_into(&mut text);
        self.unwritable.store(true, Relaxed);
    }

    /// The store can be written again.
    pub fn set_writable(&self) {
        self.unwritable.store(false, Relaxed);
    }

    /// Everything at once.
    pub fn snapshot(&self, n_refused: u64) -> StoreHealth {
        let why = || self.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
        StoreHealth {
            unwritable: self.unwritable.load(Relaxed).then(why),
            n_commits: self.n_commits.load(Relaxed),
            n_entries: self.n_entries.load(Relaxed),
            n_frames: self.n_frames.load(Relaxed),
            n_samples: self.n_samples.load(Relaxed),
            n_verdicts: self.n_verdicts.load(Relaxed),
            n_chunks: self.n_chunks.load(Relaxed),
            n_repeated: self.n_repeated.load(Relaxed),
            n_conflicting: self.n_conflicting.load(Relaxed),
            n_not_durable: self.n_not_durable.load(Relaxed),
            n_frames_lost: self.n_frames_lost.load(Relaxed),
            n_verdicts_lost: self.n_verdicts_lost.load(Relaxed),
            n_refused,
            n_damaged: self.n_damaged.load(Relaxed),
            commit_us_sum: self.commit_us_sum.load(Relaxed),
            commit_us_max: self.commit_us_max.load(Relaxed),
            slice_us_max: self.slice_us_max.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}
