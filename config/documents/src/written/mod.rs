//! Documents as written: one type per table, with its keys, what they mean and their schema.
//!
//! Everything in here is private: what leaves this crate is resolved. A table is declared once by
//! [`written!`](macros), and from that come its reader (which never stops at the first problem),
//! its JSON Schema and the order of its keys in an exported document.

#[macro_use]
mod macros;
pub(crate) mod check;
pub(crate) mod connection;
pub(crate) mod decode;
pub(crate) mod document;
pub(crate) mod line;
pub(crate) mod output;
pub(crate) mod retired;
pub(crate) mod scalar;
pub(crate) mod sequence;
pub(crate) mod tag;
pub(crate) mod window;
pub(crate) mod words;
