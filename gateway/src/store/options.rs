//! How the store is set, with a name, a unit and a derivation for every limit.

use super::linger::Linger;
use std::time::Duration;

/// Message marks that are kept per connection, and so the messages that may be unacknowledged at once:
/// the default receive maximum, of 16 bytes each.
pub const MARKS_MAX: u16 = 1_024;

/// Plain values that `assemble` takes from the gateway document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Hard limit of the store's files together, write-ahead log included, in bytes (B37).
    pub bytes_max: u64,
    /// Raw samples older than this are dropped.
    pub samples_age_max: Duration,
    /// Verdicts and events older than this are dropped.
    pub verdicts_age_max: Duration,
    /// Wait of an acknowledgement for company in its commit; longer while company comes
    /// ([`Linger`]). An idle store commits at once.
    pub linger: Duration,
    /// Longest wait of an entry that no acknowledgement waits for. With the commit itself this is
    /// the stated window of loss at a power cut (B36).
    pub linger_unacknowledged: Duration,
    /// Entries with waiting acknowledgements that end the lingering. Below the 20 messages that
    /// mosquitto keeps in flight by default, so that a broker never stalls on a lingering commit.
    pub entries_max: usize,
    /// Entries that may wait for the writer. At 16 bytes a sample and 52 tags, 8,192 entries are 7 MB.
    pub queue_entries_max: usize,
    /// Frames of a group that seal its chunk.
    pub chunk_frames_max: usize,
    /// Age that seals a chunk, however short it is.
    pub chunk_age_max: Duration,
    /// Memory for samples in open chunks; beyond it the largest group is sealed.
    pub open_bytes_max: usize,
    /// Memory for entries while the store cannot be written; beyond it frames are dropped, oldest
    /// first, then whole entries.
    pub backlog_bytes_max: usize,
    /// Time between two attempts while the store cannot be written.
    pub retry: Duration,
    /// Message marks that are kept per connection: at least the receive maximum, else a redelivery
    /// may be consumed twice.
    pub marks_max: usize,
    /// Time between two foldings of the journal into its tables.
    pub fold: Duration,
    /// Longest work of one retention slice on the writer.
    pub slice: Duration,
}

impl StoreOptions {
    /// The stated window of loss (B36): the longest linger, and a commit on a slow disk.
    pub fn loss_window(&self) -> Duration {
        const COMMIT: Duration = Duration::from_millis(150);
        Linger::longest(self.linger).max(self.linger_unacknowledged) + COMMIT
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            bytes_max: 8 << 30,
            samples_age_max: Duration::from_secs(90 * 86_400),
            verdicts_age_max: Duration::from_secs(730 * 86_400),
            linger: Duration::from_millis(10),
            linger_unacknowledged: Duration::from_millis(100),
            entries_max: 12,
            queue_entries_max: 8_192,
            chunk_frames_max: 4_096,
            chunk_age_max: Duration::from_secs(900),
            open_bytes_max: 32 << 20,
            backlog_bytes_max: 16 << 20,
            retry: Duration::from_secs(1),
            marks_max: MARKS_MAX as usize,
            fold: Duration::from_millis(500),
            slice: Duration::from_millis(5),
        }
    }
}
