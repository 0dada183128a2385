//! A secret or a certificate that is not there concerns its own connection: the gateway starts, the other
//! lines judge, and the connection comes up by itself when what it lacks appears.

use crate::faulty::{Bench, PATIENCE};
use crate::parts::path;
use crate::verdicts::check_books;
use serde_json::Value;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use takt_tests::gateway::Gateway;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// A line on a broker of its own.
fn line(id: &str, url: &str, connection: &str, output: &str) -> String {
    format!(
        r#"
[[connections]]
id = "broker-{id}"
kind = "mqtt"
url = "{url}"
{connection}
[[lines]]
id = "{id}"
[[lines.tags]]
id = "a"
source = {{ connection = "broker-{id}", topic = "{id}", value = "/a", time = "/ts", time_format = "ms" }}
[[lines.checks]]
id = "each"
inputs = ["a"]
model = "none"
window = {{ kind = "frame" }}
deadline = "60s"
{output}
"#
    )
}

/// Line `west` with an output on a PLC.
fn with_output(port: u16) -> String {
    format!(
        r#"
[[lines.checks.outputs]]
id = "reject"
write = {{ connection = "plc", register = "holding:220" }}
value = {{ pass = 1, fail = 2, inconclusive = 3 }}
fail_safe = 9
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
timeout = "3s"
"#
    )
}

/// A connection as the API shows it; null before it is shown.
fn connection(gateway: &Gateway, id: &str) -> Value {
    let all = gateway.json("/api/v1/connections");
    let all = all["connections"].as_array().expect("a list");
    all.iter().find(|connection| connection["id"] == id).cloned().unwrap_or_default()
}

fn wait_up(gateway: &Gateway, id: &str) {
    wait_until(&format!("{id} is up"), PATIENCE, || (connection(gateway, id)["link"] == "up").then_some(()));
}

fn n_verdicts(gateway: &Gateway, line: &str) -> u64 {
    let status = check_books(gateway);
    let lines = status["lines"].as_array().expect("a list");
    let found = lines.iter().find(|found| found["id"] == line).expect("the line is shown");
    found["checks"][0]["verdicts"]["total"].as_u64().expect("a number")
}

/// Publishes messages of these numbers; their line judges each.
fn judge(gateway: &Gateway, broker: &Mosquitto, line: &str, numbers: std::ops::Range<u64>) {
    let sensor = Subscriber::connect(&format!("sensor-{line}"), broker.address(), &[]);
    let wanted = n_verdicts(gateway, line) + numbers.end - numbers.start;
    for n in numbers {
        sensor.publish(line, format!("{{\"ts\":{},\"a\":1}}", 1_700_000_000_000 + n * 10));
    }
    wait_until(&format!("{line} judges"), PATIENCE, || (n_verdicts(gateway, line) >= wanted).then_some(()));
}

/// That `id` is shown as down, and the gateway as not ready, for want of `what`.
fn check_lacking(gateway: &Gateway, id: &str, what: &[&str]) {
    wait_until(&format!("{id} is down"), PATIENCE, || (connection(gateway, id)["link"] == "down").then_some(()));
    let why = connection(gateway, id)["why"].to_string();
    assert!(what.iter().all(|part| why.contains(part)), "{why}");
    let (code, ready) = gateway.get("/readyz").expect("it answers");
    assert_eq!(code, 503, "{ready}");
    assert!(ready.contains(&format!("connection {id}")) && what.iter().all(|part| ready.contains(part)), "{ready}");
}

fn put_secret(gateway: &Gateway, name: &str) {
    let folder = path(gateway, "data/secrets");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).expect("the folder can be made");
    // Whole at once, and never open to others.
    let draft = folder.join(format!(".{name}"));
    std::fs::write(&draft, "hunter2\n").expect("it can be written");
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    std::fs::rename(draft, folder.join(name)).expect("the same folder");
}

#[test]
fn a_secret_that_is_not_there_keeps_nobody_else_from_judging() {
    let (east, west) = (Mosquitto::start(), Mosquitto::start());
    let mut bench = Bench::new("", "model = \"none\"", "write = { connection = \"plc\", register = \"coil:1\" }");
    let password = "user = \"takt\"\npassword = \"secret:west\"";
    let documents = line("east", &east.url(), "", "") + &line("west", &west.url(), password, &with_output(bench.port));
    bench.gateway.configure(&documents);
    bench.gateway.start();
    wait_up(&bench.gateway, "broker-east");
    check_lacking(&bench.gateway, "broker-west", &["no secret 'west'", "secrets/west", "TAKT_SECRET_WEST"]);
    judge(&bench.gateway, &east, "east", 0..20);

    // The PLC gets what it gets from a line whose broker is away: the fail-safe value, once it is armed.
    wait_up(&bench.gateway, "plc");
    bench.gateway.run_ok(&["output", "arm", "west/each/reject"]);
    assert_eq!(bench.gateway.stop(), Some(0), "a clean end");
    bench.gateway.start();
    wait_until("the fail-safe value stands", PATIENCE, || (bench.values_at(220).last() == Some(&9)).then_some(()));
    wait_up(&bench.gateway, "broker-east");
    judge(&bench.gateway, &east, "east", 20..40);
    assert_eq!(n_verdicts(&bench.gateway, "west"), 0);

    put_secret(&bench.gateway, "west");
    wait_up(&bench.gateway, "broker-west");
    judge(&bench.gateway, &west, "west", 0..3);
    for id in ["broker-east", "plc"] {
        assert_eq!(connection(&bench.gateway, id)["n_ups"], 1, "{id} was not touched");
    }
    assert_eq!(n_verdicts(&bench.gateway, "east"), 20, "nor was its line");
    assert!(bench.values_at(220).iter().all(|value| *value == 9), "without a model it stays fail-safe (B16)");
}

#[test]
fn a_certificate_that_is_not_there_keeps_nobody_else_from_judging() {
    let east = Mosquitto::start();
    let mut gateway = Gateway::new("");
    let file = path(&gateway, "ca.pem");
    let tls = format!("ca = {:?}", file.display().to_string());
    let west = line("west", "mqtts://127.0.0.1:9", &tls, "");
    gateway.configure(&(line("east", &east.url(), "", "") + &west));
    gateway.start();
    wait_up(&gateway, "broker-east");
    check_lacking(&gateway, "broker-west", &["ca.pem", "No such file"]);
    judge(&gateway, &east, "east", 0..5);
    // It is read again at the next attempt, and is no certificate: that is what is said then.
    std::fs::write(&file, "no certificate").expect("it can be written");
    wait_until("the file was read", PATIENCE, || {
        let why = connection(&gateway, "broker-west")["why"].to_string();
        (!why.contains("No such file")).then_some(())
    });
    assert_eq!(connection(&gateway, "broker-east")["n_ups"], 1);
}
