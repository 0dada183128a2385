//! The bare echo: receives and republishes by rumqttc, nothing else. A process of its own.

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use std::net::SocketAddr;

/// Publications that may wait in its client: more than are ever on their way.
const QUEUE: usize = 8_192;

/// Echoes until it is killed.
pub(crate) fn run(broker: SocketAddr, from: &str, to: &str) -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut options = MqttOptions::new("bench-echo", broker.ip().to_string(), broker.port());
        options.set_max_packet_size(1 << 20, 1 << 20).set_inflight(1_000);
        let (client, mut events) = AsyncClient::new(options, QUEUE);
        events.network_options.set_tcp_nodelay(true);
        client.try_subscribe(from, QoS::AtLeastOnce).expect("the queue has room");
        loop {
            match events.poll().await.expect("the broker stays") {
                Event::Incoming(Packet::SubAck(_)) => println!("ready"),
                Event::Incoming(Packet::Publish(message)) => {
                    client.try_publish(to, QoS::AtLeastOnce, false, message.payload).expect("the queue has room");
                }
                _ => {}
            }
        }
    })
}
