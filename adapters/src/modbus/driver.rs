//! The task that owns a connection's sockets: one loop over a closed set of events.
//!
//! Writes come before reads: whenever a socket is free the write queue is looked at first, so a
//! write waits for at most the one request that is out, and with a write connection not even for
//! that. At most one write is out at a time, so writes arrive in their order. The time-out lies
//! inside the request; a request is never cancelled from outside.

use super::answer::{Answer, CallFault};
use super::counts::ModbusCounts;
use super::lane::{Lanes, Role, Serves};
use super::link::Link;
use super::options::WriteSpec;
use super::plan::{Plan, Span};
use super::presence::Presence;
use super::probe::ProbeRequest;
use super::scan::{Scanner, Stamp, Ticket};
use super::write::{Sent, Waiting, WriteOutcome, WriteQueue, WriteRequest, send};
use crate::clock::Clock;
use crate::intake::{Delivery, Intake, Link as LinkChange, Reject};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::MonoTime;
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// Writes that may wait for a socket. One line's outputs and heartbeat are a handful; more waiting
/// than this means that the device is slower than the verdicts, and then a refusal is the truth. Where many
/// lines share a device, each of its writes has its place, twice: at the end of a run all are owed their
/// fail-safe value at once, behind what waits already.
const WRITES_WAITING_MAX: usize = 32;
/// Reads for people that may wait.
const PROBES_WAITING_MAX: usize = 4;
/// Longest time that a read for a person waits behind a bus that is never free.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);
/// Longest sleep when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// The gateway's ends of a connection.
#[derive(Debug, Clone)]
pub struct ModbusEnds {
    /// Takes writes; refuses when full.
    pub writes: WriteQueue,
    /// Takes reads for people; they come after everything else, but within a second. Bounded.
    pub probes: mpsc::Sender<ProbeRequest>,
    /// The counts.
    pub counts: Arc<ModbusCounts>,
}

/// The driver of one connection. It ends when told to, and never by itself.
pub struct ModbusDriver<I> {
    plan: Plan,
    intake: Rc<RefCell<I>>,
    clock: Clock,
    scanner: Scanner,
    lanes: Lanes,
    jobs: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    writes: mpsc::Receiver<WriteRequest>,
    /// Writes that were taken out of the queue, the next one first: at most one that is to be sent a
    /// second time, and one that waits behind it.
    next: VecDeque<Waiting>,
    is_writing: bool,
    probes: mpsc::Receiver<ProbeRequest>,
    probe: Option<(ProbeRequest, MonoTime)>,
    presence: Presences,
    counts: Arc<ModbusCounts>,
}

/// What the gateway knows of the device.
struct Presences {
    reads: Presence,
    writes: Presence,
    told_up: bool,
    /// Writes that wait are from before an outage, or from before the start.
    are_writes_stale: bool,
}

enum Event {
    Done(Done),
    Write(WriteRequest),
    Probe(ProbeRequest),
    Wake,
    Stop,
}

/// What a lane's job came to.
enum Done {
    Connected { lane: usize, result: Result<Link, CallFault> },
    Read { lane: usize, link: Option<Link>, ticket: Ticket, result: Result<Answer, CallFault>, at: Stamp },
    Wrote { lane: usize, unit: u8, sent: Sent },
    Probed { lane: usize, link: Option<Link>, fault: Option<CallFault> },
}

/// A driver for a plan, and the gateway's ends of it.
///
/// Before a changed plan's driver starts, the old one must have ended: only so the device never
/// sees more connections than configured (B7).
pub fn modbus<I: Intake>(plan: Plan, intake: Rc<RefCell<I>>, clock: Clock) -> (ModbusDriver<I>, ModbusEnds) {
    let n_waiting_max = WRITES_WAITING_MAX.max(2 * plan.options.writes.len());
    let (write_sender, writes) = mpsc::channel(n_waiting_max);
    let (probe_sender, probes) = mpsc::channel(PROBES_WAITING_MAX);
    let counts = Arc::new(ModbusCounts::default());
    let now = clock.mono();
    let missing = Presence::Missing { since: now };
    let driver = ModbusDriver {
        scanner: Scanner::new(&plan, now),
        lanes: Lanes::new(&plan.options, plan.units().len(), now),
        plan,
        intake,
        clock,
        jobs: FuturesUnordered::new(),
        writes,
        next: VecDeque::new(),
        is_writing: false,
        probes,
        probe: None,
        presence: Presences { reads: missing, writes: missing, told_up: false, are_writes_stale: true },
        counts: counts.clone(),
    };
    (driver, ModbusEnds { writes: WriteQueue::new(write_sender), probes: probe_sender, counts })
}

