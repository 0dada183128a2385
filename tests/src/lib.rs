//! What the tests share: real peers as processes, real data, and the program under test.

#![expect(clippy::disallowed_methods, reason = "tests wait by the clock")]

pub mod dataset;
pub mod dice;
pub mod faketime;
pub mod gateway;
pub mod mosquitto;
pub mod process;
pub mod proxy;
pub mod python;
pub mod subscriber;
