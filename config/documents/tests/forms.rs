//! Documents as JSON for an editor, and back.

use serde_json::{Value, json};
use std::path::Path;
use takt_config::{Source, difference, form, form_text, read, tags_as_written};
use takt_plant::LineId;

fn example(name: &str) -> Source {
    Source::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)).expect("a readable example")
}

#[test]
fn a_form_given_back_is_the_same_document() {
    for name in ["takt.toml", "press.toml", "tep-mqtt.toml", "tep-modbus.toml", "replay.toml", "line.json"] {
        let source = example(name);
        let shown = form(&source).unwrap_or_else(|p| panic!("{p}"));
        let back = Source::new(name.trim_end_matches(".toml"), form_text(&shown));
        assert_eq!(difference(&source, &back), Ok(vec![]), "{name}");
        assert_eq!(form(&back), Ok(shown), "{name}");
    }
}

#[test]
fn a_form_is_kept_with_the_keys_of_the_schema_in_their_order() {
    let text = form_text(&json!({
        "lines": [{ "tags": [], "id": "press" }],
        "connections": [{ "address": "plc:502", "kind": "modbus-tcp", "id": "plc" }],
    }));
    let expected = "{\n  \"connections\": [\n    { \"id\": \"plc\", \"kind\": \"modbus-tcp\", \"address\": \"plc:502\" }\n  ],\n  \
                    \"lines\": [\n    {\n      \"id\": \"press\",\n      \"tags\": []\n    }\n  ]\n}\n";
    assert_eq!(text, expected);
}

#[test]
fn what_is_wrong_with_a_form_has_its_line_and_what_was_meant() {
    let shown = json!({ "connections": [{ "id": "plc", "kind": "modbus-tcp", "adress": "plc:502" }] });
    let problems = read(&[Source::new("connections", form_text(&shown))]).expect_err("a wrong key");
    let said = problems.to_string();
    assert!(said.contains("connections:3:") && said.contains("adress") && said.contains("address"), "{said}");
    for wrong in [json!(7), json!([]), json!(null), json!("text")] {
        assert!(read(&[Source::new("x", form_text(&wrong))]).is_err(), "{wrong}");
    }
}

#[test]
fn tags_of_groups_stand_one_by_one() {
    let text = "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"plc:502\"\n[[lines]]\nid = \"a\"\n\
                [[lines]]\nid = \"press\"\n[[lines.tags]]\nid = \"force\"\nsource = { connection = \"plc\", register = \"400001\" }\n\
                [[lines.tag_groups]]\nnames = [\"t_{1..2}\", \"oil\"]\nunit = \"°C\"\n\
                source = { connection = \"plc\", register = \"holding:0x10\", type = \"f32\" }\n";
    let line = |name: &str| LineId::new(name).expect("a name");
    let tags = tags_as_written(&Source::new("line.toml", text), &line("press")).expect("good").expect("the line");
    let of = |id: &str, register: &str| json!({ "id": id, "unit": "°C", "source": { "connection": "plc", "register": register, "type": "f32" } });
    let force = json!({ "id": "force", "source": { "connection": "plc", "register": "400001" } });
    assert_eq!(tags, [force, of("t_1", "holding:0x10"), of("t_2", "holding:0x12"), of("oil", "holding:0x14")]);
    assert_eq!(tags_as_written(&Source::new("line.toml", text), &line("b")), Ok(None));
    let none: Vec<Value> = Vec::new();
    assert_eq!(tags_as_written(&Source::new("line.toml", text), &line("a")), Ok(Some(none)));
}
