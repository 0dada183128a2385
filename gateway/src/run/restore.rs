//! What a restart brings along: windows as they stood, and the frames that came after.

use super::Shared;
use crate::assemble::{CellPlan, CheckPlan, LinePlan};
use crate::pipeline::line::Line;
use crate::pipeline::position::Position;
use crate::store::{Event, Progress, Since, StoredFrame};
use takt_models::judge::JudgeMemory;
use takt_models::windower::Windower;
use takt_plant::{CheckId, DropReason, Frame, LineId, Reading, WallTime, WindowSpec};

/// One check as it stood.
pub(crate) struct Brought {
    pub(crate) windower: Windower,
    pub(crate) memories: Vec<Option<JudgeMemory>>,
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
    pub(crate) given: u64,
    pub(crate) seen: WallTime,
    /// Frames of its open windows that could not be brought back.
    pub(crate) n_lost: u64,
}

/// One line as it stood.
pub(crate) struct BroughtLine {
    pub(crate) checks: Vec<Brought>,
    /// The readings of its tags at the oldest position: gates go on from there.
    pub(crate) latest: Vec<Reading>,
    pub(crate) arrived_at: WallTime,
}

/// A cell as it stood.
pub(crate) struct BroughtCell {
    pub(crate) lines: Vec<BroughtLine>,
    /// Frames after the oldest position, in order of arrival.
    pub(crate) again: Vec<Frame>,
}

/// Brings a cell's checks back. What cannot be read is left behind and said: a new windower begins.
pub(crate) async fn bring(shared: &Shared, progress: &Progress, plan: &CellPlan) -> BroughtCell {
    let mut cell = BroughtCell { lines: Vec::new(), again: Vec::new() };
    for line in &plan.lines {
        let frames = frames(shared, progress, line).await;
        let checks: Vec<Brought> = line.checks.iter().map(|check| one(progress, check, &frames)).collect();
        for (brought, check) in checks.iter().zip(&line.line.checks).filter(|(brought, _)| brought.n_lost > 0) {
            say_dropped(shared, &line.line.id, &check.id, brought.n_lost).await;
        }
        let mut brought =
            BroughtLine { checks, latest: Line::nothing_yet(line.line.tags.len()), arrived_at: WallTime::from_ns(0) };
        // Checks keep their positions together, but one whose model still runs keeps its older one.
        let positions = line.checks.iter().filter_map(|check| position(progress, check));
        if let Some(from) = positions.map(|position| position.arrived_ns).min() {
            let (before, after) = frames.into_iter().partition(|frame| frame.arrived_at.as_ns() <= from);
            brought.arrived_at = WallTime::from_ns(from);
            brought.read(before);
            cell.again.extend(after);
        }
        cell.lines.push(brought);
    }
    cell.again.sort_by_key(|frame| frame.arrived_at);
    cell
}

impl BroughtLine {
    fn read(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            for (slot, reading) in frame.tags.iter().zip(frame.readings) {
                if let Some(latest) = self.latest.get_mut(slot.0 as usize) {
                    *latest = reading;
                }
            }
        }
    }
}

/// A restart keeps the open window or says that it was dropped (B27).
async fn say_dropped(shared: &Shared, line: &LineId, check: &CheckId, n_lost: u64) {
    let text = format!(
        "{check}: the open window was dropped with {n_lost} frames, because its inputs or its rule changed or the \
         history no longer holds them; the check goes on with a new window"
    );
    tracing::warn!(%line, text);
    let (at, who, what) = (shared.clock.wall(), "gateway".to_owned(), "window.dropped".to_owned());
    let event = Event { at, who, what, line: Some(line.clone()), text };
    if let Err(error) = shared.store.record_event(event).await {
        tracing::warn!(%error, "the event could not be kept");
    }
}

fn position(progress: &Progress, check: &CheckPlan) -> Option<Position> {
    Position::decode(progress.positions.get(&check.slot)?)
}

fn one(progress: &Progress, check: &CheckPlan, frames: &[Frame]) -> Brought {
    let last = progress.last_seq.get(&check.slot).copied().unwrap_or(0);
    let fresh = || Windower::new(check.windower.clone()).expect("assembly has checked the window's options");
    let (epoch, none) = (progress.epoch, Vec::new());
    let Some(position) = position(progress, check) else {
        let given = last;
        let seen = WallTime::from_ns(0);
        return Brought { windower: fresh(), memories: none, epoch, seq: given, given, seen, n_lost: 0 };
    };
    // A position goes into the journal with the verdicts before it. Where it is ahead of them they were
    // given up, for want of room; their numbers are gone all the same.
    let (seq, given) = (position.seq, last.max(position.seq));
    let seen = WallTime::from_ns(position.arrived_ns);
    let before = frames.iter().filter(|frame| frame.arrived_at <= seen).cloned();
    let n_lost_before = position.windower.n_lost();
    let windower = Windower::restore(check.windower.clone(), position.windower, before).unwrap_or_else(|_| fresh());
    let n_lost = windower.books().dropped(DropReason::Restart).saturating_sub(n_lost_before);
    Brought { windower, memories: position.memories, epoch, seq, given, seen, n_lost }
}

/// Frames of each group that are read back: what a frame check gave since its last position, or
/// what the windows of the other kinds may hold.
fn n_kept(line: &LinePlan) -> usize {
    let only_frames = line.checks.iter().all(|check| check.windower.spec == WindowSpec::Frame);
    if only_frames { 4_096 } else { 65_536 }
}

/// The line's frames since the oldest one that any of its checks needs, in order of arrival.
async fn frames(shared: &Shared, progress: &Progress, line: &LinePlan) -> Vec<Frame> {
    if !line.checks.iter().any(|check| progress.positions.contains_key(&check.slot)) {
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
