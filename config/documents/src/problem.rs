//! Problems: what is wrong, where, and what to try. All of them at once.

use crate::place::{At, Place};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// What sort of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Not TOML or JSON.
    Syntax,
    /// A key that is not known here.
    UnknownKey,
    /// A key that an earlier version knew.
    RetiredKey,
    /// A key that must be written is not.
    Missing,
    /// A value that cannot be.
    Value,
    /// A name that names nothing, or the same name twice.
    Reference,
}

/// One thing that is wrong in a document.
///
/// Displays as `file:line:column: key: what`, then a line with what to try. No value of a secret
/// is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, and at which key.
    pub place: Place,
    /// What sort it is.
    pub kind: ProblemKind,
    /// What is wrong.
    pub what: String,
    /// What to try.
    pub hint: String,
}

impl Problem {
    /// A problem with a value, at a place that [`crate::read`] gave out. Later stages report with it.
    pub fn at(place: &Place, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { place: place.clone(), kind: ProblemKind::Value, what: what.into(), hint: hint.into() }
    }

    /// The same problem, of another sort.
    pub fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.place.key.is_empty() {
            write!(f, "{}: ", self.place.key)?;
        }
        f.write_str(&self.what)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n    try: {}", self.hint) }
    }
}

impl<T> At<T> {
    /// A problem with this value.
    pub fn problem(&self, what: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem::at(&self.place, what, hint)
    }
}

/// Every problem of a set of documents, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// One more.
    pub fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    /// `value`, when nothing is wrong.
    ///
    /// # Errors
    /// These problems, when there are any.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by(|a, b| a.place.cmp(&b.place).then_with(|| a.what.cmp(&b.what)));
        // What several stages see, or several lines of one connection, is said once.
        self.list.dedup();
        Err(self)
    }

    /// Takes what a later stage found, as far as it is certain: on a line whose notation is broken nothing is.
    pub fn later(&mut self, found: impl IntoIterator<Item = Problem>) {
        let slips: HashSet<(Arc<str>, u32)> = self
            .list
            .iter()
            .filter(|problem| problem.kind == ProblemKind::Syntax)
            .map(|slip| (slip.place.file.clone(), slip.place.line))
            .collect();
        let on_a_slip = |problem: &Problem| slips.contains(&(problem.place.file.clone(), problem.place.line));
        self.list.extend(found.into_iter().filter(|problem| !on_a_slip(problem)));
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, more: I) {
        self.list.extend(more);
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(all: I) -> Self {
        Self { list: all.into_iter().collect() }
    }
}

impl From<Problem> for Problems {
    fn from(one: Problem) -> Self {
        Self { list: vec![one] }
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.list {
            writeln!(f, "{problem}")?;
        }
        let plural = if self.list.len() == 1 { "problem" } else { "problems" };
        write!(f, "{} {plural}; nothing was applied", self.list.len())
    }
}

impl std::error::Error for Problems {}
