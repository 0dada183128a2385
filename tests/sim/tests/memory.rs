//! What a simulated gateway takes: the core, its disk and its share of the event queue.
//!
//! One gateway in fifty borrows here. Requests that are not signed for are the largest part under
//! load: some 70 bytes each on either side, at most `EXPOSURE_REQUESTS` a pair.

use std::time::Duration;
use takt_mesh_proto::node::NodeOptions;
use takt_mesh_sim::load::Load;
use takt_mesh_sim::scenario::mesh;
use takt_plant::MonoTime;

/// Bytes for each gateway, the simulator's own included.
const GATEWAY_BYTES_MAX: usize = 25_000;

fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux says what a process takes");
    let pages: usize = text.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("the second number");
    pages * 4096
}

#[test]
fn a_gateway_takes_at_most_25_kilobytes() {
    let n = 2000;
    let before = resident_bytes();
    let mut load = Load::new(n, 20, 1.25, 0.45, (MonoTime::from_ns(0), MonoTime::from_ns(4_000_000_000)));
    load.all_mesh = true;
    let mut world = mesh(1, n, 6, 4_000, NodeOptions::default(), load);
    world.links.encode = false;
    world.checks.watch = false;
    world.start();
    world.run(Duration::from_secs(3));
    let each = (resident_bytes() - before) / n;
    println!("{each} bytes a gateway with 6 peers");
    assert!(each <= GATEWAY_BYTES_MAX, "{each} bytes");
}