impl<I: Intake> ModbusDriver<I> {
    /// Reads and writes until `stop`; then sends the writes that were handed over before, within
    /// three time-outs, waits for the request that is out, and closes the sockets.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            self.settle();
            self.begin_cycles();
            self.connect_lanes();
            self.dispatch();
            if self.plan.options.close_between_polls && !self.has_work() {
                self.lanes.rest();
            }
            match self.event(&stop).await {
                Event::Done(done) => self.done(done),
                Event::Write(request) => self.next.push_back(Waiting::new(request)),
                Event::Probe(request) => self.probe = Some((request, self.clock.mono())),
                Event::Wake => {}
                Event::Stop => break,
            }
        }
        self.drain().await;
    }

    async fn event(&mut self, stop: &CancellationToken) -> Event {
        let wake = self.clock.instant(self.wake()).into();
        let wants_write = self.next.is_empty() && !self.writes.is_closed();
        let wants_probe = self.probe.is_none() && !self.probes.is_closed();
        tokio::select! {
            biased;
            () = stop.cancelled() => Event::Stop,
            Some(done) = self.jobs.next() => Event::Done(done),
            Some(request) = self.writes.recv(), if wants_write => Event::Write(request),
            Some(request) = self.probes.recv(), if wants_probe => Event::Probe(request),
            () = sleep_until(wake) => Event::Wake,
        }
    }

    fn done(&mut self, done: Done) {
        let now = self.clock.mono();
        match done {
            Done::Connected { lane, result } => {
                if result.is_ok() {
                    self.counts.connect();
                }
                self.lanes.connected(lane, result, now);
            }
            Done::Read { lane, link, ticket, result, at } => {
                let fault = result.as_ref().err();
                self.counts.request(fault);
                self.lanes.returned(lane, link, fault, now);
                self.reject_garbled(ticket.span, fault, at);
                self.scanner.answered(ticket, result.as_ref(), at);
                self.flush();
            }
            Done::Wrote { lane, unit, sent } => self.wrote(lane, unit, sent),
            Done::Probed { lane, link, fault } => {
                self.counts.request(fault.as_ref());
                self.lanes.returned(lane, link, fault.as_ref(), now);
            }
        }
    }

    fn wrote(&mut self, lane: usize, unit: u8, sent: Sent) {
        self.is_writing = false;
        if let Some(again) = sent.again {
            // Before what waits: writes keep their order, and none takes another's place.
            self.next.push_front(again);
        }
        self.counts.write();
        self.counts.request(sent.fault.as_ref());
        let now = self.stamp();
        self.lanes.returned(lane, sent.link, sent.fault.as_ref(), now.mono);
        match sent.fault.filter(CallFault::is_silence) {
            Some(fault) => self.scanner.silent(unit, &fault.as_fault(), now),
            None if sent.is_answered => self.scanner.heard(unit),
            None => {}
        }
        self.flush();
    }

    fn reject_garbled(&mut self, span: Span, fault: Option<&CallFault>, at: Stamp) {
        if let Some(CallFault::Garbled(why)) = fault {
            let reject = Reject {
                from: span.to_string(),
                why: why.clone(),
                first_bytes: Vec::new(),
                n_bytes: 0,
                arrived_at: at.wall,
            };
            self.intake.borrow_mut().deliver(Delivery { rejects: vec![reject], ..Delivery::default() });
        }
    }

    /// Looks at the sockets, and tells the gateway when the device came or went. Before it says
    /// that the device is up, writes from before the outage are ended, so that what the gateway
    /// writes on hearing it goes out first.
    fn settle(&mut self) {
        let now = self.clock.mono();
        let reads = self.look(self.presence.reads, Role::reads, now);
        let writes = self.look(self.presence.writes, Role::writes, now);
        (self.presence.reads, self.presence.writes) = (reads, writes);
        if reads == Presence::Gone {
            self.refuse_probe();
        }
        if writes == Presence::Gone {
            self.presence.are_writes_stale = true;
            self.refuse_writes();
        }
        let both = [reads, writes];
        if !self.presence.told_up && both == [Presence::Here; 2] {
            if std::mem::take(&mut self.presence.are_writes_stale) {
                self.refuse_writes();
            }
            self.presence.told_up = true;
            self.lanes.take_failure();
            self.intake.borrow_mut().link(LinkChange::Up { session_present: false });
        } else if both.contains(&Presence::Gone) && (self.presence.told_up || self.lanes.has_failure()) {
            self.presence.told_up = false;
            let why = self.lanes.take_failure().unwrap_or_else(|| CallFault::Timeout.to_string());
            self.intake.borrow_mut().link(LinkChange::Down { why, retry_ms: self.lanes.retry_ms(now) });
        }
    }

    fn look(&self, presence: Presence, serves: Serves, now: MonoTime) -> Presence {
        let grace = self.plan.options.timing.timeout;
        presence.after(self.lanes.are_here(serves), self.lanes.are_hopeless(serves, now), now, grace)
    }

    fn begin_cycles(&mut self) {
        let now = self.stamp();
        if self.presence.reads == Presence::Gone {
            self.scanner.down(now);
        } else {
            self.scanner.due(now);
        }
        self.flush();
    }

    fn connect_lanes(&mut self) {
        for lane in self.lanes.take_due(self.clock.mono(), self.has_work()) {
            let (address, timing) = (self.plan.options.address.clone(), self.plan.options.timing);
            self.jobs
                .push(Box::pin(async move { Done::Connected { lane, result: Link::connect(&address, timing).await } }));
        }
    }

    fn has_work(&self) -> bool {
        self.scanner.is_pending() || !self.next.is_empty() || self.probe.is_some()
    }

    fn dispatch(&mut self) {
        self.dispatch_write();
        let now = self.clock.mono();
        if self.probe.as_ref().is_some_and(|(_, since)| now.since(*since) >= PROBE_PATIENCE) {
            self.dispatch_probe(now);
        }
        while self.scanner.is_pending() {
            let Some((lane, link)) = self.lanes.occupy(Role::reads, now) else { return };
            let Some(ticket) = self.scanner.next_read() else { return };
            self.jobs.push(Box::pin(read(lane, link, ticket, self.clock)));
        }
        self.dispatch_probe(now);
    }

    fn dispatch_probe(&mut self, now: MonoTime) {
        if self.probe.is_none() {
            return;
        }
        let Some((lane, link)) = self.lanes.occupy(Role::reads, now) else { return };
        if let Some((request, _)) = self.probe.take() {
            self.jobs.push(Box::pin(probe(lane, link, request)));
        }
    }

    fn dispatch_write(&mut self) {
        let now = self.clock.mono();
        // Also behind a write that is out: its wake-up would otherwise come again and again.
        while let Some(late) = self.next.iter().position(|w| now > w.request.not_after) {
            self.next.remove(late).into_iter().for_each(Waiting::expire);
        }
        while !self.is_writing {
            let next = self.next.pop_front().or_else(|| self.writes.try_recv().ok().map(Waiting::new));
            let Some(waiting) = next else { return };
            let Some((spec, waiting)) = self.sendable(waiting, now) else { continue };
            let Some((lane, link)) = self.lanes.occupy(Role::writes, now) else {
                self.next.push_front(waiting);
                return;
            };
            self.is_writing = true;
            let (clock, unit) = (self.clock, spec.unit);
            self.jobs.push(Box::pin(async move {
                Done::Wrote { lane, unit, sent: send(link, spec, waiting, clock).await }
            }));
        }
    }

    /// A write that may still be sent, with its plan; any other is ended here.
    fn sendable(&self, waiting: Waiting, now: MonoTime) -> Option<(WriteSpec, Waiting)> {
        let slot = waiting.request.permit.slot();
        let Some(spec) = self.plan.write(slot).cloned() else {
            waiting.end(WriteOutcome::Invalid { why: format!("the connection has no write {}", slot.0) });
            return None;
        };
        if self.presence.writes == Presence::Gone || !self.scanner.may_ask(spec.unit, now) {
            waiting.end(WriteOutcome::Disconnected);
            return None;
        }
        if now > waiting.request.not_after {
            waiting.expire();
            return None;
        }
        Some((spec, waiting))
    }

    fn refuse_writes(&mut self) {
        for waiting in self.next.drain(..) {
            waiting.end(WriteOutcome::Disconnected);
        }
        while let Ok(request) = self.writes.try_recv() {
            Waiting::new(request).end(WriteOutcome::Disconnected);
        }
    }

    fn refuse_probe(&mut self) {
        if let Some((probe, _)) = self.probe.take() {
            drop(probe.reply.send(Err(CallFault::Closed("there is none".to_owned()))));
        }
    }

    fn flush(&mut self) {
        let outcome = self.scanner.take();
        self.counts.scan(self.scanner.counts());
        let mut intake = self.intake.borrow_mut();
        for link in outcome.links {
            intake.link(link);
        }
        for frame in outcome.frames {
            intake.deliver(Delivery { frames: vec![frame], ..Delivery::default() });
        }
    }

    fn wake(&self) -> MonoTime {
        let now = self.clock.mono();
        let grace = self.plan.options.timing.timeout;
        let wakes = [
            self.lanes.wake(now, self.has_work()),
            self.scanner.wake(),
            self.presence.reads.wake(grace),
            self.presence.writes.wake(grace),
            self.next.iter().map(|w| w.request.not_after).min(),
        ];
        let latest = now.plus(SLEEP_MAX);
        wakes.into_iter().flatten().min().unwrap_or(latest).min(latest)
    }

    fn stamp(&self) -> Stamp {
        Stamp { wall: self.clock.wall(), mono: self.clock.mono() }
    }

    /// The end: what was handed over before is still written, in bounded time, over a connection that is made
    /// anew where it was closed by our own will; nothing is read.
    async fn drain(mut self) {
        let until = self.clock.mono().plus(self.plan.options.timing.timeout * 3);
        self.writes.close();
        loop {
            let now = self.clock.mono();
            let is_late = now >= until;
            if is_late {
                self.refuse_writes();
            }
            self.dispatch_write();
            if !is_late {
                self.connect_lanes();
            }
            // What is out is waited for: its own time-out bounds it.
            if self.next.is_empty() && !self.lanes.are_busy() {
                break;
            }
            let wake = self.lanes.wake(now, true).map_or(until, |wake| wake.min(until));
            tokio::select! {
                Some(done) = self.jobs.next() => self.done(done),
                () = sleep_until(self.clock.instant(wake).into()), if !is_late => {}
            }
        }
        self.refuse_writes();
    }
}

async fn read(lane: usize, mut link: Link, ticket: Ticket, clock: Clock) -> Done {
    let result = link.read(ticket.unit, ticket.span).await;
    let at = Stamp { wall: clock.wall(), mono: clock.mono() };
    let link = keep(link, result.as_ref().err());
    Done::Read { lane, link, ticket, result, at }
}

async fn probe(lane: usize, mut link: Link, request: ProbeRequest) -> Done {
    let result = link.read(request.unit, request.span).await;
    let fault = result.as_ref().err().cloned();
    drop(request.reply.send(result));
    Done::Probed { lane, link: keep(link, fault.as_ref()), fault }
}

/// Keeps the socket unless the fault means that a late answer may still come over it (B9).
fn keep(link: Link, fault: Option<&CallFault>) -> Option<Link> {
    fault.is_none_or(CallFault::keeps_link).then_some(link)
}
