//! Lanes: the few sockets of a connection, and what each is doing. No IO of its own.

use super::answer::CallFault;
use super::link::Link;
use super::options::ModbusOptions;
use super::retry::Backoff;
use std::time::Duration;
use takt_plant::MonoTime;

/// What a lane is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Reads and writes.
    Any,
    /// Reads; writes have a lane of their own.
    Reads,
    /// Writes alone.
    Writes,
}

impl Role {
    pub fn reads(self) -> bool {
        self != Self::Writes
    }

    pub fn writes(self) -> bool {
        self != Self::Reads
    }
}

/// Which lanes are meant: [`Role::reads`] or [`Role::writes`].
pub(super) type Serves = fn(Role) -> bool;

/// What a lane is doing.
enum Stance {
    /// Not connected; the next attempt is then.
    Closed { retry_at: MonoTime },
    /// Closed by our own will until there is something to do.
    Resting,
    /// Being connected.
    Connecting,
    /// Connected; may send from then on.
    Idle { link: Link, free_at: MonoTime },
    /// A request is out.
    Busy,
}

struct Lane {
    role: Role,
    stance: Stance,
    backoff: Backoff,
}

/// The sockets of one connection; never more than configured, since each has one place here (B7).
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    pause_after_connect: Duration,
    pause_between_requests: Duration,
    failure: Option<String>,
}

impl Lanes {
    /// All of them to be connected now.
    pub fn new(options: &ModbusOptions, n_units: usize, now: MonoTime) -> Self {
        let main = if options.write_connection { Role::Reads } else { Role::Any };
        let mains = std::iter::repeat_n(main, options.connections_max.into());
        let roles = mains.chain(options.write_connection.then_some(Role::Writes));
        let lane = |(i, role)| Lane {
            role,
            stance: Stance::Closed { retry_at: now },
            backoff: Backoff::new(options.retry, options.seed.wrapping_add(i), n_units),
        };
        Self {
            lanes: (0_u64..).zip(roles).map(lane).collect(),
            pause_after_connect: options.timing.pause_after_connect,
            pause_between_requests: options.timing.pause_between_requests,
            failure: None,
        }
    }

    /// Lanes that are to be connected now; they count as being connected from here on.
    pub fn take_due(&mut self, now: MonoTime, has_work: bool) -> Vec<usize> {
        let is_due = |lane: &Lane| match lane.stance {
            Stance::Closed { retry_at } => retry_at <= now,
            Stance::Resting => has_work,
            _ => false,
        };
        let due: Vec<usize> = (0..self.lanes.len()).filter(|i| is_due(&self.lanes[*i])).collect();
        for i in &due {
            self.lanes[*i].stance = Stance::Connecting;
        }
        due
    }

    /// A lane's connection was made, or refused.
    pub fn connected(&mut self, lane: usize, result: Result<Link, CallFault>, now: MonoTime) {
        match result {
            Ok(link) => self.lanes[lane].stance = Stance::Idle { link, free_at: now.plus(self.pause_after_connect) },
            Err(fault) => {
                let delay = self.lanes[lane].backoff.after_refusal();
                self.close(lane, now.plus(delay), &fault);
            }
        }
    }

    /// A lane that could send now is taken for a request.
    pub fn occupy(&mut self, serves: Serves, now: MonoTime) -> Option<(usize, Link)> {
        let is_free = |l: &Lane| matches!(l.stance, Stance::Idle { free_at, .. } if free_at <= now);
        let i = self.lanes.iter().position(|l| serves(l.role) && is_free(l))?;
        match std::mem::replace(&mut self.lanes[i].stance, Stance::Busy) {
            Stance::Idle { link, .. } => Some((i, link)),
            other => {
                self.lanes[i].stance = other;
                None
            }
        }
    }

    /// A request ended: its socket comes back, or was dropped for this fault.
    pub fn returned(&mut self, lane: usize, link: Option<Link>, fault: Option<&CallFault>, now: MonoTime) {
        match (link, fault) {
            (Some(link), _) => {
                self.lanes[lane].backoff.answered();
                self.lanes[lane].stance = Stance::Idle { link, free_at: now.plus(self.pause_between_requests) };
            }
            (None, fault) => {
                let delay = self.lanes[lane].backoff.after_drop();
                self.close(lane, now.plus(delay), fault.unwrap_or(&CallFault::Timeout));
            }
        }
    }

    /// Closes what is idle until there is something to do.
    pub fn rest(&mut self) {
        for lane in &mut self.lanes {
            if matches!(lane.stance, Stance::Idle { .. }) {
                lane.stance = Stance::Resting;
            }
        }
    }

    /// Whether one can be used, at once or after its present request.
    pub fn are_here(&self, serves: Serves) -> bool {
        let is_here = |l: &Lane| matches!(l.stance, Stance::Resting | Stance::Idle { .. } | Stance::Busy);
        self.lanes.iter().any(|l| serves(l.role) && is_here(l))
    }

    /// Whether all of them wait for a later attempt.
    pub fn are_hopeless(&self, serves: Serves, now: MonoTime) -> bool {
        let waits = |l: &Lane| matches!(l.stance, Stance::Closed { retry_at } if retry_at > now);
        self.lanes.iter().all(|l| !serves(l.role) || waits(l))
    }

    /// Whether a request is out.
    pub fn are_busy(&self) -> bool {
        self.lanes.iter().any(|l| matches!(l.stance, Stance::Busy))
    }

    /// Why the last connection was lost or refused, once.
    pub fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    /// Whether a connection was lost or refused since that was last asked.
    pub fn has_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// Milliseconds to the next attempt.
    pub fn retry_ms(&self, now: MonoTime) -> u64 {
        let retries = self.lanes.iter().filter_map(|l| match l.stance {
            Stance::Closed { retry_at } => Some(retry_at.since(now)),
            _ => None,
        });
        retries.min().map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// When a lane next has something to do by itself.
    pub fn wake(&self, now: MonoTime, has_work: bool) -> Option<MonoTime> {
        let wakes = self.lanes.iter().filter_map(|l| match l.stance {
            Stance::Closed { retry_at } => Some(retry_at),
            Stance::Idle { free_at, .. } if free_at > now && has_work => Some(free_at),
            _ => None,
        });
        wakes.min()
    }

    fn close(&mut self, lane: usize, retry_at: MonoTime, fault: &CallFault) {
        self.lanes[lane].stance = Stance::Closed { retry_at };
        self.failure = Some(fault.to_string());
    }
}
