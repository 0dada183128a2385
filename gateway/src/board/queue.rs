//! The gauge of one bounded queue: how full it is, and how often it was full.

use std::sync::atomic::{AtomicU64, Ordering};

/// The gauge of one bounded queue.
pub struct QueueGauge {
    name: String,
    /// What happens when it is full, in words.
    when_full: String,
    n_max: u64,
    n_waiting: AtomicU64,
    n_full: AtomicU64,
    n_frames_given_up: AtomicU64,
    n_verdicts_given_up: AtomicU64,
    n_records_given_up: AtomicU64,
}

/// What was given up because a queue was full for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueLosses {
    /// Frames that nobody acknowledges.
    pub n_frames: u64,
    /// Verdicts.
    pub n_verdicts: u64,
    /// Events, ends of writes and confirmations.
    pub n_records: u64,
}

impl QueueGauge {
    pub(super) fn new(name: &str, n_max: usize, when_full: &str) -> Self {
        Self {
            name: name.to_owned(),
            when_full: when_full.to_owned(),
            n_max: n_max as u64,
            n_waiting: AtomicU64::new(0),
            n_full: AtomicU64::new(0),
            n_frames_given_up: AtomicU64::new(0),
            n_verdicts_given_up: AtomicU64::new(0),
            n_records_given_up: AtomicU64::new(0),
        }
    }

    /// Shows how many entries wait.
    pub fn waiting(&self, n: usize) {
        self.n_waiting.store(n as u64, Ordering::Relaxed);
    }

    /// Counts that an entry met a full queue, and what its owner gave up for it.
    pub fn full(&self, n_frames: usize, n_verdicts: usize, n_records: usize) {
        self.n_full.fetch_add(1, Ordering::Relaxed);
        self.n_frames_given_up.fetch_add(n_frames as u64, Ordering::Relaxed);
        self.n_verdicts_given_up.fetch_add(n_verdicts as u64, Ordering::Relaxed);
        self.n_records_given_up.fetch_add(n_records as u64, Ordering::Relaxed);
    }

    /// What was given up since the start.
    pub fn losses(&self) -> QueueLosses {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        QueueLosses {
            n_frames: of(&self.n_frames_given_up),
            n_verdicts: of(&self.n_verdicts_given_up),
            n_records: of(&self.n_records_given_up),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What happens when it is full.
    pub fn when_full(&self) -> &str {
        &self.when_full
    }

    /// Entries it can hold.
    pub fn n_max(&self) -> u64 {
        self.n_max
    }

    /// Entries that wait.
    pub fn n_waiting(&self) -> u64 {
        self.n_waiting.load(Ordering::Relaxed)
    }

    /// Entries that met a full queue.
    pub fn n_full(&self) -> u64 {
        self.n_full.load(Ordering::Relaxed)
    }
}
