//! A line: its newest readings, its checks and its heartbeat.

use super::bench::Seat;
use super::check::Check;
use super::turn::Turn;
use crate::board::LineGauge;
use crate::store::CheckSlot;
use crate::writeback::port::{Moment, Port};
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::modbus::{WriteQueue, WriteRequest};
use takt_plant::{
    CheckId, Fault, Frame, Interlock, LineId, MonoTime, OutputId, Purpose, Reading, TagSlot, WallTime, WriteValue,
};

/// A number that moves while the line is well.
pub struct Heartbeat {
    /// The connection's write queue.
    pub queue: WriteQueue,
    /// The interlock of its register; armed while any output of the line is.
    pub interlock: Interlock,
    /// How often it moves.
    pub every: Duration,
    /// When it moves next.
    pub due: MonoTime,
    /// The last number.
    pub beat: u16,
}

/// An arrival this far behind the one before means that the clock was set.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// Longest time without a frame over which a gate's last readings are taken for today's: a restart with
/// models to warm up takes less, a product change more.
const GATES_KEPT_MAX: Duration = Duration::from_secs(30);

/// A frame from before a restart. Which frames a position has seen is told by their order and not by
/// their times, because the clock may have been set back.
pub struct Again {
    /// Its place among the line's frames that were read back, from 0.
    pub nth: usize,
    /// The frame.
    pub frame: Frame,
}

/// One line.
pub struct Line {
    /// Its name.
    pub id: LineId,
    /// The newest reading of each tag.
    pub latest: Vec<Reading>,
    /// Arrival of the last frame, by the wall clock.
    pub arrived_at: WallTime,
    /// Its checks.
    pub checks: Vec<Check>,
    /// Its heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// The indices of the connections that feed it.
    pub sources: Vec<usize>,
    /// By connection of the cell: the tags that it brings.
    pub feeds: Vec<Vec<TagSlot>>,
    /// Where it is shown.
    pub gauge: Arc<LineGauge>,
}

impl Line {
    /// The readings of a line that has seen nothing.
    pub fn nothing_yet(n_tags: usize) -> Vec<Reading> {
        vec![Reading::Bad(Fault::Disconnected); n_tags]
    }

    /// Whether a check is its own.
    pub fn has(&self, check: CheckSlot) -> bool {
        self.checks.iter().any(|found| found.parts().slot == check)
    }

    /// Where an output of a check writes its verdict; empty where there is no such output.
    pub fn target(&self, check: CheckSlot, output: &OutputId) -> &str {
        let found = self.checks.iter().find(|found| found.parts().slot == check);
        let shown = found.and_then(|check| check.parts().gauge.output(output));
        shown.map(|shown| shown.plan().target.as_str()).unwrap_or_default()
    }

    /// Takes the models out of their seats, by check.
    pub fn unseat(&mut self) -> impl Iterator<Item = (CheckSlot, Vec<Option<Seat>>)> {
        self.checks.iter_mut().map(|check| (check.parts().slot, std::mem::take(&mut check.parts_mut().seats)))
    }

    /// Makes arrival times of the line's frames rise strictly: frames that one read of the socket
    /// brought share their arrival, and a restart must know which of them a position has seen. The
    /// nanosecond more is below what any clock here tells. A clock that was set back is left alone.
    pub fn put_in_order(&self, frame: &mut Frame) {
        let next = WallTime::from_ns(self.arrived_at.as_ns().saturating_add(1));
        let behind = next.since(frame.arrived_at).unwrap_or_default();
        if !behind.is_zero() && behind < CLOCK_STEP {
            frame.arrived_at = next;
        }
    }

    /// Takes a frame: newest readings first, then every check.
    pub fn push(&mut self, frame: &Frame, turn: &mut Turn<'_>) {
        self.take(frame);
        for check in &mut self.checks {
            check.push(frame, &self.latest, turn);
        }
        self.gauge.frame(frame);
    }

    /// Takes a frame from before a restart: newest readings first, then every check whose position
    /// has not seen it.
    pub fn push_again(&mut self, Again { nth, frame }: &Again, turn: &mut Turn<'_>) {
        self.take(frame);
        for check in self.checks.iter_mut().filter(|check| check.parts().seen <= *nth) {
            check.push(frame, &self.latest, turn);
        }
    }

