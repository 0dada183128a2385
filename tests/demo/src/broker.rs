//! The embedded broker: rumqttd on the loopback, so that the demo needs nothing installed.

use anyhow::{Context, Result};
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::collections::HashMap;
use std::net::SocketAddr;

/// Starts the broker on a thread of its own; it ends with the process.
pub(crate) fn start(listen: SocketAddr) -> Result<()> {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5_000,
        max_payload_size: 1 << 20,
        max_inflight_count: 500,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings { name: "demo".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    let router = RouterConfig {
        max_connections: 100,
        max_outgoing_packet_count: 500,
        max_segment_size: 4 << 20,
        max_segment_count: 4,
        ..RouterConfig::default()
    };
    let config = Config { router, v4: Some(HashMap::from([("demo".into(), server)])), ..Config::default() };
    let mut broker = Broker::new(config);
    let run = move || {
        if let Err(error) = broker.start() {
            eprintln!("broker: {error}");
        }
    };
    std::thread::Builder::new().name("broker".into()).spawn(run).context("cannot start the broker's thread")?;
    Ok(())
}
