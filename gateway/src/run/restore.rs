//! What a restart brings along: windows as they stood, and the frames that came after.

use super::Shared;
use crate::assemble::{CellPlan, CheckPlan, LinePlan};
use crate::pipeline::line::{Again, Line};
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
    /// How many of the line's frames, as they were read back, its position has seen.
    pub(crate) seen: usize,
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
    /// Frames after each line's oldest position, in the order in which they came.
    pub(crate) again: Vec<Again>,
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
        let positions = line
            .checks
            .iter()
            .zip(&brought.checks)
            .filter_map(|(check, brought)| Some((brought.seen, position(progress, check)?.arrived_ns)));
        if let Some((n_seen, arrived_ns)) = positions.min() {
            brought.arrived_at = WallTime::from_ns(arrived_ns);
            let mut frames = frames.into_iter().enumerate();
            brought.read(frames.by_ref().take(n_seen).map(|(_, frame)| frame));
            cell.again.extend(frames.map(|(nth, frame)| Again { nth, frame }));
        }
        cell.lines.push(brought);
    }
    cell
}

impl BroughtLine {
    fn read(&mut self, frames: impl Iterator<Item = Frame>) {
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
        let seen = 0;
        return Brought { windower: fresh(), memories: none, epoch, seq: given, given, seen, n_lost: 0 };
    };
    // A position goes into the journal with the verdicts before it. Where it is ahead of them they were
    // given up, for want of room; their numbers are gone all the same.
    let (seq, given) = (position.seq, last.max(position.seq));
    let seen = n_seen(frames, position.arrived_ns);
    let before = frames[..seen].iter().cloned();
    let n_lost_before = position.windower.n_lost();
    let windower = Windower::restore(check.windower.clone(), position.windower, before).unwrap_or_else(|_| fresh());
    let n_lost = windower.books().dropped(DropReason::Restart).saturating_sub(n_lost_before);
    Brought { windower, memories: position.memories, epoch, seq, given, seen, n_lost }
}

/// How many of a line's frames a position has seen: up to the one that came last before it. Where that
/// one is gone, the times must do.
fn n_seen(frames: &[Frame], arrived_ns: i64) -> usize {
    let last = frames.iter().rposition(|frame| frame.arrived_at.as_ns() == arrived_ns);
    last.map_or_else(|| frames.partition_point(|frame| frame.arrived_at.as_ns() <= arrived_ns), |last| last + 1)
}

/// Brings the frames of a line's groups, each as it came, into the order in which they came. Arrival
/// times do for that, except where the clock was set back: what came before a step comes before what
/// came after it, whatever the times say. The group that shows most steps, and of those the busiest,
/// tells what times lie between them; a frame of another group belongs where its time is nearest.
fn in_order(groups: Vec<Vec<Frame>>) -> Vec<Frame> {
    let most = groups.iter().max_by_key(|group| (spans(group).len(), group.len()));
    let spans = most.map(|group| spans(group)).unwrap_or_default();
    let mut all = Vec::new();
    for group in groups {
        let mut place = 0;
        for frame in group {
            let at = frame.arrived_at.as_ns();
            // The first of the nearest, and never before the place of the frame before.
            let nearest = (place..spans.len())
                .min_by_key(|i| spans[*i].0.saturating_sub(at).max(at.saturating_sub(spans[*i].1)).max(0));
            place = nearest.unwrap_or(place);
            all.push((place, frame));
        }
    }
    all.sort_by_key(|(place, frame)| (*place, frame.arrived_at));
    all.into_iter().map(|(_, frame)| frame).collect()
}

/// First and last arrival between each two steps back of the clock.
fn spans(group: &[Frame]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for at in group.iter().map(|frame| frame.arrived_at.as_ns()) {
        match spans.last_mut() {
            Some((_, last)) if *last <= at => *last = at,
            _ => spans.push((at, at)),
        }
    }
    spans
}

/// Frames of each group that are read back: what a frame check gave since its last position, or
/// what the windows of the other kinds may hold.
fn n_kept(line: &LinePlan) -> usize {
    let only_frames = line.checks.iter().all(|check| check.windower.spec == WindowSpec::Frame);
    if only_frames { 4_096 } else { 65_536 }
}

/// The line's frames since the oldest one that any of its checks needs, in the order in which they came.
async fn frames(shared: &Shared, progress: &Progress, line: &LinePlan) -> Vec<Frame> {
    if !line.checks.iter().any(|check| progress.positions.contains_key(&check.slot)) {
        return Vec::new();
    }
    let mut groups = Vec::new();
    for (group, slot) in line.groups.iter().zip(&line.slots) {
        let tags: std::sync::Arc<[_]> = group.tags.clone().into();
        match shared.store.reader().frames(*slot, Since::Last(n_kept(line))).await {
            Ok(stored) => groups.push(stored.into_iter().map(|stored| frame(*slot, &tags, stored, shared)).collect()),
            Err(error) => {
                tracing::warn!(line = %*line.line.id, %error, "kept frames cannot be read; open windows are dropped");
            }
        }
    }
    in_order(groups)
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

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{GroupSlot, MonoTime};

    fn frames(group: u32, arrived: &[i64]) -> Vec<Frame> {
        let frame = |ns: &i64| {
            let (arrived_at, readings) = (WallTime::from_ns(*ns), Vec::new().into_boxed_slice());
            let (group, arrived) = (GroupSlot(group), MonoTime::from_ns(0));
            Frame { group, tags: [].into(), readings, at: arrived_at, arrived_at, arrived }
        };
        arrived.iter().map(frame).collect()
    }

    fn arrived(frames: &[Frame]) -> Vec<i64> {
        frames.iter().map(|frame| frame.arrived_at.as_ns()).collect()
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_mix_before_and_after() {
        let groups = vec![frames(0, &[100, 200, 300, 50, 150]), frames(1, &[250, 60, 160])];
        let all = in_order(groups);
        assert_eq!(arrived(&all), [100, 200, 250, 300, 50, 60, 150, 160]);
        assert_eq!(arrived(&all[n_seen(&all, 300)..]), [50, 60, 150, 160], "what came after the step is after it");
        assert_eq!(arrived(&all[n_seen(&all, 60)..]), [150, 160], "and what came before it is not");
        assert_eq!(n_seen(&frames(0, &[10, 20, 30]), 25), 2, "a frame that is gone");
        let slow = in_order(vec![frames(0, &[90]), frames(1, &[100, 110, 20, 30])]);
        assert_eq!(arrived(&slow), [90, 100, 110, 20, 30], "a slow group came before the step");
    }
}
