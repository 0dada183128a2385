//! Eigenvalues and eigenvectors of a covariance, in an order and with signs that do not depend on the solver.

use super::error::LearnError;
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView2};

/// Share of the largest eigenvalue below which one counts as zero: the rounding of a covariance of some
/// hundred columns.
const ZERO_REL: f64 = 1e-12;

/// The eigenvalues of a symmetric matrix, largest first, with their vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Eigenvalues, largest first, none negative.
    pub values: Array1<f64>,
    /// Eigenvectors as columns, in the order of `values`; in each, the element of largest size is positive.
    pub vectors: Array2<f64>,
}

impl Eigen {
    /// Of a symmetric matrix with at least one row.
    pub fn of(symmetric: ArrayView2<'_, f64>) -> Result<Self, LearnError> {
        let d = symmetric.nrows();
        let matrix = Mat::from_fn(d, d, |i, j| symmetric[[i, j]]);
        let found = matrix.self_adjoint_eigen(Side::Lower).map_err(|_| LearnError::NoEigenvalues)?;
        let values = Array1::from_shape_fn(d, |k| found.S()[d - 1 - k].max(0.0));
        let mut vectors = Array2::from_shape_fn((d, d), |(i, k)| found.U()[(i, d - 1 - k)]);
        for mut vector in vectors.columns_mut() {
            if vector[largest(vector.iter())] < 0.0 {
                vector.mapv_inplace(|v| -v);
            }
        }
        Ok(Self { values, vectors })
    }

    /// Eigenvalues that are more than rounding.
    pub fn rank(&self) -> usize {
        let floor = self.values[0] * ZERO_REL * self.values.len() as f64;
        self.values.iter().filter(|v| **v > floor).count()
    }
}

/// Eigenvalues alone, largest first.
pub(super) fn eigenvalues(symmetric: &Mat<f64>) -> Result<Vec<f64>, LearnError> {
    let mut values = symmetric.self_adjoint_eigenvalues(Side::Lower).map_err(|_| LearnError::NoEigenvalues)?;
    values.reverse();
    Ok(values)
}

/// Index of the first element of largest size; sizes that differ only by rounding count as equal.
fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, v) in values.enumerate() {
        if v.abs() > best.1 + 1e-9 {
            best = (i, v.abs());
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn order_and_signs_are_fixed() {
        let eigen = Eigen::of(array![[2.0, -1.0], [-1.0, 2.0]].view()).unwrap();
        assert!((eigen.values[0] - 3.0).abs() < 1e-12 && (eigen.values[1] - 1.0).abs() < 1e-12);
        assert!(eigen.vectors[[0, 0]] > 0.0 && eigen.vectors[[1, 0]] < 0.0);
        assert!(eigen.vectors[[0, 1]] > 0.0 && eigen.vectors[[1, 1]] > 0.0);
    }

    #[test]
    fn a_column_twice_lowers_the_rank() {
        let eigen = Eigen::of(array![[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]].view()).unwrap();
        assert_eq!(eigen.rank(), 2);
    }
}
