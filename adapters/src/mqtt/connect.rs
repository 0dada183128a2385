//! From options to an accepted connection: TCP, TLS, CONNECT, CONNACK.

use crate::mqtt::options::{Options, Tls};
use crate::mqtt::packet::{ConnAck, Inbound, Outbound, WireError};
use crate::mqtt::pipe::{Moved, Pipe, Stream, Taken};
use crate::mqtt::wire;
use bytes::BytesMut;
use rumqttc::tokio_rustls::TlsConnector;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why no connection came to be.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address does not resolve, or nothing listens there.
    #[error("cannot reach {host}:{port} ({source}); check the address and that the broker runs")]
    Unreachable {
        /// The host as written.
        host: String,
        /// The port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// No answer in time.
    #[error("{host}:{port} did not answer within {timeout_ms} ms; check the address, firewall and TLS setting")]
    Timeout {
        /// The host as written.
        host: String,
        /// The port.
        port: u16,
        /// How long was waited.
        timeout_ms: u128,
    },
    /// A certificate or key is no PEM.
    #[error("the {what} is no usable PEM ({why}); check the file")]
    Pem {
        /// Which file.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The server name cannot stand in a certificate.
    #[error("'{0}' is no name that a certificate can carry; set server_name")]
    ServerName(String),
    /// The handshake failed: wrong authority, name or client certificate.
    #[error("TLS failed ({0}); check the authority, the server name and the client certificate")]
    Tls(String),
    /// The connection broke before the broker answered.
    #[error("the connection broke before the broker answered ({0}); check that port and TLS setting belong together")]
    Broken(String),
    /// The broker says no.
    #[error("the broker refuses the connection: {0}; check user, password and client id")]
    Refused(String),
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Accepted {
    pub pipe: Pipe,
    pub ack: ConnAck,
}

/// Connects and waits for the broker's answer, all within the options' timeout.
pub(super) async fn connect(options: &Options) -> Result<Accepted, ConnectError> {
    timeout(options.timeout, open(options)).await.unwrap_or_else(|_| {
        Err(ConnectError::Timeout {
            host: options.host.clone(),
            port: options.port,
            timeout_ms: options.timeout.as_millis(),
        })
    })
}

async fn open(options: &Options) -> Result<Accepted, ConnectError> {
    let tcp = reach(options).await?;
    let stream = secure(tcp, options).await?;
    greet(stream, options).await
}

/// The first step: a TCP connection.
pub(super) async fn reach(options: &Options) -> Result<TcpStream, ConnectError> {
    let unreachable = |source| ConnectError::Unreachable { host: options.host.clone(), port: options.port, source };
    let tcp = TcpStream::connect((options.host.as_str(), options.port)).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    Ok(tcp)
}

/// The second step: TLS, where it is spoken.
pub(super) async fn secure(tcp: TcpStream, options: &Options) -> Result<Stream, ConnectError> {
    match &options.tls {
        None => Ok(Stream::Plain(tcp)),
        Some(tls) => encrypt(tcp, tls, &options.host).await,
    }
}

/// The third step: CONNECT and the broker's answer.
pub(super) async fn greet(stream: Stream, options: &Options) -> Result<Accepted, ConnectError> {
    let mut pipe = Pipe::new(stream, options.protocol, options.packet_bytes_max);
    let ack = shake_hands(&mut pipe, options).await?;
    match ack.refused {
        Some(why) => Err(ConnectError::Refused(why)),
        None => Ok(Accepted { pipe, ack }),
    }
}

async fn shake_hands(pipe: &mut Pipe, options: &Options) -> Result<ConnAck, ConnectError> {
    let broken = |error: WireError| ConnectError::Broken(error.to_string());
    let mut outbox = BytesMut::new();
    wire::write(options.protocol, &Outbound::Connect(options), &mut outbox).map_err(broken)?;
    loop {
        match pipe.take().map_err(broken)? {
            Some(Taken::Packet(Inbound::ConnAck(ack))) => return Ok(ack),
            Some(other) => return Err(ConnectError::Broken(format!("{other:?} instead of CONNACK"))),
            None => {}
        }
        match pipe.shift(&mut outbox).await {
            Ok(Moved::Read | Moved::Wrote) => {}
            // With TLS 1.3 a refused client certificate shows only at the first read.
            Err(e) if e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                return Err(ConnectError::Tls(e.to_string()));
            }
            Err(e) => return Err(ConnectError::Broken(e.to_string())),
        }
    }
}

async fn encrypt(tcp: TcpStream, tls: &Tls, host: &str) -> Result<Stream, ConnectError> {
    let connector = TlsConnector::from(Arc::new(client_config(tls)?));
    let name = tls.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| ConnectError::ServerName(name.to_owned()))?;
    let stream = connector.connect(name, tcp).await.map_err(|e| ConnectError::Tls(e.to_string()))?;
    Ok(Stream::Tls(Box::new(stream)))
}

fn client_config(tls: &Tls) -> Result<rustls::ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectError::Tls(e.to_string()))?
        .with_root_certificates(authorities(tls)?);
    let Some(identity) = &tls.identity else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&identity.certificate_pem, "client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.reveal())
        .map_err(|e| ConnectError::Pem { what: "client key", why: e.to_string() })?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|e| ConnectError::Pem { what: "client certificate or key", why: e.to_string() })
}

fn authorities(tls: &Tls) -> Result<RootCertStore, ConnectError> {
    let what = "certificate authority";
    let found = match &tls.ca_pem {
        Some(pem) => certificates(pem, what)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found);
    if store.is_empty() {
        return Err(ConnectError::Pem { what, why: "it holds no certificate".into() });
    }
    Ok(store)
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(ConnectError::Pem { what, why: "it holds no certificate".into() }),
        Err(error) => Err(ConnectError::Pem { what, why: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::options::{ClientIdentity, Secret};

    #[test]
    fn what_is_no_pem_is_named() {
        let bad = b"no certificate".to_vec();
        let identity = ClientIdentity { certificate_pem: bad.clone(), key_pem: Secret::new("no key") };
        for (tls, what) in [
            (Tls { ca_pem: Some(bad), ..Tls::default() }, "certificate authority"),
            (Tls { identity: Some(identity), ..Tls::default() }, "certificate"),
        ] {
            let error = client_config(&tls).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
