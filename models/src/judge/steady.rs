//! The decision over several time windows: when a process fails, and when it is well again.
//!
//! A part is judged by itself: it is good or it is not, and the part before says nothing about it.
//! A process is watched by windows of time that overlap and wander, and a verdict that flickers at
//! the limit helps nobody. So for time windows:
//!
//! **Failing takes k of the last m windows beyond a limit.** One window beyond it is expected now and
//! then: a 99 % limit at one window a second is exceeded every two minutes by a healthy process. With
//! k of m the rate of false fails falls with the k-th power, at the price of k − 1 hops of delay.
//!
//! **Passing again takes r windows in a row with every score below the clear level**, which lies
//! under the limit by the factor. Between the two levels the verdict stays what it was.
//!
//! **Evidence floor.** Until n windows of this segment and recipe have been scored, the verdict is
//! inconclusive(evidence). Without the floor, the first window after a start would pass before
//! anything was known, or, after a product change, windows of a machine still settling would decide.
//! The floor withholds *both* answers, because a gateway that has just started has no right to
//! acquit either; n is at least k, so that the first answer can be a fail.
//!
//! **First start, segment and recipe.** All memory belongs to one segment and recipe. When either
//! changes, it is gone and the floor applies again: a fail of the last product is not held against
//! the next (B48), nor is its good record. After a restart the memory comes back from the snapshot
//! when the segment is the same, so that a restart neither acquits nor accuses.
//!
//! **Windows without scores** (a hole, no model, overload) are inconclusive by themselves. They are no
//! evidence. They take their place among the last m as not beyond, because time has passed, and they
//! break a run towards passing, because well again must be seen, not assumed.

use super::limit::Rule;
use serde::{Deserialize, Serialize};
use takt_plant::{Inconclusive, Outcome};

/// Windows that a decision can look back on: the bits of the memory.
const LOOK_BACK_MAX: u32 = 64;

/// How several windows make a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Windows beyond a limit that make a fail (k).
    pub n_beyond: u32,
    /// Among how many of the last windows (m), at most 64.
    pub n_look_back: u32,
    /// The clear level as a share of the limit, above 0 and at most 1.
    pub clear_factor: f64,
    /// Windows in a row below the clear level that end a fail (r).
    pub n_clear: u32,
    /// Windows of this segment and recipe without which nothing is decided (n).
    pub n_evidence: u32,
}

/// Why such a decision cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SteadyError {
    /// k of m makes no sense.
    #[error("a fail needs 1 to {n_look_back} of the last {n_look_back} windows (at most 64), not {n_beyond}")]
    Beyond {
        /// k.
        n_beyond: u32,
        /// m.
        n_look_back: u32,
    },
    /// The factor lies outside (0, 1].
    #[error("the clear level must be above 0 and at most 1 times the limit, not {0}")]
    ClearFactor(f64),
    /// r is zero.
    #[error("ending a fail needs at least one window below the clear level")]
    Clear,
    /// n is below k.
    #[error("the evidence floor must be at least the {n_beyond} windows that make a fail, not {n_evidence}")]
    Evidence {
        /// n.
        n_evidence: u32,
        /// k.
        n_beyond: u32,
    },
}

/// What a decision remembers; small and serialisable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JudgeMemory {
    /// Segment and recipe that all of it belongs to.
    of: Option<(u64, Option<u32>)>,
    /// The last windows, newest in the lowest bit; set: beyond a limit.
    beyond: u64,
    n_scored: u32,
    n_clear: u32,
    is_failing: bool,
}

/// Judges the time windows of one check, one after the other.
#[derive(Debug, Clone)]
pub struct Judge {
    rule: Rule,
    steady: Steady,
    memory: JudgeMemory,
}

