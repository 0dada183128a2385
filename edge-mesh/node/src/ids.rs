//! iroh's names for peers, and ours.

use iroh::{EndpointAddr, EndpointId, TransportAddr};
use std::net::SocketAddr;
use takt_mesh_proto::ids::PeerId;

/// iroh's name for a peer; `None` for 32 bytes that are no key.
pub(crate) fn id_of(peer: &PeerId) -> Option<EndpointId> {
    EndpointId::from_bytes(&peer.0).ok()
}

/// Our name for a connection's other end.
pub(crate) fn peer_of(id: &EndpointId) -> PeerId {
    PeerId(*id.as_bytes())
}

/// Where a peer is, for iroh.
pub(crate) fn address_of(id: EndpointId, addresses: &[SocketAddr]) -> EndpointAddr {
    EndpointAddr::from_parts(id, addresses.iter().map(|address| TransportAddr::Ip(*address)))
}
