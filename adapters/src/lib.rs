//! Field adapters: how samples come in from MQTT, Modbus and files, and how writes go out.
//!
//! Every adapter has the same files in the same roles:
//! `options` (plain values that `assemble` fills in), `plan` (what is read or subscribed, worked
//! out once), `codec` (bytes to readings and back) – all three without IO, runtime or clock – and
//! `driver` (the task that owns the socket). What a driver may tell the gateway is [`Intake`].

pub mod clock;
pub mod convert;
pub mod intake;
pub mod modbus;
pub mod mqtt;
pub mod replay;
pub mod stamp;
pub mod trial;

pub use clock::Clock;
pub use intake::{Delivery, Intake, Link, MessageMark, Reject, Ticket};
