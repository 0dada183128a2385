//! The world: events in virtual time, and the driver of each gateway's core.

mod plan;
mod strike;

use crate::checks::Checks;
use crate::faults::Fault;
use crate::gateway::Gateway;
use crate::links::Links;
use crate::load::Load;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::audit::{Finding, Sample};
use takt_mesh_proto::chunks::Release;
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::frame::{Control, Frame};
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::lending::{Owner, TaskId, Timing};
use takt_mesh_proto::membership::{Member, MemberList};
use takt_mesh_proto::metering::PriceList;
use takt_mesh_proto::node::{Alarm, Input, Node, NodeOptions, Outcome, Output};
use takt_plant::{MonoTime, WallTime};

/// What travels.
#[derive(Debug, Clone)]
pub enum Cargo {
    /// As bytes.
    Bytes(Arc<[u8]>),
    /// As a value, where encoding is not what is tested.
    Frame(Box<Frame>),
}

/// Something that happens.
#[derive(Debug)]
pub enum Event {
    /// A timer.
    Wake,
    /// A frame arrives.
    Arrives(PeerId, Cargo),
    /// The oldest write of this life becomes durable.
    Synced,
    /// A run ends.
    Ran(TaskId, Owner, Blob),
    /// An own window closes.
    Window,
    /// A sample was run again.
    Audited(Sample, Finding),
    /// A fault begins or ends.
    Fault(Fault),
}

#[derive(Debug)]
struct Timed {
    at: MonoTime,
    order: u64,
    gateway: usize,
    boot: u32,
    event: Event,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Timed {}
impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Everything.
#[derive(Debug)]
pub struct World {
    /// Virtual time.
    pub now: MonoTime,
    /// The one source of chance.
    pub rng: fastrand::Rng,
    /// All gateways; clones stand at the end.
    pub gateways: Vec<Gateway>,
    /// Who answers to a key.
    pub index: BTreeMap<PeerId, Vec<usize>>,
    /// The links.
    pub links: Links,
    /// Options of every core.
    pub options: Arc<NodeOptions>,
    /// The member list in force.
    pub members: Arc<MemberList>,
    /// The price list in force.
    pub prices: Arc<PriceList>,
    /// Releases by digest, for omniscient checks.
    pub releases: BTreeMap<Digest, Release>,
    /// What own windows come and how long they run.
    pub load: Load,
    /// The invariants.
    pub checks: Checks,
    /// Events so far.
    pub n_events: u64,
    events: BinaryHeap<Reverse<Timed>>,
    order: u64,
    out: Vec<Output>,
}

impl World {
    /// A world with gateways that are not started yet.
    pub fn new(
        seed: u64,
        gateways: Vec<Gateway>,
        options: NodeOptions,
        (members, prices): (MemberList, PriceList),
        load: Load,
    ) -> Self {
        let mut index: BTreeMap<PeerId, Vec<usize>> = BTreeMap::new();
        gateways.iter().enumerate().for_each(|(i, g)| index.entry(g.id).or_default().push(i));
        let checks = Checks::new(&gateways, &prices, options.batch);
        Self {
            now: MonoTime::from_ns(0),
            rng: fastrand::Rng::with_seed(seed),
            gateways,
            index,
            links: Links::default(),
            options: Arc::new(options),
            members: Arc::new(members),
            prices: Arc::new(prices),
            releases: BTreeMap::new(),
            load,
            checks,
            n_events: 0,
            events: BinaryHeap::new(),
            order: 0,
            out: Vec::new(),
        }
    }

    /// Puts an event for a gateway's present life into the queue.
    pub fn after(&mut self, span: Duration, gateway: usize, event: Event) {
        let boot = self.gateways[gateway].boot;
        self.order += 1;
        let timed = Timed { at: self.now.plus(span), order: self.order, gateway, boot, event };
        self.events.push(Reverse(timed));
    }

    /// Runs until a moment.
    pub fn run_until(&mut self, end: MonoTime) {
        while let Some(Reverse(timed)) = self.events.pop() {
            if timed.at > end {
                self.events.push(Reverse(timed));
                break;
            }
            self.now = timed.at;
            self.n_events += 1;
            self.happens(timed);
        }
        self.now = end;
    }

    fn happens(&mut self, timed: Timed) {
        let Timed { gateway, boot, event, .. } = timed;
        if let Event::Fault(fault) = event {
            return self.strike(gateway, fault);
        }
        let until = self.gateways[gateway].stalled_until;
        if until > self.now {
            self.order += 1;
            self.events.push(Reverse(Timed { at: until, order: self.order, gateway, boot, event }));
            return;
        }
        let alive = boot == self.gateways[gateway].boot && self.gateways[gateway].node.is_some();
        match event {
            Event::Arrives(from, cargo) if self.gateways[gateway].node.is_some() => self.arrives(gateway, from, cargo),
            Event::Window => self.window(gateway),
            _ if !alive => {}
            Event::Wake => {
                if self.gateways[gateway].wake_at.is_some_and(|at| at <= self.now) {
                    self.gateways[gateway].wake_at = None;
                    self.feed(gateway, Input::Wake);
                }
            }
            Event::Synced => self.synced(gateway),
            Event::Ran(task, _, output) => self.feed(gateway, Input::Done { task, output }),
            Event::Audited(sample, finding) => self.feed(gateway, Input::Audited { sample, finding }),
            Event::Arrives(..) | Event::Fault(_) => {}
        }
    }

