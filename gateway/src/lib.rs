//! The gateway as a library, so that the binary is a paragraph.

pub mod api;
pub mod board;
pub mod page;
pub mod payload;
pub mod record;
pub mod telemetry;
