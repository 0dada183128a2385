//! Central moments of a column, in two passes: the second about the mean of the first.

use ndarray::ArrayView1;

/// What the features of one column share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub mean: f64,
    /// Population central moments: divisor n.
    pub m2: f64,
    m3: f64,
    m4: f64,
    pub rms: f64,
    pub peak: f64,
}

impl Moments {
    /// `None` for an empty column.
    pub fn of(x: ArrayView1<'_, f64>) -> Option<Self> {
        let rough = x.mean()?;
        #[expect(clippy::cast_precision_loss, reason = "a window has far fewer than 2^53 samples")]
        let n = x.len() as f64;
        // The rounding of a long sum would make a constant look like a series with a shape.
        let mean = rough + x.fold(0.0, |sum, v| sum + (v - rough)) / n;
        let mut sums = [0.0; 4];
        let mut peak: f64 = 0.0;
        for v in x {
            let d = v - mean;
            let d2 = d * d;
            sums[0] += d2;
            sums[1] += d2 * d;
            sums[2] += d2 * d2;
            sums[3] += v * v;
            // Not f64::max, which would hide a NaN.
            peak = if v.abs() > peak || v.is_nan() { v.abs() } else { peak };
        }
        let [m2, m3, m4, square] = sums.map(|sum| sum / n);
        Some(Self { mean, m2, m3, m4, rms: square.sqrt(), peak })
    }

    pub fn crest(&self) -> f64 {
        if self.rms == 0.0 { 1.0 } else { self.peak / self.rms }
    }

    pub fn kurtosis(&self) -> f64 {
        if self.is_constant() { 0.0 } else { self.m4 / (self.m2 * self.m2) - 3.0 }
    }

    pub fn skewness(&self) -> f64 {
        if self.is_constant() { 0.0 } else { self.m3 / (self.m2 * self.m2.sqrt()) }
    }

    /// SciPy's own criterion for "all values nearly the same": m2 within the resolution of the mean.
    fn is_constant(&self) -> bool {
        self.m2 <= (1e-15 * self.mean).powi(2)
    }
}
