//! Backup and restore: another box becomes this one, and nothing is taken that is not whole.

use crate::kit::{Bench, good_rows};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";
/// What no backup may hold.
const SECRET: &str = "hunter2-of-the-broker";

const LINE: &str = r#"
[[connections]]
id = "recording"
kind = "replay"
file = "FILE"
speed = "max"
time = "time"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtt://127.0.0.1:9"
user = "takt"
password = "secret:broker-password"
[[lines]]
id = "press"
[[lines.tag_groups]]
names = ["force", "power", "oil"]
source = { connection = "recording", column = "{name}" }
[[lines.tags]]
id = "vibration"
source = { connection = "broker", topic = "press/vibration", value = "/rms" }
[[lines.checks]]
id = "row"
inputs = ["force", "power", "oil"]
model = "press"
window = { kind = "frame" }
"#;

/// A box that judges a recording, with a user, a secret and a model.
fn bench() -> Bench {
    let bench = Bench::with("");
    bench.write("good.csv", &good_rows(300));
    bench.takt(&["learn", "--csv", "good.csv", "--except", "time", "--name", "press", "--activate"]).code(0);
    bench.takt_told(&["secret", "put", "broker-password"], &format!("{SECRET}\n")).code(0);
    let add = ["user", "add", "anna", "--role", "administrator"];
    bench.takt_told(&add, &format!("{PASSWORD}\n")).code(0);
    let file = bench.path("good.csv").display().to_string();
    bench.write("press.toml", &LINE.replace("FILE", &file));
    bench.takt(&["line", "apply", "press.toml"]).code(0);
    bench
}

