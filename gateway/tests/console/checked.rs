//! What `takt check` refuses: everything that is wrong, of every stage, at its key.

use crate::kit::{Bench, takt};
use serde_json::{Value, json};
use std::path::Path;

const OUTPUT: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
[[lines]]
id = "press"
[[lines.tags]]
id = "force"
source = { connection = "plc", register = "holding:100", type = "u16", every = "1s" }
[lines.heartbeat]
connection = "plc"
register = "holding:20"
every = "100ms"
[[lines.checks]]
id = "stroke"
inputs = ["force"]
model = "press"
window = { kind = "frame" }
[[lines.checks.outputs]]
id = "reject"
write = { connection = "plc", register = "holding:10" }
value = { pass = 0, fail = 1, inconclusive = 2 }
fail_safe = 2
"#;

/// The problems of a document, each as its key, what is wrong and the hint.
fn problems(text: &str) -> Vec<(String, String, String)> {
    let bench = Bench::with("");
    bench.write("line.toml", text);
    let said = bench.takt(&["check", "line.toml", "--json"]).json();
    let list = said["problems"].as_array().cloned().unwrap_or_default();
    let part = |problem: &Value, name: &str| problem[name].as_str().expect("a text").to_owned();
    for problem in &list {
        assert!(problem["line"].as_u64() > Some(0) && problem["column"].as_u64() > Some(0), "{problem}");
    }
    list.iter().map(|problem| (part(problem, "key"), part(problem, "what"), part(problem, "hint"))).collect()
}

