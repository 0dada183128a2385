//! The invariants, looked at after every event for what that event touched.

mod books;
mod wire;

use crate::gateway::Gateway;
use books::Books;
use std::collections::{BTreeMap, BTreeSet};
use takt_mesh_proto::chunks::Release;
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::metering::PriceList;
use takt_mesh_proto::node::{Alarm, Outcome, Work};
use takt_plant::MonoTime;

/// Windows of one gateway: how many closed, and how many were judged in time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Met {
    /// Closed.
    pub n: u64,
    /// Judged in time, here or by a peer.
    pub met: u64,
    /// Of these, by a peer.
    pub borrowed: u64,
}

#[derive(Debug)]
struct Open {
    gateway: usize,
    input: Blob,
    deadline: MonoTime,
    counts: bool,
}

/// Everything that is watched.
#[derive(Debug)]
pub struct Checks {
    /// Printed with every violation.
    pub seed: u64,
    /// Off for long runs that only measure.
    pub watch: bool,
    /// Windows that closed before do not count in [`Self::met`].
    pub count_from: MonoTime,
    /// By gateway.
    pub met: Vec<Met>,
    /// Checkpoints with a quorum of cosignatures.
    pub n_checkpoints: u64,
    /// Alarms by kind.
    pub alarms: BTreeMap<&'static str, u64>,
    open: BTreeMap<u64, Open>,
    books: Books,
    crashed: BTreeSet<usize>,
    entries: BTreeMap<(PeerId, u32, u64), Digest>,
    cloned: BTreeSet<PeerId>,
    forgers: BTreeSet<PeerId>,
    installed: BTreeMap<(usize, u64), u64>,
    home: BTreeMap<PeerId, usize>,
}

impl Checks {
    /// Nothing has happened yet.
    pub fn new(gateways: &[Gateway], prices: &PriceList, _batch: u32) -> Self {
        Self {
            seed: 0,
            watch: true,
            count_from: MonoTime::from_ns(0),
            met: vec![Met::default(); gateways.len()],
            n_checkpoints: 0,
            alarms: BTreeMap::new(),
            open: BTreeMap::new(),
            books: Books::new(prices.pair_limit),
            crashed: BTreeSet::new(),
            entries: BTreeMap::new(),
            cloned: BTreeSet::new(),
            forgers: BTreeSet::new(),
            installed: BTreeMap::new(),
            home: gateways.iter().enumerate().map(|(i, g)| (g.id, i)).collect(),
        }
    }

