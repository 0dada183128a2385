//! How many components to keep: fixed, by share of variance, or by Horn's parallel analysis.

use super::eigen::{Eigen, eigenvalues};
use super::error::LearnError;
use super::options::Components;
use super::random::Draws;
use faer::Mat;
use statrs::distribution::ChiSquared;

/// Sets of random rows beyond which parallel analysis only costs time.
const SETS_MAX: usize = 10_000;

/// The number of components, and what it was compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Components kept, at least 1.
    pub n_components: usize,
    /// Mean eigenvalues of random rows, largest first, when parallel analysis chose.
    pub random_eigenvalues: Option<Vec<f64>>,
}

/// Chooses for the eigenvalues of `n_rows` rows.
pub fn choose(how: Components, eigen: &Eigen, n_rows: usize) -> Result<Chosen, LearnError> {
    let d = eigen.values.len();
    let chosen = |n_components| Chosen { n_components, random_eigenvalues: None };
    match how {
        Components::AllNonConstant => Ok(chosen(d)),
        Components::Fixed(n) if n >= 1 && n <= d => Ok(chosen(n)),
        Components::Fixed(n) => {
            Err(LearnError::Option { option: "components", value: n as f64, range: format!("1 to {d}") })
        }
        Components::VarianceShare(share) if share > 0.0 && share <= 1.0 => Ok(chosen(by_share(eigen, share))),
        Components::VarianceShare(share) => Err(LearnError::Option {
            option: "variance share",
            value: share,
            range: "more than 0, at most 1".to_owned(),
        }),
        Components::ParallelAnalysis { n_sets, seed } if (1..=SETS_MAX).contains(&n_sets) => {
            let random = random_eigenvalues(n_rows, d, n_sets, seed)?;
            let above = eigen.values.iter().zip(&random).take_while(|(own, random)| own > random).count();
            Ok(Chosen { n_components: above.max(1), random_eigenvalues: Some(random) })
        }
        Components::ParallelAnalysis { n_sets, .. } => {
            Err(LearnError::Option { option: "random sets", value: n_sets as f64, range: format!("1 to {SETS_MAX}") })
        }
    }
}

/// Fewest components whose eigenvalues reach `share` of the variance that is more than rounding.
fn by_share(eigen: &Eigen, share: f64) -> usize {
    let total: f64 = eigen.values.sum();
    let rank = eigen.rank();
    let mut sum = 0.0;
    for (k, value) in eigen.values.iter().take(rank).enumerate() {
        sum += value;
        if sum >= share * total {
            return k + 1;
        }
    }
    rank
}

/// Mean eigenvalues of the correlation of `n_rows` independent normal rows, largest first.
///
/// The scatter of such rows is drawn directly: it is L·Lᵀ with L lower triangular, Lᵢᵢ² ~ χ²(n−1−i) and Lᵢⱼ
/// normal (M. S. Bartlett, Proc. Royal Soc. Edinburgh 53 (1933) 260–283), so a long training set costs no more
/// than a short one.
fn random_eigenvalues(n_rows: usize, d: usize, n_sets: usize, seed: u64) -> Result<Vec<f64>, LearnError> {
    let mut draws = Draws::seeded(seed);
    let chi: Vec<ChiSquared> = (0..d)
        .map(|i| ChiSquared::new((n_rows - 1 - i) as f64).expect("rows outnumber columns by two or more"))
        .collect();
    let mut sum = vec![0.0; d];
    for _ in 0..n_sets {
        let lower = Mat::from_fn(d, d, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Greater => draws.normal(),
            std::cmp::Ordering::Equal => draws.chi_squared(&chi[i]).sqrt(),
            std::cmp::Ordering::Less => 0.0,
        });
        let scatter = &lower * lower.transpose();
        let correlation = Mat::from_fn(d, d, |i, j| scatter[(i, j)] / (scatter[(i, i)] * scatter[(j, j)]).sqrt());
        for (total, value) in sum.iter_mut().zip(eigenvalues(&correlation)?) {
            *total += value;
        }
    }
    Ok(sum.into_iter().map(|total| total / n_sets as f64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    fn check(values: &[f64], how: Components, expected: Option<usize>) {
        let eigen = Eigen { values: Array1::from(values.to_vec()), vectors: Array2::eye(values.len()) };
        assert_eq!(choose(how, &eigen, 100).ok().map(|c| c.n_components), expected, "{how:?}");
    }

    #[test]
    fn components_follow_the_rule() {
        let values = [2.0, 1.0, 0.6, 0.4];
        check(&values, Components::Fixed(3), Some(3));
        check(&values, Components::Fixed(0), None);
        check(&values, Components::Fixed(5), None);
        check(&values, Components::VarianceShare(0.75), Some(2));
        check(&values, Components::VarianceShare(0.76), Some(3));
        check(&values, Components::VarianceShare(1.0), Some(4));
        check(&values, Components::VarianceShare(0.0), None);
        check(&values, Components::AllNonConstant, Some(4));
        check(&values, Components::ParallelAnalysis { n_sets: 50, seed: 1 }, Some(1));
        check(&values, Components::ParallelAnalysis { n_sets: 0, seed: 1 }, None);
    }

    #[test]
    fn random_eigenvalues_sum_to_the_columns_and_repeat() {
        let first = random_eigenvalues(60, 8, 20, 7).unwrap();
        assert!((first.iter().sum::<f64>() - 8.0).abs() < 1e-9);
        assert!(first.is_sorted_by(|a, b| a >= b) && first[0] > 1.3 && first[7] < 0.7, "{first:?}");
        assert_eq!(first, random_eigenvalues(60, 8, 20, 7).unwrap());
    }
}
