//! The demo plant: an embedded broker, a simulated press line and the gateway beside it.
mod broker;
mod plant;
mod plc;
mod press;
fn main() {}
