//! The task that owns a connection's sockets: one loop over a closed set of events.
//!
//! Writes come before reads: whenever a socket is free the write queue is looked at first, so a
//! write waits for at most the one request that is out, and with a write connection not even for
//! that. At most one write is out at a time, so writes arrive in their order. The time-out lies
//! inside the request; a request is never cancelled from outside.

use super::lane::{Done, Lane, Role, Stance};
use super::link::{CallFault, Link};
use super::plan::Plan;
use super::presence::Presence;
use super::probe::ProbeRequest;
use super::retry::Backoff;
use super::scan::{Scanner, Stamp};
use super::write::{Waiting, WriteOutcome, WriteQueue, WriteRequest, send};
use crate::{Clock, Delivery, Intake, Link as LinkChange, Reject};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use takt_plant::MonoTime;
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// Writes that may wait for a socket. One line's outputs and heartbeat are a handful; more waiting
/// than this means that the device is slower than the verdicts, and then a refusal is the truth.
const WRITES_WAITING_MAX: usize = 32;
/// Reads for people that may wait.
const PROBES_WAITING_MAX: usize = 4;
/// Longest sleep when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Counts since the start, readable from any thread.
#[derive(Debug, Default)]
pub struct ModbusCounts {
    /// Connections made.
    pub n_connects: AtomicU64,
    /// Requests answered as asked.
    pub n_answers: AtomicU64,
    /// Requests without an answer in time.
    pub n_timeouts: AtomicU64,
    /// Requests refused with an exception.
    pub n_exceptions: AtomicU64,
    /// Requests during which the connection ended.
    pub n_closed: AtomicU64,
    /// Answers that did not fit their request.
    pub n_garbled: AtomicU64,
    /// Writes that ended, however they came out.
    pub n_writes: AtomicU64,
    /// Cycles skipped because the one before had not ended (B10).
    pub n_skipped: AtomicU64,
    /// Merged reads split after exception 02 (B5).
    pub n_splits: AtomicU64,
}

/// The gateway's ends of a connection.
#[derive(Debug, Clone)]
pub struct ModbusEnds {
    /// Takes writes; refuses when full.
    pub writes: WriteQueue,
    /// Takes reads for people; they come after everything else. Bounded.
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
    lanes: Vec<Lane>,
    jobs: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    writes: mpsc::Receiver<WriteRequest>,
    head: Option<Waiting>,
    is_writing: bool,
    probes: mpsc::Receiver<ProbeRequest>,
    probe: Option<ProbeRequest>,
    presence: Presences,
    counts: Arc<ModbusCounts>,
}

struct Presences {
    reads: Presence,
    writes: Presence,
    told_up: bool,
    writes_broken: bool,
    failure: Option<String>,
}

enum Event {
    Done(Done),
    Write(WriteRequest),
    Probe(ProbeRequest),
    Wake,
    Stop,
}

/// A driver for a plan, and the gateway's ends of it.
///
/// Before a changed plan's driver starts, the old one must have ended: only so the device never
/// sees more connections than configured (B7).
pub fn modbus<I: Intake>(plan: Plan, intake: Rc<RefCell<I>>, clock: Clock) -> (ModbusDriver<I>, ModbusEnds) {
    let (write_sender, writes) = mpsc::channel(WRITES_WAITING_MAX);
    let (probe_sender, probes) = mpsc::channel(PROBES_WAITING_MAX);
    let counts = Arc::new(ModbusCounts::default());
    let now = clock.mono();
    let missing = Presence::Missing { since: now };
    let driver = ModbusDriver {
        scanner: Scanner::new(&plan, now),
        lanes: lanes(&plan, now),
        plan,
        intake,
        clock,
        jobs: FuturesUnordered::new(),
        writes,
        head: None,
        is_writing: false,
        probes,
        probe: None,
        presence: Presences { reads: missing, writes: missing, told_up: false, writes_broken: true, failure: None },
        counts: counts.clone(),
    };
    (driver, ModbusEnds { writes: WriteQueue::new(write_sender), probes: probe_sender, counts })
}

