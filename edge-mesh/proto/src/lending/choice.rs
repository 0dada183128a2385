//! Which peer to ask: those that may and can, then two at random, then the less loaded of the two.

use crate::ids::PeerId;
use crate::lending::LoadView;
use takt_plant::{ExportClass, MonoTime};

/// How a candidate is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The least loaded of all, by its advert.
    LeastLoaded,
    /// The less loaded of two at random: not everybody's advert points at the same peer.
    TwoRandom,
}

/// What a borrower knows of a peer.
#[derive(Debug, Clone)]
pub struct PeerView {
    /// How far it is away.
    pub reach: ExportClass,
    /// Round trip.
    pub rtt_us: u32,
    /// A connection stands.
    pub connected: bool,
    /// What it last said of itself, and when it came.
    pub told: Option<(LoadView, MonoTime)>,
    /// The newest advert's number.
    pub advert_seq: u64,
    /// Models warm there.
    pub warm: Vec<u64>,
    /// Own requests there without an answer, and their typical work.
    pub in_flight: u32,
    /// Work sent since it was last told, in µs.
    pub sent_us: u64,
    /// An audit found its results wrong.
    pub distrusted: bool,
}

impl PeerView {
    /// A peer that has just connected.
    pub fn new(reach: ExportClass, rtt_us: u32) -> Self {
        Self {
            reach,
            rtt_us,
            connected: true,
            told: None,
            advert_seq: 0,
            warm: Vec::new(),
            in_flight: 0,
            sent_us: 0,
            distrusted: false,
        }
    }

    /// Takes word of its load.
    pub fn tell(&mut self, view: LoadView, now: MonoTime) {
        self.told = Some((view, now));
        self.sent_us = 0;
    }

    /// Tokens that it should have now, by what it said.
    fn spare_us(&self, now: MonoTime) -> u64 {
        let Some((view, at)) = self.told else { return 0 };
        let gained = u64::from(view.spare_rate).saturating_mul(now.since(at).as_micros() as u64) / 1000;
        (u64::from(view.spare_us) + gained).saturating_sub(self.sent_us)
    }

    fn load_us(&self, mean_us: u64) -> u64 {
        let wait = self.told.map_or(0, |(view, _)| u64::from(view.wait_us));
        wait + u64::from(self.in_flight) * mean_us + u64::from(self.rtt_us)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Class of the data.
    pub class: ExportClass,
    /// Head of the model's digest.
    pub model: u64,
    /// Typical and long run here; there is no better guess for a peer.
    pub mean_us: u64,
    /// See `mean_us`.
    pub p95_us: u64,
    /// What remains of the deadline, less the margin.
    pub left_us: u64,
    /// Whether lenders give spare tokens only.
    pub spare_only: bool,
}

/// A peer to ask, or none that fits. `barred` are those asked before and those without credit.
pub fn choose<'a>(
    peers: impl Iterator<Item = (&'a PeerId, &'a PeerView)>,
    wanted: &Wanted,
    how: Choice,
    barred: impl Fn(&PeerId) -> bool,
    rng: &mut fastrand::Rng,
    now: MonoTime,
) -> Option<PeerId> {
    // The first test of all: a peer that the data may not reach is no candidate.
    let allowed = peers.filter(|(_, view)| wanted.class.allows(view.reach));
    let fit = allowed.filter(|(peer, view)| {
        let warm = view.warm.contains(&wanted.model);
        let free = view.told.is_some_and(|(told, _)| !told.borrowing || !wanted.spare_only);
        let spare = !wanted.spare_only || view.spare_us(now) >= wanted.mean_us;
        let in_time = u64::from(view.rtt_us) + wanted.p95_us < wanted.left_us;
        view.connected && !view.distrusted && warm && free && spare && in_time && !barred(peer)
    });
    match how {
        Choice::LeastLoaded => fit.min_by_key(|(_, view)| view.load_us(wanted.mean_us)).map(|(peer, _)| *peer),
        Choice::TwoRandom => {
            let mut pair: [Option<(&PeerId, &PeerView)>; 2] = [None, None];
            for (n, candidate) in fit.enumerate() {
                let seat = if n < 2 { n } else { rng.usize(0..=n) };
                if let Some(seat) = pair.get_mut(seat) {
                    *seat = Some(candidate);
                }
            }
            pair.into_iter().flatten().min_by_key(|(_, view)| view.load_us(wanted.mean_us)).map(|(peer, _)| *peer)
        }
    }
}