impl Steady {
    fn check(&self) -> Result<(), SteadyError> {
        let Self { n_beyond, n_look_back, clear_factor, n_clear, n_evidence } = *self;
        if n_beyond == 0 || n_beyond > n_look_back || n_look_back > LOOK_BACK_MAX {
            return Err(SteadyError::Beyond { n_beyond, n_look_back });
        }
        if !(clear_factor > 0.0 && clear_factor <= 1.0) {
            return Err(SteadyError::ClearFactor(clear_factor));
        }
        if n_clear == 0 {
            return Err(SteadyError::Clear);
        }
        if n_evidence < n_beyond {
            return Err(SteadyError::Evidence { n_evidence, n_beyond });
        }
        Ok(())
    }
}

impl Judge {
    /// A judge that has seen nothing.
    ///
    /// # Errors
    /// See [`SteadyError`].
    pub fn new(rule: Rule, steady: Steady) -> Result<Self, SteadyError> {
        steady.check()?;
        Ok(Self { rule, steady, memory: JudgeMemory::default() })
    }

    /// The limits.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Judges a window by its scores and what came before it in its segment.
    ///
    /// `segment`, `recipe`: of the window. `scores`: as for [`super::judge`].
    pub fn judge(&mut self, scores: &[f64], segment: u64, recipe: Option<u32>) -> Outcome {
        if let Some(why) = self.rule.not_finite(scores) {
            self.pass_over(segment, recipe);
            return Outcome::Inconclusive(why);
        }
        self.enter(segment, recipe);
        let is_beyond = self.rule.is_beyond(scores);
        let is_clear = self.is_clear(scores);
        let memory = &mut self.memory;
        memory.beyond = memory.beyond << 1 | u64::from(is_beyond);
        memory.n_scored = memory.n_scored.saturating_add(1);
        memory.n_clear = if is_clear { memory.n_clear.saturating_add(1) } else { 0 };
        if self.n_beyond() >= self.steady.n_beyond {
            self.memory.is_failing = true;
        } else if self.memory.n_clear >= self.steady.n_clear {
            self.memory.is_failing = false;
        }
        match self.memory {
            memory if memory.n_scored < self.steady.n_evidence => Outcome::Inconclusive(Inconclusive::Evidence),
            memory if memory.is_failing => Outcome::Fail,
            _ => Outcome::Pass,
        }
    }

    /// Takes note of a window that got no scores.
    pub fn pass_over(&mut self, segment: u64, recipe: Option<u32>) {
        self.enter(segment, recipe);
        self.memory.beyond <<= 1;
        self.memory.n_clear = 0;
    }

    /// For a snapshot.
    pub fn memory(&self) -> JudgeMemory {
        self.memory
    }

    /// Goes on from a snapshot of the same check.
    pub fn resume(&mut self, memory: JudgeMemory) {
        self.memory = memory;
    }

    fn enter(&mut self, segment: u64, recipe: Option<u32>) {
        if self.memory.of != Some((segment, recipe)) {
            self.memory = JudgeMemory { of: Some((segment, recipe)), ..JudgeMemory::default() };
        }
    }

    fn n_beyond(&self) -> u32 {
        let shift = LOOK_BACK_MAX - self.steady.n_look_back;
        (self.memory.beyond << shift).count_ones()
    }