fn lanes(plan: &Plan, now: MonoTime) -> Vec<Lane> {
    let options = &plan.options;
    let main = if options.write_connection { Role::Reads } else { Role::Any };
    let roles = std::iter::repeat_n(main, options.connections_max.into())
        .chain(options.write_connection.then_some(Role::Writes));
    let lane = |(i, role)| Lane {
        role,
        stance: Stance::Closed { retry_at: now },
        backoff: Backoff::new(options.retry, options.seed.wrapping_add(i)),
    };
    (0_u64..).zip(roles).map(lane).collect()
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
            self.rest_lanes();
            match self.event(&stop).await {
                Event::Stop => break,
                event => self.take(event),
            }
        }
        self.drain().await;
    }

    async fn event(&mut self, stop: &CancellationToken) -> Event {
        let wake = self.clock.instant(self.wake()).into();
        let wants_write = self.head.is_none() && !self.writes.is_closed();
        let wants_probe = self.probe.is_none() && !self.probes.is_closed();
        tokio::select! {
            biased;
            () = stop.cancelled() => Event::Stop,
            Some(done) = self.jobs.next(), if !self.jobs.is_empty() => Event::Done(done),
            Some(request) = self.writes.recv(), if wants_write => Event::Write(request),
            Some(request) = self.probes.recv(), if wants_probe => Event::Probe(request),
            () = sleep_until(wake) => Event::Wake,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Done(done) => self.done(done),
            Event::Write(request) => self.head = Some(Waiting::new(request)),
            Event::Probe(request) => self.probe = Some(request),
            Event::Wake | Event::Stop => {}
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Connected { lane, result: Ok(link) } => {
                self.counts.n_connects.fetch_add(1, Ordering::Relaxed);
                let free_at = self.clock.mono().plus(self.plan.options.timing.pause_after_connect);
                self.lanes[lane].stance = Stance::Idle { link, free_at };
            }
            Done::Connected { lane, result: Err(fault) } => self.failed(lane, &fault, true),
            Done::Read { lane, link, ticket, result, at } => {
                self.returned(lane, link, result.as_ref().err());
                self.reject_garbled(ticket.span, result.as_ref().err(), at);
                self.scanner.answered(ticket, result.as_ref(), at);
                self.flush();
            }
            Done::Wrote { lane, unit, sent } => {
                self.is_writing = false;
                self.counts.n_writes.fetch_add(1, Ordering::Relaxed);
                self.head = sent.again.or(self.head.take());
                let silence = sent.fault.as_ref().filter(|fault| fault.is_silence()).map(CallFault::as_fault);
                self.returned(lane, sent.link, sent.fault.as_ref());
                match silence {
                    Some(fault) => self.scanner.silent(unit, &fault, self.stamp()),
                    None if sent.is_answered => self.scanner.heard(unit),
                    None => {}
                }
                self.flush();
            }
            Done::Probed { lane, link, fault } => self.returned(lane, link, fault.as_ref()),
        }
    }

    /// Takes a socket back after a request, or its loss.
    fn returned(&mut self, lane: usize, link: Option<Link>, fault: Option<&CallFault>) {
        let counter = match fault {
            None => &self.counts.n_answers,
            Some(CallFault::Exception(_)) => &self.counts.n_exceptions,
            Some(CallFault::Timeout) => &self.counts.n_timeouts,
            Some(CallFault::Garbled(_)) => &self.counts.n_garbled,
            Some(CallFault::Closed(_)) => &self.counts.n_closed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        match (link, fault) {
            (Some(link), _) => {
                let free_at = self.clock.mono().plus(self.plan.options.timing.pause_between_requests);
                self.lanes[lane].backoff.answered();
                self.lanes[lane].stance = Stance::Idle { link, free_at };
            }
            (None, Some(fault)) => self.failed(lane, fault, false),
            (None, None) => self.failed(lane, &CallFault::Closed("given up".to_owned()), false),
        }
    }

    fn failed(&mut self, lane: usize, fault: &CallFault, refused: bool) {
        let lane = &mut self.lanes[lane];
        let delay = if refused { lane.backoff.after_refusal() } else { lane.backoff.after_drop() };
        lane.stance = Stance::Closed { retry_at: self.clock.mono().plus(delay) };
        self.presence.failure = Some(fault.to_string());
    }

    fn reject_garbled(&mut self, span: super::Span, fault: Option<&CallFault>, at: Stamp) {
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
        let (now, grace) = (self.clock.mono(), self.plan.options.timing.timeout);
        let look = |presence: Presence, lanes: &[Lane], serves: fn(Role) -> bool| {
            let here = lanes.iter().any(|l| serves(l.role) && l.is_here());
            let hopeless = lanes.iter().all(|l| !serves(l.role) || l.is_waiting(now));
            presence.after(here, hopeless, now, grace)
        };
        let reads = look(self.presence.reads, &self.lanes, Role::reads);
        let writes = look(self.presence.writes, &self.lanes, Role::writes);
        (self.presence.reads, self.presence.writes) = (reads, writes);
        if reads == Presence::Gone {
            self.refuse_probe();
        }
        if writes == Presence::Gone {
            self.presence.writes_broken = true;
            self.refuse_writes();
        }
        let both = [reads, writes];
        if !self.presence.told_up && both == [Presence::Here; 2] {
            if std::mem::take(&mut self.presence.writes_broken) {
                self.refuse_writes();
            }
            self.presence.told_up = true;
            self.presence.failure = None;
            self.intake.borrow_mut().link(LinkChange::Up { session_present: false });
        } else if both.contains(&Presence::Gone) && (self.presence.told_up || self.presence.failure.is_some()) {
            self.presence.told_up = false;
            let why = self.presence.failure.take().unwrap_or_else(|| CallFault::Timeout.to_string());
            self.intake.borrow_mut().link(LinkChange::Down { why, retry_ms: self.retry_ms(now) });
        }
    }

    fn retry_ms(&self, now: MonoTime) -> u64 {
        let retries = self.lanes.iter().filter_map(|l| match l.stance {
            Stance::Closed { retry_at } => Some(retry_at.since(now)),
            _ => None,
        });
        retries.min().map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
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
        let now = self.clock.mono();
        let has_work = self.has_work();
        for i in 0..self.lanes.len() {
            let due = match self.lanes[i].stance {
                Stance::Closed { retry_at } => retry_at <= now,
                Stance::Resting => has_work,
                _ => false,
            };
            if due {
                self.lanes[i].stance = Stance::Connecting;
                let (address, timing) = (self.plan.options.address.clone(), self.plan.options.timing);
                self.jobs.push(Box::pin(async move {
                    Done::Connected { lane: i, result: Link::connect(&address, timing).await }
                }));
            }
        }
    }

    fn has_work(&self) -> bool {
        self.scanner.is_pending() || self.head.is_some() || self.probe.is_some()
    }

    fn dispatch(&mut self) {
        self.dispatch_write();
        while let Some(lane) = self.free_lane(Role::reads) {
            let Some(ticket) = self.scanner.next_read() else { break };
            let Some(mut link) = self.lanes[lane].occupy() else { break };
            let clock = self.clock;
            self.jobs.push(Box::pin(async move {
                let result = link.read(ticket.unit, ticket.span).await;
                let at = Stamp { wall: clock.wall(), mono: clock.mono() };
                let link = keep(link, result.as_ref().err());
                Done::Read { lane, link, ticket, result, at }
            }));
        }
        if !self.scanner.is_pending() {
            self.dispatch_probe();
        }
    }

    fn dispatch_write(&mut self) {
        // Also behind a write that is out: its wake-up would otherwise come again and again.
        let now = self.clock.mono();
        if let Some(late) = self.head.take_if(|w| now > w.request.not_after) {
            late.expire();
        }
        while !self.is_writing {
            let next = self.head.take().or_else(|| self.writes.try_recv().ok().map(Waiting::new));
            let Some(waiting) = next else { return };
            let now = self.clock.mono();
            if self.presence.writes == Presence::Gone {
                waiting.end(WriteOutcome::Disconnected);
            } else if now > waiting.request.not_after {
                waiting.expire();
            } else {
                let slot = waiting.request.permit.slot();
                match self.plan.write(slot).cloned() {
                    None => {
                        waiting.end(WriteOutcome::Invalid { why: format!("the connection has no write {}", slot.0) })
                    }
                    Some(spec) if !self.scanner.may_ask(spec.unit, now) => waiting.end(WriteOutcome::Disconnected),
                    Some(spec) => match self.free_lane(Role::writes).and_then(|i| Some((i, self.lanes[i].occupy()?))) {
                        Some((lane, link)) => self.launch_write(lane, link, spec, waiting),
                        None => {
                            self.head = Some(waiting);
                            return;
                        }
                    },
                }
            }
        }
    }

    fn launch_write(&mut self, lane: usize, link: Link, spec: super::WriteSpec, waiting: Waiting) {
        self.is_writing = true;
        let clock = self.clock;
        let unit = spec.unit;
        self.jobs
            .push(Box::pin(async move { Done::Wrote { lane, unit, sent: send(link, spec, waiting, clock).await } }));
    }

    fn dispatch_probe(&mut self) {
        let Some(lane) = self.free_lane(Role::reads) else { return };
        let Some(probe) = self.probe.take() else { return };
        let Some(mut link) = self.lanes[lane].occupy() else { return };
        self.jobs.push(Box::pin(async move {
            let result = link.read(probe.unit, probe.span).await;
            let fault = result.as_ref().err().cloned();
            drop(probe.reply.send(result));
            Done::Probed { lane, link: keep(link, fault.as_ref()), fault }
        }));
    }

    fn free_lane(&self, serves: fn(Role) -> bool) -> Option<usize> {
        let now = self.clock.mono();
        self.lanes.iter().position(|l| serves(l.role) && l.is_free(now))
    }

    fn rest_lanes(&mut self) {
        if !self.plan.options.close_between_polls || self.has_work() || self.is_writing {
            return;
        }
        for lane in &mut self.lanes {
            if matches!(lane.stance, Stance::Idle { .. }) {
                lane.stance = Stance::Resting;
            }
        }
    }

    fn refuse_writes(&mut self) {
        if let Some(waiting) = self.head.take() {
            waiting.end(WriteOutcome::Disconnected);
        }
        while let Ok(request) = self.writes.try_recv() {
            Waiting::new(request).end(WriteOutcome::Disconnected);
        }
    }

    fn refuse_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            drop(probe.reply.send(Err(CallFault::Closed("there is none".to_owned()))));
        }
    }

    fn flush(&mut self) {
        let outcome = self.scanner.take();
        let counts = self.scanner.counts();
        self.counts.n_skipped.store(counts.n_skipped, Ordering::Relaxed);
        self.counts.n_splits.store(counts.n_splits, Ordering::Relaxed);
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
        let lanes = self.lanes.iter().filter_map(|l| match l.stance {
            Stance::Closed { retry_at } => Some(retry_at),
            Stance::Idle { free_at, .. } if free_at > now && self.has_work() => Some(free_at),
            _ => None,
        });
        let others = [
            self.scanner.wake(),
            self.presence.reads.wake(grace),
            self.presence.writes.wake(grace),
            self.head.as_ref().map(|w| w.request.not_after),
        ];
        let soonest = lanes.chain(others.into_iter().flatten()).min();
        soonest.unwrap_or(now.plus(SLEEP_MAX)).min(now.plus(SLEEP_MAX))
    }

    fn stamp(&self) -> Stamp {
        Stamp { wall: self.clock.wall(), mono: self.clock.mono() }
    }

    /// The end: what was handed over before is still written, in bounded time; nothing is read.
    async fn drain(mut self) {
        let until = self.clock.mono().plus(self.plan.options.timing.timeout * 3);
        self.writes.close();
        loop {
            let is_late = self.clock.mono() >= until;
            if is_late {
                self.refuse_writes();
            }
            self.dispatch_write();
            // What is out is waited for: its own time-out bounds it.
            if self.head.is_none() && !self.lanes.iter().any(|l| matches!(l.stance, Stance::Busy)) {
                break;
            }
            tokio::select! {
                Some(done) = self.jobs.next() => self.done(done),
                () = sleep_until(self.clock.instant(until).into()), if !is_late => {}
            }
        }
        self.refuse_writes();
    }
}

/// Keeps the socket unless the fault means that a late answer may still come over it (B9).
fn keep(link: Link, fault: Option<&CallFault>) -> Option<Link> {
    fault.is_none_or(CallFault::keeps_link).then_some(link)
}
