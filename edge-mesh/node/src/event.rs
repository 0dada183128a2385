//! Everything that can wake the actor, as types: what peers do, and what this box asks.

use crate::roster::Roster;
use iroh::endpoint::Connection;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::frame::Frame;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::lending::Timing;
use takt_mesh_proto::metering::PriceList;
use tokio::sync::oneshot;

/// Events of peers that wait for the actor. When it is full the readers wait, and with them, by the
/// streams' flow control, the peers.
pub(crate) const PEER_EVENTS_MAX: usize = 256;

/// Commands of this box that wait; those who give them wait too.
pub(crate) const COMMANDS_MAX: usize = 64;

/// One of the connections that ever stood with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkId {
    pub(crate) peer: PeerId,
    pub(crate) no: u64,
}

/// What a peer did.
#[derive(Debug)]
pub(crate) enum PeerEvent {
    /// A handshake is done. That says nothing yet: the other side may be about to refuse.
    Connection(Connection),
    /// The first stream of the other side came: it has let us in.
    Up(LinkId),
    /// A frame.
    Frame(LinkId, Frame),
    /// A signed member list.
    List(LinkId, Vec<u8>),
    /// Bytes that are no frame; the connection has been closed for them.
    Garbage(LinkId),
    /// The connection ended.
    Gone(LinkId),
}

/// What this box asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// A verified member list is in force.
    Roster(Arc<Roster>),
    /// A verified price list is in force.
    Prices(Arc<PriceList>),
    /// A model is loaded and warm.
    Loaded(Digest, Timing),
    /// A model is gone.
    Unloaded(Digest),
    /// Sign for everything now.
    Settle,
    /// Settle, wait at most this long for receipts, and end; answered when the sockets are closed.
    Close(Duration, oneshot::Sender<()>),
}
