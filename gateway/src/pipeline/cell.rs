//! A cell: the lines that share connections, with everything that must happen on one thread.
//!
//! Drivers call [`CellPort`] from their own tasks; timers and commands come from the shard. All of it
//! runs on the shard's thread, one call after the other, so a cell needs no lock. Lines of different
//! cells share nothing, so a change of one never stops another.

mod link;

use super::bench::Seat;
use super::draft::{Draft, Waiting};
use super::executor::{Executor, Reply};
use super::line::{Again, Line};
use super::order::ArmOrder;
use super::outbox::Outbox;
use super::position::Position;
use super::source::Source;
use super::turn::{Given, Turn};
use super::written::Written;
use crate::board::QueueGauge;
use crate::store::{CheckSlot, Event, Full, Journal, StoredVerdict};
use crate::writeback::port::{About, Ended, Moment, OnItsWay};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::modbus::WriteReport;
use takt_adapters::{Clock, Delivery, MessageMark, Ticket};
use takt_plant::{GroupSlot, MonoTime, OutputId};
use tokio::sync::{Notify, mpsc};

/// Time between two positions of a check in the journal. After a restart at most this much is pushed
/// again; more often costs more than pushing again saves.
const POSITION_EVERY: Duration = Duration::from_millis(100);
/// Confirmations that wait for an entry to carry them; this many are worth one of their own.
const CONFIRMED_MAX: usize = 64;
/// What a cell is made of.
pub struct CellParts {
    /// The process's clock.
    pub clock: Clock,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Which line each group belongs to.
    pub routes: HashMap<GroupSlot, usize>,
    /// Its connections.
    pub sources: Vec<Source>,
    /// Its way into the store.
    pub journal: Journal,
    /// The last ticket before the start.
    pub ticket: Ticket,
    /// Where slow models run.
    pub executor: Option<Executor>,
    /// How full the journal's queue is.
    pub queue: Arc<QueueGauge>,
}

/// One cell.
pub struct Cell {
    me: Weak<RefCell<Cell>>,
    parts: CellParts,
    replies: mpsc::Sender<Reply>,
    draft: Draft,
    position_due: MonoTime,
    last_verdict: Ticket,
    wake: Rc<Notify>,
    written: Written,
    sleeps_until: MonoTime,
    /// The connection whose messages wait in the draft for the end of its turn.
    owed: Option<usize>,
}

/// Something of an output.
type Placed<T> = (CheckSlot, OutputId, T);

impl Cell {
    /// A cell, and where the executor's results are to be taken from.
    pub fn new(parts: CellParts) -> (Rc<RefCell<Self>>, mpsc::Receiver<Reply>) {
        let (replies, results) = mpsc::channel(super::executor::JOBS_MAX);
        let cell = Rc::new_cyclic(|me| {
            let position_due = parts.clock.mono();
            let last_verdict = parts.ticket;
            let (draft, wake) = (Draft::default(), Rc::new(Notify::new()));
            RefCell::new(Self {
                me: me.clone(),
                parts,
                replies,
                draft,
                position_due,
                last_verdict,
                wake,
                written: Written::default(),
                sleeps_until: position_due,
                owed: None,
            })
        });
        (cell, results)
    }

    /// Woken when [`Self::sleep_until`] may be earlier than it was.
    pub fn waker(&self) -> Rc<Notify> {
        Rc::clone(&self.wake)
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.parts.lines
    }

    /// Takes its models out, for a cell that goes on with them.
    pub fn unseat(&mut self) -> BTreeMap<CheckSlot, Vec<Option<Seat>>> {
        self.parts.lines.iter_mut().flat_map(Line::unseat).collect()
    }

    /// Its outbox on a connection.
    pub fn outbox(&mut self, source: usize) -> Option<&mut Outbox> {
        self.parts.sources.get_mut(source)?.outbox.as_mut()
    }

    /// The ticket under which the last verdict goes into the journal.
    pub fn last_verdict(&self) -> Ticket {
        self.last_verdict
    }

    /// When [`Self::tick`] has something to do, `latest` at the latest. The caller sleeps until then
    /// or until it is woken.
    pub fn sleep_until(&mut self, latest: MonoTime) -> MonoTime {
        let next = self.parts.lines.iter().filter_map(Line::next_wake).min();
        self.sleeps_until = next.map_or(latest, |at| at.min(latest));
        self.sleeps_until
    }

