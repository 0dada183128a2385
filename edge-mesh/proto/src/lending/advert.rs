//! What peers tell each other about their load, and how a lender says no.

use crate::limits::WARM_MAX;
use serde::{Deserialize, Serialize};

/// A lender's load in a few bytes: in every advert, result and refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoadView {
    /// When a borrowed run asked for now would begin, in µs from now.
    pub wait_us: u32,
    /// Tokens at hand, in µs of work.
    pub spare_us: u32,
    /// Tokens that come in, in µs of work for each ms.
    pub spare_rate: u16,
    /// It asks peers itself just now, and so does not lend.
    pub borrowing: bool,
}

/// Sent to each peer every few seconds and when the load crosses between full and free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advert {
    /// Rises with each; an older one that comes late is dropped.
    pub seq: u64,
    /// The load.
    pub view: LoadView,
    /// Models loaded and warm, by the head of their digests; at most [`WARM_MAX`].
    pub warm: Vec<u64>,
}

impl Advert {
    /// Whether it keeps its limits.
    pub fn is_sound(&self) -> bool {
        self.warm.len() <= WARM_MAX
    }
}

/// Why a lender does not take a request. It says so at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Refusal {
    /// No capacity to spare.
    NoSpare,
    /// It would not end in time.
    TooLate,
    /// The model is not loaded here, or has no price.
    NoModel,
    /// The borrower owes too much, or has not signed for what it got.
    Credit,
    /// Under quarantine, or this gateway's books are not in order.
    Quarantine,
    /// The class of the data does not allow this way. A correct borrower never hears it.
    Export,
}
