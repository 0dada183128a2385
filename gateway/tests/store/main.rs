//! The store from outside: what is promised when it is fed, asked, cut off, filled up and exported.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a test fails by panicking, and waits by the clock"
)]

mod bench;
mod export;
mod journal;
mod kill;
mod limits;
mod outbox;
mod query;
mod recovery;
mod support;
mod unwritable;
