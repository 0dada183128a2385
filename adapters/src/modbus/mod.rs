//! Modbus TCP: registers become frames, permitted writes become coils and registers.
//!
//! Pure, without IO, clock or runtime: [`address`] (what a manual writes), [`kind`] and [`order`]
//! (what registers mean), [`codec`] (registers to readings and back), [`answer`] (what a request
//! came to), [`options`], [`plan`] (which reads fetch which tags), [`split`] (what a refused read
//! becomes), [`budget`] (what a plan costs the bus), [`scan`] (which read is next), [`units`],
//! [`retry`] and `presence` (how silence is borne), [`guess`] (what raw registers may mean) and
//! [`counts`]. With IO: [`link`] (one socket), [`write`](mod@write)
//! (the way of a permit), [`driver`] (the task), [`probe`] (reading for people) and
//! [`trial`](mod@trial) (trying a device step by step).

pub mod address;
pub mod answer;
pub mod budget;
pub mod codec;
pub mod counts;
pub mod driver;
#[doc(hidden)]
pub mod fuzz;
pub mod guess;
pub mod kind;
pub mod link;
pub mod options;
pub mod order;
pub mod plan;
pub mod probe;
pub mod retry;
pub mod scan;
pub mod split;
pub mod trial;
pub mod units;
pub mod write;

mod lane;
mod presence;

pub use address::{Address, InvalidAddress, Table};
pub use answer::{Answer, CallFault};
pub use budget::{BusBudget, bus_time_ms};
pub use codec::{Codec, Scale, Sentinel, Unencodable};
pub use counts::ModbusCounts;
pub use driver::{ModbusDriver, ModbusEnds, modbus};
pub use kind::{InvalidType, ValueType};
pub use options::{
    Coalescing, GroupOptions, ModbusOptions, Retry, SettingAside, TagOptions, Timing, WriteFunction, WriteSpec,
};
pub use order::{InvalidOrder, Order};
pub use plan::{InvalidPlan, Plan, Span};
pub use probe::{ProbeRequest, Way, read_now, sweep};
pub use trial::{trial, trial_through};
pub use write::{QueueRefusal, WriteOutcome, WriteQueue, WriteReport, WriteRequest};
