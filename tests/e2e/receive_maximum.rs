//! More messages than may be unacknowledged at once, by a broker that does not keep to that (mosquitto
//! 2.0.11, and any broker of MQTT 3.1.1, which is never told): each is judged once, on one connection.

use crate::verdicts::{check_books, check_sequence, once, read};
use std::time::Duration;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

const N: u64 = 1_500;

fn check(version: &str) {
    let broker = Mosquitto::start();
    let mut gateway = Gateway::new(&format!(
        r#"
[[connections]]
id = "broker"
kind = "mqtt"
url = "{}"
version = "{version}"
receive_maximum = 20
verdicts = true
[[lines]]
id = "line"
[[lines.tags]]
id = "a"
source = {{ connection = "broker", topic = "line", value = "/a", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "each"
inputs = ["a"]
model = "none"
window = {{ kind = "frame" }}
deadline = "60s"
"#,
        broker.url()
    ));
    gateway.start_connected();
    let consumer = Subscriber::connect("consumer", broker.address(), &["takt/v1/lab/test-box/line/each/verdict"]);
    let sensor = Subscriber::connect("sensor", broker.address(), &[]);
    for n in 0..N {
        sensor.publish("line", format!("{{\"ts\":{},\"a\":{n}}}", 1_700_000_000_000 + n * 10));
    }
    let mut seen = Vec::new();
    wait_until(&format!("every message is judged over MQTT {version}"), Duration::from_secs(60), || {
        seen.extend(consumer.take().iter().map(read));
        (once(&seen).len() as u64 >= N).then_some(())
    });
    check_sequence(&once(&seen), 1);
    let status = check_books(&gateway);
    assert_eq!(status["lines"][0]["checks"][0]["books"]["received"], N, "{status}");
    let connection = gateway.json("/api/v1/connections")["connections"][0].clone();
    assert_eq!(connection["n_ups"], 1, "on one connection: {connection}");
    assert_eq!(gateway.stop(), Some(0), "a clean end");
}

#[test]
fn a_broker_of_mqtt_5_that_sends_more_than_it_may() {
    check("5");
}

#[test]
fn a_broker_of_mqtt_3_that_sends_more_than_is_read() {
    check("3.1.1");
}
