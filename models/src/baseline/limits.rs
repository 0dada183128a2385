//! Control limits of T² and SPE: by theory, by rank or by quantile.

use super::error::LearnError;
use super::fit::Plane;
use super::options::{Limits, SpeTheory, T2Theory};
use super::scores::Scores;
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal};

/// The limits of a plane by the rule, SPE's at least what rounding makes, with the scores of the rows that an
/// empirical rule looks at.
pub fn limits(rule: Limits, plane: &Plane, training: &[Scores], set: Option<&[Scores]>) -> Result<Scores, LearnError> {
    let found = match rule {
        Limits::Theory { confidence, t2, spe } => by_theory(plane, confidence, t2, spe)?,
        Limits::Rank(rank) => {
            let set = set.ok_or(LearnError::NoLimitSet)?;
            if rank < 1 || rank > set.len() {
                let range = format!("1 to {}, the rows of the limit set", set.len());
                return Err(LearnError::Option { option: "rank", value: rank as f64, range });
            }
            each(set, |sorted| sorted[sorted.len() - rank])
        }
        Limits::Quantile(quantile) if quantile > 0.0 && quantile <= 1.0 => {
            each(set.unwrap_or(training), |sorted| interpolated(sorted, quantile))
        }
        Limits::Quantile(value) => {
            let range = "more than 0, at most 1".to_owned();
            return Err(LearnError::Option { option: "quantile", value, range });
        }
    };
    positive("T²", found.t2)?;
    // Where columns follow each other exactly, good rows show no spread to set a limit by, and elsewhere it must
    // not lie within the noise of the arithmetic either.
    let spe = found.spe.map(|spe| spe.max(plane.spe_of_rounding(found.t2)));
    spe.map_or(Ok(()), |spe| positive("SPE", spe))?;
    Ok(Scores { t2: found.t2, spe })
}

/// The T² limit by theory for `a` components and `n` rows.
pub fn t2_by_theory(form: T2Theory, a: usize, n: usize, confidence: f64) -> f64 {
    let (a, n) = (a as f64, n as f64);
    let f = FisherSnedecor::new(a, n - a).expect("rows outnumber components").inverse_cdf(confidence);
    match form {
        T2Theory::NewRow => a * (n - 1.0) * (n + 1.0) / (n * (n - a)) * f,
        T2Theory::KnownMean => a * (n - 1.0) / (n - a) * f,
    }
}

/// The SPE limit by theory, from the eigenvalues off the plane; `None` where the form has no value.
pub fn spe_by_theory(form: SpeTheory, residual: &[f64], confidence: f64) -> Option<f64> {
    let theta = |power: i32| residual.iter().map(|v| v.powi(power)).sum::<f64>();
    let (t1, t2, t3) = (theta(1), theta(2), theta(3));
    let limit = match form {
        SpeTheory::JacksonMudholkar => {
            let h0 = 1.0 - 2.0 * t1 * t3 / (3.0 * t2 * t2);
            let c = Normal::standard().inverse_cdf(confidence) * h0.signum();
            let base = c * (2.0 * t2 * h0 * h0).sqrt() / t1 + 1.0 + t2 * h0 * (h0 - 1.0) / (t1 * t1);
            t1 * base.powf(1.0 / h0)
        }
        SpeTheory::Box => t2 / t1 * ChiSquared::new(t1 * t1 / t2).ok()?.inverse_cdf(confidence),
    };
    limit.is_finite().then_some(limit)
}

fn by_theory(plane: &Plane, confidence: f64, t2: T2Theory, spe: SpeTheory) -> Result<Scores, LearnError> {
    if !(confidence > 0.5 && confidence < 1.0) {
        let range = "more than 0.5, less than 1, such as 0.99".to_owned();
        return Err(LearnError::Option { option: "confidence", value: confidence, range });
    }
    let spe = match (plane.has_spe(), plane.is_exact()) {
        (false, _) => None,
        // Values that are rounded in decimals lie further off than the rounding of their arithmetic.
        (true, true) => Some(spe_by_theory(spe, plane.residual_eigenvalues(), confidence).unwrap_or(0.0)),
        (true, false) => {
            let limit = spe_by_theory(spe, plane.residual_eigenvalues(), confidence);
            Some(limit.ok_or(LearnError::NoTheoryLimit)?)
        }
    };
    Ok(Scores { t2: t2_by_theory(t2, plane.n_components, plane.n_rows, confidence), spe })
}

/// Applies `pick` to the sorted scores of each kind.
fn each(rows: &[Scores], pick: impl Fn(&[f64]) -> f64) -> Scores {
    let picked = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        pick(&values)
    };
    let spe: Vec<f64> = rows.iter().filter_map(|s| s.spe).collect();
    Scores { t2: picked(rows.iter().map(|s| s.t2).collect()), spe: (!spe.is_empty()).then(|| picked(spe)) }
}

/// The quantile of sorted values with linear interpolation.
pub(super) fn interpolated(sorted: &[f64], quantile: f64) -> f64 {
    let at = quantile * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

fn positive(score: &'static str, limit: f64) -> Result<(), LearnError> {
    if limit > 0.0 && limit.is_finite() { Ok(()) } else { Err(LearnError::LimitNotPositive { score, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
    }

    /// Expected values from scipy 1.17: `a*(n-1)*(n+1)/(n*(n-a))*stats.f.ppf(p, a, n-a)`.
    #[test]
    fn t2_limits_agree_with_scipy() {
        close(t2_by_theory(T2Theory::NewRow, 11, 480, 0.99), 25.73187854895405);
        close(t2_by_theory(T2Theory::KnownMean, 11, 480, 0.99), 25.678381919954145);
    }

    #[test]
    fn quantiles_interpolate() {
        for (quantile, expected) in [(0.5, 2.5), (1.0, 4.0), (0.9, 3.7)] {
            close(interpolated(&[1.0, 2.0, 3.0, 4.0], quantile), expected);
        }
    }

    #[test]
    fn equal_residual_eigenvalues_make_a_chi_squared() {
        let exact = ChiSquared::new(40.0).unwrap().inverse_cdf(0.99);
        close(spe_by_theory(SpeTheory::Box, &[1.0; 40], 0.99).unwrap(), exact);
        let approximate = spe_by_theory(SpeTheory::JacksonMudholkar, &[1.0; 40], 0.99).unwrap();
        assert!((approximate / exact - 1.0).abs() < 1e-3, "{approximate} against {exact}");
    }
}
