//! The scanner: which read comes next, and which frame a cycle's answers make. No IO, no clock.
//!
//! Drive it so: [`Scanner::due`] at every wake-up begins the cycles that are due;
//! [`Scanner::next_read`] gives a read whenever a socket is free; every read that was given comes back
//! through [`Scanner::answered`] exactly once; [`Scanner::down`] stands in for `due` while there is
//! no connection. After any of these, [`Scanner::take`] gives what happened: frames to deliver and
//! units set aside or back. [`Scanner::wake`] says when `due` has something to do.
//!
//! Of several groups the one whose cycle ends first is asked first, read by read, so a fast small
//! group never waits for a slow large one longer than one read (B10). A cycle that could not begin
//! before the next one was due is skipped and counted, never queued (B10). Each cycle gives one
//! frame, whatever became of its reads: silence is never mistaken for "no news".

use super::answer::{Answer, CallFault};
use super::codec::Codec;
use super::options::SettingAside;
use super::plan::{GroupPlan, Plan, Read, Span};
use super::split::split;
use super::units::Units;
use crate::intake::Link;
use std::collections::VecDeque;
use std::time::Duration;
use takt_plant::{Fault, Frame, MonoTime, Reading, WallTime};

/// Exception 02: the device has no such register.
const ILLEGAL_ADDRESS: u8 = 0x02;

/// One instant on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// By the wall clock.
    pub wall: WallTime,
    /// By the monotonic clock.
    pub mono: MonoTime,
}

/// A read to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    group: usize,
    ask: usize,
    cycle: u64,
    /// The unit to ask.
    pub unit: u8,
    /// What to ask for.
    pub span: Span,
}

/// What a call of the scanner led to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Units set aside or back; to be reported before the frames.
    pub links: Vec<Link>,
    /// Complete cycles.
    pub frames: Vec<Frame>,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanCounts {
    /// Cycles that were skipped because the one before had not ended.
    pub n_skipped: u64,
    /// Merged reads that were split after exception 02.
    pub n_splits: u64,
}

struct Ask {
    read: Read,
    /// Refused with exception 02 and not divisible: asked again only then.
    refused_until: Option<MonoTime>,
}

struct Cycle {
    pending: VecDeque<usize>,
    n_out: usize,
    readings: Vec<Reading>,
    retried: bool,
}

struct GroupScan {
    plan: GroupPlan,
    asks: Vec<Ask>,
    due: MonoTime,
    n_cycles: u64,
    cycle: Option<Cycle>,
}

/// The schedule and the memory of one connection's reads.
pub struct Scanner {
    groups: Vec<GroupScan>,
    units: Units,
    rule: SettingAside,
    outcome: Outcome,
    counts: ScanCounts,
}

impl Scanner {
    /// A scanner whose groups are all due now.
    pub fn new(plan: &Plan, now: MonoTime) -> Self {
        let rule = plan.options.setting_aside;
        let ask = |read: &Read| Ask { read: read.clone(), refused_until: None };
        let group = |plan: &GroupPlan| GroupScan {
            asks: plan.reads.iter().map(ask).collect(),
            plan: plan.clone(),
            due: now,
            n_cycles: 0,
            cycle: None,
        };
        Self {
            groups: plan.groups.iter().map(group).collect(),
            units: Units::new(rule, &plan.units()),
            rule,
            outcome: Outcome::default(),
            counts: ScanCounts::default(),
        }
    }

    /// Begins every cycle that is due.
    pub fn due(&mut self, now: Stamp) {
        for i in 0..self.groups.len() {
            if !self.groups[i].begin_if_due(now.mono) {
                continue;
            }
            if !self.units.may_ask(self.groups[i].plan.unit, now.mono) {
                self.groups[i].fail_pending(&Fault::Timeout);
            }
            self.finish(i, now);
        }
    }

    /// Begins every cycle that is due and ends it at once: there is no connection.
    pub fn down(&mut self, now: Stamp) {
        for i in 0..self.groups.len() {
            self.groups[i].begin_if_due(now.mono);
            self.groups[i].fail_pending(&Fault::Disconnected);
            self.finish(i, now);
        }
    }

