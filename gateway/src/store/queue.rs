//! The bounded queue between the shards and the writer. Full: the entry comes back, and is counted.

use super::entry::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The queue is full: the writer does not keep up. The entry comes back to its owner, who counts
/// its frames as not durable and may hand in its verdicts again.
#[derive(Debug)]
pub struct Full(pub Box<Entry>);

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the store does not keep up: {} frames were not taken", self.0.frames.len())
    }
}

impl std::error::Error for Full {}

/// One shard's way into the store.
#[derive(Debug)]
pub struct Journal {
    shard: u32,
    queue: Arc<Queue>,
}

impl Journal {
    pub(super) fn new(shard: u32, queue: Arc<Queue>) -> Self {
        Self { shard, queue }
    }

    /// The shard it belongs to.
    pub fn shard(&self) -> u32 {
        self.shard
    }

    /// Hands an entry to the writer. Never blocks and never waits.
    ///
    /// # Errors
    /// [`Full`] gives the entry back when the queue is full.
    pub fn submit(&mut self, entry: Entry) -> Result<(), Full> {
        self.queue.push(self.shard, entry)
    }
}

/// What waits for the writer.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Shard and entry, oldest first.
    pub entries: Vec<(u32, Entry)>,
    /// How many messages wait in them for their acknowledgement.
    pub n_acknowledging: usize,
}

/// The queue itself. A submit wakes the writer only when it must act: on the first entry and when a
/// group is full; in between the writer sleeps on its timer, so a busy stream costs few wake-ups.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Notify,
    entries_max: usize,
    group_max: usize,
    n_refused: AtomicU64,
}

impl Queue {
    pub fn new(entries_max: usize, group_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            wake: Notify::new(),
            entries_max,
            group_max: group_max.max(1),
            n_refused: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, shard: u32, entry: Entry) -> Result<(), Full> {
        let mut waiting = self.lock();
        if waiting.entries.len() >= self.entries_max {
            drop(waiting);
            self.n_refused.fetch_add(1, Ordering::Relaxed);
            return Err(Full(Box::new(entry)));
        }
        // One entry may carry the messages of a whole turn.
        let n_acknowledging = entry.acknowledges.map_or(0, |_| entry.marks.len().max(1));
        let before = waiting.n_acknowledging;
        waiting.n_acknowledging += n_acknowledging;
        let first = waiting.entries.is_empty() || (before == 0 && n_acknowledging > 0);
        let group_full = before < self.group_max && waiting.n_acknowledging >= self.group_max;
        waiting.entries.push((shard, entry));
        let half_full = waiting.entries.len() == self.entries_max / 2;
        drop(waiting);
        if first || group_full || half_full {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits until a submit wakes the writer. May return without anything to do.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// How many entries wait, and how many acknowledgements.
    pub fn len(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.entries.len(), waiting.n_acknowledging)
    }

    /// Takes everything that waits. `spare` takes its place, so that its memory is used again.
    pub fn take(&self, spare: Vec<(u32, Entry)>) -> Waiting {
        debug_assert!(spare.is_empty(), "a spare list holds nothing");
        let mut waiting = self.lock();
        std::mem::replace(&mut *waiting, Waiting { entries: spare, n_acknowledging: 0 })
    }

    /// Whether so many wait that lingering would risk a refusal.
    pub fn is_half_full(&self, n: usize) -> bool {
        n * 2 >= self.entries_max
    }

    /// Entries refused so far.
    pub fn n_refused(&self) -> u64 {
        self.n_refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_gives_the_entry_back_and_counts() {
        let queue = Arc::new(Queue::new(2, 8));
        let mut journal = Journal::new(3, Arc::clone(&queue));
        assert!(journal.submit(Entry::default()).is_ok());
        assert!(journal.submit(Entry::default()).is_ok());
        let back = journal.submit(Entry { ticket: takt_adapters::Ticket(9), ..Entry::default() });
        assert_eq!(back.expect_err("the queue is full").0.ticket.0, 9);
        assert_eq!(queue.n_refused(), 1);
        assert_eq!(queue.take(Vec::new()).entries.len(), 2);
        assert!(journal.submit(Entry::default()).is_ok());
    }
}
