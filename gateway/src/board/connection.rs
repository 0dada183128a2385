//! The gauge of one connection: whether it is up, what came, and what could not be read.

use super::plan::{ConnectionPlan, Now};
use crossbeam_queue::ArrayQueue;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use takt_adapters::{Link, Reject};
use takt_plant::MonoTime;

/// Rejects that are kept for viewers; the count goes on.
pub const REJECTS_MAX: usize = 20;

/// The gauge of one connection. Every method takes `&self` and may be called from any thread.
pub struct ConnectionGauge {
    plan: ConnectionPlan,
    n_messages: AtomicU64,
    n_frames: AtomicU64,
    n_duplicates: AtomicU64,
    n_rejects: AtomicU64,
    n_not_durable: AtomicU64,
    last_ns: AtomicU64,
    fresh: ArrayQueue<Reject>,
    rejects: Mutex<VecDeque<Reject>>,
    link: Mutex<LinkStanding>,
}

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStanding {
    /// The last change; `None` before the first attempt ended.
    pub link: Option<Link>,
    /// Since when.
    pub since: Now,
    /// Times it came up.
    pub n_ups: u64,
    /// Units set aside (B6).
    pub units_aside: Vec<u8>,
}

/// What came over a connection since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Messages, scans or rows.
    pub n_messages: u64,
    /// Frames they carried.
    pub n_frames: u64,
    /// Redeliveries that were consumed before.
    pub n_duplicates: u64,
    /// Payloads, registers or rows that could not be read.
    pub n_rejects: u64,
    /// Messages that were acknowledged undurably because the store cannot be written.
    pub n_not_durable: u64,
}

impl ConnectionGauge {
    pub(super) fn new(plan: ConnectionPlan, now: Now) -> Self {
        let link = LinkStanding { link: None, since: now, n_ups: 0, units_aside: Vec::new() };
        Self {
            plan,
            n_messages: AtomicU64::new(0),
            n_frames: AtomicU64::new(0),
            n_duplicates: AtomicU64::new(0),
            n_rejects: AtomicU64::new(0),
            n_not_durable: AtomicU64::new(0),
            last_ns: AtomicU64::new(0),
            fresh: ArrayQueue::new(REJECTS_MAX),
            rejects: Mutex::new(VecDeque::new()),
            link: Mutex::new(link),
        }
    }

    /// Shows that a message, scan or row came with so many frames.
    pub fn delivered(&self, n_frames: usize, now: MonoTime) {
        self.n_messages.fetch_add(1, Ordering::Relaxed);
        self.n_frames.fetch_add(n_frames as u64, Ordering::Relaxed);
        self.last_ns.store(now.as_ns(), Ordering::Relaxed);
    }

    /// Shows that a redelivered message had been consumed before.
    pub fn duplicate(&self) {
        self.n_duplicates.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows what could not be read; the last [`REJECTS_MAX`] are kept with their first bytes.
    pub fn reject(&self, reject: Reject) {
        self.n_rejects.fetch_add(1, Ordering::Relaxed);
        drop(self.fresh.force_push(reject));
    }

    /// Shows that so many messages were acknowledged undurably.
    pub fn not_durable(&self, n: u64) {
        self.n_not_durable.fetch_add(n, Ordering::Relaxed);
    }

    /// Shows a change of the connection.
    pub fn link(&self, link: &Link, now: Now) {
        let mut standing = self.standing_mut();
        if let Link::UnitAside { unit, aside } = link {
            standing.units_aside.retain(|u| u != unit);
            if *aside {
                standing.units_aside.push(*unit);
            }
            return;
        }
        let same_kind =
            standing.link.as_ref().is_some_and(|l| std::mem::discriminant(l) == std::mem::discriminant(link));
        if !same_kind {
            standing.since = now;
        }
        standing.n_ups += u64::from(matches!(link, Link::Up { .. }));
        standing.link = Some(link.clone());
    }

    /// What it was made from.
    pub fn plan(&self) -> &ConnectionPlan {
        &self.plan
    }

    /// How it stands.
    pub fn standing(&self) -> LinkStanding {
        self.standing_mut().clone()
    }

    /// What came since the start.
    pub fn traffic(&self) -> Traffic {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Traffic {
            n_messages: of(&self.n_messages),
            n_frames: of(&self.n_frames),
            n_duplicates: of(&self.n_duplicates),
            n_rejects: of(&self.n_rejects),
            n_not_durable: of(&self.n_not_durable),
        }
    }

    /// When something last came; `None` when nothing ever did.
    pub fn last_arrival(&self) -> Option<MonoTime> {
        match self.last_ns.load(Ordering::Relaxed) {
            0 => None,
            ns => Some(MonoTime::from_ns(ns)),
        }
    }

    /// The last rejects, newest first.
    pub fn rejects(&self) -> Vec<Reject> {
        let mut kept = self.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(reject) = self.fresh.pop() {
            kept.push_front(reject);
            kept.truncate(REJECTS_MAX);
        }
        kept.iter().cloned().collect()
    }

    fn standing_mut(&self) -> MutexGuard<'_, LinkStanding> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
