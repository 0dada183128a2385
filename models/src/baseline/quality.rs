//! A look at the rows before learning: missing cells, outliers, drift, and how much one row tells of the next.

use super::options::Column;
use ndarray::{ArrayView1, ArrayView2};

/// Distance from the median, in robust standard deviations, beyond which a value counts as an outlier.
pub const OUTLIER_DEVIATIONS: f64 = 6.0;

/// The median of |x − median| of a normal variable, in standard deviations.
const MAD_OF_NORMAL: f64 = 0.674_489_750_196_081_7;

/// What stands out in one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnQuality {
    /// Role of the column.
    pub role: String,
    /// Cells without a finite number.
    pub n_missing: usize,
    /// Values further than [`OUTLIER_DEVIATIONS`] robust deviations from the median (median absolute deviation,
    /// F. R. Hampel, J. Am. Stat. Assoc. 69 (1974) 383–393). 0 where more than half of the values are equal.
    pub n_outliers: usize,
    /// Mean of the second half less the mean of the first, in standard deviations; 0 for a constant column.
    pub drift: f64,
    /// Correlation of each value with the one before, −1 to 1; 0 for a constant column.
    pub autocorrelation: f64,
    /// Whether all values are equal.
    pub constant: bool,
}

/// What stands out in rows that a baseline may be learned from.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsQuality {
    /// Rows.
    pub n_rows: usize,
    /// One per column.
    pub columns: Vec<ColumnQuality>,
}

impl RowsQuality {
    /// Looks at rows (rows × columns); cells may be missing (not finite).
    pub fn of(columns: &[Column], rows: ArrayView2<'_, f64>) -> Self {
        let looks = columns.iter().zip(rows.columns()).map(|(column, values)| look(&column.role, values));
        Self { n_rows: rows.nrows(), columns: looks.collect() }
    }

    /// Share of cells without a finite number.
    pub fn missing_share(&self) -> f64 {
        let n_cells = (self.n_rows * self.columns.len()).max(1);
        self.columns.iter().map(|c| c.n_missing).sum::<usize>() as f64 / n_cells as f64
    }

    /// Rows that carry as much as this many independent ones, by the median column: n(1−ρ)/(1+ρ), at least 1
    /// (G. V. Bayley, J. M. Hammersley, Suppl. J. Royal Stat. Soc. 8 (1946) 184–197, for a first-order process).
    pub fn n_independent(&self) -> f64 {
        let varying = self.columns.iter().filter(|c| !c.constant);
        let mut rho: Vec<f64> = varying.map(|c| c.autocorrelation.clamp(0.0, 0.999)).collect();
        let rho = median(&mut rho).unwrap_or(0.0);
        (self.n_rows as f64 * (1.0 - rho) / (1.0 + rho)).max(1.0)
    }
}

fn look(role: &str, values: ArrayView1<'_, f64>) -> ColumnQuality {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let (mean, deviation) = mean_and_deviation(&finite);
    let varies = deviation > 1e-12 * mean.abs();
    let halves = finite.split_at(finite.len() / 2);
    let drift = mean_and_deviation(halves.1).0 - mean_and_deviation(halves.0).0;
    let lagged: f64 = finite.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
    let total = deviation * deviation * finite.len() as f64;
    ColumnQuality {
        role: role.to_owned(),
        n_missing: values.len() - finite.len(),
        n_outliers: n_outliers(&finite),
        drift: if varies && finite.len() >= 2 { drift / deviation } else { 0.0 },
        autocorrelation: if varies { lagged / total } else { 0.0 },
        constant: !varies,
    }
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

fn n_outliers(values: &[f64]) -> usize {
    let Some(centre) = median(&mut values.to_vec()) else { return 0 };
    let mut distances: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    let spread = median(&mut distances).unwrap_or(0.0) / MAD_OF_NORMAL;
    if spread == 0.0 {
        return 0;
    }
    values.iter().filter(|v| (*v - centre).abs() > OUTLIER_DEVIATIONS * spread).count()
}

fn median(values: &mut [f64]) -> Option<f64> {
    let n = values.len();
    let (_, lower, above) = values.select_nth_unstable_by(n.checked_sub(1)? / 2, f64::total_cmp);
    let lower = *lower;
    // Of an even count the median lies halfway to the next value.
    let next = if n.is_multiple_of(2) { above.iter().copied().min_by(f64::total_cmp) } else { None };
    Some(f64::midpoint(lower, next.unwrap_or(lower)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn medians() {
        for (values, expected) in [
            (vec![], None),
            (vec![3.0], Some(3.0)),
            (vec![1.0, 4.0], Some(2.5)),
            (vec![9.0, 1.0, 5.0], Some(5.0)),
            (vec![4.0, 1.0, 3.0, 2.0], Some(2.5)),
        ] {
            assert_eq!(median(&mut values.clone()), expected, "{values:?}");
        }
    }

    #[test]
    fn a_column_tells_what_is_wrong_with_it() {
        let rows = Array2::from_shape_fn((200, 4), |(i, j)| match j {
            0 if i == 7 => f64::NAN,
            0 => 5.0,
            1 if i == 100 => 1e6,
            1 => (i * 37 % 101) as f64,
            2 => (i / 100) as f64 * 10.0 + (i % 2) as f64,
            _ => {
                if i % 2 == 0 {
                    1.0
                } else {
                    -1.0
                }
            }
        });
        let columns: Vec<Column> = ["a", "b", "c", "d"].map(|r| Column::new(r, "")).to_vec();
        let quality = RowsQuality::of(&columns, rows.view());
        let [a, b, c, d] = quality.columns.as_slice() else { panic!("four columns") };
        assert!(a.constant && a.n_missing == 1 && !b.constant && b.n_outliers == 1);
        assert!(c.drift > 1.9 && c.autocorrelation > 0.9, "{c:?}");
        assert!(d.drift.abs() < 1e-9 && d.autocorrelation < -0.99, "{d:?}");
        assert_eq!(quality.missing_share(), 1.0 / 800.0);
        assert!(quality.n_independent() > 1.0 && quality.n_independent() <= 200.0);
    }
}
