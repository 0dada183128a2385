//! The gateway's document for the press line: what an automation engineer would have written.

use std::net::SocketAddr;
use std::path::Path;

/// The line, its check and its output.
pub(crate) const LINE: &str = "press-3";
pub(crate) const CHECK: &str = "stroke";
pub(crate) const OUTPUT: &str = "reject";
/// Where the gateway publishes the check's verdicts.
pub(crate) const VERDICT_TOPIC: &str = "takt/v1/demo/demo-box/press-3/stroke/verdict";
/// The products and the models that judge them.
pub(crate) const RECIPE: [(u16, &str); 2] = [(17, "press-a"), (18, "press-b")];

/// Where the gateway finds the world.
pub(crate) struct Addresses {
    pub(crate) plc: SocketAddr,
    pub(crate) broker: SocketAddr,
    pub(crate) http: SocketAddr,
}

/// The pack of ONNX Runtime that drives a device.
fn pack_of(device: &str) -> &str {
    match device.split_once(':') {
        Some((pack, _)) => pack,
        None if device == "tensorrt" => "cuda",
        None => device,
    }
}

/// The whole document.
pub(crate) fn text(data_dir: &Path, at: &Addresses, device: &str) -> String {
    let pack = pack_of(device);
    let Addresses { plc, broker, http } = at;
    let [(a, model_a), (b, model_b)] = RECIPE;
    format!(
        r#"# Written by the demo: one press line, a PLC by Modbus, vibration by MQTT, one verdict for each part.
name = "demo-box"
site = "demo"
data_dir = {data_dir:?}
runtime.pack = "{pack}"
history.bytes_max = "2GB"

[http]
address = "{http}"

[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "{plc}"
unit = 1
timeout = "200ms"
connections_max = 2
write_connection = true                 # a verdict never waits behind a read

[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtt://{broker}"
clean_session = false
verdicts = true

[[lines]]
id = "{LINE}"
tags = [
  {{ id = "mode",         source = {{ connection = "plc", register = "input:0", every = "10ms" }} }},
  {{ id = "product",      source = {{ connection = "plc", register = "input:1", every = "10ms" }} }},
  {{ id = "part_no",      source = {{ connection = "plc", register = "input:2", type = "u32", every = "10ms" }} }},
  {{ id = "ram_force",    source = {{ connection = "plc", register = "input:4", type = "f32", every = "10ms" }}, unit = "kN", range = [-100, 5000] }},
  {{ id = "ram_position", source = {{ connection = "plc", register = "input:6", type = "f32", every = "10ms" }}, unit = "mm", range = [-10, 200] }},
  {{ id = "oil_temp",     source = {{ connection = "plc", register = "input:8", type = "f32", every = "10ms" }}, unit = "°C", range = [-40, 150] }},
  {{ id = "vib_rms",      source = {{ connection = "broker", topic = "{topic}", value = "/vib/rms", time = "/ts", time_format = "ms" }}, unit = "mm/s", range = [0, 100] }},
  {{ id = "vib_peak",     source = {{ connection = "broker", topic = "{topic}", value = "/vib/peak", time = "/ts", time_format = "ms" }}, unit = "mm/s", range = [0, 500] }},
]

[lines.heartbeat]
connection = "plc"
register = "holding:300"
every = "100ms"

[[lines.checks]]
id = "{CHECK}"
inputs = {{ force = "ram_force", vibration = "vib_rms", shock = "vib_peak", oil = "oil_temp" }}
deadline = "50ms"
device = "{device}"
lateness = "30ms"                       # PLC and broker are two ways: samples may come out of order by so much
when = {{ tag = "mode", equals = 1 }}     # an idle press is not judged
recipe = {{ tag = "product", map = {{ {a} = "{model_a}", {b} = "{model_b}" }} }}
window = {{ kind = "trigger", tag = "part_no", edge = "change", collect = {{ before = "590ms", after = "0s" }} }}

[[lines.checks.outputs]]
id = "{OUTPUT}"
write = {{ connection = "plc", register = "coil:10" }}
value = {{ pass = false, fail = true, inconclusive = true }}
fail_safe = true
mode = "level"
"#,
        topic = crate::plant::VIBRATION_TOPIC,
    )
}