    /// For a negative limit too, the clear level lies below it: by the same share of its size.
    fn is_clear(&self, scores: &[f64]) -> bool {
        let margin = 1.0 - self.steady.clear_factor;
        self.rule.limits().iter().zip(scores).all(|(limit, score)| {
            let limit = limit.value();
            limit == f64::INFINITY || *score <= limit - margin * limit.abs()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limit;
    use super::*;

    const TWO_OF_THREE: Steady = Steady { n_beyond: 2, n_look_back: 3, clear_factor: 0.8, n_clear: 2, n_evidence: 2 };

    fn new_judge(steady: Steady) -> Result<Judge, SteadyError> {
        Judge::new(Rule::new(vec![Limit::new("t2", 10.0).unwrap()]).unwrap(), steady)
    }

    /// Each letter is a window: score and expected verdict (p, f, e for evidence, n for not finite).
    fn check(windows: &[(f64, u64, char)]) {
        let mut judge = new_judge(TWO_OF_THREE).unwrap();
        for (i, (score, segment, expected)) in windows.iter().enumerate() {
            let mut restored = new_judge(TWO_OF_THREE).unwrap();
            restored.resume(judge.memory());
            let outcome = judge.judge(&[*score], *segment, Some(1));
            assert_eq!(restored.judge(&[*score], *segment, Some(1)), outcome, "window {i} after a restart");
            let letter = match outcome {
                Outcome::Pass => 'p',
                Outcome::Fail => 'f',
                Outcome::Inconclusive(Inconclusive::Evidence) => 'e',
                Outcome::Inconclusive(_) => 'n',
            };
            assert_eq!(letter, *expected, "window {i}");
        }
    }

    #[test]
    fn one_window_beyond_is_not_yet_a_fail() {
        check(&[(1.0, 0, 'e'), (1.0, 0, 'p'), (11.0, 0, 'p'), (1.0, 0, 'p'), (11.0, 0, 'f')]);
    }

    #[test]
    fn between_the_levels_the_verdict_stays() {
        check(&[
            (11.0, 0, 'e'),
            (11.0, 0, 'f'),
            (9.0, 0, 'f'),
            (9.0, 0, 'f'),
            (9.0, 0, 'f'),
            (8.0, 0, 'f'),
            (9.0, 0, 'f'),
            (8.0, 0, 'f'),
            (8.0, 0, 'p'),
            (9.0, 0, 'p'),
        ]);
    }

    #[test]
    fn a_new_segment_begins_without_memory() {
        check(&[(11.0, 0, 'e'), (11.0, 0, 'f'), (11.0, 1, 'e'), (1.0, 1, 'p')]);
    }

    #[test]
    fn a_window_without_scores_is_no_evidence_and_breaks_the_way_back() {
        check(&[
            (f64::NAN, 0, 'n'),
            (11.0, 0, 'e'),
            (11.0, 0, 'f'),
            (1.0, 0, 'f'),
            (f64::NAN, 0, 'n'),
            (1.0, 0, 'f'),
            (1.0, 0, 'p'),
        ]);
    }

    #[test]
    fn a_recipe_change_begins_without_memory() {
        let mut judge = new_judge(TWO_OF_THREE).unwrap();
        let outcomes = [Some(1), Some(1), Some(2)].map(|recipe| judge.judge(&[11.0], 0, recipe));
        let evidence = Outcome::Inconclusive(Inconclusive::Evidence);
        assert_eq!(outcomes, [evidence.clone(), Outcome::Fail, evidence]);
    }

    #[test]
    fn settings_that_contradict_themselves_are_refused() {
        let refused = |steady| new_judge(steady).err();
        let beyond = |n_beyond, n_look_back| Steady { n_beyond, n_look_back, n_evidence: 99, ..TWO_OF_THREE };
        for (k, m) in [(0, 3), (4, 3), (1, 65)] {
            assert_eq!(refused(beyond(k, m)), Some(SteadyError::Beyond { n_beyond: k, n_look_back: m }));
        }
        assert_eq!(refused(beyond(64, 64)), None);
        for clear_factor in [0.0, 1.1] {
            let steady = Steady { clear_factor, ..TWO_OF_THREE };
            assert_eq!(refused(steady), Some(SteadyError::ClearFactor(clear_factor)));
        }
        assert_eq!(refused(Steady { n_clear: 0, ..TWO_OF_THREE }), Some(SteadyError::Clear));
        let floor = SteadyError::Evidence { n_evidence: 1, n_beyond: 2 };
        assert_eq!(refused(Steady { n_evidence: 1, ..TWO_OF_THREE }), Some(floor));
    }
}
