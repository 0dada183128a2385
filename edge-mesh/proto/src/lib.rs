//! The mesh's core: state machines without IO, clock, threads or hash order.
//!
//! [`node::Node`] is driven by one loop: `handle(now, input, &mut outputs)`. Time, frames, finished
//! runs and finished writes come in as [`node::Input`]; what to send, run, store or say comes out as
//! [`node::Output`]. A write is an output with an id, and its completion an input: nothing that cites a
//! log entry leaves before that. Randomness is a seed that is given in, so that a simulated mesh is
//! repeatable to the bit.
//!
//! Where to look: who belongs in [`membership`], what may leave in [`egress`], what travels in
//! [`frame`], who runs what in [`lending`], who owes whom in [`metering`], why nobody can rewrite it in
//! [`log`], how a result is checked in [`audit`], how models travel in [`chunks`], and how the parts
//! work together in [`node`]. Every bound is in [`limits`].

pub mod audit;
pub mod chunks;
pub mod egress;
pub mod frame;
pub mod ids;
pub mod keys;
pub mod lending;
pub mod limits;
pub mod log;
pub mod membership;
pub mod metering;
pub mod node;
