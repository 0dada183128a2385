//! How a baseline is learned: scaling, components, limits.

use takt_models::baseline::{Components, Divisor, Limits, SpeTheory, T2Theory};

/// Share of good rows that the limits fail where nothing else is said.
const ALPHA: f64 = 0.001;
/// Share of the variance that the components keep where nothing else is said.
const SHARE: f64 = 0.85;
/// Sets of random rows for parallel analysis: their mean eigenvalues settle to a hundredth.
const RANDOM_SETS: usize = 100;
/// The same rows give the same baseline.
const SEED: u64 = 1;

/// How it is learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// Which components are kept.
    pub components: Components,
    /// Divisor of the standard deviation.
    pub divisor: Divisor,
    /// Limits by theory that fail this share of good rows.
    pub alpha: Option<f64>,
    /// Limits are the K-th largest scores of the limit set.
    pub limit_rank: Option<usize>,
    /// Limits are this quantile of the limit set's scores.
    pub quantile: Option<f64>,
    /// Form of the SPE limit by theory.
    pub spe_limit: SpeTheory,
}

impl Default for Method {
    fn default() -> Self {
        Self {
            components: Components::VarianceShare(SHARE),
            divisor: Divisor::Sample,
            alpha: None,
            limit_rank: None,
            quantile: None,
            spe_limit: SpeTheory::JacksonMudholkar,
        }
    }
}

impl Method {
    /// How the limits are set.
    pub fn limits(&self) -> Limits {
        match (self.limit_rank, self.quantile) {
            (Some(rank), _) => Limits::Rank(rank),
            (None, Some(quantile)) => Limits::Quantile(quantile),
            (None, None) => {
                let confidence = 1.0 - self.alpha.unwrap_or(ALPHA);
                Limits::Theory { confidence, t2: T2Theory::default(), spe: self.spe_limit }
            }
        }
    }
}

/// Components as they are written: a number, `share:0.85`, `parallel` or `all`.
///
/// # Errors
/// What may be written.
pub fn components(text: &str) -> Result<Components, String> {
    let expected = || "write a number, share:0.85, parallel or all".to_owned();
    match text {
        "parallel" => return Ok(Components::ParallelAnalysis { n_sets: RANDOM_SETS, seed: SEED }),
        "all" => return Ok(Components::AllNonConstant),
        _ => {}
    }
    match text.strip_prefix("share:") {
        Some(share) => share.parse().map(Components::VarianceShare).map_err(|_| expected()),
        None => text.parse().map(Components::Fixed).map_err(|_| expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_read_as_they_are_written() {
        let cases = [
            ("11", Some(Components::Fixed(11))),
            ("share:0.9", Some(Components::VarianceShare(0.9))),
            ("all", Some(Components::AllNonConstant)),
            ("parallel", Some(Components::ParallelAnalysis { n_sets: RANDOM_SETS, seed: SEED })),
            ("0.9", None),
            ("share:many", None),
        ];
        for (text, expected) in cases {
            assert_eq!(components(text).ok(), expected, "{text}");
        }
    }
}