    /// The read that comes first, if any is waiting: of the cycle that ends first.
    pub fn next_read(&mut self) -> Option<Ticket> {
        let waiting = self.groups.iter().enumerate().filter(|(_, g)| g.is_pending());
        let (group, _) = waiting.min_by_key(|(_, g)| g.due.plus(g.plan.every))?;
        self.groups[group].next(group)
    }

    /// Whether a read is waiting.
    pub fn is_pending(&self) -> bool {
        self.groups.iter().any(GroupScan::is_pending)
    }

    /// When the next cycle is due, among the groups that are not in one.
    pub fn wake(&self) -> Option<MonoTime> {
        self.groups.iter().filter(|g| g.cycle.is_none()).map(|g| g.due).min()
    }

    /// Takes what became of a read.
    pub fn answered(&mut self, ticket: Ticket, result: Result<&Answer, &CallFault>, now: Stamp) {
        let i = ticket.group;
        if self.groups[i].n_cycles != ticket.cycle {
            return;
        }
        let Some(cycle) = &mut self.groups[i].cycle else { return };
        cycle.n_out = cycle.n_out.saturating_sub(1);
        match result {
            Ok(answer) => {
                self.heard(ticket.unit);
                self.groups[i].keep(ticket.ask, answer);
            }
            Err(CallFault::Exception(ILLEGAL_ADDRESS)) => {
                self.heard(ticket.unit);
                let ask_again = now.mono.plus(self.rule.probe_max);
                self.counts.n_splits += u64::from(self.groups[i].refused(ticket.ask, ask_again));
            }
            Err(fault) if fault.is_silence() => {
                self.groups[i].fail(ticket.ask, &fault.as_fault());
                self.silent(ticket.unit, &fault.as_fault(), now);
            }
            Err(CallFault::Closed(_)) if !cycle.retried => {
                // Many devices close an idle connection; the first request then finds it shut.
                cycle.retried = true;
                cycle.pending.push_front(ticket.ask);
            }
            Err(fault) => {
                if matches!(fault, CallFault::Exception(_)) {
                    self.heard(ticket.unit);
                }
                self.groups[i].fail(ticket.ask, &fault.as_fault());
            }
        }
        self.finish(i, now);
    }

    /// Whether the unit may be asked now, or is set aside.
    pub fn may_ask(&self, unit: u8, now: MonoTime) -> bool {
        self.units.may_ask(unit, now)
    }

    /// A unit answered, to a read or to a write.
    pub fn heard(&mut self, unit: u8) {
        if self.units.answered(unit) {
            self.outcome.links.push(Link::UnitAside { unit, aside: false });
        }
    }

    /// A unit kept silent: its other reads of this cycle are not asked, so that it costs the other
    /// units one time-out (B6).
    pub fn silent(&mut self, unit: u8, fault: &Fault, now: Stamp) {
        if self.units.timed_out(unit, now.mono) {
            self.outcome.links.push(Link::UnitAside { unit, aside: true });
        }
        for i in 0..self.groups.len() {
            if self.groups[i].plan.unit == unit {
                self.groups[i].fail_pending(fault);
                self.finish(i, now);
            }
        }
    }

    /// What happened since the last call.
    pub fn take(&mut self) -> Outcome {
        std::mem::take(&mut self.outcome)
    }

    /// The counts.
    pub fn counts(&self) -> ScanCounts {
        self.counts
    }

    fn finish(&mut self, group: usize, now: Stamp) {
        if let Some((frame, n_skipped)) = self.groups[group].finish(now) {
            self.counts.n_skipped += n_skipped;
            self.outcome.frames.push(frame);
        }
    }
}

impl GroupScan {
    fn is_pending(&self) -> bool {
        self.cycle.as_ref().is_some_and(|c| !c.pending.is_empty())
    }

