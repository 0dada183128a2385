//! Replay connections: columns of a recorded file become tags.

use super::checks::LinePlan;
use super::{ConnectionPlan, DriverPlan};
use crate::store::ConnectionSlot;
use takt_config::Problems;
use takt_config::resolved::{Connection, Replay};

/// Plans a recorded file.
pub(super) fn plan(
    connection: &Connection,
    file: &Replay,
    slot: ConnectionSlot,
    lines: &[LinePlan],
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    let _ = (connection, file, slot, lines, problems, DriverPlan::Replay);
    None
}