    /// The end of pushing again. When the line's last frame lies too far back, nobody knows whether
    /// the machine still produces, and what: gates wait until their tags were read anew (B48).
    /// Says which checks' open windows end by that.
    pub fn caught_up(&mut self, now: WallTime) -> Vec<CheckId> {
        self.checks.iter_mut().for_each(Check::caught_up);
        if now.since(self.arrived_at).is_none_or(|away| away <= GATES_KEPT_MAX) {
            return Vec::new();
        }
        let mut ended = Vec::new();
        for check in &self.checks {
            let mut is_gated = false;
            for slot in check.parts().gate.tags() {
                is_gated = true;
                if let Some(latest) = self.latest.get_mut(slot.0 as usize) {
                    *latest = Reading::Bad(Fault::Disconnected);
                }
            }
            if is_gated && check.n_waiting() > 0 {
                ended.push(check.parts().id.clone());
            }
        }
        ended
    }

    /// A connection went away, and what it said last counts for nothing any more: a recipe or a mode
    /// from before the outage must not judge parts of after (B48).
    pub fn withdraw(&mut self, source: usize, now: Moment, turn: &mut Turn<'_>) {
        let Some(tags) = self.feeds.get(source).filter(|tags| !tags.is_empty()) else { return };
        for tag in tags {
            if let Some(latest) = self.latest.get_mut(tag.0 as usize) {
                *latest = Reading::Bad(Fault::Disconnected);
            }
        }
        for check in &mut self.checks {
            check.gate_again(now.mono, &self.latest, turn);
        }
    }

    fn take(&mut self, frame: &Frame) {
        self.arrived_at = frame.arrived_at;
        for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
            if let Some(latest) = self.latest.get_mut(slot.0 as usize) {
                latest.clone_from(reading);
            }
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Moment, is_well: bool, turn: &mut Turn<'_>) {
        for check in &mut self.checks {
            check.tick(now, turn);
        }
        self.beat(now.mono, is_well);
        self.gauge.settle(&self.latest, now.mono);
    }

    /// When [`Self::tick`] has something to do.
    pub fn next_wake(&self) -> Option<MonoTime> {
        let beat = self.heartbeat.as_ref().map(|heartbeat| heartbeat.due);
        self.checks.iter().filter_map(Check::next_wake).chain(beat).min()
    }

    /// Whether any of its outputs is armed.
    pub fn is_armed(&self) -> bool {
        self.checks.iter().any(|check| check.parts().outputs.iter().any(Port::is_armed))
    }

    /// Whether a PLC may trust every check.
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(Check::is_well)
    }

    /// Lets the heartbeat follow the arming of the outputs.
    pub fn arm_heartbeat(&mut self, by: &str, now: Moment) {
        let armed = self.is_armed();
        if let Some(heartbeat) = &mut self.heartbeat {
            if armed {
                heartbeat.interlock.arm(by, now.wall);
                heartbeat.due = now.mono;
            } else {
                heartbeat.interlock.disarm();
            }
        }
    }

    /// The end: no heartbeat any more, and the fail-safe value on every output.
    pub fn end(&mut self, now: Moment, turn: &mut Turn<'_>) {
        self.heartbeat = None;
        self.checks.iter_mut().for_each(|check| check.end(now, turn));
    }

    fn beat(&mut self, now: MonoTime, is_well: bool) {
        let is_well = is_well && self.is_well();
        let Some(heartbeat) = &mut self.heartbeat else { return };
        if now < heartbeat.due {
            return;
        }
        // Skipped beats are not made up for: the number says "now", not "how often".
        heartbeat.due = now.plus(heartbeat.every);
        if !is_well {
            return;
        }
        let beat = heartbeat.beat.wrapping_add(1);
        let value = WriteValue::Integer(i64::from(beat));
        // In dry run the interlock says no, and then nothing moves: the PLC must not trust this line.
        if let Ok(permit) = heartbeat.interlock.permit(value, Purpose::Heartbeat, now) {
            let (request, _) = WriteRequest::new(permit, heartbeat.due);
            if heartbeat.queue.submit(request).is_ok() {
                heartbeat.beat = beat;
            }
        }
    }
}
