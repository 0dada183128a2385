//! Counters of a connection, readable from any thread.

use super::answer::CallFault;
use super::scan::ScanCounts;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct ModbusCounts {
    /// Connections made.
    pub n_connects: AtomicU64,
    /// Requests answered as asked.
    pub n_answers: AtomicU64,
    /// Requests without an answer in time.
    pub n_timeouts: AtomicU64,
    /// Requests refused with an exception.
    pub n_exceptions: AtomicU64,
    /// Requests during which the connection ended.
    pub n_closed: AtomicU64,
    /// Answers that did not fit their request.
    pub n_garbled: AtomicU64,
    /// Writes that were sent, however they came out.
    pub n_writes: AtomicU64,
    /// Cycles skipped because the one before had not ended (B10).
    pub n_skipped: AtomicU64,
    /// Merged reads split after exception 02 (B5).
    pub n_splits: AtomicU64,
}

impl ModbusCounts {
    pub(super) fn request(&self, fault: Option<&CallFault>) {
        let counter = match fault {
            None => &self.n_answers,
            Some(CallFault::Exception(_)) => &self.n_exceptions,
            Some(CallFault::Timeout) => &self.n_timeouts,
            Some(CallFault::Garbled(_)) => &self.n_garbled,
            Some(CallFault::Closed(_)) => &self.n_closed,
        };
        add(counter);
    }

    pub(super) fn connect(&self) {
        add(&self.n_connects);
    }

    pub(super) fn write(&self) {
        add(&self.n_writes);
    }

    pub(super) fn scan(&self, counts: ScanCounts) {
        self.n_skipped.store(counts.n_skipped, Ordering::Relaxed);
        self.n_splits.store(counts.n_splits, Ordering::Relaxed);
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
