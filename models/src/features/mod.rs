//! Features: numbers computed from a window's columns, ready for a model's tensor.
//!
//! Every formula is that of NumPy and SciPy with the options named at [`Feature`], so that a model
//! trained on features made in Python sees the same numbers here.

mod moments;
mod spectrum;

use moments::Moments;
use ndarray::ArrayView1;
use spectrum::Spectrum;

/// A number computed from one input's column `x` of `n` samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Feature {
    /// Arithmetic mean, in the tag's unit: `np.mean(x)`.
    Mean,
    /// Population standard deviation, divisor n, in the tag's unit: `np.std(x)`. Zero for a constant.
    Std,
    /// Root mean square, in the tag's unit: `np.sqrt(np.mean(x ** 2))`.
    Rms,
    /// Greatest absolute value, in the tag's unit: `np.max(np.abs(x))`.
    Peak,
    /// Peak over RMS, without unit, at least 1. For an all-zero column 1, as for any constant.
    Crest,
    /// Excess (Fisher) kurtosis m4/m2² − 3, biased, without unit: `scipy.stats.kurtosis(x)`. Zero
    /// for a normal distribution. For a constant column, where SciPy gives NaN, zero.
    Kurtosis,
    /// Skewness m3/m2^1.5, biased, without unit: `scipy.stats.skew(x)`. For a constant column, where
    /// SciPy gives NaN, zero.
    Skewness,
    /// Power in the band `[low_hz, high_hz)`, in the tag's unit squared: the one-sided power spectral
    /// density of `scipy.signal.periodogram(x, fs, window="hann", detrend="constant")`, summed over
    /// the band's bins and multiplied by the bin width fs/n. Bands that cover 0 to beyond fs/2 sum to
    /// the variance of the windowed series. A bin within 1e-9 bins of an edge lies on it.
    BandEnergy {
        /// Lower edge in Hz, included.
        low_hz: f64,
        /// Upper edge in Hz, excluded.
        high_hz: f64,
    },
}

/// Why features cannot be planned or computed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum FeatureError {
    /// A band without the cadence that gives its bins a frequency.
    #[error("band energies need the sample rate: set the window's step or the manifest's cadence")]
    NoSampleRate,
    /// Not a positive finite rate.
    #[error("the sample rate must be above 0 Hz, not {0}")]
    SampleRate(f64),
    /// Edges that hold no band below half the sample rate.
    #[error("the band {low_hz} to {high_hz} Hz must rise from 0 or more and begin at or below {nyquist_hz} Hz")]
    Band {
        /// Lower edge.
        low_hz: f64,
        /// Upper edge.
        high_hz: f64,
        /// Half the sample rate.
        nyquist_hz: f64,
    },
    /// The window has no such column.
    #[error("a feature wants input {input}, but the window has {n_columns} columns: bind the model's inputs again")]
    NoColumn {
        /// The input's index.
        input: usize,
        /// Columns in the window.
        n_columns: usize,
    },
    /// A column without samples has no features.
    #[error("input {input} has no samples in this window")]
    Empty {
        /// The input's index.
        input: usize,
    },
    /// The output has another length than the plan.
    #[error("the plan has {n_features} features, but the output holds {n_out}")]
    OutputLength {
        /// Features of the plan.
        n_features: usize,
        /// Places in the output.
        n_out: usize,
    },
}

/// A list of features and the memory to compute them without allocation.
///
/// After the first window of a length, further windows of that length allocate nothing (32 lengths are
/// remembered at a time).
#[derive(Debug)]
pub struct FeaturePlan {
    items: Vec<(usize, Feature)>,
    /// Places in `items`, by input: what an input's features share is computed once.
    by_input: Vec<usize>,
    sample_hz: f64,
    spectrum: Spectrum,
}

impl FeaturePlan {
    /// A plan; `items` are pairs of input index and feature, in the order of the output.
    ///
    /// `sample_hz`: samples per second of every column; needed for band energies only.
    ///
    /// # Errors
    /// A band without rate, a rate that is none, or a band that holds no frequency.
    pub fn new(items: Vec<(usize, Feature)>, sample_hz: Option<f64>) -> Result<Self, FeatureError> {
        if let Some(hz) = sample_hz.filter(|hz| !(hz.is_finite() && *hz > 0.0)) {
            return Err(FeatureError::SampleRate(hz));
        }
        for (_, feature) in &items {
            if let Feature::BandEnergy { low_hz, high_hz } = *feature {
                let nyquist_hz = sample_hz.ok_or(FeatureError::NoSampleRate)? / 2.0;
                if !(low_hz >= 0.0 && high_hz > low_hz && low_hz <= nyquist_hz) {
                    return Err(FeatureError::Band { low_hz, high_hz, nyquist_hz });
                }
            }
        }
        let mut by_input: Vec<usize> = (0..items.len()).collect();
        by_input.sort_by_key(|i| items[*i].0);
        Ok(Self { items, by_input, sample_hz: sample_hz.unwrap_or(1.0), spectrum: Spectrum::new() })
    }

    /// Numbers that one window gives.
    pub fn n_features(&self) -> usize {
        self.items.len()
    }

    /// Computes the features of a window in double precision and rounds them once.
    ///
    /// `columns`: a window's, one per input. `out`: one place per feature, in the plan's order.
    ///
    /// # Errors
    /// A missing or empty column, or an output of another length.
    pub fn compute(&mut self, columns: &[Vec<f64>], out: &mut [f32]) -> Result<(), FeatureError> {
        #[expect(clippy::cast_possible_truncation, reason = "models take single precision; rounded once")]
        self.each(columns, out.len(), |i, value| out[i] = value as f32)
    }

    /// As [`Self::compute`], without rounding.
    ///
    /// # Errors
    /// A missing or empty column, or an output of another length.
    pub fn compute_f64(&mut self, columns: &[Vec<f64>], out: &mut [f64]) -> Result<(), FeatureError> {
        self.each(columns, out.len(), |i, value| out[i] = value)
    }

    fn each(
        &mut self,
        columns: &[Vec<f64>],
        n_out: usize,
        mut put: impl FnMut(usize, f64),
    ) -> Result<(), FeatureError> {
        if n_out != self.items.len() {
            return Err(FeatureError::OutputLength { n_features: self.items.len(), n_out });
        }
        let mut last: Option<(usize, Moments)> = None;
        let mut has_spectrum = false;
        for i in &self.by_input {
            let (input, feature) = self.items[*i];
            let column = columns.get(input).ok_or(FeatureError::NoColumn { input, n_columns: columns.len() })?;
            let moments = match last {
                Some((at, moments)) if at == input => moments,
                _ => {
                    let moments = Moments::of(ArrayView1::from(column)).ok_or(FeatureError::Empty { input })?;
                    last = Some((input, moments));
                    has_spectrum = false;
                    moments
                }
            };
            let value = match feature {
                Feature::Mean => moments.mean,
                Feature::Std => moments.m2.sqrt(),
                Feature::Rms => moments.rms,
                Feature::Peak => moments.peak,
                Feature::Crest => moments.crest(),
                Feature::Kurtosis => moments.kurtosis(),
                Feature::Skewness => moments.skewness(),
                Feature::BandEnergy { low_hz, high_hz } => {
                    if !has_spectrum {
                        self.spectrum.load(column, moments.mean);
                        has_spectrum = true;
                    }
                    self.spectrum.band(low_hz / self.sample_hz, high_hz / self.sample_hz)
                }
            };
            put(*i, value);
        }
        Ok(())
    }
}
