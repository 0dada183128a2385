//! How a baseline is learned: scaling, components, limits.

use takt_models::baseline::{Components, Divisor, Limits, SpeTheory, T2Theory};

/// Share of good rows that the limits fail where nothing else is said.
const ALPHA: f64 = 0.001;
/// Sets of random rows for parallel analysis: their mean eigenvalues settle to a hundredth.
const RANDOM_SETS: usize = 100;
/// The same rows give the same baseline.
const SEED: u64 = 1;

/// How it is learned.
#[derive(Debug, clap::Args)]
pub(super) struct Method {
    /// Components: a number, share:0.85 (of the variance), parallel (Horn's analysis), or all.
    #[arg(long, default_value = "share:0.85", value_parser = components, value_name = "HOW")]
    components: Components,
    /// Divisor of the standard deviation: 1 for n−1, 0 for n.
    #[arg(long, default_value = "1", value_parser = divisor, value_name = "0|1")]
    ddof: Divisor,
    /// Limits by theory that fail this share of good rows [default: 0.001].
    #[arg(long, group = "limits", value_name = "SHARE")]
    alpha: Option<f64>,
    /// Limits are the K-th largest scores of the limit set.
    #[arg(long, group = "limits", value_name = "K")]
    limit_rank: Option<usize>,
    /// Limits are this quantile of the limit set's scores.
    #[arg(long, group = "limits", value_name = "Q")]
    quantile: Option<f64>,
    /// Form of the SPE limit by theory: jackson-mudholkar or box.
    #[arg(long, default_value = "jackson-mudholkar", value_parser = spe_theory, value_name = "FORM")]
    spe_limit: SpeTheory,
}

impl Method {
    pub fn components(&self) -> Components {
        self.components
    }

    pub fn divisor(&self) -> Divisor {
        self.ddof
    }

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

fn components(text: &str) -> Result<Components, String> {
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

fn divisor(text: &str) -> Result<Divisor, String> {
    match text {
        "1" => Ok(Divisor::Sample),
        "0" => Ok(Divisor::Population),
        _ => Err("write 1 for the sample's deviation (n−1) or 0 for the population's (n)".into()),
    }
}

fn spe_theory(text: &str) -> Result<SpeTheory, String> {
    match text {
        "jackson-mudholkar" => Ok(SpeTheory::JacksonMudholkar),
        "box" => Ok(SpeTheory::Box),
        _ => Err("write jackson-mudholkar or box".into()),
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
