//! Replay: rows of a CSV file become frames, in file order, at real or other speed.
//!
//! | file | job | pure |
//! |---|---|---|
//! | [`options`] | the file and the mapping as plain values | yes |
//! | [`plan`] | column names to column numbers, against the file's header | yes |
//! | [`codec`], [`pacer`] | rows to frames; when a row is due | yes |
//! | [`driver`] | reads the file and waits | |

pub mod codec;
pub mod driver;
pub mod options;
pub mod pacer;
pub mod plan;

pub use driver::{Ended, Ports, ReplayError, run};
pub use options::Options;
