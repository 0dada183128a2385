//! The vocabulary of a plant as types: pure, without clock, IO, serialisation or runtime.
//!
//! Every crate of Takt speaks these words and no synonyms. A type here is not a contract with the
//! outside: the edges (documents, store, HTTP, MQTT) mirror it in types of their own and convert.
//!
//! Where to look: names in [`id`], time in [`time`], one reading in [`reading`], readings that came
//! together in [`frame`], the closing rules of windows in [`window`], what a model said in
//! [`verdict`], the count of everything in [`books`], what asks for a response in [`alarm`], and the
//! only way to a write in [`interlock`].

pub mod alarm;
pub mod books;
pub mod export;
pub mod frame;
pub mod id;
pub mod interlock;
pub mod reading;
pub mod time;
pub mod verdict;
pub mod window;

pub use alarm::{Alarm, AlarmDelays, AlarmEvent, AlarmState, Flood, NotNow};
pub use books::{Books, DropReason};
pub use export::ExportClass;
pub use frame::{Frame, GroupSlot, TagSlot};
pub use id::{CheckId, ConnectionId, GatewayId, InvalidId, LineId, ModelId, OutputId, SiteId, TagId};
pub use interlock::{Arming, Interlock, Permit, Purpose, Refusal, WriteLimits, WriteSlot, WriteValue};
pub use reading::{Doubt, Fault, Reading, Value};
pub use time::{MonoTime, WallTime};
pub use verdict::{Contribution, Inconclusive, Outcome, Score, VerdictKey};
pub use window::{Align, Closing, Edge, Join, TriggerSpan, WindowKey, WindowSpec};
