//! A discrete-event simulator of the mesh: the real core, virtual time, one seed, faults, invariants.
//!
//! A [`world::World`] holds gateways (each a `takt_mesh_proto::node::Node` with a disk and an executor),
//! the links between them and a queue of events. After every event [`checks`] looks at what that event
//! touched. The same seed gives the same run to the bit: `TAKT_SEED=… cargo test -p takt-mesh-sim`.

pub mod checks;
pub mod disk;
pub mod faults;
pub mod gateway;
pub mod links;
pub mod load;
pub mod scenario;
pub mod world;
