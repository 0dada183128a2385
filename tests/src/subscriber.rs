//! A client of a broker that publishes and listens, on a thread of its own.

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload as JSON.
    pub payload: Value,
}

/// A connected client.
pub struct Subscriber {
    client: Client,
    messages: Arc<Mutex<Vec<Message>>>,
    ended: Arc<AtomicBool>,
    n_breaks: Arc<AtomicUsize>,
}

impl Subscriber {
    /// Connects and subscribes at QoS 1, with a session that is kept; returns when subscribed.
    pub fn connect(id: &str, broker: SocketAddr, filters: &[&str]) -> Self {
        let mut options = MqttOptions::new(id, broker.ip().to_string(), broker.port());
        options.set_clean_session(false).set_max_packet_size(1 << 20, 1 << 20).set_inflight(500);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, mut connection) = Client::new(options, 4_096);
        let messages: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (kept, ended) = (Arc::clone(&messages), Arc::new(AtomicBool::new(false)));
        let (until, own) = (Arc::clone(&ended), client.clone());
        let n_breaks: Arc<AtomicUsize> = Arc::default();
        let (name, breaks) = (id.to_owned(), Arc::clone(&n_breaks));
        let filters: Vec<String> = filters.iter().map(|f| (*f).to_owned()).collect();
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut n_acks = 0;
            for event in connection.iter() {
                if until.load(Ordering::Relaxed) {
                    return;
                }
                match event {
                    Ok(Event::Incoming(Packet::ConnAck(_))) if filters.is_empty() => {
                        let _ = ready.try_send(());
                    }
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        for filter in &filters {
                            own.try_subscribe(filter, QoS::AtLeastOnce).expect("the queue has room");
                        }
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => {
                        n_acks += 1;
                        if n_acks == filters.len() {
                            let _ = ready.try_send(());
                        }
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        let payload = serde_json::from_slice(&message.payload).unwrap_or(Value::Null);
                        kept.lock().expect("no panic").push(Message { topic: message.topic, payload });
                    }
                    Ok(_) => {}
                    Err(error) => {
                        if !until.load(Ordering::Relaxed) {
                            println!("{name} lost its broker, and will send again what was not acknowledged: {error}");
                            breaks.fetch_add(1, Ordering::Relaxed);
                        }
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            }
        });
        is_ready.recv_timeout(Duration::from_secs(20)).expect("the broker answers");
        Self { client, messages, ended, n_breaks }
    }

    /// Publishes at QoS 1, waiting for room in the client's queue.
    pub fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.publish(topic, QoS::AtLeastOnce, false, payload).expect("the client runs");
    }

    /// How many messages came.
    pub fn n_messages(&self) -> usize {
        self.messages.lock().expect("no panic").len()
    }

    /// How often its own connection broke: it then sent again what the broker may have had already.
    pub fn n_breaks(&self) -> usize {
        self.n_breaks.load(Ordering::Relaxed)
    }

    /// Takes what came so far.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.messages.lock().expect("no panic"))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.client.disconnect();
    }
}
