//! The plane of good production, and the scores of a row against it, in f64.
//!
//! Columns are centred and scaled, z = (x − mean) / scale; V (columns × a) are the first a eigenvectors of their
//! covariance and Λ the eigenvalues. With z = zV Vᵀ + e:
//!
//! * T² = z V Λ⁻¹ Vᵀ zᵀ (H. Hotelling 1931; J. E. Jackson, A User's Guide to Principal Components, Wiley 1991),
//! * SPE = e eᵀ (Jackson, Mudholkar 1979).
//!
//! Contributions are the complete decomposition (CDC in C. F. Alcala, S. J. Qin, Automatica 45 (2009) 1593–1600,
//! table 1): a score z M zᵀ gives column i the share ((z M^½)ᵢ)². None is negative, and they sum to the score. For
//! SPE, M^½ = I − V Vᵀ, so the share is eᵢ² (J. A. Westerhuis, S. P. Gurden, A. K. Smilde, Chemom. Intell. Lab.
//! Syst. 51 (2000) 95–114); for T², M^½ = V Λ^−½ Vᵀ.

use super::components::{Chosen, choose};
use super::eigen::Eigen;
use super::error::LearnError;
use super::moments::Moments;
use super::options::{Components, Divisor};
use super::scores::Scores;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

/// Share of the variance off the plane below which columns follow each other exactly: what is left there is
/// rounding, and says nothing about how much good production leaves the plane.
const RESIDUAL_REL: f64 = 1e-10;
/// Unit roundoff of binary32 (IEEE 754): a reading comes from a device as REAL, and the graph may be run in f32.
const ROUNDOFF: f64 = 1.0 / 16_777_216.0;

/// Mean, scale and principal components of good production.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Training rows.
    pub n_rows: usize,
    /// Mean of every column.
    pub mean: Array1<f64>,
    /// Standard deviation of every column; a constant column has its rounding, and is not in `varying`.
    pub scale: Array1<f64>,
    /// Indices of the columns that vary: only they have a part in the scores.
    pub varying: Vec<usize>,
    /// Eigenvalues and vectors of the scaled, varying columns.
    pub eigen: Eigen,
    /// Components kept.
    pub n_components: usize,
    /// Mean eigenvalues of random rows, when parallel analysis chose the components.
    pub random_eigenvalues: Option<Vec<f64>>,
}

/// The scores of one row with each column's part in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The scores.
    pub scores: Scores,
    /// One per column; they sum to T².
    pub t2_contributions: Array1<f64>,
    /// One per column; they sum to SPE. All zero when there is no SPE.
    pub spe_contributions: Array1<f64>,
}

impl Plane {
    /// Fits the plane to training rows (rows × columns, finite).
    pub fn fit(
        rows: ArrayView2<'_, f64>,
        names: &[&str],
        divisor: Divisor,
        components: Components,
    ) -> Result<Self, LearnError> {
        let moments = Moments::of(rows);
        let varying = moments.varying();
        let (n_rows, n_columns) = (moments.n_rows, varying.len());
        if n_rows == 0 || (n_columns == 0 && n_rows > 1) {
            return Err(LearnError::AllConstant);
        }
        if n_rows < n_columns + 2 || n_rows < 3 {
            return Err(LearnError::TooFewRows { n_rows, n_columns, n_needed: (n_columns + 2).max(3) });
        }
        let scale = moments.deviations(divisor.of(n_rows));
        let own: Vec<f64> = varying.iter().map(|&i| scale[i]).collect();
        let is_number = |i: &usize| moments.mean[*i].is_finite() && scale[*i].is_finite();
        if let Some(i) = varying.iter().find(|i| !is_number(i)) {
            let column = names.get(*i).map_or_else(|| i.to_string(), |name| (*name).to_owned());
            return Err(LearnError::TooLarge { column });
        }
        let eigen = Eigen::of(moments.scaled_covariance(&varying, &own).view())?;
        let Chosen { n_components, random_eigenvalues } = choose(components, &eigen, n_rows)?;
        if eigen.values.iter().any(|value| !value.is_finite()) || n_components == 0 {
            return Err(LearnError::NoEigenvalues);
        }
        if n_components > eigen.rank() {
            return Err(collinear(&eigen, &varying, names));
        }
        Ok(Self { n_rows, mean: moments.mean, scale, varying, eigen, n_components, random_eigenvalues })
    }

    /// Whether there is a direction off the plane, and so an SPE.
    pub fn has_spe(&self) -> bool {
        self.n_components < self.varying.len()
    }

    /// Whether columns follow each other exactly: nothing but rounding lies off the plane.
    pub fn is_exact(&self) -> bool {
        self.has_spe() && 1.0 - self.variance_share() <= RESIDUAL_REL
    }

