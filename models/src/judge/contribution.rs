//! The tags that made a score high, as shares (B34).

use takt_plant::Contribution;

/// The `n_max` largest contributions as shares of the whole, largest first.
///
/// `raw`: the model's contribution of each input, in the model's order. A negative contribution
/// pulls the score down (the terms of T² do not all have to be positive) and so did not make the
/// window fail: it counts as zero, as does one that is not finite. Shares are of the sum of what
/// remains, over all inputs, so those that are returned sum to 1 only when none was left out. Inputs
/// without a share are not named; when none has one, the result is empty. Equal shares come in the
/// model's order.
pub fn contributions(raw: &[f64], n_max: usize) -> Vec<Contribution> {
    let largest = raw.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    if largest <= 0.0 {
        return Vec::new();
    }
    // Scaled by the largest first, so that the sum of huge contributions stays finite.
    let scaled = |v: f64| if v.is_finite() { (v / largest).max(0.0) } else { 0.0 };
    let whole: f64 = raw.iter().map(|v| scaled(*v)).sum();
    let mut shares: Vec<Contribution> = (0..)
        .zip(raw)
        .map(|(input, v)| Contribution { input, share: scaled(*v) / whole })
        .filter(|contribution| contribution.share > 0.0)
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.input.cmp(&b.input)));
    shares.truncate(n_max);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &[f64], n_max: usize, expected: &[(u32, f64)]) {
        let found: Vec<_> = contributions(raw, n_max).iter().map(|c| (c.input, c.share)).collect();
        assert_eq!(found, expected, "{raw:?}");
    }

    #[test]
    fn shares_are_of_the_whole_and_come_largest_first() {
        check(&[1.0, 2.0, 1.0], 3, &[(1, 0.5), (0, 0.25), (2, 0.25)]);
        check(&[1.0, 2.0, 1.0], 1, &[(1, 0.5)]);
        check(&[f64::MAX, f64::MAX], 2, &[(0, 0.5), (1, 0.5)]);
    }

    #[test]
    fn what_pulls_the_score_down_has_no_share() {
        check(&[3.0, -5.0, 1.0, 0.0], 4, &[(0, 0.75), (2, 0.25)]);
        check(&[f64::NAN, 4.0, f64::INFINITY], 4, &[(1, 1.0)]);
    }

    #[test]
    fn without_a_positive_contribution_none_is_named() {
        check(&[], 3, &[]);
        check(&[0.0, -1.0, f64::NAN], 3, &[]);
    }
}
