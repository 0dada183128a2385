//! Users from the console, the first start, and TLS: real processes, and openssl as the other side.

use crate::kit::Bench;
use serde_json::{Value, json};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

const PASSWORD: &str = "correct horse battery";

fn mode(bench: &Bench, name: &str) -> u32 {
    std::fs::metadata(bench.path(name)).expect("it is there").permissions().mode() & 0o777
}

/// Asks over TLS without knowing the certificate, as curl's -k does.
fn ask(url: &str, body: Option<Value>) -> (u16, Value) {
    let client = client();
    let asked = match body {
        Some(body) => client.post(url).header("Content-Type", "application/json").body(body.to_string()),
        None => client.get(url),
    };
    let answer = asked.send().expect("an answer");
    (answer.status().as_u16(), serde_json::from_str(&answer.text().expect("text")).unwrap_or_default())
}

fn client() -> reqwest::blocking::Client {
    // Whichever test comes first chooses it for all.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::blocking::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    client.build().expect("a client")
}

#[test]
fn the_first_start_shows_a_code_that_works_once() {
    let bench = Bench::with("");
    let running = bench.start();
    let code = std::fs::read_to_string(bench.path("data/setup.code")).expect("it is there").trim().to_owned();
    for file in ["data/setup.code", "data/console.token", "data/access.sqlite"] {
        assert_eq!(mode(&bench, file), 0o600, "{file}");
    }
    let (before, _) = (running.stop().1, ());
    assert!(before.contains(&code) && before.contains("first administrator"), "{before}");
    let running = bench.start();
    let next = std::fs::read_to_string(bench.path("data/setup.code")).expect("it is there").trim().to_owned();
    assert_ne!(code, next, "it is new at each start");
    let url = format!("http://{}/api/v1", bench.http);
    let set_up = |code: &str| json!({ "code": code, "user": "boss", "password": PASSWORD });
    assert_eq!(ask(&format!("{url}/setup"), Some(set_up(&code))).0, 401, "the code of the start before");
    assert_eq!(ask(&format!("{url}/setup"), Some(set_up(&next))).0, 200);
    assert!(!bench.path("data/setup.code").exists(), "the code is used");
    assert_eq!(ask(&format!("{url}/status"), None).0, 401);
    bench.takt(&["status"]).code(0);
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
    let (_, said) = bench.start().stop();
    assert!(!said.contains("first administrator") && !bench.path("data/setup.code").exists(), "{said}");
}

#[test]
fn whoever_may_use_the_console_always_gets_in() {
    let bench = Bench::with("");
    // Without a gateway the command opens the folder itself.
    let add = ["user", "add", "boss", "--role", "administrator"];
    bench.takt_told(&add, "short\n").code(1).says(&["too short"]);
    bench.takt_told(&add, &format!("{PASSWORD}\n")).code(0).says(&["user boss is made, as administrator"]);
    bench.takt_told(&add, &format!("{PASSWORD}\n")).code(1).says(&["already"]);
    let running = bench.start();
    assert!(!bench.path("data/setup.code").exists());
    let url = format!("http://{}/api/v1/session", bench.http);
    let sign_in = |password: &str| ask(&url, Some(json!({ "user": "boss", "password": password }))).0;
    let tries: Vec<u16> = (0..8).map(|_| sign_in("wrong wrong wrong")).collect();
    assert!(tries.contains(&429), "{tries:?}");
    // With one, the gateway does it, and the wait is over.
    bench.takt_told(&["user", "password", "boss"], "a much better one\n").code(0).says(&["another"]);
    assert_eq!(sign_in("a much better one"), 200);
    bench.takt(&["user", "role", "boss", "viewer"]).code(1).says(&["last administrator"]);
    bench.takt(&["user", "remove", "boss"]).code(1).says(&["last administrator"]);
    bench.takt(&["user", "role", "nobody", "viewer"]).code(1).says(&["no user 'nobody'"]);
    let listed = bench.takt(&["user", "list", "--json"]).code(0).json();
    assert_eq!((&listed["users"][0]["name"], &listed["users"][0]["role"]), (&"boss".into(), &"administrator".into()));
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("wrong wrong") && !said.contains("better one"), "a password is in the log: {said}");
}

