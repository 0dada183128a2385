//! A closed window: one column of numbers per input, ready for features and the model.

use takt_plant::{Closing, Fault, MonoTime, WindowKey};

/// Why a window has no value where the model needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoleWhy {
    /// No sample within the greatest age, or none at all.
    NoSample,
    /// The reading was bad.
    Bad(Fault),
}

/// The first place where an input has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Index of the input in the model's order.
    pub input: u32,
    /// What is missing.
    pub why: HoleWhy,
}

/// Samples of a check's inputs over one span, closed by a stated rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its name.
    pub key: WindowKey,
    /// The run of production, recipe and source clock that it lies in. Rises; a decision over
    /// several windows begins anew when it changes.
    pub segment: u64,
    /// What closed it.
    pub closing: Closing,
    /// When the sample that closed it arrived; for a window closed by silence, when
    /// such a sample was due.
    pub arrived: MonoTime,
    /// The recipe's place in the check's list, as of the closing sample.
    pub recipe: Option<u32>,
    /// One column per input in the model's order. Frame, count and time windows: equal lengths.
    /// A cell without value is NaN, and then `hole` says why.
    pub columns: Vec<Vec<f64>>,
    /// The first hole; a window with a hole is never judged by a model.
    pub hole: Option<Hole>,
}
