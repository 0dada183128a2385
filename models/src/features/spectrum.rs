//! The one-sided periodogram of a column: mean removed, periodic Hann window, density scaling.
//!
//! P. D. Welch, IEEE Trans. Audio Electroacoust. 15 (1967) 70–73, with one segment; the conventions
//! are those of `scipy.signal.periodogram`.

use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Column lengths whose FFT plans are kept: trigger windows vary in length, others do not. When
/// full, all are let go.
pub const LENGTHS_MAX: usize = 32;

/// How close, in bins, a bin may lie to a band's edge to count as on it: rounding of k·fs/n.
const EDGE_BINS: f64 = 1e-9;

/// All that a length needs.
struct Length {
    fft: Arc<dyn RealToComplex<f64>>,
    hann: Vec<f64>,
    /// Sum of the squared window.
    weight: f64,
    series: Vec<f64>,
    bins: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

/// FFT plans and the power of the column loaded last.
pub(super) struct Spectrum {
    lengths: Vec<Length>,
    /// Power per bin: density times bin width. The sample rate cancels.
    power: Vec<f64>,
    n: usize,
}

impl std::fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spectrum").field("n_lengths", &self.lengths.len()).finish_non_exhaustive()
    }
}

impl Spectrum {
    pub fn new() -> Self {
        Self { lengths: Vec::new(), power: Vec::new(), n: 0 }
    }

    /// Works out the power per bin of a column with this mean.
    pub fn load(&mut self, column: &[f64], mean: f64) {
        let n = column.len();
        self.n = n;
        let known = self.lengths.iter().position(|length| length.series.len() == n);
        let i = known.unwrap_or_else(|| {
            if self.lengths.len() >= LENGTHS_MAX {
                self.lengths.clear();
            }
            self.lengths.push(Length::new(n));
            self.lengths.len() - 1
        });
        self.lengths[i].power(column, mean, &mut self.power);
    }

    /// Power in `[low, high)`, both as shares of the sample rate.
    pub fn band(&self, low: f64, high: f64) -> f64 {
        let [from, to] = [low, high].map(|edge| self.first_bin(edge));
        self.power.get(from..to.min(self.power.len())).map_or(0.0, |bins| bins.iter().sum())
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; edges are not negative"
    )]
    #[expect(clippy::cast_precision_loss, reason = "a window has far fewer than 2^53 samples")]
    fn first_bin(&self, edge: f64) -> usize {
        (edge * self.n as f64 - EDGE_BINS).ceil().max(0.0) as usize
    }
}

impl Length {
    #[expect(clippy::cast_precision_loss, reason = "a window has far fewer than 2^53 samples")]
    fn new(n: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(n);
        let hann: Vec<f64> = if n == 1 {
            vec![1.0]
        } else {
            (0..n).map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / n as f64).cos()).collect()
        };
        Self {
            weight: hann.iter().map(|w| w * w).sum(),
            series: fft.make_input_vec(),
            bins: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            hann,
            fft,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a window has far fewer than 2^53 samples")]
    fn power(&mut self, column: &[f64], mean: f64, power: &mut Vec<f64>) {
        let n = column.len();
        for ((out, v), w) in self.series.iter_mut().zip(column).zip(&self.hann) {
            *out = (v - mean) * w;
        }
        self.fft
            .process_with_scratch(&mut self.series, &mut self.bins, &mut self.scratch)
            .expect("the buffers were made by this plan, and a real series has real ends");
        // Density |X|²/(fs·Σw²), times the bin width fs/n; every bin but 0 and n/2 stands for two.
        let scale = 1.0 / (self.weight * n as f64);
        power.clear();
        power.extend(self.bins.iter().enumerate().map(|(k, bin)| {
            let sides = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
            sides * bin.norm_sqr() * scale
        }));
    }
}
