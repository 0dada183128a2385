//! MQTT 3.1.1 and 5: messages come in as frames, verdicts go out, both over one connection.
//!
//! | file | job | pure |
//! |---|---|---|
//! | [`options`], [`mapping`] | the connection and the mapping as plain values | yes |
//! | [`topic`], [`plan`] | filters, subscriptions, which groups read which topics | yes |
//! | `pointer`, `walk`, `fill`, `json`, `raw`, `sink`, [`codec`] | payload to frames | yes |
//! | `packet`, `wire`, `wire_v3`, `wire_v5` | packets of both versions behind one vocabulary | yes |
//! | `session`, `backoff` | what is owed to whom; how long to wait | yes |
//! | [`outlet`] | publications offered from inside a delivery | |
//! | [`ports`], [`connect`], `pipe`, `live`, `inflow`, [`driver`] | sockets and the task that owns them | |
//! | [`probe`], [`trial`](mod@trial) | what a broker really says, and whether it lets us in, for setting up | |
//!
//! Packets are read and written by rumqttc's codecs, but its event loop is not used: it drops the
//! connection at an oversized message (and again after every reconnect, when the message is
//! retained or redelivered), never recovers from the PUBREL of an earlier connection, sends
//! unconfirmed publications again behind the outbox's back, and writes each acknowledgement on its
//! own. The session here skips what is too large, answers every PUBREL, gives unconfirmed
//! publications back, and writes the acknowledgements and verdicts of one batch together.
//!
//! **Acknowledgement.** A message of QoS 1 or 2 is acknowledged (PUBACK, PUBREC) in the order of
//! arrival, once the ticket of its delivery is durable. Killed before, the broker sends it again
//! (with DUP) to a session that is not clean; `Intake::is_duplicate` then recognises what was
//! consumed.
//!
//! **Publication.** At least once: after a loss every unconfirmed token goes back to its offerer, and
//! nothing is sent again by itself. A QoS 2 publication that was interrupted may therefore arrive
//! twice; its packet id is released at the broker and kept out of use until then.

pub mod codec;
pub mod connect;
pub mod driver;
#[doc(hidden)]
pub mod fuzz;
pub mod mapping;
pub mod options;
pub mod outlet;
pub mod plan;
pub mod ports;
pub mod probe;
pub mod topic;
pub mod trial;

mod backoff;
mod fill;
mod inflow;
mod json;
mod live;
mod packet;
mod patience;
mod pipe;
mod pointer;
mod raw;
mod session;
mod sink;
mod walk;
mod wire;
mod wire_v3;
mod wire_v5;

pub use driver::{run, run_unlocked};
pub use mapping::GroupMapping;
pub use options::Options;
pub use outlet::{OfferRefused, Outlet, OutletLimits};
pub use plan::Plan;
pub use ports::{Command, Ports};

#[cfg(test)]
#[path = "tests/codec.rs"]
mod codec_tests;
