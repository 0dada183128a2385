//! One broker connection as plain values.

use std::fmt;
use std::time::Duration;

/// How often the broker may deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qos {
    /// At most once (0).
    AtMostOnce,
    /// At least once (1).
    AtLeastOnce,
    /// Exactly once (2).
    ExactlyOnce,
}

/// The protocol version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// MQTT 3.1.1.
    V3,
    /// MQTT 5.
    V5,
}

/// Bytes that never show in a log: keys and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps a secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// User name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password; MQTT 3.1.1 brokers want UTF-8.
    pub password: Secret,
}

/// A client certificate with its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate and its chain.
    pub certificate_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Secret,
}

/// How the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// Authorities to trust, PEM. `None` trusts those of the operating system.
    pub ca_pem: Option<Vec<u8>>,
    /// The gateway's own certificate, where the broker asks for one.
    pub identity: Option<ClientIdentity>,
    /// The name in the broker's certificate, where it differs from the host.
    pub server_name: Option<String>,
}

/// What the broker says for the gateway when it vanishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWill {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// How surely.
    pub qos: Qos,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// How long to wait between two attempts to connect: doubled each time, spread at random over its
/// upper half, so that many gateways behind one broker do not come back in one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryDelays {
    /// The first delay.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// The delay after another client took the client id.
    pub taken_over: Duration,
    /// Seed of the spread; take one per gateway.
    pub seed: u64,
}

/// One broker connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Encryption; `None` is plain TCP.
    pub tls: Option<Tls>,
    /// Protocol version.
    pub protocol: Protocol,
    /// The client id; it names the session at the broker and must be this gateway's alone.
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<Credentials>,
    /// Whether the broker forgets the session when the connection ends. Unacknowledged messages
    /// come again only where it does not.
    pub clean_session: bool,
    /// How long the broker keeps a session that is not clean (MQTT 5; 3.1.1 brokers decide).
    pub session_expiry: Duration,
    /// Longest silence before a ping; at least 1 s. A broker silent for one and a half is given up.
    pub keep_alive: Duration,
    /// Longest time to connect, and to get an answer to a subscription.
    pub timeout: Duration,
    /// Largest packet in bytes. A larger one is skipped byte by byte, acknowledged and reported.
    pub packet_bytes_max: usize,
    /// Most unacknowledged messages that the broker may send (MQTT 5; 3.1.1 brokers decide).
    pub receive_max: u16,
    /// Most publications on their way that the broker has not confirmed.
    pub in_flight_max: u16,
    /// The last will.
    pub last_will: Option<LastWill>,
    /// Delays between attempts.
    pub retry: RetryDelays,
    /// Longest time at shutdown to wait for the journal and for confirmations.
    pub drain: Duration,
}

impl Options {
    /// A plain connection with the default limits and a persistent session.
    pub fn new(host: impl Into<String>, port: u16, client_id: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            tls: None,
            protocol: Protocol::V3,
            client_id: client_id.into(),
            credentials: None,
            clean_session: false,
            session_expiry: Duration::from_secs(7 * 86_400),
            keep_alive: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
            packet_bytes_max: 1 << 20,
            receive_max: 1_024,
            in_flight_max: 256,
            last_will: None,
            retry: RetryDelays {
                first: Duration::from_millis(250),
                longest: Duration::from_secs(30),
                taken_over: Duration::from_secs(60),
                seed: 0,
            },
            drain: Duration::from_secs(1),
        }
    }

    /// All that is wrong with these options, each with what to write instead.
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut wrong = vec![];
        let mut refuse = |is_wrong: bool, what| {
            if is_wrong {
                wrong.push(what);
            }
        };
        refuse(self.host.is_empty(), InvalidOption::Host);
        refuse(self.client_id.is_empty() && !self.clean_session, InvalidOption::ClientId);
        refuse(
            self.keep_alive < Duration::from_secs(1) || self.keep_alive.as_secs() > 65_535,
            InvalidOption::KeepAlive,
        );
        refuse(self.packet_bytes_max < 1_024 || self.packet_bytes_max > 268_435_455, InvalidOption::PacketSize);
        refuse(self.receive_max == 0 || self.in_flight_max == 0, InvalidOption::InFlight);
        let will_is_wrong = |w: &LastWill| !super::topic::is_topic(&w.topic) || w.payload.len() > 65_535;
        refuse(self.last_will.as_ref().is_some_and(will_is_wrong), InvalidOption::LastWill);
        wrong
    }
}

/// What is wrong with the options of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOption {
    /// No host.
    #[error("the broker has no host; write one such as mqtt://broker:1883")]
    Host,
    /// A persistent session without a client id.
    #[error(
        "a session that is kept needs a client id; write one that no other client uses, or set clean_session = true"
    )]
    ClientId,
    /// Keep alive out of its range.
    #[error("keep_alive must lie between 1 s and 65,535 s")]
    KeepAlive,
    /// Packet size out of its range.
    #[error("max_packet_size must lie between 1,024 and 268,435,455 bytes")]
    PacketSize,
    /// Nothing may be in flight.
    #[error("receive_maximum and in_flight must be at least 1")]
    InFlight,
    /// A last will that MQTT cannot carry.
    #[error("the last will needs a topic without wildcards and at most 65,535 bytes")]
    LastWill,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_option_is_named_at_once() {
        assert_eq!(Options::new("broker", 1883, "takt").check(), []);
        let wrong = Options {
            keep_alive: Duration::ZERO,
            packet_bytes_max: 1,
            receive_max: 0,
            last_will: Some(LastWill { topic: "a/#".into(), payload: vec![], qos: Qos::AtMostOnce, retain: true }),
            ..Options::new("", 1883, "")
        };
        assert_eq!(
            wrong.check(),
            [
                InvalidOption::Host,
                InvalidOption::ClientId,
                InvalidOption::KeepAlive,
                InvalidOption::PacketSize,
                InvalidOption::InFlight,
                InvalidOption::LastWill
            ]
        );
    }

    #[test]
    fn secrets_do_not_show() {
        let mut options = Options::new("broker", 1883, "takt");
        options.credentials = Some(Credentials { user: "takt".into(), password: Secret::new("hunter2") });
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
