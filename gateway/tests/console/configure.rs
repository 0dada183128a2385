//! Configuring a running gateway over HTTP: documents, outputs, tags, secrets, what the field says.

use crate::device::Device;
use crate::kit::{Bench, good_rows};
use serde_json::{Value, json};

fn line(id: &str, device: &Device, register: &str) -> Value {
    json!({
        "connections": [{ "id": format!("plc-{id}"), "kind": "modbus-tcp", "address": device.address.to_string() }],
        "lines": [{
            "id": id,
            "tags": [{ "id": "force", "source": { "connection": format!("plc-{id}"), "register": register, "every": "100ms" } }],
            "checks": [{
                "id": "stroke", "inputs": ["force"], "model": "press", "deadline": "2s", "window": { "kind": "frame" },
                "outputs": [{
                    "id": "reject", "write": { "connection": format!("plc-{id}"), "register": "coil:10" },
                    "value": { "pass": false, "fail": true, "inconclusive": true }, "fail_safe": true,
                }],
            }],
        }],
    })
}

fn apply(name: &str, form: Value) -> Value {
    json!({ "documents": [{ "name": name, "form": form }], "note": "a test" })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn documents_are_checked_applied_and_rolled_back_without_stopping_other_lines() {
    let (bench, a, b) = (Bench::with(""), Device::start(), Device::start());
    let _running = bench.start();
    let mut wrong = line("a", &a, "holding:1");
    wrong["lines"][0]["checks"][0]["dedline"] = json!("20ms");
    wrong["connections"][0]["kind"] = json!("modbus");
    let seen = bench.said("POST", "/api/v1/documents/check", &apply_without_note(&wrong), 200);
    let problems = seen["problems"].as_array().expect("a list");
    assert!(problems.len() >= 2, "{seen}");
    assert!(problems.iter().all(|p| text(p, "document") == "line-a" && !text(p, "hint").is_empty() && p["line"] != 0));
    let refused = bench.said("POST", "/api/v1/documents/apply", &apply("line-a", wrong), 422);
    assert_eq!(refused["problems"], seen["problems"]);
    assert_eq!(bench.got("/api/v1/documents")["documents"].as_array().map(Vec::len), Some(1), "only the file is there");

    let first = bench.said("POST", "/api/v1/documents/apply", &apply("line-a", line("a", &a, "holding:1")), 200);
    assert_eq!((&first["versions"]["line-a"], &first["lines_restarted"]), (&json!(1), &json!(["a"])));
    bench.said("POST", "/api/v1/documents/apply", &apply("line-b", line("b", &b, "holding:1")), 200);
    let change = apply("line-b", line("b", &b, "holding:2"));
    let seen = bench.said("POST", "/api/v1/documents/check", &json!({ "documents": change["documents"] }), 200);
    assert_eq!((&seen["lines_restarted"], &seen["lines_untouched"]), (&json!(["b"]), &json!(["a"])));
    let change_of = &seen["difference"][0];
    assert_eq!(text(change_of, "key"), "lines[b].tags[force].source.register");
    assert_eq!((text(change_of, "before"), text(change_of, "after")), ("\"holding:1\"", "\"holding:2\""));

    let before = frames(&bench, "a");
    let mut moved = change.clone();
    moved["base"] = json!({ "line-b": 7 });
    let why = bench.said("POST", "/api/v1/documents/apply", &moved, 409);
    assert!(text(&why, "error").contains("version 1"), "{why}");
    moved["base"] = json!({ "line-b": 1 });
    bench.said("POST", "/api/v1/documents/apply", &moved, 200);
    let again = bench.said("POST", "/api/v1/documents/apply", &change, 200);
    assert_eq!(again["versions"], json!({}), "nothing changes twice");
    assert!(frames(&bench, "a") >= before, "the counts of the other line go on");

    let versions = bench.got("/api/v1/documents/line-b/versions");
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(2));
    let old = bench.got("/api/v1/documents/line-b?version=1");
    assert_eq!(old["form"]["lines"][0]["tags"][0]["source"]["register"], "holding:1");
    bench.said("POST", "/api/v1/documents/line-b/rollback", &json!({ "version": 1 }), 200);
    let now = bench.got("/api/v1/documents/line-b");
    assert_eq!((&now["version"], &now["form"]), (&json!(3), &old["form"]));
    bench.said("POST", "/api/v1/documents/line-b/rollback", &json!({ "version": 9 }), 404);
    bench.said(
        "POST",
        "/api/v1/documents/apply",
        &json!({ "documents": [{ "name": "line-b", "removed": true }] }),
        200,
    );
    bench.ask("GET", "/api/v1/documents/line-b", "").status(404);
    let events = bench.got("/api/v1/events?kind=documents.apply");
    assert_eq!(events["events"].as_array().map(Vec::len), Some(5), "each version left an event");
    assert_eq!(events["events"][0]["actor"], "console");
    let audit = bench.got("/api/v1/audit?what=documents.apply");
    assert_eq!(audit["events"][0]["who"], "console (administrator, 127.0.0.1)", "{audit}");
}

