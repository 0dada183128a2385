//! A write cannot be made from a value alone.

use takt_adapters::modbus::WriteRequest;
use takt_plant::{MonoTime, WriteValue};

fn main() {
    let _ = WriteRequest::new(WriteValue::Coil(true), MonoTime::from_ns(0));
}
