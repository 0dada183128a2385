//! The served API fuzzed from its own OpenAPI document by schemathesis: no request leads to a 500.

use serde_json::Value;
use takt_tests::gateway::Gateway;
use takt_tests::python;

/// All endpoints share these seconds; what is found is said with the seed.
const SECONDS: &str = "40";
const SEED: &str = "20260701";

const LINE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
[[lines]]
id = "press-3"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = { connection = "plc", register = "holding:100", type = "f32", every = "1s" }
[[lines.checks]]
id = "stroke"
inputs = ["force", "power", "oil"]
model = "press"
window = { kind = "frame" }
"#;

#[test]
fn no_request_leads_to_a_500() {
    let mut gateway = Gateway::new(LINE);
    gateway.start();
    let url = gateway.url();
    let token = gateway.token();
    let mut fuzz = python::script("fuzz_api.py");
    let output = fuzz.args([&url, &token, SECONDS, SEED]).output().expect("python starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let found: Value = serde_json::from_str(text(&output.stdout).lines().last().expect("a line")).expect("JSON");
    assert_eq!(found["broken"].as_array().map(Vec::len), Some(0), "seed {SEED}: {found:#}");
    let n = |class: &str| found["classes"][class].as_u64().unwrap_or(0);
    assert!(found["operations"].as_u64() >= Some(20), "{found}");
    assert!(n("2xx") > 20 && n("4xx") > 20, "the fuzzer got neither in nor wrong: {found}");
    // Whatever was asked, it still does its job and lets its console in.
    assert_eq!(gateway.json("/api/v1/status")["phase"], "running");
    assert_eq!(gateway.stop(), Some(0));
}
