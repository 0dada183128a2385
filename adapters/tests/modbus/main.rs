//! The Modbus driver against an independent server (pymodbus) and against a hostile fake.

mod fake;
mod hostile;
mod interop;
mod latency;
mod outage;
mod peer;
mod rig;
mod writes;