fn apply_without_note(form: &Value) -> Value {
    json!({ "documents": [{ "name": "line-a", "form": form }] })
}

fn frames(bench: &Bench, line: &str) -> u64 {
    let status = bench.got("/api/v1/status");
    let lines = status["lines"].as_array().expect("a list");
    let found = lines.iter().find(|found| found["id"] == line).expect("the line runs");
    found["checks"][0]["books"]["received"].as_u64().expect("a count")
}

#[test]
fn the_configuration_file_is_only_read_and_secrets_are_only_names() {
    let file = "[[connections]]\nid = \"broker\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:9\"\nuser = \"takt\"\npassword = \"secret:broker\"\n";
    let bench = Bench::with(file);
    bench.write("data/secrets/other", "");
    let _running = bench.start();
    let shown = bench.got("/api/v1/documents/takt.toml");
    assert_eq!((text(&shown, "origin"), &shown["version"]), ("file", &Value::Null));
    assert_eq!(shown["form"]["connections"][0]["password"], "secret:broker");
    let why = bench.said(
        "POST",
        "/api/v1/documents/apply",
        &json!({ "documents": [{ "name": "takt.toml", "text": "" }] }),
        422,
    );
    assert!(text(&why, "error").contains("configuration file"), "{why}");

    let clear = json!({ "connections": [{ "id": "x", "kind": "mqtt", "url": "mqtt://b", "user": "u", "password": "hunter2" }] });
    let refused = bench.ask("POST", "/api/v1/documents/apply", apply("x", clear).to_string()).status(422);
    assert!(refused.body.contains("secret:NAME") && !refused.body.contains("hunter2"), "{}", refused.body);

    let listed = bench.got("/api/v1/secrets");
    let broker =
        |listed: &Value| listed["secrets"].as_array().expect("a list").iter().find(|s| s["name"] == "broker").cloned();
    let before = broker(&listed).expect("the file names it");
    assert_eq!((&before["resolves"], &before["used_by"]), (&json!(false), &json!(["broker"])));
    let put = bench.ask("PUT", "/api/v1/secrets/broker", json!({ "value": "hunter2" }).to_string()).status(200);
    assert!(put.json()["resolves"] == true && !put.body.contains("hunter2"), "{}", put.body);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(bench.path("data/secrets/broker")).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bench.said("PUT", "/api/v1/secrets/..%2Fx", &json!({ "value": "y" }), 422);
    bench.said("PUT", "/api/v1/secrets/x", &json!({ "value": "" }), 422);
    for path in ["/api/v1/secrets", "/api/v1/documents", "/api/v1/events", "/api/v1/documents/takt.toml"] {
        assert!(!bench.ask("GET", path, "").body.contains("hunter2"), "{path} gives a secret out");
    }
}

