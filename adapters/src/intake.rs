//! The gateway's side of every adapter: what a driver delivers, reports and waits for.
//!
//! A driver calls [`Intake`] from its own task, synchronously: the pipeline of the line runs inside
//! [`Intake::deliver`], so nothing hops between threads on the way to a verdict. What a driver may
//! acknowledge to its broker it learns from a `tokio::sync::watch::Receiver<Ticket>`: everything up
//! to that ticket is durable.

use takt_plant::{Frame, MonoTime, WallTime};

/// A delivery's place in the order of deliveries of one shard. Rises by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// What names a message so that a redelivery is recognised (B23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageMark {
    /// First 16 bytes of BLAKE3 over topic, a zero byte and payload.
    pub digest: [u8; 16],
    /// The broker says that it may have been delivered before (MQTT DUP).
    pub redelivered: bool,
}

/// A payload, register or row that could not be read. Counted, shown, acknowledged; never a stop (B19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it came from: a topic, a register span, a file and line.
    pub from: String,
    /// What was wrong and what to try.
    pub why: String,
    /// The first bytes, at most 64.
    pub first_bytes: Vec<u8>,
    /// The whole length in bytes.
    pub n_bytes: usize,
    /// When it came.
    pub arrived_at: WallTime,
}

/// What one message, scan or row led to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delivery {
    /// The frames, oldest first.
    pub frames: Vec<Frame>,
    /// What could not be read.
    pub rejects: Vec<Reject>,
    /// The message's name, where the source can redeliver.
    pub mark: Option<MessageMark>,
}

/// A change of the connection to a device or broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Connected and, where that applies, subscribed. `session_present`: the broker kept the session.
    Up { session_present: bool },
    /// Not connected; the next attempt follows after `retry_ms` (`u64::MAX`: none follows). Every
    /// publication that was handed over and not yet confirmed is the offerer's again.
    Down { why: String, retry_ms: u64 },
    /// Another client took the client id (B21).
    TakenOver,
    /// A device was set aside after repeated failures and is probed slowly (B6), or came back.
    UnitAside { unit: u8, aside: bool },
}

/// What a driver tells the gateway. Implemented by the gateway's shard.
pub trait Intake {
    /// Whether this redelivered message was consumed before. Asked only for redelivered messages;
    /// `true` counts it as a duplicate, and the driver acknowledges it without delivering it.
    fn is_duplicate(&mut self, mark: &MessageMark) -> bool;

    /// Takes what came and judges what it closes. The ticket becomes durable in its own time.
    fn deliver(&mut self, delivery: Delivery) -> Ticket;

    /// Takes a change of the connection.
    fn link(&mut self, link: Link);

    /// The socket has taken the publications with these tokens, and what came before them; `now` is
    /// the time after it did.
    fn handed_over(&mut self, tokens: &[u64], now: MonoTime) {
        let _ = (tokens, now);
    }

    /// The turn is over: what its deliveries led to was written as far as the socket took it, and what
    /// nobody waits for may be done now. A driver that batches calls it after each batch; until then, or
    /// until the pipeline's next tick, delivered messages need not be on their way into the journal.
    fn turned(&mut self) {}

    /// The broker confirmed a publication (QoS 1 or 2) that was handed over with this token.
    fn published(&mut self, token: u64);

    /// The broker refused a publication for good (MQTT 5 says why, for example `QuotaExceeded`).
    ///
    /// Unless overridden the token stays unconfirmed and comes back with the next [`Link::Down`].
    fn refused(&mut self, token: u64, why: &str) {
        let _ = (token, why);
    }
}
