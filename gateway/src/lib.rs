//! The gateway as a library, so that the binary is a paragraph.

pub mod access;
pub mod api;
pub mod assemble;
pub mod board;
pub mod console;
pub mod egress;
pub mod loader;
pub mod page;
pub mod payload;
pub mod pipeline;
pub mod record;
pub mod run;
pub mod secrets;
pub mod shard;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod writeback;