    fn arrives(&mut self, gateway: usize, from: PeerId, cargo: Cargo) {
        let input = match cargo {
            Cargo::Frame(frame) => Input::Frame { from, frame: *frame },
            Cargo::Bytes(bytes) => match Frame::decode(&bytes) {
                Ok(frame) => Input::Frame { from, frame },
                Err(_) => Input::Garbage { from },
            },
        };
        self.feed(gateway, input);
    }

    fn window(&mut self, gateway: usize) {
        let Some(next) = self.load.next(gateway, self.now, &mut self.rng) else { return };
        self.after(next, gateway, Event::Window);
        if self.gateways[gateway].node.is_some() {
            let work = self.load.work(gateway, &mut self.rng);
            self.checks.offered(gateway, &work, self.now);
            self.feed(gateway, Input::Work(work));
        }
    }

    fn synced(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        if std::mem::take(&mut this.crash_at_write) {
            // Either just before the write is durable, or just after and before anybody hears of it.
            let durable = usize::from(self.rng.bool());
            self.strike(gateway, Fault::Crash { durable });
            return;
        }
        if let Some(id) = this.disk.sync() {
            self.feed(gateway, Input::Persisted(id));
        }
    }

    /// Gives an input to a core and carries out what follows.
    pub fn feed(&mut self, gateway: usize, input: Input) {
        let touched = match &input {
            Input::Frame { from, .. } => Some(*from),
            _ => None,
        };
        let wall = self.wall(gateway);
        let mut out = std::mem::take(&mut self.out);
        let Some(node) = self.gateways[gateway].node.as_mut() else { return };
        node.handle(self.now, wall, input, &mut out);
        for output in out.drain(..) {
            self.carry_out(gateway, output);
        }
        self.out = out;
        self.rewake(gateway);
        self.checks.after_event(&self.gateways, gateway, touched);
    }

    fn rewake(&mut self, gateway: usize) {
        let this = &self.gateways[gateway];
        let next = this.node.as_ref().and_then(Node::next_wake);
        if let Some(at) = next.filter(|at| this.wake_at.is_none_or(|set| *at < set)) {
            let at = at.max(self.now);
            self.gateways[gateway].wake_at = Some(at);
            self.after(at.since(self.now), gateway, Event::Wake);
        }
    }

    fn carry_out(&mut self, gateway: usize, output: Output) {
        match output {
            Output::Send { to, message } => self.send(gateway, to, message.into_frame()),
            Output::Persist { id, record } => {
                self.gateways[gateway].disk.begin(id, record);
                let span = Duration::from_micros(self.rng.u64(100..3_000));
                self.after(span, gateway, Event::Synced);
            }
            Output::Execute { task, owner, payload, .. } => {
                let output = self.gateways[gateway].run(payload.blob(), &owner);
                let span = self.load.run_time(&mut self.rng);
                self.after(span, gateway, Event::Ran(task, owner, output));
            }
            Output::Verdict { ticket, outcome } => {
                let input = self.checks.verdict(gateway, ticket, &outcome, self.now);
                if let (Some(input), Outcome::Borrowed { peer, epoch, no, output }) = (input, outcome) {
                    self.gateways[gateway].keep((peer, epoch, no), input, output);
                }
            }
            Output::ReadChunk { to, epoch, no, model, index } => {
                self.read_chunk(gateway, to, (epoch, no), model, index)
            }
            Output::Reexecute(sample) => {
                let finding = self.gateways[gateway].audit(&sample);
                self.after(Duration::from_millis(8), gateway, Event::Audited(sample, finding));
            }
            Output::Installed(release) => self.checks.installed(gateway, &release),
            Output::Checkpointed(_) => self.checks.n_checkpoints += 1,
            Output::Alarm(alarm) => self.alarm(gateway, alarm),
        }
    }

    fn alarm(&mut self, gateway: usize, alarm: Alarm) {
        if alarm == Alarm::NeedsIncarnation {
            self.after(Duration::from_millis(300), gateway, Event::Fault(Fault::RaiseIncarnation));
        }
        self.checks.alarm(&self.gateways, gateway, &alarm);
    }

    fn read_chunk(&mut self, gateway: usize, to: PeerId, (epoch, no): (u64, u32), model: Digest, index: u32) {
        let behaviour = self.gateways[gateway].behaviour;
        let Some(bytes) = self.gateways[gateway].disk.chunk(model, index) else { return };
        if behaviour.withholds_chunks {
            return;
        }
        if behaviour.spoils_chunks {
            let mut spoilt = bytes.bytes().to_vec();
            spoilt[0] ^= 1;
            let control = Control::Chunk { epoch, no, model, index, bytes: Blob::new(spoilt) };
            self.send(gateway, to, Frame::Control(Box::new(control)));
            return;
        }
        self.feed(gateway, Input::ChunkRead { to, epoch, no, model, index, bytes });
    }

