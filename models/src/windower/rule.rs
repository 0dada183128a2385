//! The four closing rules behind one face.

use super::count::CountRule;
use super::outlet::Outlet;
use super::ring::Ring;
use super::time::{Reach, TimeProgress, TimeRule};
use super::trigger::{TriggerProgress, TriggerRule};
use serde::{Deserialize, Serialize};
use takt_plant::{TagSlot, Value, WindowSpec};

#[derive(Debug)]
pub(super) enum Rule {
    Frame,
    Count(CountRule),
    Time(TimeRule),
    Trigger(TriggerRule),
}

/// What a rule remembers between frames, for a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Progress {
    Frame,
    Count { n_skip: usize },
    Time(TimeProgress),
    Trigger(TriggerProgress),
}

/// What silence lets a rule do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Pending rows would close a window or begin one: nothing older will come.
    Pending,
    /// A window ends here, in source time.
    End(i64),
}

impl Rule {
    /// The rule of a checked specification.
    pub fn new(spec: &WindowSpec) -> Self {
        match spec {
            WindowSpec::Count { size, hop } => Self::Count(CountRule::new(*size, *hop)),
            spec => TimeRule::new(spec)
                .map(Self::Time)
                .or_else(|| TriggerRule::new(spec).map(Self::Trigger))
                .unwrap_or(Self::Frame),
        }
    }

    /// The tag that the rule watches beside the inputs.
    pub fn trigger_tag(spec: &WindowSpec) -> Option<TagSlot> {
        match spec {
            WindowSpec::Trigger { tag, .. } => Some(*tag),
            _ => None,
        }
    }

    /// Most windows that one call can close, where that depends on the rule's own settings.
    pub fn n_closed_max(&self) -> u64 {
        match self {
            Self::Time(rule) => rule.n_closed_max(),
            Self::Frame | Self::Count(_) | Self::Trigger(_) => 0,
        }
    }

    /// Closes everything that ends at `to` or before; all rows up to there are released.
    pub fn reach(&mut self, to: i64, ring: &mut Ring, outlet: &mut Outlet) -> Reach {
        match self {
            Self::Frame | Self::Count(_) => Reach::Closed,
            Self::Time(rule) => rule.reach(to, ring, outlet),
            Self::Trigger(rule) => {
                rule.reach(to, ring, outlet);
                Reach::Closed
            }
        }
    }

    /// The next pending row comes before anything that ends at its time: closes what ends earlier.
    pub fn before(&mut self, at: i64, ring: &mut Ring, outlet: &mut Outlet) -> Reach {
        match self {
            Self::Time(rule) => rule.reach(at.saturating_sub(1), ring, outlet),
            _ => Reach::Closed,
        }
    }

    /// Row `i` was released.
    pub fn released(&mut self, i: usize, ring: &mut Ring, outlet: &mut Outlet) {
        match self {
            Self::Frame => {}
            Self::Count(rule) => rule.released(ring, outlet),
            Self::Time(rule) => rule.released(i, ring, outlet),
            Self::Trigger(rule) => rule.released(i, ring, outlet),
        }
    }

    /// A trigger value outside production.
    pub fn follow(&mut self, value: &Value) {
        if let Self::Trigger(rule) = self {
            rule.follow(value);
        }
    }

    /// The segment ends; what is owed an answer gets one, the rest begins anew.
    pub fn finish(&mut self, ring: &mut Ring, outlet: &mut Outlet) {
        match self {
            Self::Frame => {}
            Self::Count(rule) => rule.restart(),
            Self::Time(rule) => rule.restart(),
            Self::Trigger(rule) => rule.finish(ring, outlet),
        }
    }

    /// Whether the oldest released row may be given up to stay within the bound on samples.
    pub fn may_cut(&mut self, at: i64) -> bool {
        match self {
            Self::Frame | Self::Count(_) => false,
            Self::Time(_) => true,
            Self::Trigger(rule) => {
                rule.cut(at);
                true
            }
        }
    }

    /// What would close if the source stayed silent.
    pub fn overdue(&self, ring: &Ring) -> Option<Overdue> {
        match self {
            Self::Frame => None,
            Self::Count(rule) => rule.would_close(ring).then_some(Overdue::Pending),
            Self::Time(rule) => match rule.next_end() {
                Some(end) => Some(Overdue::End(end)),
                None => ring.next_pending_at().map(|_| Overdue::Pending),
            },
            Self::Trigger(rule) if rule.would_fire(ring) => Some(Overdue::Pending),
            Self::Trigger(rule) => rule.next_end().map(Overdue::End),
        }
    }

    /// For a snapshot.
    pub fn progress(&self) -> Progress {
        match self {
            Self::Frame => Progress::Frame,
            Self::Count(rule) => Progress::Count { n_skip: rule.n_skip },
            Self::Time(rule) => Progress::Time(rule.progress.clone()),
            Self::Trigger(rule) => Progress::Trigger(rule.progress.clone()),
        }
    }

    /// From a snapshot of the same specification. Without its rows, open windows are forgotten.
    pub fn resume(&mut self, progress: Progress, has_rows: bool) {
        match (self, progress) {
            (Self::Count(rule), Progress::Count { n_skip }) if has_rows => rule.n_skip = n_skip,
            (Self::Time(rule), Progress::Time(progress)) if has_rows => rule.progress = progress,
            (Self::Trigger(rule), Progress::Trigger(progress)) => {
                rule.progress = progress;
                if !has_rows {
                    rule.forget_open();
                }
            }
            _ => {}
        }
    }
}
