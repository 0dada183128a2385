//! The store: journal, raw samples, verdicts, events, document versions and arming in one SQLite
//! file that one writer thread owns.
//!
//! How it is driven:
//! 1. [`Store::open`] replays the journal and says where the last run ended ([`Recovered`]).
//! 2. [`Store::register`] turns names into slots that never change; frames carry its group slots.
//! 3. Each shard takes a [`Journal`] and hands in one [`Entry`] per delivery; never blocks.
//! 4. The receivers of [`Store::journal`] and [`Store::durable`] say what may be acknowledged. A
//!    shard's own receiver stops before the first entry that a `hold` connection waits for; a
//!    connection's receiver follows that connection's rule alone.
//! 5. [`Store::reader`] answers questions; it sees everything that is committed.
//! 6. [`Store::close`] folds what waits and marks the end as clean.
//!
//! How it is built: every commit is one row of the table `journal` ([`row`]), so that an
//! acknowledgement costs one page or two. Twice a second the rows are folded into their tables
//! (verdicts, positions, marks, …); frames stay until their group's chunk is full and sealed
//! ([`chunk`]). A row goes when nothing needs it any more. Recovery reads the rows again.

mod acks;
pub mod alarms;
pub mod anchor;
pub mod archive;
pub mod bytes;
pub mod chunk;
pub mod column;
pub mod db;
pub mod documents;
pub mod entry;
pub mod error;
pub mod export;
pub mod feedback;
mod handle;
pub mod health;
pub mod layout;
mod linger;
pub mod names;
mod open;
pub mod options;
pub mod outbox;
pub mod points;
pub mod queue;
pub mod reader;
pub mod reading;
pub mod recover;
pub mod row;
pub mod rows;
pub mod samples;
pub mod snapshot;
mod spent;
pub mod trend;
pub mod verdict;
pub mod verdicts;
mod writer;

pub use alarms::AlarmRecord;
pub use archive::{ActFilter, Dropped, StoredEvent};
pub use chunk::StoredFrame;
pub use documents::{ArmingRecord, DocumentVersion, NewDocument};
pub use entry::{CheckSlot, Confirmation, ConnectionSlot, Digest, Entry, Event, WriteKind, WriteOutcome, WriteResult};
pub use error::StoreError;
pub use export::Format;
pub use feedback::Feedback;
pub use handle::Store;
pub use health::StoreHealth;
pub use layout::{CheckLayout, ConnectionLayout, GroupLayout, Layout, Slots, WhenUnwritable};
pub use options::{MARKS_MAX, StoreOptions};
pub use points::Point;
pub use queue::{Full, Journal};
pub use reader::Reader;
pub use recover::{Loss, Origin, Progress, Recovered};
pub use samples::{Batch, Sample, SampleStream, Since, Span};
pub use verdict::{StoredVerdict, StoredWrite};
pub use verdicts::{OutcomeKind, VerdictFilter};
