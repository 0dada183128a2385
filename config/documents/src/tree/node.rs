//! The tree's nodes.

use std::ops::Range;

/// Bytes of the text, from and to.
pub(crate) type Span = Range<usize>;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub body: Body,
    pub span: Span,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Null,
    Flag(bool),
    Integer(i128),
    Real(f64),
    Text(String),
    /// A date or time of TOML, as it was written.
    Time(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value, in the order of writing.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub node: Node,
}

impl Node {
    pub fn empty_table() -> Self {
        Self { body: Body::Table(Vec::new()), span: 0..0 }
    }

    /// What the value is, for messages.
    pub fn sort(&self) -> &'static str {
        match self.body {
            Body::Null => "null",
            Body::Flag(_) => "true or false",
            Body::Integer(_) => "a whole number",
            Body::Real(_) => "a number",
            Body::Text(_) => "a text",
            Body::Time(_) => "a date",
            Body::List(_) => "a list",
            Body::Table(_) => "a table",
        }
    }

    /// The entries of a table, none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.body {
            Body::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value under a key of a table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A place and what is wrong there with the notation.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub span: Span,
    pub what: String,
}
