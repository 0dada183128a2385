//! What a restart brings along: windows as they stood, and the frames that came after.

use super::Shared;
use crate::assemble::{CellPlan, CheckPlan, LinePlan};
use crate::pipeline::position::Position;
use crate::store::{Recovered, Since, StoredFrame};
use takt_models::judge::JudgeMemory;
use takt_models::windower::Windower;
use takt_plant::{Frame, WindowSpec};

/// One check as it stood.
pub(crate) struct Brought {
    pub(crate) windower: Windower,
    pub(crate) memories: Vec<Option<JudgeMemory>>,
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
    pub(crate) given: u64,
}

/// A cell as it stood.
pub(crate) struct BroughtCell {
    /// Per line and check.
    pub(crate) checks: Vec<Vec<Brought>>,
    /// Frames after the oldest position, in order of arrival.
    pub(crate) again: Vec<Frame>,
}

/// Brings a cell's checks back. What cannot be read is left behind and said: a new windower begins.
pub(crate) async fn bring(shared: &Shared, recovered: &Recovered, plan: &CellPlan) -> BroughtCell {
    let mut cell = BroughtCell { checks: Vec::new(), again: Vec::new() };
    for line in &plan.lines {
        let frames = frames(shared, recovered, line).await;
        let checks: Vec<Brought> = line.checks.iter().map(|check| one(recovered, check, &frames)).collect();
        let positions = line.checks.iter().filter_map(|check| position(recovered, check));
        // All checks of a line are kept together, so the oldest position is that of each.
        if let Some(from) = positions.map(|position| position.arrived_ns).min() {
            let after = frames.into_iter().filter(|frame| frame.arrived_at.as_ns() > from);
            cell.again.extend(after);
        }
        cell.checks.push(checks);
    }
    cell.again.sort_by_key(|frame| frame.arrived_at);
    cell
}

fn position(recovered: &Recovered, check: &CheckPlan) -> Option<Position> {
    Position::decode(recovered.positions.get(&check.slot)?)
}

fn one(recovered: &Recovered, check: &CheckPlan, frames: &[Frame]) -> Brought {
    let given = recovered.last_seq.get(&check.slot).copied().unwrap_or(0);
    let fresh = || Windower::new(check.windower.clone()).expect("assembly has checked the window's options");
    let (epoch, none) = (recovered.epoch, Vec::new());
    let Some(position) = position(recovered, check) else {
        return Brought { windower: fresh(), memories: none, epoch, seq: given, given };
    };
    let before = frames.iter().filter(|frame| frame.arrived_at.as_ns() <= position.arrived_ns).cloned();
    let windower = Windower::restore(check.windower.clone(), position.windower, before).unwrap_or_else(|_| fresh());
    Brought { windower, memories: position.memories, epoch, seq: position.seq.min(given), given }
}

/// Frames of each group that are read back: what a frame check gave since its last position, or
/// what the windows of the other kinds may hold.
fn n_kept(line: &LinePlan) -> usize {
    let only_frames = line.checks.iter().all(|check| check.windower.spec == WindowSpec::Frame);
    if only_frames { 4_096 } else { 65_536 }
}

/// The line's frames since the oldest one that any of its checks needs, in order of arrival.
async fn frames(shared: &Shared, recovered: &Recovered, line: &LinePlan) -> Vec<Frame> {
    if !line.checks.iter().any(|check| recovered.positions.contains_key(&check.slot)) {
        return Vec::new();
    }
    let mut frames = Vec::new();
    for (group, slot) in line.groups.iter().zip(&line.slots) {
        let tags: std::sync::Arc<[_]> = group.tags.clone().into();
        match shared.store.reader().frames(*slot, Since::Last(n_kept(line))).await {
            Ok(stored) => frames.extend(stored.into_iter().map(|stored| frame(*slot, &tags, stored, shared))),
            Err(error) => {
                tracing::warn!(line = %*line.line.id, %error, "kept frames cannot be read; open windows are dropped");
            }
        }
    }
    frames.sort_by_key(|frame: &Frame| frame.arrived_at);
    frames
}

fn frame(
    group: takt_plant::GroupSlot,
    tags: &std::sync::Arc<[takt_plant::TagSlot]>,
    stored: StoredFrame,
    shared: &Shared,
) -> Frame {
    let StoredFrame { at, arrived_at, readings } = stored;
    // By the monotonic clock it arrives now: deadlines of a former life have no meaning.
    let arrived = shared.clock.mono();
    Frame { group, tags: std::sync::Arc::clone(tags), readings, at, arrived_at, arrived }
}
