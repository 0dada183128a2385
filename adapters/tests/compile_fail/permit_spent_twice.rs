//! A permit is spent by the first write that takes it.

use takt_adapters::modbus::WriteRequest;
use takt_plant::{MonoTime, Permit};

fn twice(permit: Permit) {
    let _first = WriteRequest::new(permit, MonoTime::from_ns(0));
    let _second = WriteRequest::new(permit, MonoTime::from_ns(0));
}

fn main() {
    let _ = twice;
}
