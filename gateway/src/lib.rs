//! The gateway as a library, so that the binary is a paragraph.

pub mod egress;
pub mod record;
pub mod secrets;
pub mod store;