#[test]
fn an_output_is_armed_in_two_steps_and_only_as_it_was_shown() {
    let (bench, device) = (Bench::with(""), Device::start());
    let _running = bench.start();
    bench.said("POST", "/api/v1/documents/apply", &apply("line-a", line("a", &device, "holding:1")), 200);
    let path = "/api/v1/outputs/a/stroke/reject/arming";
    let offer = bench.said("POST", path, &json!({}), 200);
    assert_eq!((text(&offer["target"], "protocol_address"), text(&offer["values"], "fail")), ("coil:10", "true"));
    assert!(offer["problems"].to_string().contains("press is not ready"), "{offer}");
    bench.said("PUT", path, &json!({ "challenge": "made up" }), 409);
    bench.said("POST", "/api/v1/outputs/a/stroke/lamp/arming", &json!({}), 404);

    // The model is swapped in between.
    let offer = bench.said("POST", path, &json!({}), 200);
    bench.write("good.csv", &good_rows(300));
    let learn = ["learn", "--csv", "good.csv", "--columns", "force", "--name", "press", "--activate"];
    bench.takt(&learn).code(0).says(&["press 1.0.0 judges from the next window on"]);
    let why = bench.said("PUT", path, &json!({ "challenge": offer["challenge"] }), 409);
    assert!(text(&why, "error").contains("no longer what was shown"), "{why}");
    let offer = bench.said("POST", path, &json!({}), 200);

    // What it would write changes in between.
    let mut other = line("a", &device, "holding:1");
    other["lines"][0]["checks"][0]["outputs"][0]["value"]["inconclusive"] = json!(false);
    bench.said("POST", "/api/v1/documents/apply", &apply("line-a", other.clone()), 200);
    let why = bench.said("PUT", path, &json!({ "challenge": offer["challenge"] }), 409);
    assert!(text(&why, "error").contains("no longer what was shown"), "{why}");

    let offer = bench.said("POST", path, &json!({}), 200);
    let armed = bench.said("PUT", path, &json!({ "challenge": offer["challenge"] }), 200);
    assert_eq!(armed["armed"], true);
    bench.said("PUT", path, &json!({ "challenge": offer["challenge"] }), 409);
    assert!(bench.said("POST", path, &json!({}), 200)["armed_by"].is_string());

    // A change of its address ends the arming, and says so before.
    other["lines"][0]["checks"][0]["outputs"][0]["write"]["register"] = json!("coil:11");
    let seen = bench.said(
        "POST",
        "/api/v1/documents/check",
        &json!({ "documents": [{ "name": "line-a", "form": other }] }),
        200,
    );
    assert_eq!(seen["outputs_disarmed"], json!(["a/stroke/reject"]));
    bench.said("POST", "/api/v1/documents/apply", &apply("line-a", other.clone()), 200);
    assert_eq!(bench.said("POST", path, &json!({}), 200)["armed_by"], Value::Null);
    // And back: it does not go live by itself.
    bench.said("POST", "/api/v1/documents/line-a/rollback", &json!({ "version": 2 }), 200);
    let offer = bench.said("POST", path, &json!({}), 200);
    assert_eq!(offer["armed_by"], Value::Null);
    bench.said("PUT", path, &json!({ "challenge": offer["challenge"] }), 200);
    assert_eq!(bench.ask("DELETE", path, "").status(200).json()["armed"], false);
    let armed = bench.got("/api/v1/audit?what=output.arm");
    assert_eq!(armed["events"][0]["who"], "console (administrator, 127.0.0.1)", "{armed}");
    // What the cell did itself comes with its next entry in the journal.
    let noted = || bench.got("/api/v1/events?kind=output.disarm")["events"].as_array().map_or(0, Vec::len);
    while noted() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn tags_go_out_as_a_table_and_come_in_with_an_error_for_each_row() {
    let (bench, device) = (Bench::with(""), Device::start());
    let _running = bench.start();
    bench.said("POST", "/api/v1/documents/apply", &apply("line-a", line("a", &device, "holding:1")), 200);
    let path = "/api/v1/lines/a/tags.csv";
    let csv = bench.ask("GET", path, "").status(200).body;
    assert_eq!(csv, "id,connection,register,every\nforce,plc-a,holding:1,100ms\n");
    let same = bench.ask("POST", &format!("{path}?dry_run=true"), &csv).status(200).json();
    assert_eq!((&same["difference"], &same["lines_untouched"]), (&json!([]), &json!(["a"])));

    let wrong =
        "id;connection;register;scale\nforce;plc-a;holding:1;0,5\noil;plc-x;holding:2;1\noil;plc-a;holding:70000;1\n";
    let refused = bench.ask("POST", path, wrong).status(422).json();
    assert_eq!(refused["errors"][0]["line"], 2, "{refused}");
    let wrong = wrong.replace("0,5", "0.5");
    let refused = bench.ask("POST", path, &wrong).status(422).json();
    assert_eq!(
        (&refused["errors"][0]["line"], &refused["errors"][0]["column"]),
        (&json!(4), &json!("id")),
        "{refused}"
    );
    let refused = bench.ask("POST", path, wrong.replace("\noil;plc-a", "\noil2;plc-a")).status(422).json();
    let found = &refused["errors"][0];
    assert_eq!(
        (&found["line"], text(found, "column"), text(found, "tag")),
        (&json!(3), "connection", "oil"),
        "{refused}"
    );

    let more = format!("{csv}oil,plc-a,400003,1s\n");
    let dry = bench.ask("POST", &format!("{path}?dry_run=true"), &more).status(200).json();
    assert_eq!((text(&dry["difference"][0], "key"), &dry["version"]), ("lines[a].tags[oil]", &Value::Null));
    let done = bench.ask("POST", &format!("{path}?base=1"), &more).status(200).json();
    assert_eq!((&done["version"], &done["n_tags"]), (&json!(2), &json!(2)));
    bench.ask("POST", &format!("{path}?base=1"), &csv).status(409);
    assert_eq!(bench.ask("GET", path, "").status(200).body, more);
    bench.ask("GET", "/api/v1/lines/nowhere/tags.csv", "").status(404);
}

#[test]
fn a_device_that_runs_is_asked_through_its_only_connection() {
    let (bench, device) = (Bench::with(""), Device::start());
    let _running = bench.start();
    let written = json!({ "kind": "modbus-tcp", "address": device.address.to_string() });
    let alone = bench.said("POST", "/api/v1/field/read", &json!({ "connection": written, "register": "400003" }), 200);
    assert_eq!((text(&alone, "typed"), text(&alone, "register")), ("400003", "holding:2"));
    assert_eq!((&alone["registers"], text(&alone, "bytes")), (&json!([20, 30, 40, 50]), "00 14 00 1e 00 28 00 32"));
    assert_eq!(alone["through"], Value::Null);

    bench.said("POST", "/api/v1/documents/apply", &apply("line-a", line("a", &device, "holding:1")), 200);
    while device.connections().0 == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // By its name, and by another name for the same device.
    let other = json!({ "kind": "modbus-tcp", "address": format!("localhost:{}", device.address.port()) });
    for connection in [json!("plc-a"), written, other] {
        let read = bench.said(
            "POST",
            "/api/v1/field/read",
            &json!({ "connection": connection, "register": "holding:4" }),
            200,
        );
        assert_eq!((text(&read, "through"), &read["registers"][0]), ("plc-a", &json!(40)), "{read}");
        let tried = bench.said("POST", "/api/v1/field/test", &json!({ "connection": connection }), 200);
        assert_eq!(tried["ok"], true, "{tried}");
        let ask = json!({ "connection": connection, "registers": "holding:0..16" });
        let scan = bench.said("POST", "/api/v1/field/scan", &ask, 200);
        assert_eq!((&scan["n_read"], text(&scan, "through")), (&json!(10), "plc-a"));
        let tags = json!([{ "id": "a", "source": { "register": "400001", "every": "10ms" } }]);
        let budget =
            bench.said("POST", "/api/v1/field/budget", &json!({ "connection": connection, "tags": tags }), 200);
        assert_eq!((&budget["measured"], &budget["groups"][0]["n_requests"]), (&json!(true), &json!(1)), "{budget}");
        assert_eq!(text(&budget["tags"][0], "register"), "holding:0");
    }
    assert_eq!(device.connections(), (1, 1), "the device saw a second connection");
}

#[test]
fn what_the_field_cannot_answer_is_said_with_what_to_do() {
    let bench = Bench::with("");
    let _running = bench.start();
    let gone = json!({ "kind": "modbus-tcp", "address": "127.0.0.1:9" });
    let tried = bench.said("POST", "/api/v1/field/test", &json!({ "connection": gone }), 200);
    assert_eq!(
        (&tried["ok"], text(&tried["steps"][0], "name"), &tried["steps"][1]["ok"]),
        (&json!(false), "resolve", &json!(false))
    );
    let why = bench.said("POST", "/api/v1/field/read", &json!({ "connection": gone, "register": "holding:0" }), 424);
    assert!(!text(&why, "hint").is_empty(), "{why}");
    bench.said("POST", "/api/v1/field/read", &json!({ "connection": gone, "register": "meter:1" }), 422);
    bench.said("POST", "/api/v1/field/read", &json!({ "connection": "plc", "register": "holding:1" }), 404);
    bench.said("POST", "/api/v1/field/scan", &json!({ "connection": gone, "registers": "holding:0..9999" }), 422);
    bench.said("POST", "/api/v1/field/test", &json!({ "connection": { "kind": "mqtt", "ulr": "x" } }), 422);
    let broker = json!({ "kind": "mqtt", "url": "mqtt://127.0.0.1:9" });
    bench.said("POST", "/api/v1/field/topics", &json!({ "connection": broker, "seconds": 1 }), 424);
    bench.said("POST", "/api/v1/field/topics", &json!({ "connection": broker, "seconds": 31 }), 400);
    let tags = json!([{ "id": "rms", "unit": "mm/s", "source": { "topic": "press/+/vib", "value": "/rms" } },
                      { "id": "no", "source": { "topic": "press/+/vib", "value": "/none" } }]);
    let mapped = json!({ "connection": broker, "tags": tags, "payload": "{\"rms\":\"0.25\",\"n\":1}" });
    let seen = bench.said("POST", "/api/v1/field/mapping", &mapped, 200);
    assert_eq!(text(&seen, "topic"), "press/any/vib");
    assert_eq!(
        (&seen["tags"][0]["readings"][0]["value"], text(&seen["tags"][0]["readings"][0], "quality")),
        (&json!(0.25), "good")
    );
    assert_eq!(text(&seen["tags"][1]["readings"][0], "quality"), "bad", "{seen}");
    let broken = json!({ "connection": broker, "tags": tags, "payload_hex": "ff 00" });
    assert!(bench.said("POST", "/api/v1/field/mapping", &broken, 200)["rejects"][0].is_string());
}

/// Applies a document, which must be good.
fn good(bench: &Bench, name: &str, form: Value) {
    bench.said("POST", "/api/v1/documents/apply", &apply(name, form), 200);
}

/// Waits until a job has ended; gives how it ended.
fn ended(bench: &Bench, job: &Value) -> Value {
    let path = format!("/api/v1/learn/{}", job["job"].as_str().expect("a name"));
    loop {
        let view = bench.got(&path);
        if view["standing"] != "running" {
            return view;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_model_is_learned_from_history_looked_at_activated_and_taken_back() {
    let bench = Bench::with("");
    bench.write("good.csv", &crate::kit::good_rows(600));
    let _running = bench.start();
    let file = bench.path("good.csv").display().to_string();
    let tag = |id: &str| json!({ "id": id, "source": { "connection": "rec", "column": id } });
    good(
        &bench,
        "line-a",
        json!({
            "connections": [{ "id": "rec", "kind": "replay", "file": file, "speed": "max", "time": "time" }],
            "lines": [{
                "id": "a", "tags": [tag("force"), tag("power"), tag("oil")],
                "checks": [{ "id": "stroke", "inputs": ["force", "power", "oil"], "model": "press", "window": { "kind": "frame" } }],
            }],
        }),
    );
    while frames(&bench, "a") < 600 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    bench.said("POST", "/api/v1/learn", &json!({ "line": "b", "check": "stroke" }), 422);
    bench.said("POST", "/api/v1/learn", &json!({ "line": "a", "check": "stroke", "alpha": 2 }), 400);
    let ask = json!({ "line": "a", "check": "stroke", "to": "2027-01-01T00:00:00Z" });
    let mut look = ask.clone();
    look["dry_run"] = json!(true);
    // The last samples come into the history with the journal.
    let seen = loop {
        let seen = ended(&bench, &bench.said("POST", "/api/v1/learn", &look, 200));
        if seen["quality"]["n_rows"] == 600 {
            break seen;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!((text(&seen, "standing"), &seen["package"], &seen["report"]), ("done", &Value::Null, &Value::Null));
    let force = &seen["quality"]["tags"][0];
    assert_eq!(
        (&force["n"], &force["n_bad"], &force["gap_s_max"], &force["constant"]),
        (&json!(600), &json!(0), &json!(1.0), &json!(false))
    );
    assert_eq!(
        (&seen["quality"]["idle_share"], seen["quality"]["columns"].as_array().map(Vec::len)),
        (&json!(0.0), Some(3))
    );

    let learned = ended(&bench, &bench.said("POST", "/api/v1/learn", &ask, 200));
    assert_eq!(text(&learned, "standing"), "done", "{learned}");
    assert!(
        text(&learned, "report").contains("force") && text(&learned["figures"], "scores").contains("<svg"),
        "{learned}"
    );
    assert_eq!((text(&learned["package"], "name"), text(&learned["package"], "version")), ("press", "1.0.0"));
    let model = bench.got("/api/v1/models/press/1.0.0");
    assert_eq!(
        (&model["active"], model["inputs"].as_array().map(Vec::len), text(&model, "kind")),
        (&json!(false), Some(3), "baseline")
    );

    bench.said("POST", "/api/v1/models/press/activate", &json!({ "version": "9.0.0" }), 404);
    let stands = bench.said("POST", "/api/v1/models/press/activate", &json!({ "version": "1.0.0" }), 200);
    assert_eq!(stands["active"], "1.0.0");
    bench.ask("POST", "/api/v1/models/press/rollback", "").status(409);
    ended(&bench, &bench.said("POST", "/api/v1/learn", &ask, 200));
    bench.said("POST", "/api/v1/models/press/activate", &json!({ "version": "1.1.0" }), 200);
    assert_eq!(bench.ask("POST", "/api/v1/models/press/rollback", "").status(200).json()["active"], "1.0.0");
    assert_eq!(bench.got("/api/v1/models/press/1.1.0")["history"].as_array().map(Vec::len), Some(3));
    bench.ask("GET", "/api/v1/learn/learn-99", "").status(404);
}

#[test]
fn a_way_back_that_does_not_fit_changes_nothing_and_a_misfit_vetoes_nobody() {
    let bench = Bench::with("");
    bench.write("good.csv", &crate::kit::good_rows(300));
    for (version, columns) in [("1.0.0", "force,power,oil"), ("2.0.0", "force,oil"), ("2.1.0", "force,oil")] {
        let learn = ["learn", "--csv", "good.csv", "--columns", columns, "--name", "press", "--version", version];
        bench.takt(&[&learn[..], &["--install"]].concat()).code(0);
    }
    let running = bench.start();
    let file = bench.path("good.csv").display().to_string();
    let tag = |id: &str| json!({ "id": id, "source": { "connection": "rec", "column": id } });
    let line = |inputs: Value, other: Value| {
        let check = |id: &str, inputs: Value| json!({ "id": id, "inputs": inputs, "model": "press", "window": { "kind": "frame" } });
        json!({
            "connections": [{ "id": "rec", "kind": "replay", "file": file, "speed": "max", "time": "time" }],
            "lines": [{
                "id": "a", "tags": [tag("force"), tag("power"), tag("oil")],
                "checks": [check("stroke", inputs), check("other", other)],
            }],
        })
    };
    let activate = |version: &str, status| {
        bench.said("POST", "/api/v1/models/press/activate", &json!({ "version": version }), status)
    };
    let active = |version: &str| bench.got(&format!("/api/v1/models/press/{version}"))["active"].clone();
    good(&bench, "line-a", line(json!(["force", "power", "oil"]), json!(["power"])));
    activate("1.0.0", 200);
    good(&bench, "line-a", line(json!(["force", "oil"]), json!(["power"])));
    // `other` never fitted; that is its own matter.
    activate("2.0.0", 200);
    activate("2.1.0", 200);
    assert_eq!(bench.ask("POST", "/api/v1/models/press/rollback", "").status(200).json()["active"], "2.0.0");
    // The version before takes three inputs, and the check that judges has two now.
    let why = bench.ask("POST", "/api/v1/models/press/rollback", "").status(422).json();
    assert!(text(&why, "error").contains("a/stroke refused"), "{why}");
    assert_eq!((active("2.0.0"), active("1.0.0")), (json!(true), json!(false)), "what judges is what is said");
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_package_is_uploaded_verified_and_refused_with_the_reason() {
    let bench = Bench::with("");
    bench.write("good.csv", &crate::kit::good_rows(300));
    bench
        .takt(&["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--output", "press.takt"])
        .code(0);
    let _running = bench.start();
    let package = std::fs::read(bench.path("press.takt")).expect("learned");
    let installed = bench.ask("POST", "/api/v1/models", &package).status(200).json();
    assert_eq!((text(&installed, "name"), &installed["active"]), ("press", &json!(false)));
    let mut damaged = package.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let why = bench.ask("POST", "/api/v1/models", &damaged).status(422).json();
    assert!(!text(&why, "error").is_empty() && !text(&why, "hint").is_empty(), "{why}");
    bench.ask("POST", "/api/v1/models", "").status(422);
    bench
        .takt(&[
            "learn",
            "--csv",
            "good.csv",
            "--columns",
            "force,oil",
            "--name",
            "press",
            "--version",
            "1.0.0",
            "--output",
            "other.takt",
        ])
        .code(0);
    let other = std::fs::read(bench.path("other.takt")).expect("learned");
    bench.ask("POST", "/api/v1/models", &other).status(409);
    let left = std::fs::read_dir(bench.path("data/incoming")).expect("the folder of uploads").count();
    assert_eq!(left, 0, "an upload left its file behind");
}

#[test]
fn the_console_does_the_same_with_the_same_words() {
    let (bench, device) = (Bench::with(""), Device::start());
    let address = device.address.to_string();
    bench.takt(&["test", &address]).code(0).says(&["resolve", "first read", "holding:0 of unit 1 holds 0"]);
    bench.takt(&["test", "127.0.0.1:9"]).code(1).says(&["connect", "FAILED"]);
    bench.write("a.json", &line("a", &device, "holding:1").to_string());
    bench.takt(&["line", "apply", "a.json", "--dry-run"]).code(0).says(&["lines that begin anew: a"]);
    bench.takt(&["line", "apply", "a.json"]).code(0);
    let csv = bench.takt(&["line", "tags", "export", "a"]).code(0).out;
    assert_eq!(csv, "id,connection,register,every\nforce,plc-a,holding:1,100ms\n");
    bench.write("tags.csv", &format!("{csv}oil,plc-a,holding:2,soon\n"));
    bench.takt(&["line", "tags", "import", "a", "tags.csv"]).code(78).says(&["lines[a].tags[oil].source.every"]);
    bench.write("tags.csv", &format!("{csv}force,plc-a,holding:2,1s\n"));
    bench.takt(&["line", "tags", "import", "a", "tags.csv"]).code(64).says(&["tags.csv:3: id: ", "line 2"]);
    bench.write("tags.csv", &format!("{csv}oil,plc-a,holding:2,1s\n"));
    bench.takt(&["line", "tags", "import", "a", "tags.csv"]).code(0).says(&["lines[a].tags[oil]", "version 2"]);
    bench.takt(&["line", "tags", "export", "b"]).code(1).says(&["takt line list"]);
    bench.takt(&["secret", "put", "broker"]).code(64).says(&["standard input"]);
    bench.takt(&["secret", "put", "../x"]).code(64).says(&["cannot be called"]);
    bench.takt(&["secret", "list"]).code(0);
}
