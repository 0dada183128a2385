//! What was said by a connection that is away: a mode and a recipe from before an outage judge no part
//! of after it, and the fail-safe value stands.

use crate::faulty::{Bench, FAULTY, GOOD, LEARNED, OUTPUT, PATIENCE, PATIENT};
use crate::parts::learn;
use crate::verdicts::check_books;
use std::time::Duration;
use takt_tests::mosquitto::Mosquitto;
use takt_tests::process::wait_until;
use takt_tests::subscriber::Subscriber;

/// Where the verdict is written, and what.
const PLACE: u64 = 220;
const FAIL: u64 = 2;
const FAIL_SAFE: u64 = 9;
const LEVEL: &str = r#"
write = { connection = "plc", register = "holding:220" }
value = { pass = 1, fail = 2, inconclusive = 3 }
fail_safe = 9
"#;

/// Parts by Modbus, mode and product by MQTT.
fn document(port: u16, url: &str) -> String {
    format!(
        r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:{port}"
every = "10ms"
{PATIENT}
[[connections]]
id = "broker"
kind = "mqtt"
url = "{url}"
[[lines]]
id = "press"
[[lines.tags]]
id = "part"
source = {{ connection = "plc", register = "holding:50" }}
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = {{ connection = "plc", register = "holding:100" }}
[[lines.tag_groups]]
names = ["mode", "product"]
source = {{ connection = "broker", topic = "orders", value = "/{{name}}" }}
[[lines.checks]]
id = "part"
inputs = ["force", "power", "oil"]
deadline = "10s"
when = {{ tag = "mode", equals = 1 }}
recipe = {{ tag = "product", map = {{ 17 = "press" }} }}
window = {{ kind = "trigger", tag = "part", edge = "change", collect = {{ before = "0s", after = "0s" }} }}
[[lines.checks.outputs]]
id = "reject"
{LEVEL}
"#
    )
}

/// Orders a product until parts of it are judged again.
fn until_judged(bench: &mut Bench, broker: &Mosquitto, id: &str) {
    let orders = Subscriber::connect(id, broker.address(), &[]);
    wait_until("a faulty part fails", PATIENCE, || {
        orders.publish("orders", r#"{"mode":1,"product":17}"#);
        bench.part(FAULTY);
        std::thread::sleep(Duration::from_millis(200));
        (bench.values_at(PLACE).last() == Some(&FAIL)).then_some(())
    });
}

#[test]
fn an_order_from_before_an_outage_judges_no_part_of_after_it() {
    let mut broker = Mosquitto::start();
    let mut bench = Bench::new(PATIENT, LEARNED, LEVEL);
    bench.gateway.configure(&document(bench.port, &broker.url()));
    learn(&bench.gateway);
    bench.gateway.start_ready();
    bench.gateway.run_ok(&["output", "arm", OUTPUT]);
    until_judged(&mut bench, &broker, "before");
    broker.kill();
    wait_until("the fail-safe value is written", PATIENCE, || {
        (bench.values_at(PLACE).last() == Some(&FAIL_SAFE)).then_some(())
    });
    let (n_writes, n_verdicts) = (bench.values_at(PLACE).len(), bench.n_verdicts());
    for values in [GOOD, FAULTY, GOOD, FAULTY] {
        bench.part(values);
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = bench.values_at(PLACE).split_off(n_writes);
    assert!(after.iter().all(|value| *value == FAIL_SAFE), "the fail-safe value stands: {after:?}");
    assert_eq!(bench.n_verdicts(), n_verdicts, "nobody knows whether the line produces, and what");
    broker.start_again();
    until_judged(&mut bench, &broker, "after");
    check_books(&bench.gateway);
}
