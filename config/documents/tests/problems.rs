//! What is wrong with a document is said all at once, with its line, its key and what to try.

use takt_config::{ProblemKind, Problems, Source, read};

fn problems(text: &str) -> Problems {
    read(&[Source::new("line.toml", text)]).err().unwrap_or_default()
}

/// The document of the cases below: everything in it is right.
const GOOD: &str = include_str!("good.toml");

/// Pieces of it that are replaced, and what is then said.
const CASES: &str = include_str!("cases.txt");

#[test]
fn five_errors_are_five_problems_on_their_lines() {
    let text = r#"name = "hall-1"
site = "ulm"
[http]
adress = "127.0.0.1:8520"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtts://broker:8883"
password = "hunter2"
user = "takt"
[[lines]]
id = "press-3"
[[lines.tags]]
id = "vibration"
source = { connection = "brokr", topic = "press-3/state", value = "/vib/rms" }
[[lines.checks]]
id = "stroke"
inputs = { vibration = "vibration" }
model = "press-a"
window = { kind = "time", span = "1050ms", hop = "0s", step = "100ms" }
deadline = "20ms"
"#;
    let found = problems(text);
    let told: Vec<_> = found.iter().map(|p| (p.place.line, p.place.column, &*p.place.key, p.kind)).collect();
    assert_eq!(
        told,
        [
            (4, 1, "http.adress", ProblemKind::UnknownKey),
            (9, 12, "connections[broker].password", ProblemKind::Value),
            (15, 25, "lines[press-3].tags[vibration].source.connection", ProblemKind::Reference),
            (20, 34, "lines[press-3].checks[stroke].window.span", ProblemKind::Value),
            (20, 50, "lines[press-3].checks[stroke].window.hop", ProblemKind::Value),
        ]
    );
    let shown = found.to_string();
    assert!(shown.contains("line.toml:4:1: http.adress: `adress` is not a key of the http table"), "{shown}");
    assert!(shown.contains("try: did you mean `address`?"), "{shown}");
    assert!(shown.contains("try: did you mean \"broker\"?"), "{shown}");
    assert!(shown.contains("5 problems; nothing was applied"), "{shown}");
    assert!(!shown.contains("hunter2"), "a secret is never repeated: {shown}");
}

/// Replaces one piece of the good document and expects exactly one problem there.
fn check(from: &str, to: &str, key: &str, what: &str, hint: &str) {
    assert_eq!(GOOD.matches(from).count(), 1, "`{from}` stands once in the document");
    let found = problems(&GOOD.replace(from, to));
    let one = match found.iter().collect::<Vec<_>>()[..] {
        [one] => one,
        _ => panic!("`{to}`: one problem was expected\n{found}"),
    };
    let before = &GOOD[..GOOD.find(from).expect("it stands there once")];
    let first = u32::try_from(before.matches('\n').count()).expect("a short document") + 1;
    let n_lines = u32::try_from(to.lines().count().max(1)).expect("a short text");
    // What is missing is told at its table.
    if one.kind != ProblemKind::Missing {
        assert!((first..first + n_lines).contains(&one.place.line), "`{to}` stands on line {first}\n{one}");
    }
    assert_eq!(&*one.place.key, key, "`{to}`\n{one}");
    assert!(one.what.contains(what), "`{to}`: `{what}` was expected\n{one}");
    assert!(one.hint.contains(hint), "`{to}`: `{hint}` was expected\n{one}");
}

#[test]
fn every_case_is_told() {
    let (mut from, mut to, mut n_cases) = (Vec::new(), Vec::new(), 0);
    for line in CASES.lines() {
        match line.split_at(line.len().min(1)) {
            ("<", text) => from.push(text.strip_prefix(' ').unwrap_or(text)),
            (">", text) => to.push(text.strip_prefix(' ').unwrap_or(text)),
            ("=", expected) => {
                let parts: Vec<&str> = expected.split('|').map(str::trim).collect();
                let [key, what, hint] = parts[..] else { panic!("key, what and hint in `{line}`") };
                check(&from.join("\n"), &to.join("\n"), key, what, hint);
                (from, to, n_cases) = (Vec::new(), Vec::new(), n_cases + 1);
            }
            ("#" | "", _) => {}
            _ => panic!("no part of a case: `{line}`"),
        }
    }
    assert!(n_cases > 90, "only {n_cases} cases were read");
}

#[test]
fn the_good_document_is_good() {
    assert_eq!(problems(GOOD), Problems::default());
}

#[test]
fn frame_and_count_windows_need_one_group() {
    let apart = |kind: &str| {
        let window = "window = { kind = \"time\", span = \"10s\", hop = \"1s\", step = \"100ms\" }";
        let text = GOOD
            .replace(window, kind)
            .replace("inputs = { force = \"force\" }", "inputs = { force = \"force\", vibration = \"vibration\" }");
        problems(&text)
    };
    for kind in ["window = { kind = \"frame\" }", "window = { kind = \"count\", size = 4 }"] {
        let found = apart(kind);
        let told: Vec<_> = found.iter().map(|p| (&*p.place.key, p.what.as_str())).collect();
        assert!(
            matches!(told[..], [("lines[press-3].checks[stroke].window", what)] if what.contains("do not come together")),
            "{found}"
        );
    }
    assert!(apart("window = { kind = \"trigger\", tag = \"part\", collect = { before = \"1s\" } }").is_empty());
}

