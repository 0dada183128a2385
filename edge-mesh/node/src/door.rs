//! Who gets past the handshake: members, and on the way in for newcomers whoever knocks there.

use crate::ids::peer_of;
use crate::roster::Roster;
use crate::wire::ALPN;
use iroh::EndpointAddr;
use iroh::endpoint::{AfterHandshakeOutcome, BeforeConnectOutcome, Connection, EndpointHooks, VarInt};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use takt_mesh_proto::ids::PeerId;

/// Told to a connection that is refused or ended.
pub(crate) const CLOSE_STRANGER: u32 = 1;

/// Reads the member list at every handshake, so that a new list works at once.
#[derive(Debug, Clone)]
pub(crate) struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// None lets no member in, since there is none.
    roster: RwLock<Option<Arc<Roster>>>,
    n_refused: AtomicU64,
}

impl Door {
    pub(crate) fn new(roster: Option<Arc<Roster>>) -> Self {
        Self(Arc::new(Inner { roster: RwLock::new(roster), n_refused: AtomicU64::new(0) }))
    }

    /// A new list is in force.
    pub(crate) fn set(&self, roster: Arc<Roster>) {
        *self.0.roster.write().unwrap_or_else(PoisonError::into_inner) = Some(roster);
    }

    /// Handshakes of strangers so far.
    pub(crate) fn n_refused(&self) -> u64 {
        self.0.n_refused.load(Ordering::Relaxed)
    }

    fn admits(&self, peer: &PeerId, alpn: &[u8]) -> bool {
        // Only members speak the mesh's protocol; every other one brings its own proof.
        let roster = self.0.roster.read().unwrap_or_else(PoisonError::into_inner);
        let admits = alpn != ALPN || roster.as_ref().is_some_and(|roster| roster.has(peer));
        if !admits {
            self.0.n_refused.fetch_add(1, Ordering::Relaxed);
        }
        admits
    }
}

impl EndpointHooks for Door {
    async fn before_connect<'a>(&'a self, remote: &'a EndpointAddr, alpn: &'a [u8]) -> BeforeConnectOutcome {
        if self.admits(&peer_of(&remote.id), alpn) {
            BeforeConnectOutcome::Accept
        } else {
            BeforeConnectOutcome::Reject
        }
    }

    async fn after_handshake<'a>(&'a self, connection: &'a Connection) -> AfterHandshakeOutcome {
        let peer = peer_of(&connection.remote_id());
        if self.admits(&peer, connection.alpn()) {
            return AfterHandshakeOutcome::Accept;
        }
        tracing::warn!(%peer, "a gateway that is no member was refused");
        let error_code = VarInt::from_u32(CLOSE_STRANGER);
        AfterHandshakeOutcome::Reject { error_code, reason: b"not a member of this mesh".to_vec() }
    }
}
