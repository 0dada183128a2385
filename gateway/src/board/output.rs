//! The gauge of one output: whether it is armed, and what became of its writes.
//!
//! Like verdicts, ended writes wait in a bounded ring until the viewers' pump takes them over.

use super::plan::OutputPlan;
use crossbeam_queue::ArrayQueue;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use takt_plant::{Arming, Purpose, WallTime, WriteValue};

/// Writes that wait for the viewers; older ones are pushed out, their counts stay.
const FRESH_MAX: usize = 128;

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOutcome {
    /// The device confirmed it, and a read-back where one was asked for agrees.
    Confirmed,
    /// Logged only: the output is not armed.
    DryRun,
    /// The interlock refused it (limits, rate).
    Withheld {
        /// Why.
        why: String,
    },
    /// The device refused it.
    Refused {
        /// The exception in words, with its code.
        why: String,
    },
    /// No answer in time: whether it was done is not known, and it is not repeated.
    TimedOut,
    /// The read-back differs.
    Differs {
        /// What was read.
        found: String,
    },
    /// The connection was down.
    Disconnected,
}

impl WriteOutcome {
    /// The words of all outcomes, in the order of the counters.
    pub const WORDS: [&'static str; 7] =
        ["confirmed", "dry_run", "withheld", "refused", "timed_out", "differs", "disconnected"];

    /// A short stable word for counters and the API.
    pub fn word(&self) -> &'static str {
        Self::WORDS[self.index()]
    }

    /// What the device or the interlock said, where it said something.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Withheld { why } | Self::Refused { why } => Some(why),
            Self::Differs { found } => Some(found),
            _ => None,
        }
    }

    fn index(&self) -> usize {
        match self {
            Self::Confirmed => 0,
            Self::DryRun => 1,
            Self::Withheld { .. } => 2,
            Self::Refused { .. } => 3,
            Self::TimedOut => 4,
            Self::Differs { .. } => 5,
            Self::Disconnected => 6,
        }
    }
}

/// One write that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteNote {
    /// What was to be written.
    pub value: WriteValue,
    /// Why.
    pub purpose: Purpose,
    /// What became of it.
    pub outcome: WriteOutcome,
    /// The verdict's `seq`, where a verdict led to it.
    pub seq: Option<u64>,
    /// From the verdict (or, without one, from the attempt's beginning) to the end of the write.
    pub took_us: u32,
    /// When it ended.
    pub at: WallTime,
}

/// The gauge of one output. Writing to it never waits for a viewer.
pub struct OutputGauge {
    plan: OutputPlan,
    arming: Mutex<Arming>,
    fresh: ArrayQueue<WriteNote>,
    n_writes: [AtomicU64; WriteOutcome::WORDS.len()],
    last: Mutex<Option<WriteNote>>,
    last_verdict: Mutex<Option<WriteNote>>,
    unkept: Mutex<Option<String>>,
    disarm_unkept: Mutex<Option<String>>,
}

impl OutputGauge {
    pub(crate) fn new(plan: OutputPlan) -> Self {
        Self {
            plan,
            arming: Mutex::new(Arming::DryRun),
            fresh: ArrayQueue::new(FRESH_MAX),
            n_writes: std::array::from_fn(|_| AtomicU64::new(0)),
            last: Mutex::new(None),
            last_verdict: Mutex::new(None),
            unkept: Mutex::new(None),
            disarm_unkept: Mutex::new(None),
        }
    }

    /// Shows whether writes go out.
    pub fn armed(&self, arming: Arming) {
        *self.arming.lock().unwrap_or_else(PoisonError::into_inner) = arming;
    }

    /// Shows what became of a write.
    pub fn wrote(&self, note: WriteNote) {
        self.n_writes[note.outcome.index()].fetch_add(1, Ordering::Relaxed);
        drop(self.fresh.force_push(note));
    }

    /// Shows why the intent of the last write could not be kept, or that it was.
    pub fn intent(&self, unkept: Option<String>) {
        *self.unkept.lock().unwrap_or_else(PoisonError::into_inner) = unkept;
    }

    /// Why the intent of the last write could not be kept; `None`: it was.
    pub fn unkept(&self) -> Option<String> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows why a restart would arm it again although it was disarmed, or that it would not.
    pub fn disarm_unkept(&self, why: Option<String>) {
        *self.disarm_unkept.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Why a restart would arm it again although it was disarmed.
    pub fn why_disarm_unkept(&self) -> Option<String> {
        self.disarm_unkept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it was made from.
    pub fn plan(&self) -> &OutputPlan {
        &self.plan
    }

    /// Whether writes go out.
    pub fn arming(&self) -> Arming {
        self.arming.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes by outcome, in the order of [`WriteOutcome::WORDS`].
    pub fn n_writes(&self) -> [u64; WriteOutcome::WORDS.len()] {
        std::array::from_fn(|i| self.n_writes[i].load(Ordering::Relaxed))
    }

    /// The last write that ended and that the pump has taken over.
    pub fn last(&self) -> Option<WriteNote> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last write of a verdict's value that ended and that the pump has taken over.
    pub fn last_verdict(&self) -> Option<WriteNote> {
        self.last_verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what is fresh, oldest first.
    pub(super) fn drain(&self, mut take: impl FnMut(&WriteNote)) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..FRESH_MAX {
            let Some(note) = self.fresh.pop() else { return };
            take(&note);
            if note.purpose.is_verdict() {
                *self.last_verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(note.clone());
            }
            *last = Some(note);
        }
    }
}
