//! The functions that put a write on the wire are closed to everyone but the way of a permit.

use takt_adapters::modbus::link::Link;

async fn around(mut link: Link) {
    let _ = link.write_coil(1, 10, true, true).await;
    let _ = link.write_registers(1, 10, &[1], true).await;
}

fn main() {
    let _ = around;
}
