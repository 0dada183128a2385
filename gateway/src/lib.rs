//! The gateway as a library, so that the binary is a paragraph.

pub mod access;
pub mod alarms;
pub mod api;
pub mod assemble;
pub mod backup;
pub mod board;
pub mod console;
pub mod documents;
pub mod egress;
pub mod field;
pub mod learn;
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