    /// The largest SPE that rounding alone gives a row which keeps to the plane and whose T² is at most `t2_max`.
    ///
    /// Such a row has ‖z‖² ≤ λ₁·T²max. Rounding enters twice, each bounded to first order in the unit roundoff u:
    ///
    /// * the row itself and the mean, stored in f32, put δᵢ ≤ u·(2|meanᵢ|/scaleᵢ + |zᵢ|) onto column i, of which
    ///   I − V Vᵀ, being a projection, lets at most ‖δ‖ through;
    /// * the product with the symmetric root of d columns, each element rounded, is off by at most
    ///   (d + 2)·u·‖z‖·‖rootⱼ‖ in column j (γₙ of N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    ///   2nd ed., SIAM 2002, §3.1 and 3.5, with Cauchy–Schwarz), and Σ ‖rootⱼ‖² = d − a.
    ///
    /// So a limit of at least this never fails a row for its rounding, and a relation broken by more than a few
    /// roundings of its values, far less than any sensor resolves, is beyond it.
    pub fn spe_of_rounding(&self, t2_max: f64) -> f64 {
        let z = (self.eigen.values[0] * t2_max).sqrt();
        let of_means: f64 = self.varying.iter().map(|&i| (2.0 * self.mean[i] / self.scale[i]).powi(2)).sum();
        let stored = of_means.sqrt() + z;
        let n_columns = self.varying.len() as f64;
        let computed = (n_columns + 2.0) * z * (n_columns - self.n_components as f64).sqrt();
        (ROUNDOFF * (stored + computed)).powi(2)
    }

    /// Eigenvalues off the plane.
    pub fn residual_eigenvalues(&self) -> &[f64] {
        &self.eigen.values.as_slice().expect("eigenvalues lie in one piece")[self.n_components..]
    }

    /// Share of the variance inside the plane.
    pub fn variance_share(&self) -> f64 {
        1.0 - self.residual_eigenvalues().iter().sum::<f64>() / self.eigen.values.sum()
    }

    /// The first a eigenvectors, varying columns × a.
    pub fn loadings(&self) -> ArrayView2<'_, f64> {
        self.eigen.vectors.slice(s![.., ..self.n_components])
    }

    /// The scores of every row (rows × columns).
    pub fn score_all(&self, rows: ArrayView2<'_, f64>) -> Vec<Scores> {
        rows.rows().into_iter().map(|row| self.score(row)).collect()
    }

    /// T² and SPE of one row (columns).
    pub fn score(&self, row: ArrayView1<'_, f64>) -> Scores {
        let z = self.scaled(row);
        let t = self.loadings().t().dot(&z);
        let t2 = t.iter().zip(&self.eigen.values).map(|(t, value)| t * t / value).sum();
        let residual = &z - &self.loadings().dot(&t);
        Scores { t2, spe: self.has_spe().then(|| residual.dot(&residual)) }
    }

    /// T² and SPE of one row (columns), each decomposed into its columns' parts.
    pub fn explain(&self, row: ArrayView1<'_, f64>) -> Explained {
        let z = self.scaled(row);
        let t = self.loadings().t().dot(&z);
        let whitened = Array1::from_shape_fn(t.len(), |k| t[k] / self.eigen.values[k].sqrt());
        let inside = self.loadings().dot(&whitened);
        let residual = &z - &self.loadings().dot(&t);
        let spread = |part: &Array1<f64>| {
            let mut all = Array1::zeros(self.mean.len());
            for (k, &i) in self.varying.iter().enumerate() {
                all[i] = part[k] * part[k];
            }
            all
        };
        let off = if self.has_spe() { residual } else { Array1::zeros(z.len()) };
        Explained { scores: self.score(row), t2_contributions: spread(&inside), spe_contributions: spread(&off) }
    }

    /// Columns × columns: (x − mean) times this, squared, are the T² contributions. Rows of constant columns are 0.
    pub fn t2_root(&self) -> Array2<f64> {
        let mut whitening = self.loadings().to_owned();
        for (k, mut column) in whitening.axis_iter_mut(Axis(1)).enumerate() {
            column /= self.eigen.values[k].sqrt();
        }
        self.unscaled(&whitening.dot(&self.loadings().t()))
    }

    /// Columns × columns: (x − mean) times this, squared, are the SPE contributions.
    pub fn spe_root(&self) -> Array2<f64> {
        self.unscaled(&(Array2::eye(self.varying.len()) - self.loadings().dot(&self.loadings().t())))
    }

    fn scaled(&self, row: ArrayView1<'_, f64>) -> Array1<f64> {
        Array1::from_iter(self.varying.iter().map(|&i| (row[i] - self.mean[i]) / self.scale[i]))
    }

    /// Takes a matrix over scaled, varying columns to one over all columns as they come.
    fn unscaled(&self, inner: &Array2<f64>) -> Array2<f64> {
        let mut all = Array2::zeros((self.mean.len(), self.mean.len()));
        for (p, &i) in self.varying.iter().enumerate() {
            for (q, &j) in self.varying.iter().enumerate() {
                all[[i, j]] = inner[[p, q]] / self.scale[i];
            }
        }
        all
    }
}

/// Names the columns of the eigenvector with the least variance: those determine each other.
fn collinear(eigen: &Eigen, varying: &[usize], names: &[&str]) -> LearnError {
    let last = eigen.vectors.column(eigen.values.len() - 1);
    let parts = last.iter().enumerate().filter(|(_, part)| part.abs() > 0.05);
    let columns = parts.map(|(k, _)| format!("'{}'", names[varying[k]])).collect();
    LearnError::Collinear { columns, n_components_max: eigen.rank() }
}
