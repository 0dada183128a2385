//! Where a value stands in the documents, kept beside it so that later stages can point at it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The document's name.
    pub file: Arc<str>,
    /// Line, from 1; 0 for a built-in default.
    pub line: u32,
    /// Column in characters, from 1; 0 for a built-in default.
    pub column: u32,
    /// The key's path, such as `lines[press-3].checks[stroke].deadline`.
    pub key: Arc<str>,
}

impl Place {
    /// The place of a value that nobody wrote: an embedded default.
    pub fn built_in(key: &str) -> Self {
        Self { file: Arc::from("built-in default"), line: 0, column: 0, key: Arc::from(key) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}:{}", self.file, self.line, self.column) }
    }
}

/// A value and its place. Two values are equal wherever they stand.
#[derive(Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> At<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// A value that nobody wrote: an embedded default.
    pub fn built_in(value: T, key: &str) -> Self {
        Self { value, place: Place::built_in(key) }
    }

    /// The same place with another value.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> At<U> {
        At { value: to(self.value), place: self.place }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for At<T> {}

impl<T: fmt::Debug> fmt::Debug for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
