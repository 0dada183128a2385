//! Quantiles of one round, and the median with its spread over several.

use std::fmt;
use std::time::Duration;

/// Half and nearly all of the spans of one round, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Quantiles {
    pub(crate) fn of(spans: &[Duration]) -> Self {
        let mut us: Vec<f64> = spans.iter().map(|span| span.as_secs_f64() * 1e6).collect();
        us.sort_by(f64::total_cmp);
        Self { p50: rank(&us, 0.5), p99: rank(&us, 0.99) }
    }
}

/// The value at a share of a sorted list (nearest rank), 0 for none.
fn rank(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank of a short list"
    )]
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or_default()
}

/// Median, smallest and largest of a figure over the rounds of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Over {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Over {
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let end = |value: Option<&f64>| value.copied().unwrap_or_default();
        Self { median: rank(&sorted, 0.5), min: end(sorted.first()), max: end(sorted.last()) }
    }

    /// The figure round by round against another of the same rounds, which the machine hit alike.
    pub(crate) fn pairs(a: &[f64], b: &[f64], compare: impl Fn(f64, f64) -> f64) -> Self {
        Self::of(a.iter().zip(b).map(|(a, b)| compare(*a, *b)))
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.median.abs() {
            size if size < 10.0 => 2,
            size if size < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{:.digits$} [{:.digits$} – {:.digits$}]", self.median, self.min, self.max)
    }
}
