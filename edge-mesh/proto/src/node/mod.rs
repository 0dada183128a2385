//! The mesh's state machine: one gateway's part in lending, metering, logging and carrying models.
//!
//! **How to drive it.** [`Node::new`] with what the store holds; then feed every event to
//! [`Node::handle`] and carry out what it appends to `out`, in order. [`Node::next_wake`] says when to
//! feed [`Input::Wake`] if nothing else comes. Each [`Output::Persist`] is answered by
//! [`Input::Persisted`] once it is durable; persists become durable in the order in which they came out.

mod borrow;
mod carry;
mod gear;
mod inputs;
mod lend;
mod settle;
mod upkeep;
mod watch;

pub use gear::{Counts, NodeOptions};
pub use inputs::{Alarm, Input, Outcome, Output, PersistId, Record, Work};

use crate::audit::Auditor;
use crate::chunks::Fetch;
use crate::egress::Blob;
use crate::frame::{Control, Frame, Outgoing};
use crate::ids::{Digest, PeerId};
use crate::keys::Keypair;
use crate::lending::{Demand, PeerView, Queue, Spare, Timing};
use crate::limits::PEERS_MAX;
use crate::log::{Chain, Cosigned, Standing, Witnessing};
use crate::membership::{MemberList, TrustedTime, witnesses};
use crate::metering::PriceList;
use gear::{Loan, LoanKey, Pair, Then, Timer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use takt_plant::{ExportClass, MonoTime, WallTime};

/// One gateway's part in the mesh.
#[derive(Debug)]
pub struct Node {
    key: Keypair,
    id: PeerId,
    options: Arc<NodeOptions>,
    rng: fastrand::Rng,
    now: MonoTime,
    wall: WallTime,

    members: Arc<MemberList>,
    trusted: TrustedTime,
    prices: Arc<PriceList>,
    peers: BTreeMap<PeerId, PeerView>,
    quarantine: BTreeMap<PeerId, u32>,

    models: BTreeMap<Digest, Timing>,
    queue: Queue,
    demand: Demand,
    spare: Spare,
    loans: BTreeMap<LoanKey, Loan>,
    advert_seq: u64,
    advert_at: MonoTime,
    was_free: bool,

    pairs: BTreeMap<PeerId, Pair>,
    chain: Chain,
    witnessing: Witnessing,
    witnesses: Vec<PeerId>,
    checkpoint: Option<Cosigned>,
    checkpoint_at: (u64, MonoTime),
    auditor: Auditor,

    fetches: BTreeMap<Digest, Fetch>,
    installed: BTreeMap<u64, u64>,

    timers: BTreeSet<(MonoTime, Timer)>,
    upkeep_at: Option<MonoTime>,
    writes: BTreeMap<PersistId, Then>,
    next_write: u64,
    counts: Counts,
}

impl Node {
    /// Starts with what the store holds, in the order in which it was written.
    pub fn new(
        key: Keypair,
        options: Arc<NodeOptions>,
        (members, prices): (Arc<MemberList>, Arc<PriceList>),
        seed: u64,
        now: MonoTime,
        records: impl IntoIterator<Item = Record>,
    ) -> Self {
        let id = key.id();
        let own_witnesses = witnesses::of(&members, &id);
        let incarnation = members.get(&id).map_or(0, |m| m.incarnation);
        let mut node = Self {
            id,
            rng: fastrand::Rng::with_seed(seed),
            now,
            wall: WallTime::from_ns(0),
            trusted: TrustedTime::new(members.issued, now),
            peers: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            models: BTreeMap::new(),
            queue: Queue::new(options.lending.rank, options.lending.borrowed_max),
            demand: Demand::new(now),
            spare: Spare::new(now),
            loans: BTreeMap::new(),
            advert_seq: 0,
            advert_at: now,
            was_free: false,
            pairs: BTreeMap::new(),
            chain: Chain::new(incarnation, None, &own_witnesses),
            witnessing: Witnessing::default(),
            witnesses: own_witnesses,
            checkpoint: None,
            checkpoint_at: (0, now),
            auditor: Auditor::default(),
            fetches: BTreeMap::new(),
            installed: BTreeMap::new(),
            timers: BTreeSet::new(),
            upkeep_at: None,
            writes: BTreeMap::new(),
            next_write: 0,
            counts: Counts::default(),
            key,
            options,
            members,
            prices,
        };
        node.restore(records);
        node.timers.insert((now, Timer::Advert));
        node.want_upkeep();
        node
    }

    /// Takes one event and appends what follows from it.
    pub fn handle(&mut self, now: MonoTime, wall: WallTime, input: Input, out: &mut Vec<Output>) {
        // A driver's clock reads may be a little out of order; time does not run backwards here.
        self.now = self.now.max(now);
        self.wall = wall;
        match input {
            Input::Wake => self.wake(out),
            Input::Frame { from, frame } => self.frame(from, frame, out),
            Input::Garbage { from: _ } => self.counts.n_garbage += 1,
            Input::Work(work) => self.offer(work, out),
            Input::Done { task, output } => self.done(task, output, out),
            Input::Failed { task } => self.failed(task, out),
            Input::Persisted(id) => self.persisted(id, out),
            Input::Connected { peer, rtt_us } => self.connected(peer, rtt_us, out),
            Input::Rtt { peer, rtt_us } => _ = self.peers.entry(peer).and_modify(|view| view.rtt_us = rtt_us),
            Input::Disconnected { peer } => self.disconnected(peer, out),
            Input::Members(list) => self.listed(list, out),
            Input::Prices(prices) if prices.version >= self.prices.version => self.prices = prices,
            Input::Prices(_) => {}
            Input::Loaded { model, timing } => _ = self.models.insert(model, timing),
            Input::Unloaded { model } => _ = self.models.remove(&model),
            Input::Fetch { release, stored } => self.fetch(release, stored, out),
            Input::ChunkRead { to, epoch, no, model, index, bytes } => {
                self.chunk_read(to, (epoch, no), (model, index), bytes, out);
            }
            Input::Audited { sample, finding } => self.audited(sample, finding, out),
            Input::Settle => self.settle_all(out),
        }
        self.run_next(out);
    }

    /// When to feed [`Input::Wake`].
    pub fn next_wake(&self) -> Option<MonoTime> {
        self.timers.first().map(|(at, _)| *at)
    }

    fn frame(&mut self, from: PeerId, frame: Frame, out: &mut Vec<Output>) {
        let Some(reach) = self.members.reach(&self.id, &from).filter(|_| self.list_holds()) else {
            self.counts.n_strangers += 1;
            return;
        };
        match frame {
            Frame::Loan(request) if !request.may_reach(reach) => {
                self.counts.n_export_refused += 1;
                self.refuse(from, request.ask(), crate::lending::Refusal::Export, out);
            }
            Frame::Loan(request) => self.asked(from, &request, out),
            Frame::Control(control) => self.control(from, *control, out),
        }
    }

    fn control(&mut self, from: PeerId, control: Control, out: &mut Vec<Output>) {
        match control {
            Control::Hello(hello) => self.hello(from, hello, out),
            Control::Advert(advert) => self.advert(from, advert),
            Control::Probe(ask) => self.probed(from, &ask, out),
            Control::Welcome { epoch, no } => self.welcome((from, epoch, no), out),
            Control::Refused { epoch, no, why, view } => self.refused((from, epoch, no), why, view, out),
            Control::Result { epoch, no, output, view } => self.result((from, epoch, no), output, view, out),
            Control::Voucher(voucher) => self.voucher(from, &voucher, out),
            Control::Receipt(receipt) => self.receipt(from, receipt, out),
            Control::Claim(claim) => self.claimed(from, claim, out),
            Control::Shown { author, entry } => self.shown(author, &entry, out),
            Control::Held { incarnation, seq, hash } => self.held(from, incarnation, seq, hash, out),
            Control::AskHead => {
                let held = self.witnessing.asked(&from);
                self.send(from, Control::Head(held), out);
            }
            Control::Head(held) => self.head_answer(from, held, out),
            Control::Checkpoint(checkpoint) => self.cosign(from, &checkpoint, out),
            Control::Cosigned(cosignature) => self.cosigned(from, cosignature, out),
            Control::Fork(proof) => self.accused(*proof, out),
            Control::Want { model } => self.wanted(from, model, out),
            Control::Have { model, chunks } => self.have(from, model, chunks, out),
            Control::AskChunk { epoch, no, model, index } => {
                self.chunk_asked(from, (epoch, no), (model, index), out);
            }
            Control::Chunk { epoch, no, model, index, bytes } => {
                self.chunk((from, epoch, no), (model, index), bytes, out);
            }
        }
    }

    fn connected(&mut self, peer: PeerId, rtt_us: u32, out: &mut Vec<Output>) {
        let Some(reach) = self.members.reach(&self.id, &peer) else { return };
        if self.peers.len() >= PEERS_MAX && !self.peers.contains_key(&peer) {
            self.counts.n_peers_refused += 1;
            return;
        }
        let view = self.peers.entry(peer).or_insert_with(|| PeerView::new(reach, rtt_us));
        (view.connected, view.rtt_us) = (true, rtt_us);
        // A restarted peer counts its adverts anew.
        view.advert_seq = 0;
        self.greet(peer, out);
    }

    fn disconnected(&mut self, peer: PeerId, out: &mut Vec<Output>) {
        if let Some(view) = self.peers.get_mut(&peer) {
            view.connected = false;
            view.told = None;
        }
        self.lose_loans(&peer, out);
        for model in self.fetches.keys().copied().collect::<Vec<_>>() {
            self.fetches.entry(model).and_modify(|fetch| fetch.lost(&peer));
            self.void_given_up(model);
        }
    }

    fn listed(&mut self, list: Arc<MemberList>, out: &mut Vec<Output>) {
        if list.version <= self.members.version || list.mesh != self.members.mesh {
            return;
        }
        self.trusted.learn(list.issued, self.now);
        self.members = list;
        let removed: Vec<PeerId> = self.peers.keys().filter(|p| self.members.get(p).is_none()).copied().collect();
        for peer in removed {
            self.disconnected(peer, out);
            self.peers.remove(&peer);
        }
        for (peer, view) in &mut self.peers {
            if let Some(reach) = self.members.reach(&self.id, peer) {
                view.reach = reach;
            }
        }
        let incarnation = |peer: &PeerId| self.members.get(peer).map(|m| m.incarnation);
        self.quarantine.retain(|peer, forked| incarnation(peer).is_some_and(|now| now <= *forked));
        self.witnesses = witnesses::of(&self.members, &self.id);
        self.chain.set_witnesses(&self.witnesses);
        if let Some(own) = incarnation(&self.id) {
            self.chain.set_incarnation(own);
        }
        self.ask_heads(out);
        self.want_upkeep();
    }

    /// Whether the member list holds now. An expired one stops lending; judging goes on.
    fn list_holds(&self) -> bool {
        self.trusted.read(self.now) < self.members.expires
    }

    fn send(&self, to: PeerId, control: Control, out: &mut Vec<Output>) {
        if let Some(reach) = self.members.reach(&self.id, &to) {
            out.push(Output::Send { to, message: Outgoing::control(reach, control) });
        }
    }

    fn persist(&mut self, record: Record, then: Then, out: &mut Vec<Output>) {
        self.next_write += 1;
        let id = PersistId(self.next_write);
        self.writes.insert(id, then);
        out.push(Output::Persist { id, record });
    }

    /// Whether a peer's books are closed to us: it forked, or its results were wrong.
    fn is_barred(&self, peer: &PeerId) -> bool {
        self.quarantine.contains_key(peer) || self.peers.get(peer).is_some_and(|view| view.distrusted)
    }

    fn digest_of(blob: &Blob) -> Digest {
        Digest(*blake3::hash(blob.bytes()).as_bytes())
    }

    /// This gateway's id.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Whether the log may grow, and so whether this gateway lends and borrows.
    pub fn standing(&self) -> Standing {
        self.chain.standing()
    }

    /// What happened so far, for telemetry and for the simulator's checks.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The newest installed version of each model name.
    pub fn installed(&self) -> &BTreeMap<u64, u64> {
        &self.installed
    }

    /// Peers under quarantine.
    pub fn quarantined(&self) -> impl Iterator<Item = &PeerId> {
        self.quarantine.keys()
    }

    /// How far a peer is away; `None` for a stranger.
    pub fn reach(&self, peer: &PeerId) -> Option<ExportClass> {
        self.members.reach(&self.id, peer)
    }
}
