//! A lane: one of the connection's few sockets, and what it is doing.

use super::link::{Answer, CallFault, Link};
use super::retry::Backoff;
use super::scan::{Stamp, Ticket};
use super::write::Sent;
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

/// What a lane is doing.
pub(super) enum Stance {
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

/// One socket's place.
pub(super) struct Lane {
    pub role: Role,
    pub stance: Stance,
    pub backoff: Backoff,
}

impl Lane {
    /// Whether it can be used, at once or after its present request.
    pub fn is_here(&self) -> bool {
        matches!(self.stance, Stance::Resting | Stance::Idle { .. } | Stance::Busy)
    }

    /// Whether it waits for a later attempt.
    pub fn is_waiting(&self, now: MonoTime) -> bool {
        matches!(self.stance, Stance::Closed { retry_at } if retry_at > now)
    }

    /// Whether a request could be sent now.
    pub fn is_free(&self, now: MonoTime) -> bool {
        matches!(self.stance, Stance::Idle { free_at, .. } if free_at <= now)
    }

    /// Takes the socket for a request.
    pub fn occupy(&mut self) -> Option<Link> {
        match std::mem::replace(&mut self.stance, Stance::Busy) {
            Stance::Idle { link, .. } => Some(link),
            other => {
                self.stance = other;
                None
            }
        }
    }
}

/// What a lane's job came to.
pub(super) enum Done {
    Connected { lane: usize, result: Result<Link, CallFault> },
    Read { lane: usize, link: Option<Link>, ticket: Ticket, result: Result<Answer, CallFault>, at: Stamp },
    Wrote { lane: usize, unit: u8, sent: Sent },
    Probed { lane: usize, link: Option<Link>, fault: Option<CallFault> },
}
