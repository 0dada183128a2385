//! Limits per score, memoryless: the same scores give the same verdict, whatever came before.

use std::sync::Arc;
use takt_plant::{Inconclusive, Outcome};

/// An upper control limit of one score.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    score: Arc<str>,
    value: f64,
}

/// Limits in the order of the model's scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    limits: Vec<Limit>,
}

/// Why a rule cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// Nothing could ever fail.
    #[error("the rule has no limits: give at least one score a limit")]
    NoLimits,
    /// A comparison with NaN is always false, so such a limit would pass everything.
    #[error("the limit of score '{score}' is not a number: learn the model again or give a limit")]
    NotANumber {
        /// The score's name.
        score: Arc<str>,
    },
}

impl Limit {
    /// A limit; a score above it fails. `f64::INFINITY` says that this score never fails.
    ///
    /// # Errors
    /// [`RuleError::NotANumber`] for NaN.
    pub fn new(score: impl Into<Arc<str>>, value: f64) -> Result<Self, RuleError> {
        let score = score.into();
        if value.is_nan() { Err(RuleError::NotANumber { score }) } else { Ok(Self { score, value }) }
    }

    /// The score's name.
    pub fn score(&self) -> &Arc<str> {
        &self.score
    }

    /// The limit itself.
    pub fn value(&self) -> f64 {
        self.value
    }
}

impl Rule {
    /// A rule over the model's scores, in their order.
    ///
    /// # Errors
    /// [`RuleError::NoLimits`] when empty.
    pub fn new(limits: Vec<Limit>) -> Result<Self, RuleError> {
        if limits.is_empty() { Err(RuleError::NoLimits) } else { Ok(Self { limits }) }
    }

    /// The limits in the order of the scores.
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// The first score that is missing or not finite, as the reason for no verdict.
    pub(super) fn not_finite(&self, scores: &[f64]) -> Option<Inconclusive> {
        let is_finite = |i: usize| scores.get(i).is_some_and(|score| score.is_finite());
        let (_, limit) = self.limits.iter().enumerate().find(|(i, _)| !is_finite(*i))?;
        Some(Inconclusive::NotFinite { score: limit.score.to_string() })
    }

    /// Whether any score lies above its limit.
    pub(super) fn is_beyond(&self, scores: &[f64]) -> bool {
        self.limits.iter().zip(scores).any(|(limit, score)| *score > limit.value)
    }
}

/// Judges the scores of one window.
///
/// `scores`: one per limit, in the same order; a missing one is treated as not finite. A score above
/// its limit fails, one at its limit passes.
pub fn judge(scores: &[f64], rule: &Rule) -> Outcome {
    match rule.not_finite(scores) {
        Some(why) => Outcome::Inconclusive(why),
        None if rule.is_beyond(scores) => Outcome::Fail,
        None => Outcome::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scores: &[f64], expected: Outcome) {
        let limits = [("t2", 10.0), ("spe", 2.0)].map(|(score, value)| Limit::new(score, value).unwrap());
        assert_eq!(judge(scores, &Rule::new(limits.to_vec()).unwrap()), expected, "{scores:?}");
    }

    fn not_finite(score: &str) -> Outcome {
        Outcome::Inconclusive(Inconclusive::NotFinite { score: score.into() })
    }

    #[test]
    fn any_score_above_its_limit_fails() {
        check(&[10.0, 2.0], Outcome::Pass);
        check(&[10.1, 0.0], Outcome::Fail);
        check(&[0.0, 2.1], Outcome::Fail);
        check(&[-5.0, -1.0], Outcome::Pass);
    }

    #[test]
    fn a_score_that_is_no_number_decides_nothing() {
        check(&[f64::NAN, 0.0], not_finite("t2"));
        check(&[99.0, f64::INFINITY], not_finite("spe"));
        check(&[99.0], not_finite("spe"));
    }

    #[test]
    fn a_limit_that_would_pass_everything_is_refused() {
        assert_eq!(Limit::new("t2", f64::NAN), Err(RuleError::NotANumber { score: "t2".into() }));
        assert_eq!(Rule::new(Vec::new()), Err(RuleError::NoLimits));
    }
}
