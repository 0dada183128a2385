//! One meaning has one canonical text, whatever the notation; differences are told by key.

use std::path::Path;
use takt_config::{Source, canonical, difference, digest, read, schema};

fn example(name: &str) -> Source {
    Source::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)).expect("a readable example")
}

/// The same document in JSON.
fn as_json(source: &Source) -> Source {
    let value: serde_json::Value = toml::from_str(&source.text).expect("a TOML example");
    Source::new("same.json", serde_json::to_string_pretty(&value).expect("JSON of a value"))
}

const TOML_EXAMPLES: [&str; 5] = ["takt.toml", "press.toml", "tep-mqtt.toml", "tep-modbus.toml", "replay.toml"];

#[test]
fn json_and_toml_say_the_same() {
    for name in TOML_EXAMPLES {
        let toml = example(name);
        let json = as_json(&toml);
        let [a, b] = [&toml, &json].map(|s| read(std::slice::from_ref(s)).unwrap_or_else(|p| panic!("{p}")));
        assert_eq!(a, b, "{name}");
        assert_eq!(canonical(&toml), canonical(&json), "{name}");
    }
}

#[test]
fn a_canonical_text_reads_back_as_the_same_document() {
    for name in TOML_EXAMPLES.into_iter().chain(["line.json"]) {
        let source = example(name);
        let text = canonical(&source).unwrap_or_else(|p| panic!("{p}"));
        let again = Source::new("again.toml", text.as_str());
        let [a, b] = [&source, &again].map(|s| read(std::slice::from_ref(s)).unwrap_or_else(|p| panic!("{p}\n{text}")));
        assert_eq!(a, b, "{name}\n{text}");
        assert_eq!(canonical(&again).as_deref(), Ok(text.as_str()), "{name}: canonical once is canonical");
        assert_eq!(difference(&source, &again), Ok(vec![]), "{name}");
    }
}

#[test]
fn layout_and_comments_do_not_change_a_digest() {
    let plain = "name = \"a\"\nsite = \"b\"\n[http]\naddress = \"127.0.0.1:1\"\n";
    let other = "# the same\nsite=\"b\"\nhttp = { address = '127.0.0.1:1' }\nname = \"a\"\n";
    let of = |text: &str| digest(&canonical(&Source::new("a.toml", text)).expect("a good document"));
    assert_eq!(of(plain), of(other));
    assert_ne!(of(plain), of(&plain.replace("127.0.0.1:1", "127.0.0.1:2")));
    assert!(of(plain).starts_with("b3:") && of(plain).len() == 3 + 64);
}

#[test]
fn a_secret_in_clear_never_reaches_a_canonical_text() {
    let text = example("press.toml").text.replace("secret:broker", "hunter2");
    let source = Source::new("press.toml", text);
    let told = format!("{:?} {:?}", canonical(&source), difference(&source, &source));
    assert!(told.contains("a secret must not stand in a document in clear"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

fn check(from: &str, to: &str, expected: &[&str]) {
    let old = example("press.toml");
    assert_eq!(old.text.matches(from).count(), 1, "`{from}` stands once in the example");
    let new = Source::new("new.toml", old.text.replace(from, to));
    let changes = difference(&old, &new).unwrap_or_else(|p| panic!("{p}"));
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected, "`{from}` → `{to}`");
}

#[test]
fn differences_are_told_by_key() {
    let deadline = "lines[press-3].checks[stroke].deadline";
    check("deadline = \"20ms\"", "deadline = \"30ms\"", &[&format!("~ {deadline} = \"20ms\" → \"30ms\"")]);
    check("deadline = \"20ms\"\n", "\n", &[&format!("- {deadline} = \"20ms\"")]);
    check("fallback = false", "fallback = false\nborrow = false", &["+ lines[press-3].checks[bearing].borrow = false"]);
    check("equals = 1", "equals = 2", &["~ lines[press-3].checks[stroke].when.equals = 1 → 2"]);
    check(
        "18 = \"press-b\"",
        "19 = \"press-b\"",
        &[
            "- lines[press-3].checks[stroke].recipe.map.18 = \"press-b\"",
            "+ lines[press-3].checks[stroke].recipe.map.19 = \"press-b\"",
        ],
    );
    check(
        "range = [0, 5000]",
        "range = [0, 4000]",
        &["~ lines[press-3].tags[ram_force].range = [0, 5000] → [0, 4000]"],
    );
    check(
        "id = \"lamp\"",
        "id = \"light\"",
        &[
            "- lines[press-3].checks[stroke].outputs[lamp] = { id = \"lamp\", write = { connection = \"plc\", register = \"coil:11\" }, \
         mode = \"pulse\", duration = \"500ms\", value = { pass = false, fail = true, inconclusive = false }, fail_safe = false, rate = \"2/s\" }",
            "+ lines[press-3].checks[stroke].outputs[light] = { id = \"light\", write = { connection = \"plc\", register = \"coil:11\" }, \
         mode = \"pulse\", duration = \"500ms\", value = { pass = false, fail = true, inconclusive = false }, fail_safe = false, rate = \"2/s\" }",
        ],
    );
    check("# A second check of the same line", "# Something else", &[]);
}

/// The schema is a contract. After a wanted change: `TAKT_BLESS=1 cargo test -p takt-config`, and look at the difference.
#[test]
fn the_schema_is_the_golden_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schema.json");
    let now = serde_json::to_string_pretty(&schema()).expect("JSON of a value") + "\n";
    if std::env::var_os("TAKT_BLESS").is_some() {
        std::fs::write(&file, &now).expect("the golden file is writable");
    }
    let golden = std::fs::read_to_string(&file).expect("the golden file");
    let first = golden.lines().zip(now.lines()).find(|(golden, now)| golden != now);
    assert!(golden == now, "the schema differs from {}; first: {first:?}", file.display());
}

#[test]
fn the_schema_knows_every_table_and_what_must_be_written() {
    let schema = schema();
    for table in ["line", "tag", "tag group", "check", "output", "connection", "window", "source", "rule"] {
        assert!(schema["$defs"][table].is_object(), "{table}");
    }
    assert_eq!(schema["$defs"]["tag"]["required"], serde_json::json!(["id", "source"]));
    assert_eq!(schema["$defs"]["connection"]["oneOf"][1]["properties"]["kind"]["const"], "modbus-tcp");
    assert_eq!(schema["additionalProperties"], false);
}