#[test]
fn the_box() {
    let check = |text: &str, line: u32, key: &str, what: &str| {
        let found = problems(&format!("{text}{GOOD}"));
        let told: Vec<_> = found.iter().map(|p| (p.place.line, &*p.place.key, p.what.as_str())).collect();
        match told[..] {
            [(l, k, w)] if l == line && k == key && w.contains(what) => {}
            _ => panic!("{text}\n{found}"),
        }
    };
    let named = "name = \"a\"\nsite = \"b\"\n";
    check("name = \"a\"\n", 1, "site", "missing");
    check(&format!("{named}[http]\naddress = \"0.0.0.0:80\"\n"), 4, "http.address", "in clear");
    let http = |text: &str| format!("{named}[http]\n{text}\n");
    check(&http("tls = { certificate = \"a.pem\" }"), 4, "http.tls.key", "missing");
    check(&http("tls = { key = \"secret:k\" }"), 4, "http.tls.certificate", "missing");
    check(&http("hosts = [\"https://box/\"]"), 4, "http.hosts[0]", "no host name");
    check(&http("hosts = [\"box:99999\"]"), 4, "http.hosts[0]", "no host name");
    check(&http("session_idle = \"0s\""), 4, "http.session_idle", "cannot be zero");
    check(&http("session_max = \"1000d\""), 4, "http.session_max", "out of range");
    check(&format!("{named}[mesh]\nenabled = true\n"), 4, "mesh.enabled", "later version");
    check(&format!("{named}[runtime]\npack = \"tpu\"\n"), 4, "runtime.pack", "not known");
    check(&format!("{named}[history]\nbytes_max = \"5 apples\"\n"), 4, "history.bytes_max", "not a number of bytes");
    check(&format!("{named}[history]\nbytes_max = 5\n"), 4, "history.bytes_max", "hold no history");
    check(&format!("{named}[telemetry]\notlp = \"collector\"\n"), 4, "telemetry.otlp", "not the address");
    check(&format!("{named}surprise = 1\n"), 3, "surprise", "not a key of the document");
}

#[test]
fn a_device_outside_the_pack_is_a_problem() {
    let text = GOOD.replace("model = \"press-a\"", "model = \"press-a\"\ndevice = \"cuda\"");
    let read = |pack: &str| problems(&format!("name = \"a\"\nsite = \"b\"\nruntime = {{ pack = \"{pack}\" }}\n{text}"));
    assert!(read("cuda").is_empty());
    let found = read("openvino");
    assert!(found.to_string().contains("cuda is not in the runtime pack openvino"), "{found}");
    assert!(problems(&text).is_empty(), "without the box nothing is known of its pack");
}

#[test]
fn problems_of_several_documents_are_told_by_document() {
    let [a, b] = ["a.toml", "b.json"].map(|name| {
        let text = if name.ends_with("json") {
            "{ \"lines\": [\n  { \"id\": \"x\", \"tagz\": [] }\n] }"
        } else {
            "nam = 1\n[[lines]]\nid = \"x\"\n"
        };
        Source::new(name, text)
    });
    let found = read(&[b, a]).expect_err("three problems");
    let told: Vec<_> = found.iter().map(|p| (&*p.place.file, p.place.line, p.place.column, p.kind)).collect();
    assert_eq!(
        told,
        [
            ("a.toml", 1, 1, ProblemKind::UnknownKey),
            ("a.toml", 3, 6, ProblemKind::Reference),
            ("b.json", 2, 16, ProblemKind::UnknownKey)
        ]
    );
}

#[test]
fn a_slip_in_the_notation_hides_no_other_problem() {
    let text = GOOD.replace("user = \"takt\"", "user = takt").replace("deadline = \"20ms\"", "deadline = \"0s\"");
    let found = problems(&text);
    let told: Vec<_> = found.iter().map(|p| (p.place.line, p.kind)).collect();
    let line =
        |what: &str| u32::try_from(text.lines().position(|l| l.starts_with(what)).expect("a line")).expect("short") + 1;
    assert_eq!(told, [(line("user"), ProblemKind::Syntax), (line("deadline"), ProblemKind::Value)], "{found}");
}

#[test]
fn json_says_where_it_is_broken() {
    for (text, line, column) in [
        ("{ \"lines\": [\n  { \"id\": }\n] }", 2, 11),
        ("{\n  \"name\": \"a\",\n}", 2, 14),
        ("{\n \"name\": \"a\",\n \"name\": \"b\" }", 3, 2),
        ("", 1, 1),
        ("{ \"name\": // no comments\n 1 }", 1, 11),
    ] {
        let found = read(&[Source::new("a.json", text)]).expect_err("broken JSON");
        let first = found.iter().next().expect("a problem");
        assert_eq!(
            (first.place.line, first.place.column, first.kind),
            (line, column, ProblemKind::Syntax),
            "{text}\n{found}"
        );
    }
}
