//! What people want of a cell.

use takt_plant::{CheckId, LineId, OutputId, WallTime};

/// What an operator wants of an output.
#[derive(Debug, Clone)]
pub struct ArmOrder {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// The output.
    pub output: OutputId,
    /// Arm, or back to dry run.
    pub arm: bool,
    /// Who wants it.
    pub by: String,
    /// Since when, where the store remembers it.
    pub at: WallTime,
}
