//! Gateway and line documents: as written, then as resolved, with every problem at once.
//!
//! A document is TOML or JSON, of one schema ([`schema`]). The box itself (`takt.toml`), connections
//! and lines may stand in one document or in many. [`read`] takes them all and gives either
//! [`Resolved`] (plain values, every default filled in, every name looked up) or every
//! [`Problem`] of every document with its file, line, column, key and what to try. What only an
//! adapter can read keeps its place ([`At`]), so that later stages report in the same way.
//!
//! Versions of documents are compared by [`canonical`], [`digest`] and [`difference`]; a canonical
//! text is at the same time the export of a document. An editor gets a document as a [`form`] and
//! gives it back by [`form_text`]. Secrets stand in documents as names only
//! ([`SecretRef`]).
//!
//! ```
//! use takt_config::{Problems, Source, read};
//! let text = "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"plc-3:502\"\ntimeout = \"0s\"\n";
//! let problems = read(&[Source::new("line.toml", text)]).expect_err("a time-out of zero");
//! assert!(problems.to_string().starts_with("line.toml:5:11: connections[plc].timeout: this cannot be zero"));
//!
//! // A later stage that finds more wrong says it in the same way.
//! let good = read(&[Source::new("line.toml", text.replace("0s", "1s"))]).expect("a good document");
//! let id = &good.connections[0].id;
//! let more: Problems = [id.problem("no such host", "write its address")].into_iter().collect();
//! assert!(more.or(good.clone()).is_err());
//! ```

mod difference;
mod form;
mod place;
mod problem;
mod read;
mod resolve;
pub mod resolved;
mod schema;
mod secret;
mod source;
mod tree;
mod version;
mod written;

pub use difference::{Change, ChangeKind, difference};
pub use form::{form, form_text, tags_as_written};
pub use place::{At, Place};
pub use problem::{Problem, ProblemKind, Problems};
pub use read::{Seen, read, see};
pub use resolved::Resolved;
pub use schema::schema;
pub use secret::{Pem, SecretRef};
pub use source::{DOCUMENT_BYTES_MAX, Notation, Source};
pub use version::{canonical, digest};
