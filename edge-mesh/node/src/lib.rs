//! The mesh's driver: owns sockets, disk and the loop around the core of `takt-mesh-proto`.
//!
//! [`Mesh::start`] opens the endpoint and starts one task that owns the core's [`Node`]. Everything that
//! happens is an event of that task: a frame from a peer, a window of this box, a finished run, a batch
//! that is durable, a timer. What the core wants done goes to three places that the gateway gives: a
//! [`Store`], an [`Executor`], and a clock. No other crate names `iroh`.
//!
//! **Nothing is sent to an address that the member list does not name**: no relay, no discovery, no port
//! mapping, no DNS. What that takes stands in `endpoint.rs`.
//!
//! [`Node`]: takt_mesh_proto::node::Node

mod actor;
mod dial;
mod door;
mod endpoint;
mod event;
mod executor;
mod handle;
mod ids;
mod kept;
pub mod ledger;
mod link;
pub mod membership;
mod options;
mod roster;
pub mod status;
mod store;
mod wire;

pub use executor::{Answer, Executor, Run};
pub use handle::{Mesh, Refused};
pub use options::{Clock, MeshOptions, StartError};
pub use roster::{Place, Roster};
pub use store::{FileStore, MemoryStore, Store, read_ledger};
