//! The gateway as a library, so that the binary is a paragraph.

pub mod board;
pub mod payload;
pub mod pipeline;
pub mod record;
pub mod store;
pub mod writeback;