    fn send(&mut self, gateway: usize, to: PeerId, frame: Frame) {
        let this = &self.gateways[gateway];
        if this.behaviour.never_signs && matches!(&frame, Frame::Control(c) if matches!(**c, Control::Voucher(_))) {
            return;
        }
        self.checks.sent(&self.gateways, gateway, &to, &frame, &self.releases);
        let Some(homes) = self.index.get(&to) else { return };
        let home = homes[if homes.len() > 1 { self.rng.usize(0..homes.len()) } else { 0 }];
        let from = self.gateways[gateway].id;
        let spans = self.links.arrivals(gateway, home, &mut self.rng);
        let garbled = self.gateways[gateway].behaviour.sends_garbage && self.rng.u32(0..4) == 0;
        if spans[0].is_none() {
            return;
        }
        let cargo = if self.links.encode || garbled {
            let mut bytes = frame.encode();
            if garbled {
                self.garble(&mut bytes);
            }
            Cargo::Bytes(bytes.into())
        } else {
            Cargo::Frame(Box::new(frame))
        };
        if let Some(second) = spans[1] {
            self.after(second, home, Event::Arrives(from, cargo.clone()));
        }
        if let Some(first) = spans[0] {
            self.after(first, home, Event::Arrives(from, cargo));
        }
    }

    fn garble(&mut self, bytes: &mut Vec<u8>) {
        let n = bytes.len();
        match self.rng.u32(0..3) {
            0 => bytes.truncate(self.rng.usize(0..n)),
            1 => bytes[self.rng.usize(0..n)] ^= 1 << self.rng.u32(0..8),
            _ => bytes.iter_mut().for_each(|byte| *byte = self.rng.u8(..)),
        }
    }

    fn wall(&self, gateway: usize) -> WallTime {
        let off_ns = self.gateways[gateway].clock_off_s.saturating_mul(1_000_000_000);
        WallTime::from_ns((self.now.as_ns() as i64).saturating_add(off_ns))
    }

    /// Starts a gateway from its disk and connects it.
    pub fn boot(&mut self, gateway: usize) {
        let seed = self.rng.u64(..);
        let lists = (self.list_for(gateway), self.prices.clone());
        let this = &mut self.gateways[gateway];
        this.boot += 1;
        this.wake_at = None;
        let records = this.disk.records();
        this.node = Some(Node::new(this.key.clone(), self.options.clone(), lists, seed, self.now, records));
        for (model, timing) in self.load.models() {
            self.feed(gateway, Input::Loaded { model, timing });
        }
        if self.gateways[gateway].wants_models {
            for release in self.releases.values().cloned().collect::<Vec<_>>() {
                self.want(gateway, release);
            }
        }
        self.checks.started(&self.gateways, gateway);
        for other in self.gateways[gateway].peers.clone() {
            self.connect(gateway, other);
        }
    }

    /// The member list; to a forger one in which nobody witnesses for it.
    fn list_for(&self, gateway: usize) -> Arc<MemberList> {
        let this = &self.gateways[gateway];
        if !this.forges {
            return self.members.clone();
        }
        let alone = |member: &Member| Member {
            zone: if member.peer == this.id { u16::MAX } else { member.zone },
            ..member.clone()
        };
        let old = &self.members;
        let members = old.members().iter().map(alone).collect();
        Arc::new(MemberList::new(old.mesh, old.version, old.issued, old.expires, members).expect("as valid as the old"))
    }

    /// A release is wanted by a gateway.
    pub fn want(&mut self, gateway: usize, release: Release) {
        let n = u32::try_from(release.chunks.len()).expect("few chunks");
        let stored = Some(self.gateways[gateway].disk.chunks(release.model, n));
        self.feed(gateway, Input::Fetch { release, stored });
    }

    /// Both ends of a link hear that it stands.
    pub fn connect(&mut self, a: usize, b: usize) {
        if self.gateways[a].node.is_none() || self.gateways[b].node.is_none() {
            return;
        }
        let rtt_us = u32::try_from((2 * self.links.delay).as_micros()).unwrap_or(u32::MAX);
        let (to_a, to_b) = (self.gateways[b].id, self.gateways[a].id);
        self.feed(a, Input::Connected { peer: to_a, rtt_us });
        self.feed(b, Input::Connected { peer: to_b, rtt_us });
    }

    /// Both ends of all links of a gateway hear that they broke.
    pub fn disconnect(&mut self, gateway: usize) {
        let id = self.gateways[gateway].id;
        for other in self.gateways[gateway].peers.clone() {
            self.feed(other, Input::Disconnected { peer: id });
        }
    }

    /// A model as every core is told.
    pub fn timing(mean: Duration) -> Timing {
        Timing::new(mean, mean * 2)
    }
}
