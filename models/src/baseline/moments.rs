//! Count, mean and scatter of rows: all that a baseline needs to know of its training rows.

use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Spread, relative to the mean's size, below which a column is taken as constant: far above the rounding of a
/// mean of a million rows, far below the step of a 24-bit converter.
const CONSTANT_REL: f64 = 1e-12;

/// The first two moments of rows, in the columns' own units.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Rows.
    pub n_rows: usize,
    /// Mean per column.
    pub mean: Array1<f64>,
    /// Σ (x − mean)(x − mean)ᵀ, columns × columns, not divided by anything.
    pub scatter: Array2<f64>,
}

impl Moments {
    /// The moments of `rows` (rows × columns, finite), in two passes so that a large mean costs no digits.
    pub fn of(rows: ArrayView2<'_, f64>) -> Self {
        let mean = rows.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(rows.ncols()));
        let centred = &rows - &mean;
        let scatter = centred.t().dot(&centred);
        Self { n_rows: rows.nrows(), mean, scatter }
    }

    /// The standard deviation per column with this divisor.
    pub fn deviations(&self, divisor: f64) -> Array1<f64> {
        self.scatter.diag().mapv(|s| (s / divisor).max(0.0).sqrt())
    }

    /// Indices of the columns that vary.
    pub fn varying(&self) -> Vec<usize> {
        let spread = self.deviations(self.n_rows as f64);
        (0..self.mean.len()).filter(|&i| spread[i] > CONSTANT_REL * self.mean[i].abs()).collect()
    }

    /// Covariance (divisor n − 1) of the columns `kept`, each divided by its `scale`.
    pub fn scaled_covariance(&self, kept: &[usize], scale: &[f64]) -> Array2<f64> {
        let dof = self.n_rows as f64 - 1.0;
        Array2::from_shape_fn((kept.len(), kept.len()), |(i, j)| {
            self.scatter[[kept[i], kept[j]]] / (dof * scale[i] * scale[j])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_large_mean_costs_no_digits() {
        let rows = array![[1e9 + 1.0, 5.0], [1e9 + 2.0, 5.0], [1e9 + 3.0, 5.0]];
        let moments = Moments::of(rows.view());
        assert_eq!(moments.deviations(2.0).to_vec(), vec![1.0, 0.0]);
        assert_eq!(moments.varying(), vec![0]);
    }

    #[test]
    fn a_column_of_equal_decimals_is_constant() {
        let rows = Array2::from_elem((4_999, 1), 0.1);
        assert!(Moments::of(rows.view()).varying().is_empty());
    }
}