    fn begin_if_due(&mut self, now: MonoTime) -> bool {
        if self.cycle.is_some() || self.due > now {
            return false;
        }
        // Whatever is never read stays so: without an answer there was no connection to ask over.
        let mut readings = vec![Reading::Bad(Fault::Disconnected); self.plan.tags.len()];
        let mut pending = VecDeque::with_capacity(self.asks.len());
        for (i, ask) in self.asks.iter().enumerate() {
            if ask.refused_until.is_some_and(|until| until > now) {
                put(&mut readings, &ask.read, &Fault::Exception(ILLEGAL_ADDRESS));
            } else {
                pending.push_back(i);
            }
        }
        self.n_cycles += 1;
        self.cycle = Some(Cycle { pending, n_out: 0, readings, retried: false });
        true
    }

    fn next(&mut self, group: usize) -> Option<Ticket> {
        let cycle = self.cycle.as_mut()?;
        let ask = cycle.pending.pop_front()?;
        cycle.n_out += 1;
        Some(Ticket { group, ask, cycle: self.n_cycles, unit: self.plan.unit, span: self.asks[ask].read.span })
    }

    fn keep(&mut self, ask: usize, answer: &Answer) {
        let ask = &mut self.asks[ask];
        ask.refused_until = None;
        let Some(cycle) = &mut self.cycle else { return };
        for take in &ask.read.takes {
            let from = usize::from(take.span.start.offset - ask.read.span.start.offset);
            let n = usize::from(take.span.n);
            cycle.readings[take.tag] = match answer {
                Answer::Registers(r) => self.plan.codecs[take.tag].decode(r.get(from..from + n).unwrap_or(&[])),
                Answer::Bits(bits) => bits.get(from).map_or(Reading::Bad(Fault::Missing), |b| Codec::decode_bit(*b)),
            };
        }
    }

    /// Splits a refused read and asks its halves next; true when it could be split.
    fn refused(&mut self, ask: usize, ask_again: MonoTime) -> bool {
        match split(self.asks[ask].read.clone()) {
            Ok((left, right)) => {
                self.asks[ask].read = left;
                self.asks.push(Ask { read: right, refused_until: None });
                let other = self.asks.len() - 1;
                if let Some(cycle) = &mut self.cycle {
                    cycle.pending.push_front(other);
                    cycle.pending.push_front(ask);
                }
                true
            }
            Err(_) => {
                self.asks[ask].refused_until = Some(ask_again);
                self.fail(ask, &Fault::Exception(ILLEGAL_ADDRESS));
                false
            }
        }
    }

    fn fail(&mut self, ask: usize, fault: &Fault) {
        if let Some(cycle) = &mut self.cycle {
            put(&mut cycle.readings, &self.asks[ask].read, fault);
        }
    }

    fn fail_pending(&mut self, fault: &Fault) {
        let Some(cycle) = &mut self.cycle else { return };
        for ask in cycle.pending.drain(..) {
            put(&mut cycle.readings, &self.asks[ask].read, fault);
        }
    }

    /// The frame of a cycle that has nothing left to ask, and how many cycles it made late.
    fn finish(&mut self, now: Stamp) -> Option<(Frame, u64)> {
        let cycle = self.cycle.take_if(|c| c.pending.is_empty() && c.n_out == 0)?;
        let n_skipped = missed(self.due, self.plan.every, now.mono);
        let cycles = u32::try_from(n_skipped + 1).unwrap_or(u32::MAX);
        self.due = self.due.plus(self.plan.every.saturating_mul(cycles));
        let frame = Frame {
            group: self.plan.group,
            tags: self.plan.tags.clone(),
            readings: cycle.readings.into_boxed_slice(),
            at: now.wall,
            arrived_at: now.wall,
            arrived: now.mono,
        };
        Some((frame, n_skipped))
    }
}

fn put(readings: &mut [Reading], read: &Read, fault: &Fault) {
    for take in &read.takes {
        readings[take.tag] = Reading::Bad(fault.clone());
    }
}

/// Whole cycles that went by between the one due at `due` and the one that can begin at `now`.
fn missed(due: MonoTime, every: Duration, now: MonoTime) -> u64 {
    let late_ns = now.since(due.plus(every)).as_nanos();
    u64::try_from(late_ns / every.as_nanos().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
