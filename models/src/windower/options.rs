//! What a windower is built from, checked once, and what a caller says with every frame.

use std::time::Duration;
use takt_plant::{DropReason, TagSlot, WindowSpec};

/// Most hops in a time window's span and greatest age together: as many windows may one call close
/// when a slow tag's next sample comes.
pub const HOPS_MAX: u64 = 16_384;

/// Plain values that `assemble` fills in.
#[derive(Debug, Clone)]
pub struct WindowerOptions {
    /// The closing rule.
    pub spec: WindowSpec,
    /// The check's inputs in the model's order.
    pub inputs: Vec<TagSlot>,
    /// How far behind the greatest source time a frame may lie and still be merged in order.
    pub lateness: Duration,
    /// How long after the last frame, by the monotonic clock, an overdue window is closed at the
    /// earliest: below the usual distance of frames, jitter would close windows before their last ones.
    /// A verdict's deadline counts from when its window was due, so this must be shorter than that.
    pub silence: Duration,
    /// Most frames that the windower keeps, and most instants that a time window may have.
    pub n_samples_max: usize,
}

/// What the line says about itself when a frame arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Whether the check's production condition holds (B48).
    pub in_production: bool,
    /// The running recipe's place in the check's list; `None` when unknown or when there is no list.
    pub recipe: Option<u32>,
}

/// What became of a window that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It got its verdict: pass, fail or inconclusive.
    Judged,
    /// It got none.
    Dropped(DropReason),
}

/// Why a windower cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// No inputs.
    #[error("the check has no inputs: bind at least one tag")]
    NoInputs,
    /// `size` or `hop` is zero.
    #[error("a count window needs size and hop of at least 1")]
    ZeroCount,
    /// `span`, `hop` or `step` is zero, or a duration exceeds 2^63 ns (292 years).
    #[error("a time window needs span, hop and step above zero and below 292 years")]
    Duration,
    /// `span` is not a whole number of `step`s.
    #[error("span must be a whole multiple of step: {span_ns} ns is not a multiple of {step_ns} ns")]
    UnevenStep {
        /// The span in nanoseconds.
        span_ns: u64,
        /// The step in nanoseconds.
        step_ns: u64,
    },
    /// One sample would stand for more windows than the bound.
    #[error("span and max_age hold {n_hops} hops, over the bound of {HOPS_MAX}: lengthen hop or shorten max_age")]
    TooManyHops {
        /// Hops in span and greatest age.
        n_hops: u64,
    },
    /// A window does not fit the bound.
    #[error("a window of {n_rows} rows exceeds the bound of {n_samples_max}: raise the bound or shorten the window")]
    TooLarge {
        /// Rows of one window.
        n_rows: u64,
        /// The bound.
        n_samples_max: usize,
    },
}

impl WindowerOptions {
    /// Checks every precondition of the rules.
    ///
    /// # Errors
    /// See [`OptionsError`].
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.inputs.is_empty() {
            return Err(OptionsError::NoInputs);
        }
        let n_rows = match &self.spec {
            WindowSpec::Frame => 1,
            WindowSpec::Count { size, hop } => {
                if *size == 0 || *hop == 0 {
                    return Err(OptionsError::ZeroCount);
                }
                u64::from(*size)
            }
            WindowSpec::Time { span, hop, step, max_age, .. } => {
                let [span_ns, hop_ns, step_ns] = [positive_ns(*span)?, positive_ns(*hop)?, positive_ns(*step)?];
                let n_hops = span_ns.saturating_add(ns(*max_age)?) / hop_ns;
                if n_hops > HOPS_MAX {
                    return Err(OptionsError::TooManyHops { n_hops });
                }
                if span_ns % step_ns != 0 {
                    return Err(OptionsError::UnevenStep { span_ns, step_ns });
                }
                span_ns / step_ns
            }
            WindowSpec::Trigger { collect, .. } => {
                ns(collect.before)?;
                ns(collect.after)?;
                1
            }
        };
        if n_rows > self.n_samples_max as u64 || n_rows > u64::from(u32::MAX) {
            return Err(OptionsError::TooLarge { n_rows, n_samples_max: self.n_samples_max });
        }
        Ok(())
    }
}

fn positive_ns(span: Duration) -> Result<u64, OptionsError> {
    let ns = ns(span)?;
    if ns == 0 { Err(OptionsError::Duration) } else { Ok(ns) }
}

fn ns(span: Duration) -> Result<u64, OptionsError> {
    i64::try_from(span.as_nanos()).ok().and_then(|ns| u64::try_from(ns).ok()).ok_or(OptionsError::Duration)
}
