//! A model at its place in a check: loaded, bound to the check's inputs, with its rule.

use crate::record::ModelStamp;
use std::sync::{Arc, Mutex, PoisonError};
use takt_models::judge::{Judge, JudgeMemory, Rule, judge};
use takt_models::onnx::{ExecutionClass, ScoreError, Scorer};
use takt_models::windower::Window;
use takt_plant::{MonoTime, Outcome, Score};

/// How scores become verdicts.
#[derive(Debug, Clone)]
pub enum Judging {
    /// Each window by itself: frames, counts, parts.
    Memoryless(Rule),
    /// Over several time windows.
    Steady(Judge),
}

impl Judging {
    fn rule(&self) -> &Rule {
        match self {
            Self::Memoryless(rule) => rule,
            Self::Steady(judge) => judge.rule(),
        }
    }

    fn judge(&mut self, scores: &[f64], window: &Window) -> Outcome {
        match self {
            Self::Memoryless(rule) => judge(scores, rule),
            Self::Steady(judge) => judge.judge(scores, window.segment, window.recipe),
        }
    }
}

/// A model that judges at one place of one check.
pub struct Seat {
    /// Which model.
    pub stamp: Arc<ModelStamp>,
    /// On this thread, or shared with the executor.
    scorer: Runner,
    /// The model's inputs as indices of the check's inputs; `None` where both orders are one.
    order: Option<Vec<usize>>,
    judging: Judging,
}

enum Runner {
    Inline(Box<Scorer>),
    Queued(Arc<Mutex<Scorer>>),
}

/// What a model said about a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The scores in the manifest's order.
    pub scores: Vec<f64>,
    /// Index of the check's input and its share, largest first.
    pub shares: Vec<(usize, f64)>,
    /// Time from window to tensor, in microseconds.
    pub features_us: u32,
    /// Time of the run, in microseconds.
    pub inference_us: u32,
}

/// Shares that a verdict names. More than these nobody reads, and they cost time in every message.
const SHARES_MAX: usize = 8;

impl Seat {
    /// Seats a scorer. `order`: the model's inputs as indices of the check's inputs.
    pub fn new(stamp: Arc<ModelStamp>, scorer: Scorer, order: Vec<usize>, judging: Judging) -> Self {
        let in_order = order.iter().enumerate().all(|(i, place)| i == *place);
        let scorer = match scorer.class() {
            ExecutionClass::Inline => Runner::Inline(Box::new(scorer)),
            ExecutionClass::Queued => Runner::Queued(Arc::new(Mutex::new(scorer))),
        };
        Self { stamp, scorer, order: (!in_order).then_some(order), judging }
    }

    /// The shared scorer of a model that is too slow for the shard.
    pub fn queued(&self) -> Option<Arc<Mutex<Scorer>>> {
        match &self.scorer {
            Runner::Inline(_) => None,
            Runner::Queued(scorer) => Some(Arc::clone(scorer)),
        }
    }

    /// Puts a window's columns into the model's order.
    pub fn arrange(&self, window: &mut Window) {
        let Some(order) = &self.order else { return };
        let mut columns = std::mem::take(&mut window.columns);
        let take = |i: &usize| columns.get_mut(*i).map(std::mem::take).unwrap_or_default();
        window.columns = order.iter().map(take).collect();
    }

    /// Scores an arranged window on this thread. A queued model gives `None`.
    pub fn score(&mut self, window: &Window, now: &dyn Fn() -> MonoTime) -> Option<Result<Said, ScoreError>> {
        match &mut self.scorer {
            Runner::Inline(scorer) => Some(run(scorer, window, now)),
            Runner::Queued(_) => None,
        }
    }

    /// Judges scores; a steady judge remembers them.
    pub fn judge(&mut self, scores: &[f64], window: &Window) -> Outcome {
        self.judging.judge(scores, window)
    }

    /// Notes a window that got no scores.
    pub fn pass_over(&mut self, window: &Window) {
        if let Judging::Steady(judge) = &mut self.judging {
            judge.pass_over(window.segment, window.recipe);
        }
    }

    /// Scores with their names and limits.
    pub fn named(&self, scores: &[f64]) -> Vec<Score> {
        let limits = self.judging.rule().limits().iter();
        let named = limits.zip(scores).map(|(limit, value)| {
            let (name, limit) = (Arc::clone(limit.score()), limit.value());
            Score { name, value: *value, limit }
        });
        named.collect()
    }

    /// The check's input at a place of the model's order.
    pub fn input(&self, place: usize) -> usize {
        self.order.as_ref().and_then(|order| order.get(place).copied()).unwrap_or(place)
    }

    /// For a snapshot.
    pub fn memory(&self) -> Option<JudgeMemory> {
        match &self.judging {
            Judging::Memoryless(_) => None,
            Judging::Steady(judge) => Some(judge.memory()),
        }
    }

    /// Goes on from a snapshot.
    pub fn resume(&mut self, memory: JudgeMemory) {
        if let Judging::Steady(judge) = &mut self.judging {
            judge.resume(memory);
        }
    }
}

/// Runs a shared scorer on the executor's thread.
pub fn run_shared(scorer: &Mutex<Scorer>, window: &Window, now: &dyn Fn() -> MonoTime) -> Result<Said, ScoreError> {
    let mut scorer = scorer.lock().unwrap_or_else(PoisonError::into_inner);
    run(&mut scorer, window, now)
}

fn run(scorer: &mut Scorer, window: &Window, now: &dyn Fn() -> MonoTime) -> Result<Said, ScoreError> {
    let scored = scorer.score(window, now)?;
    let us = |span: std::time::Duration| u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
    Ok(Said {
        scores: scored.scores.to_vec(),
        shares: largest(scored.contributions.unwrap_or_default()),
        features_us: us(scored.features),
        inference_us: us(scored.inference),
    })
}

/// The largest shares, largest first.
fn largest(shares: &[f64]) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = shares.iter().copied().enumerate().filter(|(_, share)| *share > 0.0).collect();
    let by_share = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1);
    if ranked.len() > SHARES_MAX {
        ranked.select_nth_unstable_by(SHARES_MAX, by_share);
        ranked.truncate(SHARES_MAX);
    }
    ranked.sort_unstable_by(by_share);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_shares_come_first() {
        let shares: Vec<f64> = (0..20).map(|i| f64::from(i) / 190.0).collect();
        let named = largest(&shares);
        assert_eq!(named.len(), SHARES_MAX);
        assert_eq!(named[0].0, 19);
        assert!(named.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        assert_eq!(largest(&[0.0, 1.0]), vec![(1, 1.0)]);
    }
}
