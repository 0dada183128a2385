//! Write-back: from a verdict to a register of a PLC.
//!
//! [`machine`] decides what is written, [`intent`] keeps a crash from repeating it, the interlock
//! of `takt-plant` allows it, the connection's driver sends it, and [`deaf`] tries again what is safe to try.

pub mod deaf;
pub mod intent;
pub mod machine;
pub mod port;
