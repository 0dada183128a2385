//! What a mesh is started with, and why it may not start.

use crate::roster::Roster;
use std::net::SocketAddr;
use std::sync::Arc;
use takt_mesh_proto::metering::PriceList;
use takt_mesh_proto::node::NodeOptions;
use takt_plant::{MonoTime, WallTime};

/// Reads both clocks. The crate reads none itself.
pub type Clock = Arc<dyn Fn() -> (MonoTime, WallTime) + Send + Sync>;

/// Options of one gateway's part.
pub struct MeshOptions {
    /// The 32 secret bytes of the key that is this gateway's identity.
    pub secret: [u8; 32],
    /// Where peers reach this gateway. Not an unspecified address: `endpoint.rs` says why.
    pub listen: Vec<SocketAddr>,
    /// The core's options.
    pub node: NodeOptions,
    /// Who belongs, verified.
    pub roster: Arc<Roster>,
    /// What runs cost, verified.
    pub prices: Arc<PriceList>,
    /// The gateway's clocks.
    pub clock: Clock,
}

/// Why the mesh did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No address to listen on.
    #[error("the mesh has no address to listen on")]
    NoAddress,
    /// An unspecified address.
    #[error(
        "the mesh cannot listen on {0}: name the address of one interface, so that no other address is told to peers"
    )]
    Unspecified(SocketAddr),
    /// The socket could not be bound.
    #[error("the mesh cannot listen on {addresses}")]
    Bind {
        /// As given.
        addresses: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store could not be read.
    #[error("the mesh's log cannot be read")]
    Store(#[source] std::io::Error),
}
