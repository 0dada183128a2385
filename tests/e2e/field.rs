//! What the field really says, asked over HTTP of a real broker and an independent Modbus server.

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use std::io::BufRead;
use std::process::Stdio;
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::Process;
use takt_tests::python;

fn ask(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let (code, said) = gateway.post(path, body);
    assert_eq!(code, 200, "{path}: {said}");
    said
}

/// Leaves retained messages at a broker.
fn retain(broker: &Mosquitto, messages: &[(&str, &str)]) {
    let mut options = MqttOptions::new("feeder", broker.address().ip().to_string(), broker.address().port());
    options.set_clean_session(true);
    let (client, mut events) = Client::new(options, 16);
    for (topic, payload) in messages {
        client.publish(*topic, QoS::AtLeastOnce, true, payload.as_bytes()).expect("the queue has room");
    }
    let acks = events.iter().filter(|event| matches!(event, Ok(Event::Incoming(Packet::PubAck(_)))));
    assert_eq!(acks.take(messages.len()).count(), messages.len());
}

#[test]
fn a_broker_is_tried_listened_to_and_mapped() {
    let broker = Mosquitto::start();
    let vib = "{\"ts\":\"2026-01-02T03:04:05Z\",\"vib\":{\"rms\":\"0.25\",\"ok\":true}}";
    retain(&broker, &[("press-3/vib", vib), ("press-3/count", "7"), ("other", "x")]);
    let mut gateway = Gateway::new("");
    gateway.start();
    let connection = json!({ "kind": "mqtt", "url": broker.url() });

    let tried = ask(&gateway, "/api/v1/field/test", &json!({ "connection": connection, "at": "press-3/#" }));
    let steps: Vec<_> = tried["steps"].as_array().expect("steps").iter().map(|s| s["name"].as_str()).collect();
    let expected = ["resolve", "connect", "login", "subscribe", "first message"].map(Some);
    assert_eq!((&tried["ok"], steps.as_slice()), (&json!(true), expected.as_slice()), "{tried}");

    let listen = json!({ "connection": connection, "filter": "press-3/+", "seconds": 1 });
    let heard = ask(&gateway, "/api/v1/field/topics", &listen);
    let topics = heard["topics"].as_array().expect("topics");
    assert_eq!(
        topics.iter().map(|t| t["topic"].as_str()).collect::<Vec<_>>(),
        [Some("press-3/count"), Some("press-3/vib")]
    );
    let kinds: Vec<_> = topics[1]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .map(|f| (f["pointer"].as_str(), f["kind"].as_str()))
        .collect();
    for field in [("/ts", "time"), ("/vib/rms", "number_as_text"), ("/vib/ok", "flag")] {
        assert!(kinds.contains(&(Some(field.0), Some(field.1))), "{kinds:?}");
    }
    assert_eq!(topics[0]["fields"][0], json!({ "pointer": "", "value": "7", "kind": "number" }));

    let tags = json!([{ "id": "rms", "source": { "topic": "press-3/vib", "value": "/vib/rms", "time": "/ts" } }]);
    let mapped = ask(&gateway, "/api/v1/field/mapping", &json!({ "connection": connection, "tags": tags }));
    let reading = &mapped["tags"][0]["readings"][0];
    assert_eq!((&reading["value"], &reading["quality"]), (&json!(0.25), &json!("good")), "{mapped}");
    assert!(reading["at"].as_str().is_some_and(|at| at.starts_with("2026-01-02T03:04:05")), "{mapped}");

    let silent = json!({ "connection": connection, "tags": tags, "topic": "nobody/there", "seconds": 0.5 });
    let (code, why) = gateway.post("/api/v1/field/mapping", &silent);
    assert!(code == 424 && why["error"].as_str().is_some_and(|text| text.contains("nobody/there")), "{code} {why}");
    assert_eq!(gateway.stop(), Some(0));
}

#[test]
fn an_independent_device_is_tried_read_and_scanned() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rows, writes) = (folder.path().join("rows.csv"), folder.path().join("writes"));
    std::fs::write(&rows, "a,b\n12.5,-3.25\n").expect("the folder can be written");
    let mut command = python::script("modbus_rows.py");
    command.arg("--csv").arg(&rows).arg("--writes").arg(&writes).args(["--settle", "1", "--every", "1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut plc = Process::start("modbus_rows.py", &mut command);
    let lines: Vec<String> = plc.output().lines().take(2).map(|line| line.expect("text")).collect();
    assert_eq!(lines[1], "done", "its only row is shown");
    let port: u16 = lines[0].strip_prefix("port ").and_then(|port| port.parse().ok()).expect("a port");
    let mut gateway = Gateway::new("");
    gateway.start();
    let connection = json!({ "kind": "modbus-tcp", "address": format!("127.0.0.1:{port}") });

    let tried = ask(&gateway, "/api/v1/field/test", &json!({ "connection": connection }));
    assert_eq!((&tried["ok"], tried["steps"].as_array().map(Vec::len)), (&json!(true), Some(3)), "{tried}");
    let read = ask(&gateway, "/api/v1/field/read", &json!({ "connection": connection, "register": "400001" }));
    let first = &read["guesses"][0];
    let said = (first["type"].as_str(), first["order"].as_str(), first["value"].as_f64());
    assert_eq!(said, (Some("f32"), Some("abcd"), Some(12.5)), "{read}");
    assert_eq!(read["bytes"].as_str(), Some("41 48 00 00 c0 50 00 00"));
    let end = json!({ "connection": connection, "registers": "holding:300..340" });
    let scan = ask(&gateway, "/api/v1/field/scan", &end);
    assert_eq!(scan["n_read"], json!(26), "it has 326 holding registers: {scan}");
    let coils = json!({ "connection": connection, "registers": "coil:0..64" });
    assert_eq!(ask(&gateway, "/api/v1/field/scan", &coils)["n_read"], json!(64));
    let tags = json!([
        { "id": "a", "source": { "register": "holding:0", "type": "f32", "every": "10ms" } },
        { "id": "b", "source": { "register": "holding:2", "type": "f32", "every": "10ms" } },
        { "id": "far", "source": { "register": "holding:300", "every": "1s" } },
    ]);
    let budget = ask(&gateway, "/api/v1/field/budget", &json!({ "connection": connection, "tags": tags }));
    let requests: Vec<_> =
        budget["groups"].as_array().expect("groups").iter().map(|g| g["n_requests"].clone()).collect();
    assert_eq!((requests, &budget["measured"]), (vec![json!(1), json!(1)], &json!(true)), "{budget}");
    assert_eq!(gateway.stop(), Some(0));
}