    /// Pushes frames again that came after the positions of a restart: windows go on, verdicts that
    /// were committed before are not given again, and the others are.
    pub fn again(&mut self, frames: Vec<Again>) {
        let mut turn = Turn::new(self.parts.clock, self.parts.executor.as_ref(), &self.replies);
        for again in &frames {
            let line = self.parts.routes.get(&again.frame.group).and_then(|i| self.parts.lines.get_mut(*i));
            if let Some(line) = line {
                line.push_again(again, &mut turn);
            }
        }
        let (verdicts, writes, ended) = (turn.verdicts, turn.writes, turn.ended);
        self.follow(writes, ended);
        self.draft.entry.verdicts.extend(verdicts.into_iter().map(|given| given.record));
        self.caught_up();
        self.submit();
    }

    fn caught_up(&mut self) {
        let at = self.parts.clock.wall();
        for line in &mut self.parts.lines {
            for check in line.caught_up(at) {
                let text = format!(
                    "{check}: the open window ends, the gateway was away too long to know what the line produces; the \
                     check goes on when the tags of `when` and `recipe` were read again"
                );
                tracing::warn!(line = %line.id, text);
                let (who, what, line) = ("gateway".into(), "window.dropped".into(), Some(line.id.clone()));
                self.draft.entry.events.push(Event { at, who, what, line, text });
            }
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self) {
        let now = self.now();
        self.turn(|lines, sources, turn| {
            for line in lines {
                let is_well = line.sources.iter().all(|source| sources[*source].is_up);
                line.tick(now, is_well, turn);
            }
        });
    }

    /// Takes a result of the executor.
    pub fn scored(&mut self, reply: Reply) {
        self.turn(|lines, _, turn| {
            for line in lines {
                if let Some(check) = line.checks.iter_mut().find(|check| check.parts().slot == reply.check) {
                    check.scored(reply.number, reply.said, turn);
                    return;
                }
            }
        });
        // The verdict may have begun a pulse.
        self.wake.notify_one();
    }

    /// Arms or disarms an output. `false`: there is no such output here.
    pub fn arm(&mut self, order: &ArmOrder) -> bool {
        let now = self.now();
        let Some(line) = self.parts.lines.iter_mut().find(|line| line.id == order.line) else { return false };
        let check = line.checks.iter_mut().find(|check| check.parts().id == order.check);
        let Some(output) = check.and_then(|c| c.parts_mut().outputs.iter_mut().find(|o| *o.id() == order.output))
        else {
            return false;
        };
        match order.arm {
            true => output.arm(&order.by, order.at),
            false => output.disarm(),
        }
        line.arm_heartbeat(&order.by, now);
        let what = if order.arm { "output.arm" } else { "output.disarm" };
        let text = format!("{} of {}: {what}", order.output, order.check);
        let (at, who) = (now.wall, order.by.clone());
        self.draft.entry.events.push(Event { at, who, what: what.into(), line: Some(order.line.clone()), text });
        self.submit();
        self.wake.notify_one();
        true
    }

    /// Seats a model at a window's edge; the old one is dropped. `None` takes it away.
    pub fn seat(&mut self, check: CheckSlot, place: usize, seat: Option<Seat>) {
        for line in &mut self.parts.lines {
            for check in line.checks.iter_mut().filter(|c| c.parts().slot == check) {
                if let Some(chair) = check.parts_mut().seats.get_mut(place) {
                    *chair = seat;
                    return;
                }
            }
        }
    }

    /// Takes a page of the store's verdicts for a broker. `true`: something new went out, or there is
    /// no room now; `false`: nothing is left that was not offered.
    pub fn catch_up(&mut self, source: usize, page: &[StoredVerdict]) -> bool {
        let Some(outbox) = self.outbox(source) else { return false };
        let mut went_on = false;
        for verdict in page {
            let record = Arc::new(verdict.record.clone());
            if outbox.is_offered(verdict.check, &record) {
                continue;
            }
            went_on = true;
            if !outbox.republish(verdict.check, &record) {
                break;
            }
        }
        went_on
    }

    /// Begins the end: every output gets its fail-safe value, and nothing is written after it.
    pub fn end(&mut self) {
        let now = self.now();
        self.turn(|lines, _, turn| lines.iter_mut().for_each(|line| line.end(now, turn)));
    }

    /// Writes every check's position, for a clean end. `false`: the journal has no room now.
    pub fn settle(&mut self) -> bool {
        self.position_due = MonoTime::from_ns(0);
        self.keep_positions();
        self.submit();
        self.draft.is_empty()
    }

    fn now(&self) -> Moment {
        Moment { mono: self.parts.clock.mono(), wall: self.parts.clock.wall() }
    }

    /// Runs one turn, then carries away what it made: writes were handed over already, verdicts go
    /// to the brokers, then everything into the journal.
    fn turn(&mut self, work: impl FnOnce(&mut [Line], &[Source], &mut Turn<'_>)) {
        let mut turn = Turn::new(self.parts.clock, self.parts.executor.as_ref(), &self.replies);
        work(&mut self.parts.lines, &self.parts.sources, &mut turn);
        let (verdicts, writes, ended) = (turn.verdicts, turn.writes, turn.ended);
        self.publish(&verdicts);
        self.follow(writes, ended);
        self.draft.entry.verdicts.extend(verdicts.into_iter().map(|given| given.record));
        if !self.draft.entry.verdicts.is_empty() {
            self.last_verdict = self.parts.ticket;
        }
        self.submit();
    }

    fn publish(&mut self, verdicts: &[Given]) {
        for i in 0..self.parts.sources.len() {
            let Some(outbox) = self.parts.sources[i].outbox.as_mut() else { continue };
            let mut fell_behind = false;
            for given in verdicts {
                fell_behind |= outbox.publish(given);
            }
            if fell_behind {
                self.wake.notify_one();
            }
        }
    }

    /// Waits for the driver's report of each write, on this thread; those that ended are kept.
    fn follow(&mut self, writes: Vec<Placed<OnItsWay>>, ended: Vec<Placed<Ended>>) {
        let now = self.parts.clock.mono();
        for (check, output, ended) in ended {
            let line = self.parts.lines.iter().find(|line| line.has(check));
            let target = line.map(|line| line.target(check, &output)).unwrap_or_default();
            self.written.keep((check, &output), line.map(|l| &l.id), target, &ended, now, &mut self.draft.entry);
        }
        for (check, output, write) in writes {
            let me = self.me.clone();
            tokio::task::spawn_local(async move {
                let report = write.report.await.ok();
                if let Some(cell) = me.upgrade() {
                    cell.borrow_mut().wrote(check, &output, write.about, report);
                }
            });
        }
    }

    fn wrote(&mut self, check: CheckSlot, output: &OutputId, about: About, report: Option<WriteReport>) {
        let now = self.now();
        let mut turn = Turn::new(self.parts.clock, self.parts.executor.as_ref(), &self.replies);
        let checks = self.parts.lines.iter_mut().flat_map(|line| &mut line.checks);
        for found in checks.filter(|c| c.parts().slot == check) {
            let gauge = Arc::clone(&found.parts().gauge);
            let Some(port) = found.parts_mut().outputs.iter_mut().find(|port| port.id() == output) else { continue };
            let (ended, heard) = port.ended(about, report.clone(), now);
            if ended.note.seq.is_some() {
                gauge.write_confirmed(ended.note.took_us);
            }
            turn.ended.push((check, output.clone(), ended));
            turn.write(check, output, heard);
        }
        let (writes, ended) = (turn.writes, turn.ended);
        self.follow(writes, ended);
        self.submit();
        self.wake.notify_one();
    }

    /// Hands the draft to the journal. A full queue keeps it for the next time, within its limits.
    fn submit(&mut self) {
        let waiting = self.owed.take().map(|i| &self.parts.sources[i]).filter(|source| source.acknowledges);
        let waiting = waiting.map(|source| Waiting { connection: source.slot, holds: source.holds });
        if self.draft.is_empty() && waiting.is_none() {
            return;
        }
        let sources = &self.parts.sources;
        let holds = |slot| sources.iter().any(|source| source.slot == slot && source.holds);
        let entry = self.draft.make(self.parts.ticket, waiting, holds);
        match self.parts.journal.submit(entry) {
            Ok(()) => self.draft.went(),
            Err(Full(entry)) => {
                let given_up = self.draft.keep(*entry);
                let mut n_frames = 0;
                for (source, n) in given_up.frames {
                    self.parts.sources[source].gauge.not_durable(n as u64);
                    n_frames += n;
                }
                self.parts.queue.full(n_frames, given_up.n_verdicts, given_up.n_records);
            }
        }
    }

    fn keep_positions(&mut self) {
        let now = self.parts.clock.mono();
        if now < self.position_due {
            return;
        }
        self.position_due = now.plus(POSITION_EVERY);
        for line in &self.parts.lines {
            for check in &line.checks {
                let parts = check.parts();
                let windower = parts.windower.snapshot();
                if !windower.is_settled() {
                    continue;
                }
                let memories = parts.seats.iter().map(|seat| seat.as_ref().and_then(Seat::memory)).collect();
                let position = Position { windower, memories, seq: parts.seq, arrived_ns: line.arrived_at.as_ns() };
                self.draft.position(parts.slot, position.encode());
            }
        }
    }

    /// Takes what a driver delivered, and judges what it closes.
    pub(super) fn deliver(&mut self, source: usize, mut delivery: Delivery) -> Ticket {
        if self.owed.is_some_and(|owed| owed != source) {
            self.submit();
        }
        self.parts.ticket.0 += 1;
        let ticket = self.parts.ticket;
        let from = &mut self.parts.sources[source];
        from.gauge.delivered(delivery.frames.len(), self.parts.clock.mono());
        let slot = from.slot;
        for reject in delivery.rejects {
            from.gauge.reject(reject);
        }
        let is_acknowledged = delivery.mark.is_some();
        if let Some(mark) = delivery.mark {
            from.marks.put(mark.digest);
            self.draft.entry.marks.push((slot, mark.digest));
        }
        let mut turn = Turn::new(self.parts.clock, self.parts.executor.as_ref(), &self.replies);
        let mut is_earlier = false;
        for frame in &mut delivery.frames {
            if let Some(line) = self.parts.routes.get(&frame.group).and_then(|i| self.parts.lines.get_mut(*i)) {
                line.put_in_order(frame);
                line.push(frame, &mut turn);
                is_earlier |= line.next_wake().is_some_and(|at| at < self.sleeps_until);
            }
        }
        let (verdicts, writes, ended) = (turn.verdicts, turn.writes, turn.ended);
        self.publish(&verdicts);
        self.follow(writes, ended);
        if !verdicts.is_empty() {
            self.last_verdict = ticket;
        }
        self.draft.frames(source, delivery.frames, is_acknowledged);
        self.draft.entry.verdicts.extend(verdicts.into_iter().map(|given| given.record));
        self.keep_positions();
        self.owed = Some(source);
        if !self.parts.sources[source].turns {
            self.submit();
        }
        // Most messages leave the next deadline where it is, or move it away.
        if is_earlier {
            self.wake.notify_one();
        }
        ticket
    }

    /// The deliveries of a turn are over and their verdicts are in the socket: now the journal.
    pub(super) fn turned(&mut self) {
        if self.owed.is_some() {
            self.submit();
        }
    }

    /// Whether a redelivered message was consumed before.
    pub(super) fn is_known(&self, source: usize, mark: &MessageMark) -> bool {
        let source = &self.parts.sources[source];
        let known = source.marks.has(&mark.digest);
        if known {
            source.gauge.duplicate();
        }
        known
    }

    /// Notes that a broker's socket has taken publications.
    pub(super) fn handed_over(&mut self, source: usize, tokens: &[u64], now: MonoTime) {
        if let Some(outbox) = self.outbox(source) {
            outbox.handed_over(tokens, now);
        }
    }

    /// Takes a broker's confirmation. It is carried by the next entry or, when none comes, by the
    /// next tick.
    pub(super) fn published(&mut self, source: usize, token: u64) {
        let Some(confirmation) = self.outbox(source).and_then(|outbox| outbox.confirmed(token)) else { return };
        self.draft.entry.confirmed.push(confirmation);
        if self.draft.entry.confirmed.len() >= CONFIRMED_MAX {
            self.submit();
        }
    }
}
