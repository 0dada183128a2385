//! Documents as one tree, whatever their notation, with the place of everything in it.

pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod node;
pub(crate) mod toml;

pub(crate) use lines::LineIndex;
pub(crate) use node::{Body, Entry, Node, Span, SyntaxError};

use crate::source::{Notation, Source};

/// The tree of a document, and everything that is wrong with its notation. Never panics.
pub(crate) fn parse(source: &Source) -> (Node, Vec<SyntaxError>) {
    match source.notation {
        Notation::Toml => toml::parse(&source.text),
        Notation::Json => json::parse(&source.text),
    }
}