    /// The gateway with this key; its original if the key is in use twice.
    fn find<'a>(&self, gateways: &'a [Gateway], peer: &PeerId) -> Option<&'a Gateway> {
        self.home.get(peer).map(|i| &gateways[*i])
    }

    fn must(&self, holds: bool, rule: &str, what: impl FnOnce() -> String) {
        assert!(holds, "{rule}: {}\n  run again with TAKT_SEED={}", what(), self.seed);
    }

    /// A window closed.
    pub fn offered(&mut self, gateway: usize, work: &Work, now: MonoTime) {
        let counts = now >= self.count_from;
        self.met[gateway].n += u64::from(counts);
        let (input, deadline) = (work.payload.blob().clone(), now.plus(work.remaining));
        self.open.insert(work.ticket, Open { gateway, input, deadline, counts });
    }

    /// A window ended; gives its input.
    pub fn verdict(&mut self, gateway: usize, ticket: u64, outcome: &Outcome, now: MonoTime) -> Option<Blob> {
        let open = self.open.remove(&ticket);
        self.must(open.is_some(), "each window ends once", || format!("ticket {ticket} on {gateway}"));
        let open = open?;
        let in_time = matches!(outcome, Outcome::Local(_) | Outcome::Borrowed { .. });
        if in_time {
            self.must(now <= open.deadline, "what counts came in time", || format!("ticket {ticket} on {gateway}"));
            self.met[gateway].met += u64::from(open.counts);
        }
        if let Outcome::Borrowed { peer, epoch, no, .. } = outcome {
            self.met[gateway].borrowed += u64::from(open.counts);
            self.books.in_time(gateway, *peer, *epoch, *no);
        }
        Some(open.input)
    }

    /// A gateway went down.
    pub fn stopped(&mut self, gateway: usize) {
        self.crashed.insert(gateway);
        self.open.retain(|_, open| open.gateway != gateway);
    }

    /// A gateway came up: what it remembers is compared with what it had shown.
    pub fn started(&mut self, gateways: &[Gateway], gateway: usize) {
        if !self.watch {
            return;
        }
        let this = &gateways[gateway];
        let Some(node) = &this.node else { return };
        if !this.restored {
            for ((_, name), version) in self.installed.range((gateway, 0)..=(gateway, u64::MAX)) {
                let now = node.installed().get(name).copied().unwrap_or(0);
                self.must(now >= *version, "installed versions never fall", || format!("{gateway} model {name}"));
            }
        }
        let mut peers = self.books.with(&this.id);
        peers.extend(node.pairs());
        for peer in peers {
            self.pair(gateways, gateway, &peer, true);
        }
        self.zero_sum();
    }

    /// A gateway's disk is an old one.
    pub fn restored(&mut self, gateway: usize) {
        self.installed.retain(|(g, _), _| *g != gateway);
    }

    /// A key is in use twice.
    pub fn cloned(&mut self, gateways: &[Gateway], gateway: usize, forges: bool) {
        self.cloned.insert(gateways[gateway].id);
        if forges {
            self.forgers.insert(gateways[gateway].id);
        }
        self.met.push(Met::default());
    }

    /// A model is complete.
    pub fn installed(&mut self, gateway: usize, release: &Release) {
        let version = self.installed.entry((gateway, release.name)).or_default();
        let fell = release.version < *version;
        *version = release.version;
        self.must(!fell, "installed versions never fall", || format!("{gateway} model {}", release.name));
    }

    /// A gateway says that something is wrong: it must be right about it.
    pub fn alarm(&mut self, gateways: &[Gateway], gateway: usize, alarm: &Alarm) {
        let find = |peer: &PeerId| self.find(gateways, peer);
        let honest = |peer: &PeerId| find(peer).is_some_and(|g| g.behaviour.is_honest());
        let (word, just) = match alarm {
            Alarm::Forked(peer) => ("forked", self.forgers.contains(peer)),
            Alarm::WrongResult(peer) => ("wrong result", !honest(peer)),
            Alarm::WrongChunk(peer) => ("wrong chunk", !honest(peer)),
            Alarm::Disputed(peer) => {
                let own = &gateways[gateway];
                let fair = own.behaviour.is_honest() && !own.restored && honest(peer);
                ("disputed", !fair || find(peer).is_some_and(|g| g.restored))
            }
            Alarm::NeedsIncarnation => ("needs incarnation", gateways[gateway].restored),
        };
        *self.alarms.entry(word).or_default() += 1;
        self.must(just, "nobody honest is accused", || format!("{alarm:?} on {gateway}"));
    }

    /// An event is over: looks at its gateway, and at its pair with the peer that it came from.
    pub fn after_event(&mut self, gateways: &[Gateway], gateway: usize, touched: Option<PeerId>) {
        let this = &gateways[gateway];
        let Some(node) = this.node.as_ref().filter(|_| self.watch) else { return };
        for (name, n, max) in node.sizes() {
            self.must(n <= max, "queues are bounded", || format!("{name} of {gateway}: {n} of {max}"));
        }
        if let Some(peer) = touched {
            self.pair(gateways, gateway, &peer, false);
            self.zero_sum();
        }
    }

    /// Nobody mints: the balances sum to what lenders have signed and borrowers have not got back yet.
    fn zero_sum(&self) {
        if self.cloned.is_empty() {
            let (sum, apart) = (self.books.sum, self.books.apart);
            self.must(sum == apart, "balances sum to zero but for what is on its way", || format!("{sum} {apart}"));
        }
    }

    /// At the end, when everything is settled: both counts agree to the unit and balances sum to zero.
    pub fn finish(&mut self, gateways: &[Gateway]) {
        for (g, this) in gateways.iter().enumerate() {
            let peers: Vec<PeerId> = this.node.as_ref().map(|n| n.pairs().copied().collect()).unwrap_or_default();
            for peer in peers {
                self.pair(gateways, g, &peer, true);
            }
        }
        let excused = |id: &PeerId| {
            let found = self.find(gateways, id);
            self.cloned.contains(id) || found.is_none_or(|g| !g.behaviour.is_honest())
        };
        let crashed = |id: &PeerId| self.home.get(id).is_some_and(|g| self.crashed.contains(g));
        if let Err(what) = self.books.closed(excused, crashed) {
            self.must(false, "both counts agree and the balances sum to zero", || what);
        }
        let left = self.open.values().next();
        self.must(left.is_none(), "each window ends", || format!("a window of {left:?} has no end"));
    }

    /// Channels and requests that were counted, for the report.
    pub fn counted(&self) -> (usize, usize) {
        self.books.counted()
    }
}