/// Replaces a piece of the good document; `expected` is the one problem: the end of its key, what, hint.
#[track_caller]
fn check(from: &str, to: &str, expected: Option<(&str, &str, &str)>) {
    assert_eq!(OUTPUT.matches(from).count(), 1, "`{from}` stands there once");
    let found = problems(&OUTPUT.replace(from, to));
    match (&found[..], expected) {
        ([], None) => {}
        ([(key, what, hint)], Some((k, w, h))) => {
            assert!(key.ends_with(k) && what.contains(w) && hint.contains(h), "`{to}`: {found:?}");
        }
        _ => panic!("`{to}`: {found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_value_that_its_register_cannot_hold_is_refused() {
    let registers = "holding:10 takes whole numbers from 0 to 65535";
    check("fail = 1", "fail = 65535", None);
    check("fail = 1", "fail = 70000", Some(("[reject].value.fail", "70000 does not fit into u16", registers)));
    check("fail_safe = 2", "fail_safe = -1", Some(("[reject].fail_safe", "-1 does not fit into u16", registers)));
    check("fail = 1", "fail = 2.0", None);
    check("fail = 1", "fail = 1.5", Some(("value.fail", "1.5 would become 2 in u16", registers)));
    let pulse = "fail_safe = 2\nmode = \"pulse\"\nduration = \"1s\"\nrest = 65536";
    check("fail_safe = 2", pulse, Some(("[reject].rest", "65536 does not fit", registers)));
    let (ten, of) = ("register = \"holding:10\"", |more: &str| format!("register = \"holding:10\", type = {more}"));
    check(ten, &of("\"i16\""), None);
    check(ten, &of("\"f32\""), None);
    for bit in ["register = \"coil:10\"", &of("\"bool\"")] {
        let found = problems(&OUTPUT.replace(ten, bit));
        // Two values say 2.
        let keys: Vec<&str> = found.iter().map(|(key, ..)| key.rsplit('.').next().unwrap_or(key)).collect();
        assert_eq!(keys, ["inconclusive", "fail_safe"], "{found:?}");
        assert!(found.iter().all(|(_, what, hint)| what.contains("neither") && hint.contains(" takes true, false")));
    }
}

#[test]
fn a_heartbeat_and_an_answer_get_registers_that_can_count() {
    let (beat, hint) = ("register = \"holding:20\"", "a holding register of type u16");
    check(beat, "register = \"coil:20\"", Some(("heartbeat.register", "counts from 0 to 65535", hint)));
    let i16 = "register = \"holding:20\"\ntype = \"i16\"";
    check(beat, i16, Some(("heartbeat.type", "and i16 cannot", hint)));
    let handshake = |answer: &str| {
        let part = "part = { register = \"holding:202\", type = \"u32\" }";
        format!("fail_safe = 2\nmode = \"handshake\"\nready = \"coil:11\"\n{part}\nanswer = {answer}")
    };
    check("fail_safe = 2", &handshake("{ register = \"holding:210\", type = \"u32\" }"), None);
    let narrow = Some(("[reject].answer", "part numbers are u32, and the answer as u16", "type = \"u32\""));
    check("fail_safe = 2", &handshake("\"holding:210\""), narrow);
}

/// Wrong in every stage: keys, names, notation of values, registers, values, topics, clients.
const EVERY_STAGE: &str = r#"
[[connections]]
id = "plc"
kind = "modbus-tcp"
address = "127.0.0.1:9"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtt://127.0.0.1"
client_id = "takt"
[[connections]]
id = "other"
kind = "mqtt"
url = "mqtt://127.0.0.1:1883/"
client_id = "takt"
[[lines]]
id = "press"
[[lines.tags]]
id = "far"
source = { connection = "plc", register = "holding:70000", every = "1s" }
[[lines.tags]]
id = "long"
source = { connection = "plc", register = "holding:65535", type = "u32", every = "1s" }
[[lines.tags]]
id = "bit"
source = { connection = "plc", register = "coil:1", type = "u16", every = "1s" }
[[lines.tags]]
id = "wild"
source = { connection = "broker", topic = "a/#/b", value = "/v" }
[[lines.tags]]
id = "stamped"
source = { connection = "broker", topic = "a/c", value = "/v~", time = "/t", time_zone = "Europe/Nowhere" }
[[lines.checks]]
id = "stroke"
inputs = ["far"]
model = "press"
window = { kind = "count", size = 0 }
deadlin = "20ms"
[[lines.checks.outputs]]
id = "reject"
write = { connection = "plc", register = "holding:10" }
value = { pass = 0, fail = 70000, inconclusive = 2 }
fail_safe = 2
"#;

#[test]
fn errors_of_every_stage_are_told_at_once() {
    let found = problems(EVERY_STAGE);
    let told = |key: &str, what: &str| {
        let is = |(k, w, hint): &&(String, String, String)| k.ends_with(key) && w.contains(what) && !hint.is_empty();
        assert_eq!(found.iter().filter(is).count(), 1, "{key}: {what}: {found:#?}");
    };
    told("connections[other].client_id", "is that of the connection \"broker\"");
    told("tags[far].source.register", "no protocol address");
    told("tags[long].source.register", "would end beyond 65535");
    told("tags[bit].source.register", "a bit, which cannot hold u16");
    told("tags[wild].source.topic", "cannot be subscribed");
    told("tags[stamped].source.time_zone", "Europe/Nowhere");
    told("checks[stroke].window.size", "0");
    told("checks[stroke].deadlin", "not a key");
    told("outputs[reject].value.fail", "70000 does not fit into u16");
    assert_eq!(found.len(), 9, "{found:#?}");
}

#[test]
fn the_running_gateway_tells_the_same_errors() {
    let bench = Bench::with("");
    let running = bench.start();
    let documents = json!({ "documents": [{ "name": "line", "text": EVERY_STAGE }] });
    let said = bench.said("POST", "/api/v1/documents/check", &documents, 200);
    let key = |problem: &Value, name: &str| problem[name].as_str().expect("a text").to_owned();
    let http: Vec<_> = said["problems"].as_array().expect("a list").iter().map(|p| key(p, "key")).collect();
    let console: Vec<_> = problems(EVERY_STAGE).into_iter().map(|(key, ..)| key).collect();
    assert_eq!(http, console);
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_problem() {
    let bench = Bench::with("");
    bench.write("line.toml", &OUTPUT.replace("holding:100", "holding:70000"));
    let gone = bench.path("gone.toml").display().to_string();
    bench.takt(&["check", &gone, "line.toml"]).code(78).says(&["gone.toml", "0 to 65535", "2 problems"]);
}

#[test]
fn a_certificate_that_is_not_here_is_a_warning_of_a_check_and_of_its_connection() {
    let broker = "[[connections]]\nid = \"b\"\nkind = \"mqtt\"\nurl = \"mqtts://127.0.0.1:9\"\nca = \"absent.pem\"\n";
    let line = "[[lines]]\nid = \"l\"\n[[lines.tags]]\nid = \"t\"\nsource = { connection = \"b\", topic = \"t\", value = \"\" }\n";
    let bench = Bench::with(&format!("{broker}{line}"));
    let said = bench.takt(&["check", "--json"]).code(0).json();
    let warnings = said["warnings"].as_array().expect("a list");
    assert_eq!((warnings.len(), warnings[0]["key"].as_str()), (1, Some("connections[b].ca")), "{said}");
    bench.takt(&["check"]).code(0).says(&["warning: ", "absent.pem cannot be read here", "down until it is there"]);
    let _running = bench.start();
    while !bench.got("/api/v1/connections")["connections"][0]["why"].to_string().contains("absent.pem") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn every_example_passes_as_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/examples");
    let files: Vec<_> = std::fs::read_dir(folder).expect("the examples").map(|f| f.expect("a file").path()).collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        takt(&["check", &file.display().to_string()]).code(0).says(&["valid: "]);
    }
}

#[test]
fn what_no_box_can_hold_is_refused_and_what_is_much_is_a_warning() {
    let tags = |n: usize| format!("names = [\"t_{{1..{n}}}\"]");
    let document = |n: usize, every: &str, window: &str| {
        format!(
            "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"127.0.0.1:9\"\n[[lines]]\nid = \"l\"\n\
             [[lines.tag_groups]]\n{}\nsource = {{ connection = \"plc\", register = \"holding:0\", every = \"{every}\" }}\n\
             [[lines.checks]]\nid = \"c\"\ninputs = [\"t_*\"]\nmodel = \"m\"\nwindow = {{ {window} }}\n",
            tags(n)
        )
    };
    let bench = Bench::with("");
    let time = |span: &str, step: &str| format!("kind = \"time\", span = \"{span}\", step = \"{step}\"");
    bench.write("small.toml", &document(10, "100ms", &time("10s", "100ms")));
    let said = bench.takt(&["check", "small.toml", "--json"]).code(0).json();
    // 10 s of span, of age and of hop, and a second of silence, ten a second: 311 rows of 288 bytes; five windows.
    assert_eq!(said["memory"]["windows_bytes"], 311 * 288 + 5 * 100 * 10 * 8, "{said}");
    assert_eq!(said["warnings"], json!([]));
    bench.takt(&["check", "small.toml"]).code(0).says(&["memory at most, without models: windows "]);
    // 100 inputs, an hour of every millisecond: the windower's own limit of rows is what it holds.
    bench.write("much.toml", &document(100, "1ms", &time("1h", "100ms")));
    let hint = "write shorter windows";
    bench.takt(&["check", "much.toml"]).code(0).says(&["warning: ", "checks[c].window", "may hold up to 2.", hint]);
    bench.write("over.toml", &document(1_000, "1ms", &time("1h", "100ms")));
    bench.takt(&["check", "over.toml"]).code(78).says(&["checks[c].window", "at most 17.2 GB are allowed", hint]);
    bench.takt(&["line", "apply", "over.toml"]).code(78).says(&["nothing was applied"]);
}

#[test]
fn registers_are_compared_by_what_goes_on_the_wire() {
    let second = |register: &str| {
        let output = format!(
            "[[lines.checks.outputs]]\nid = \"lamp\"\nwrite = {{ connection = \"plc\", register = \"{register}\" }}\n\
             value = {{ pass = 0, fail = 1, inconclusive = 2 }}\nfail_safe = 2\n"
        );
        problems(&format!("{OUTPUT}{output}"))
    };
    for same in ["holding:0xa", "holding:010", "holding: 10", "400011"] {
        let found = second(same);
        assert!(found.iter().any(|(_, what, _)| what.contains("holding:10")), "{same}: {found:?}");
    }
    let reaching = second("holding:9\", type = \"u32");
    assert!(reaching.iter().any(|(_, what, _)| what.contains("reaches into holding:10")), "{reaching:?}");
    assert_eq!(second("holding:11"), []);
}

/// A line that is led by registers, with an output, a heartbeat and what more is written.
fn led(output: &str, beat: &str, more: &str) -> String {
    let tag = |id: &str, register: &str| {
        format!(
            "[[lines.tags]]\nid = \"{id}\"\nsource = {{ connection = \"plc\", register = {register}, every = \"1s\" }}\n"
        )
    };
    let text = OUTPUT.replace("register = \"holding:10\"", output).replace("register = \"holding:20\"", beat);
    let text = text.replace("window = { kind = \"frame\" }", &format!("window = {TRIGGER}\n{WHEN}"));
    let text = text.replace("model = \"press\"", "recipe = { tag = \"product\", map = { 1 = \"press\" } }");
    let tags = [
        tag("part", "\"holding:50\", type = \"u32\""),
        tag("mode", "\"holding:60\", bit = 3"),
        tag("product", "\"holding:70\""),
    ];
    text.replace("[lines.heartbeat]", &format!("{}[lines.heartbeat]", tags.concat())) + more
}

const TRIGGER: &str = "{ kind = \"trigger\", tag = \"part\", collect = { before = \"0s\", after = \"0s\" } }";
const WHEN: &str = "when = { tag = \"mode\", equals = true }";

#[test]
fn what_leads_a_line_is_not_written_by_it() {
    let (output, beat) = ("register = \"holding:10\"", "register = \"holding:20\"");
    assert_eq!(problems(&led(output, beat, "")), [], "the document itself is good");
    let handshake = "mode = \"handshake\"\nready = \"coil:11\"\npart = { register = \"holding:50\", type = \"u32\" }\n";
    let answer = |at: &str| format!("{handshake}answer = {{ register = \"{at}\", type = \"u32\" }}\n");
    assert_eq!(problems(&led(output, beat, &answer("holding:200"))), [], "a handshake as it is meant");
    let cases = [
        (led("register = \"holding:50\"", beat, ""), "[reject].write.register", "the trigger \"part\""),
        (led("register = \"400052\"", beat, ""), "[reject].write.register", "the trigger \"part\""),
        (led("register = \"holding:60\"", beat, ""), "[reject].write.register", "`when` \"mode\""),
        (led("register = \"holding:70\"", beat, ""), "[reject].write.register", "the recipe \"product\""),
        (led(output, "register = \"holding:70\"", ""), "heartbeat.register", "the recipe \"product\""),
        (led(output, beat, &answer("holding:49")), "[reject].answer.register", "the trigger \"part\""),
    ];
    for (text, key, what) in cases {
        let found = problems(&text);
        let [(at, told, hint)] = &found[..] else { panic!("{what}: {found:?}") };
        assert!(at.ends_with(key) && told.contains(what) && hint.contains("only reads"), "{what}: {found:?}");
    }
    let ready = led("register = \"coil:11\"", beat, &answer("holding:200"));
    let ready = ready.replace("pass = 0, fail = 1, inconclusive = 2", "pass = false, fail = true, inconclusive = true");
    let found = problems(&ready.replace("fail_safe = 2", "fail_safe = true"));
    assert!(matches!(&found[..], [(_, what, _)] if what.contains("`ready` of the handshake")), "{found:?}");
    // To read back what was written, as one more tag, is fine.
    let read_back = led("register = \"holding:100\"", beat, "");
    assert_eq!(problems(&read_back), []);
}
