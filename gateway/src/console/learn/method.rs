//! How a baseline is learned, as the console asks for it: scaling, components, limits.

use crate::learn::{self, components};
use takt_models::baseline::{Components, Divisor, SpeTheory};

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
    /// It as the learner takes it.
    pub fn plain(&self) -> learn::Method {
        learn::Method {
            components: self.components,
            divisor: self.ddof,
            alpha: self.alpha,
            limit_rank: self.limit_rank,
            quantile: self.quantile,
            spe_limit: self.spe_limit,
        }
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
