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
}

impl QueueGauge {
    pub(super) fn new(name: &str, n_max: usize, when_full: &str) -> Self {
        Self {
            name: name.to_owned(),
            when_full: when_full.to_owned(),
            n_max: n_max as u64,
            n_waiting: AtomicU64::new(0),
            n_full: AtomicU64::new(0),
        }
    }

    /// Shows how many entries wait.
    pub fn waiting(&self, n: usize) {
        self.n_waiting.store(n as u64, Ordering::Relaxed);
    }

    /// Counts that an entry met a full queue.
    pub fn full(&self) {
        self.n_full.fetch_add(1, Ordering::Relaxed);
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