/// The epochs of the verdicts that a box keeps, newest first, when there are so many of them.
fn epochs(bench: &Bench, n_at_least: usize) -> Vec<u64> {
    for _ in 0..600 {
        let page = bench.got("/api/v1/verdicts?line=press&limit=500");
        let verdicts = page["verdicts"].as_array().expect("a list");
        if verdicts.len() >= n_at_least {
            let mut all: Vec<u64> =
                verdicts.iter().map(|verdict| verdict["epoch"].as_u64().expect("a number")).collect();
            all.dedup();
            return all;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("there were never {n_at_least} verdicts");
}

fn sign_in(bench: &Bench) -> u16 {
    let body = json!({ "user": "anna", "password": PASSWORD }).to_string();
    bench.ask("POST", "/api/v1/session", body).status
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn assert_no_secret(file: &Path) {
    let bytes = std::fs::read(file).expect("written");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).expect("a whole file");
    assert!(holds(&unpacked, "secret:broker-password"), "the document names it");
    assert!(holds(&unpacked, "$argon2id$"), "users are there with their hashes");
    for (what, bytes) in [("the file", &bytes), ("what is in it", &unpacked)] {
        assert!(!holds(bytes, SECRET), "{what} holds a secret in clear");
        assert!(!holds(bytes, PASSWORD), "{what} holds a password in clear");
    }
}

#[test]
fn another_box_becomes_this_one() {
    let first = bench();
    let running = first.start();
    let before = epochs(&first, 300);
    first.said("POST", "/api/v1/tokens", &json!({ "name": "grafana", "role": "viewer", "expires": null }), 201);
    let file = first.path("plain.takt-backup");
    let name = file.display().to_string();
    first.takt(&["backup", &name]).code(0).says(&["secrets and tokens are not in it"]);
    let all = first.path("all.takt-backup").display().to_string();
    first.takt(&["backup", "--history", &all]).code(0);
    assert_no_secret(&file);
    assert_no_secret(Path::new(&all));
    let audit = first.got("/api/v1/audit?what=backup.make");
    assert!(audit.to_string().contains("box-1-"), "{audit}");
    assert_eq!(running.stop().0, Some(0));

    let second = Bench::with("");
    let said = second.takt(&["restore", &name, "--dry-run", "--json"]).code(0).json();
    assert_eq!((&said["restored"], &said["documents"][0]["change"]), (&json!(false), &json!("added")), "{said}");
    assert_eq!(said["secrets"], json!([{ "name": "broker-password", "resolves": false, "used_by": ["broker"] }]));
    assert_eq!(said["tokens"], json!(["grafana"]));
    assert!(!second.path("data/store/takt.db").exists(), "only looked at");
    second.takt(&["restore", &name]).code(0).says(&["restored", "takt secret put broker-password", "grafana"]);
    second.takt_told(&["secret", "put", "broker-password"], "another\n").code(0);
    let running = second.start();
    let after = epochs(&second, 300);
    assert!(after.len() == 1 && after[0] > before[0], "a new epoch: {before:?}, {after:?}");
    let models = second.got("/api/v1/models");
    assert_eq!(models["models"][0]["active_in"], json!(["press/row"]), "{models}");
    assert_eq!(sign_in(&second), 200);
    assert_eq!(second.got("/api/v1/tokens")["tokens"], json!([]), "a token that was revoked must not come back");
    assert_eq!(running.stop().0, Some(0));

    let third = Bench::with("");
    third.takt(&["restore", &all]).code(0).says(&["with its history"]);
    third.takt_told(&["secret", "put", "broker-password"], "another\n").code(0);
    let running = third.start();
    let after = epochs(&third, 500);
    assert_eq!(after.last(), before.first(), "the history is there");
    assert!(after[0] > before[0], "and what comes is of a new epoch: {after:?}");
    assert_eq!(running.stop().0, Some(0));
}

fn versions(bench: &Bench) -> Value {
    bench.got("/api/v1/documents")["documents"].clone()
}

/// A copy of a backup with one byte other in what is unpacked, so that the checksums of gzip and tar are right.
fn altered(packed: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut unpacked).expect("a whole file");
    let at = unpacked.windows(10).position(|part| part == b"$argon2id$").expect("a user's hash");
    unpacked[at + 40] ^= 1;
    let mut again = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    again.write_all(&unpacked).expect("memory");
    again.finish().expect("memory")
}

#[test]
fn a_running_gateway_takes_only_what_is_whole() {
    let first = bench();
    let name = first.path("b.takt-backup").display().to_string();
    // Nothing runs: the command copies by itself.
    first.takt(&["backup", &name]).code(0);
    let whole = std::fs::read(&name).expect("written");

    let second = Bench::with("");
    second.write("other.toml", "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"127.0.0.1:9\"\n");
    let running = second.start();
    second.takt(&["line", "apply", "other.toml"]).code(0);
    let before = versions(&second);
    // A secret that is not here would keep the lines from running: it is asked for before.
    let seen = second.ask("POST", "/api/v1/restore", &whole).status(422).json();
    assert_eq!(seen["secrets"][0]["resolves"], json!(false), "{seen}");
    assert!(seen["preview"]["problems"].to_string().contains("broker-password"), "{seen}");
    second.said("PUT", "/api/v1/secrets/broker-password", &json!({ "value": "another" }), 200);
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let wrong: [(&str, &[u8]); 6] = [
        ("half", &whole[..whole.len() / 2]),
        ("nearly all", &whole[..whole.len() - 4]),
        ("a flipped bit", &flipped),
        ("another digest", &altered(&whole)),
        ("no archive", b"{}"),
        ("nothing", b""),
    ];
    for (what, bytes) in wrong {
        let answer = second.ask("POST", "/api/v1/restore", bytes).status(422).json();
        assert!(answer["error"].as_str().is_some_and(|error| error.contains("no whole backup")), "{what}: {answer}");
        assert_eq!(versions(&second), before, "{what}: nothing was changed");
    }
    let seen = second.ask("POST", "/api/v1/restore?dry_run=true", &whole).status(200).json();
    let changes: Vec<_> = seen["documents"].as_array().expect("a list").iter().map(|d| d["change"].clone()).collect();
    assert_eq!(changes, ["added", "removed"], "{seen}");
    assert_eq!((&seen["secrets"][0]["resolves"], &seen["configuration"]), (&json!(true), &json!("differs")), "{seen}");
    assert_eq!(seen["preview"]["lines_restarted"], json!(["press"]));
    assert_eq!(versions(&second), before, "a dry run changes nothing");

    let done = second.ask("POST", "/api/v1/restore", &whole).status(200).json();
    assert_eq!(done["restored"], json!(true), "{done}");
    epochs_after_restart(&second);
    let names: Vec<_> = versions(&second).as_array().expect("a list").iter().map(|d| d["name"].clone()).collect();
    assert!(names.contains(&json!("press")) && !names.contains(&json!("other")), "{names:?}");
    assert_eq!(sign_in(&second), 200);
    let audit = second.got("/api/v1/audit?what=backup.restored");
    assert!(audit.to_string().contains("is in force"), "{audit}");
    assert!(!second.path("data/backup").exists(), "nothing is left over");
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("a backup was restored; starting again"), "{said}");
}

/// The gateway goes away for a moment, then judges with what was restored.
fn epochs_after_restart(bench: &Bench) {
    for _ in 0..600 {
        let answer = bench.try_ask("GET", "/api/v1/lines?line=press", "");
        if answer.is_ok_and(|answer| answer.status == 200) {
            assert_eq!(epochs(bench, 300).len(), 1);
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the gateway did not come back");
}

#[test]
fn documents_that_cannot_run_here_are_not_restored() {
    let first = bench();
    let name = first.path("b.takt-backup").display().to_string();
    first.takt(&["backup", &name]).code(0);
    // The box's own configuration has a line of the same name already.
    let second = Bench::with(&LINE.replace("FILE", "/nowhere.csv"));
    let said = second.takt(&["restore", &name, "--json"]).code(1).json();
    assert!(said["preview"]["problems"].as_array().is_some_and(|all| !all.is_empty()), "{said}");
    assert_eq!(said["restored"], json!(false));
    assert!(!second.path("data/store/takt.db").exists(), "nothing was changed");
    first.takt(&["restore", "nowhere.takt-backup"]).code(1).says(&["nowhere.takt-backup cannot be read"]);
    Bench::with("").takt(&["backup", "x"]).code(1).says(&["never ran"]);
}
