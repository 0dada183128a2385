//! What is found wrong while resolving.

use crate::place::{At, Place};
use crate::problem::{Problem, ProblemKind};
use crate::resolved::Output;
use std::time::Duration;

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: Vec<Problem>,
    /// Outputs of checks that could not be resolved: what is wrong with them is found all the same.
    outputs: Vec<Output>,
}

impl Report {
    pub fn keep_outputs(&mut self, outputs: Vec<Output>) {
        self.outputs.extend(outputs);
    }

    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// A value that cannot be.
    pub fn wrong(&mut self, place: &Place, what: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::at(place, what, hint));
    }

    /// A key that must be written is not; `place` is its table's.
    pub fn missing(&mut self, place: &Place, key: &str, hint: impl Into<String>) {
        let key_path = if place.key.is_empty() { key.to_owned() } else { format!("{}.{key}", place.key) };
        let place = Place { key: key_path.into(), ..place.clone() };
        self.problems.push(Problem::at(&place, format!("`{key}` is missing"), hint).of_kind(ProblemKind::Missing));
    }

    /// A name that names nothing, or the same name twice.
    pub fn reference(&mut self, place: &Place, what: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::at(place, what, hint).of_kind(ProblemKind::Reference));
    }

    /// The written duration or the default; reports one outside `min..=max`.
    pub fn duration(
        &mut self,
        written: Option<&At<Duration>>,
        default: Duration,
        min: Duration,
        max: Duration,
    ) -> Duration {
        let Some(at) = written else { return default };
        if at.value < min || at.value > max {
            let what = if at.value.is_zero() {
                "this cannot be zero".into()
            } else {
                format!("{:?} is out of range", at.value)
            };
            self.wrong(&at.place, what, format!("write a duration from {min:?} to {max:?}"));
        }
        at.value
    }

    /// Reports every key that stands here but does not belong to what its table says it is.
    pub fn foreign(&mut self, keys: &[(&str, Option<&Place>)], why: &str, hint: &str) {
        for (key, place) in keys {
            if let Some(place) = place {
                self.wrong(place, format!("`{key}` does not belong here: {why}"), hint);
            }
        }
    }
}

/// The place of a written value.
pub(crate) fn place_of<T>(written: &Option<At<T>>) -> Option<&Place> {
    written.as_ref().map(|at| &at.place)
}

/// The first of several equal keys and, for each later one, its index and the first one's.
pub(crate) fn repeated<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<(usize, usize)> {
    let mut first = std::collections::HashMap::new();
    let mut again = Vec::new();
    for (i, key) in keys.enumerate() {
        match first.entry(key) {
            std::collections::hash_map::Entry::Occupied(seen) => again.push((i, *seen.get())),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(i);
            }
        }
    }
    again
}
