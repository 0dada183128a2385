//! MQTT over TLS with client certificates, and the topic probe, against a real mosquitto.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod broker;

use broker::{Broker, Running, Seen, on_shard};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use takt_adapters::Clock;
use takt_adapters::mqtt::options::{ClientIdentity, Protocol, Secret, Tls};
use takt_adapters::mqtt::probe::{WatchError, WatchLimits, watch_topics};
use takt_adapters::mqtt::{Options, Plan};

/// Runs one line of openssl in a folder.
fn openssl(folder: &Path, line: &str) {
    let status = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("openssl is installed");
    assert!(status.success(), "openssl {line}");
}

/// An authority, a broker's certificate for localhost and a client's, each with its key.
fn make_certificates(folder: &Path) {
    std::fs::write(folder.join("server.ext"), "subjectAltName=DNS:localhost,DNS:broker.plant\n").unwrap();
    std::fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for (name, subject) in [("ca", "/CN=plant-ca"), ("other", "/CN=other-ca")] {
        openssl(folder, &format!("req -x509 {key} -keyout {name}.key -out {name}.pem -days 2 -subj {subject}"));
    }
    for name in ["server", "client"] {
        openssl(folder, &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        openssl(
            folder,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile {name}.ext"
            ),
        );
    }
}

struct Case {
    broker: Broker,
    folder: tempfile::TempDir,
}

fn tls_broker() -> Case {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let at = folder.path().display();
    let broker = Broker::start(&format!(
        "cafile {at}/ca.pem\ncertfile {at}/server.pem\nkeyfile {at}/server.key\nrequire_certificate true\n"
    ));
    Case { broker, folder }
}

impl Case {
    fn pem(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    fn options(&self, protocol: Protocol) -> Options {
        let identity =
            ClientIdentity { certificate_pem: self.pem("client.pem"), key_pem: Secret::new(self.pem("client.key")) };
        let tls = Tls { ca_pem: Some(self.pem("ca.pem")), identity: Some(identity), server_name: None };
        let mut options = self.broker.options("takt");
        options.host = "localhost".into();
        Options { tls: Some(tls), protocol, ..options }
    }
}

/// Connects and expects the first report to hold this text; an empty text means connected.
fn check(options: Options, expected: &str) {
    on_shard(async {
        let running = Running::start(options, Plan::default(), true);
        running.until("a report", |s| !s.is_empty()).await;
        match &running.seen()[0] {
            Seen::Up(_) => assert_eq!(expected, "", "connected"),
            Seen::Down(why) => assert!(!expected.is_empty() && why.contains(expected), "{why} lacks '{expected}'"),
            other => panic!("{other:?}"),
        }
        running.stop().await;
    });
}

#[test]
fn tls_connects_with_the_right_certificates_and_says_what_is_wrong() {
    let case = tls_broker();
    for protocol in [Protocol::V3, Protocol::V5] {
        let with = |change: &dyn Fn(&mut Tls)| {
            let mut options = case.options(protocol);
            change(options.tls.as_mut().unwrap());
            options
        };
        check(with(&|_| ()), "");
        check(with(&|tls| tls.server_name = Some("broker.plant".into())), "");
        check(with(&|tls| tls.server_name = Some("elsewhere".into())), "TLS failed");
        check(with(&|tls| tls.ca_pem = Some(case.pem("other.pem"))), "TLS failed");
        check(with(&|tls| tls.identity = None), "TLS");
        check(with(&|tls| tls.ca_pem = Some(b"no pem".to_vec())), "certificate authority");
        check(Options { tls: None, ..case.options(protocol) }, "check that port and TLS setting belong together");
    }
}

#[test]
fn large_messages_pass_through_tls() {
    let case = tls_broker();
    on_shard(async {
        let running = Running::start(case.options(Protocol::V5), Plan::default(), true);
        running.until_up().await;
        for token in 0..40 {
            let payload = vec![b'x'; 100_000];
            let qos = takt_adapters::mqtt::options::Qos::AtLeastOnce;
            running.outlet.offer("large", payload, qos, false, token).unwrap();
        }
        running.until("every confirmation", |s| s.contains(&Seen::Published(39))).await;
        running.stop().await;
    });
}

#[test]
fn the_probe_lists_topics_with_their_fields_and_stays_bounded() {
    let broker = Broker::start("");
    for protocol in [Protocol::V3, Protocol::V5] {
        on_shard(async {
            for (topic, payload) in
                [("p/1", r#"{"vib":{"rms":0.5},"n":[1,2]}"#), ("p/2", "21.5"), ("p/3", "x"), ("q", "1")]
            {
                broker.publish(topic, payload, &["-r"]);
            }
            let options = Options { protocol, ..broker.options("probe") };
            let limits = WatchLimits { span: Duration::from_millis(400), n_topics_max: 2, n_bytes_max: 1 << 20 };
            let heard = watch_topics(&options, "p/+", limits, Clock::new()).await.unwrap();
            assert_eq!((heard.topics.len(), heard.n_messages_beyond), (2, 1));
            let fields: Vec<(&str, &str)> =
                heard.topics["p/1"].fields.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
            assert_eq!(fields, [("/n/0", "1"), ("/n/1", "2"), ("/vib/rms", "0.5")]);
            assert_eq!(heard.topics["p/2"].first_bytes, b"21.5");
            let wrong = watch_topics(&options, "p/#/x", limits, Clock::new()).await;
            assert!(matches!(wrong, Err(WatchError::Filter(_))));
        });
    }
}