#[test]
fn the_audit_log_keeps_who_did_it() {
    let bench = Bench::with("");
    let add = ["user", "add", "boss", "--role", "administrator"];
    bench.takt_told(&add, &format!("{PASSWORD}\n")).code(0);
    let running = bench.start();
    let token = std::fs::read_to_string(bench.path("data/console.token")).expect("it is there");
    let url = format!("http://{}/api/v1", bench.http);
    let wrong = ask(&format!("{url}/session"), Some(json!({ "user": "boss", "password": "wrong wrong" })));
    assert_eq!(wrong.0, 401);
    let audit = |query: &str| -> Value {
        let asked = client().get(format!("{url}/audit?{query}")).bearer_auth(token.trim());
        serde_json::from_str(&asked.send().expect("an answer").text().expect("text")).expect("JSON")
    };
    let mut found = Value::Null;
    for _ in 0..100 {
        found = audit("what=access.");
        if found["events"].as_array().is_some_and(|events| events.len() >= 2) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let events = found["events"].as_array().expect("a list");
    assert_eq!(events[0]["what"], "access.sign_in_failed");
    assert!(events[0]["who"].as_str().is_some_and(|who| who == "boss (127.0.0.1)"), "{found}");
    assert_eq!(events[1]["what"], "access.user_add");
    assert!(events[1]["who"].as_str().is_some_and(|who| who.contains("uid")), "{found}");
    assert_eq!(audit("who=BOSS&limit=1")["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(audit("what=output.")["events"].as_array().map(Vec::len), Some(0));
    let first = audit("limit=1");
    let next = audit(&format!("limit=1&cursor={}", first["next"].as_str().expect("there is more")));
    assert_ne!(first["events"][0], next["events"][0]);
    assert!(!found.to_string().contains("wrong wrong"));
    let events = ask(&format!("{url}/events"), None);
    assert_eq!(events.0, 401);
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn beyond_the_loopback_it_speaks_tls_and_waits_for_its_administrator() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let bench = Bench::with("");
    let plain = std::fs::read_to_string(bench.path("takt.toml")).expect("it is there");
    let network = plain.replace(&bench.http.to_string(), &format!("0.0.0.0:{port}"));
    bench.write("takt.toml", &network);
    bench.takt(&["run"]).code(78).says(&["http.address", "in clear", "[http.tls]"]);
    bench.write("takt.toml", &format!("{network}[http.tls]\n"));
    let running = bench.start();
    assert!(running.ready.contains(&format!("https://0.0.0.0:{port}")), "{}", running.ready);
    bench.takt(&["status"]).code(0).says(&["box-1 at lab"]);
    let fingerprint = shown_to_openssl(port);
    // From the network's side nothing answers before the first administrator is made.
    let mut checked = false;
    if let Some(address) = network_address() {
        let url = format!("https://{address}:{port}");
        assert_eq!(ask(&format!("{url}/healthz"), None).0, 503);
        let (status, said) = ask(&format!("{url}/api/v1/session"), None);
        assert_eq!((status, &said["setup_needed"]), (200, &true.into()), "{said}");
        let code = std::fs::read_to_string(bench.path("data/setup.code")).expect("it is there");
        let set_up = json!({ "code": code, "user": "boss", "password": PASSWORD });
        assert_eq!(ask(&format!("{url}/api/v1/setup"), Some(set_up)).0, 200);
        assert_eq!(ask(&format!("{url}/healthz"), None).0, 200);
        assert_eq!(ask(&format!("{url}/metrics"), None).0, 401, "metrics are open on the box alone");
        checked = true;
    }
    let (code, said) = running.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&fingerprint), "{fingerprint} is not in: {said}");
    assert!(checked || network_address().is_none());
    bench.write("takt.toml", &format!("{network}[http.tls]\ncertificate = \"none.pem\"\nkey = \"none.pem\"\n"));
    bench.takt(&["run"]).code(1).says(&["none.pem", "http.tls"]);
}

/// The fingerprint of the certificate, as openssl sees it.
fn shown_to_openssl(port: u16) -> String {
    let address = format!("127.0.0.1:{port}");
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address, "-servername", "box-1"]);
    let client = client.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("openssl is there");
    let mut reader = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is there");
    std::io::Write::write_all(&mut reader.stdin.take().expect("piped"), &client.stdout).expect("it reads");
    let said = String::from_utf8(reader.wait_with_output().expect("it ends").stdout).expect("text");
    let (_, fingerprint) = said.trim().split_once('=').unwrap_or_else(|| panic!("no certificate: {said}"));
    fingerprint.to_owned()
}

/// An address of this machine beyond the loopback, if it has one. Nothing is sent.
fn network_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
