//! What good looks like: the spread of a tag over the windows that passed, aligned at their closing
//! sample.
//!
//! A failed window is judged by eye against this band, so it holds percentiles and not a mean: one
//! odd good window must not widen it. (The 5th to 95th percentile of at most 100 windows; Hyndman &
//! Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50, 1996, type 7.)

use serde::{Deserialize, Serialize};
use takt_plant::WallTime;
use utoipa::ToSchema;

/// Steps of a band: as many as the eye tells apart in a small chart.
const STEPS: usize = 60;
/// Values that one tag's band is made of; of longer windows each value beyond it is left out evenly.
const VALUES_MAX: usize = 60_000;

/// A good window: source times of its first and last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GoodWindow {
    /// Its first sample.
    pub(super) from: WallTime,
    /// Its last sample, at which windows are aligned.
    pub(super) to: WallTime,
}

/// One step of a band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct Band {
    /// The step's middle, in milliseconds before the closing sample: zero or negative.
    pub(super) t_ms: f64,
    /// 5 % of good values were below.
    pub(super) p5: f64,
    /// Half of them were.
    pub(super) p50: f64,
    /// 95 % of them were.
    pub(super) p95: f64,
    /// Values in this step.
    pub(super) n: u64,
}

/// Collects values of one tag over good windows.
#[derive(Debug)]
pub(super) struct Envelope {
    windows: Vec<GoodWindow>,
    longest_ns: i64,
    steps: Vec<Vec<f64>>,
    n_values: usize,
    n_seen: usize,
    keep_every: usize,
}

impl Envelope {
    /// An empty envelope over these windows, in any order.
    pub(super) fn new(mut windows: Vec<GoodWindow>) -> Self {
        windows.sort_unstable_by_key(|window| window.to);
        let length = |window: &GoodWindow| window.to.as_ns().saturating_sub(window.from.as_ns()).max(0);
        let longest_ns = windows.iter().map(length).max().unwrap_or(0);
        // Windows of a single frame have one step: the spread of the good values.
        let n_steps = if longest_ns == 0 { 1 } else { STEPS };
        Self { windows, longest_ns, steps: vec![Vec::new(); n_steps], n_values: 0, n_seen: 0, keep_every: 1 }
    }

    /// Takes a sample; one that lies in no window is left out, one in several counts in each.
    pub(super) fn take(&mut self, at: WallTime, value: f64) {
        if !value.is_finite() {
            return;
        }
        let first = self.windows.partition_point(|window| window.to < at);
        for i in first..self.windows.len() {
            let window = self.windows[i];
            if window.to.as_ns().saturating_sub(at.as_ns()) > self.longest_ns {
                break;
            }
            if window.from <= at {
                self.put(window.to.as_ns() - at.as_ns(), value);
            }
        }
    }

    /// The band, from the earliest step to the closing sample. Steps without values have none.
    pub(super) fn bands(mut self) -> Vec<Band> {
        let n_steps = self.steps.len();
        #[expect(clippy::cast_precision_loss, reason = "a span in nanoseconds, shown in milliseconds")]
        let step_ms = self.longest_ns as f64 / 1e6 / n_steps as f64;
        let mut bands = Vec::new();
        for (i, values) in self.steps.iter_mut().enumerate().rev() {
            if values.is_empty() {
                continue;
            }
            values.sort_unstable_by(f64::total_cmp);
            #[expect(clippy::cast_precision_loss, reason = "a step number below 60")]
            let t_ms = if n_steps == 1 { 0.0 } else { -(i as f64 + 0.5) * step_ms };
            let [p5, p50, p95] = [0.05, 0.5, 0.95].map(|p| quantile(values, p));
            bands.push(Band { t_ms, p5, p50, p95, n: values.len() as u64 });
        }
        bands
    }

    fn put(&mut self, before_ns: i64, value: f64) {
        self.n_seen += 1;
        if !self.n_seen.is_multiple_of(self.keep_every) {
            return;
        }
        if self.n_values >= VALUES_MAX {
            self.thin();
        }
        let n_steps = self.steps.len();
        let place = i128::from(before_ns) * n_steps as i128 / i128::from(self.longest_ns.max(1));
        let step = usize::try_from(place).unwrap_or(0).min(n_steps - 1);
        self.steps[step].push(value);
        self.n_values += 1;
    }

    /// Keeps every second value, now and from here on.
    fn thin(&mut self) {
        self.keep_every *= 2;
        for values in &mut self.steps {
            let mut i = 0;
            values.retain(|_| {
                i += 1;
                i % 2 == 1
            });
        }
        self.n_values = self.steps.iter().map(Vec::len).sum();
    }
}

/// The quantile of sorted values by linear interpolation (type 7).
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> WallTime {
        WallTime::from_ns(ms * 1_000_000)
    }

    fn window(from_ms: i64, to_ms: i64) -> GoodWindow {
        GoodWindow { from: at(from_ms), to: at(to_ms) }
    }

    #[test]
    fn windows_are_aligned_at_their_closing_sample() {
        let mut envelope = Envelope::new(vec![window(0, 600), window(10_000, 10_600)]);
        for (close, offset) in [(600, 0.0), (10_600, 100.0)] {
            for before in 0..=600 {
                envelope.take(at(close - before), offset + before as f64);
            }
        }
        envelope.take(at(5_000), 1e9);
        let bands = envelope.bands();
        assert_eq!(bands.len(), 60);
        let last = bands[59];
        assert!((last.t_ms - -5.0).abs() < 1e-9, "ten milliseconds a step: {last:?}");
        assert_eq!(last.n, 20);
        assert!(last.p5 < 5.0 && last.p95 > 100.0, "both windows count: {last:?}");
        assert!(bands.iter().all(|band| band.p95 < 1e6), "what lies in no window is left out");
    }

    #[test]
    fn frames_have_one_step() {
        let mut envelope = Envelope::new((0..101).map(|i| window(i, i)).collect());
        for i in 0..101 {
            envelope.take(at(i), i as f64);
        }
        assert_eq!(envelope.bands(), [Band { t_ms: 0.0, p5: 5.0, p50: 50.0, p95: 95.0, n: 101 }]);
    }

    #[test]
    fn overlapping_windows_share_samples() {
        let mut envelope = Envelope::new(vec![window(0, 100), window(50, 150)]);
        envelope.take(at(75), 3.0);
        assert_eq!(envelope.bands().iter().map(|band| band.n).sum::<u64>(), 2);
    }

    #[test]
    fn its_memory_is_bounded_and_the_spread_stays() {
        let mut envelope = Envelope::new(vec![window(0, 1_000)]);
        for i in 0..1_000_000_i64 {
            envelope.take(WallTime::from_ns(i * 1_000), (i % 1_000) as f64);
        }
        assert!(envelope.n_values <= VALUES_MAX);
        let bands = envelope.bands();
        assert_eq!(bands.len(), 60);
        assert!(bands.iter().all(|band| (band.p50 - 500.0).abs() < 40.0), "{:?}", bands[0]);
    }

    #[test]
    fn quantiles_agree_with_numpy() {
        // numpy.quantile([1, 2, 4, 8], p)
        for (p, expected) in [(0.0, 1.0), (0.05, 1.15), (0.5, 3.0), (0.95, 7.4), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], p) - expected).abs() < 1e-12, "{p}");
        }
    }
}
