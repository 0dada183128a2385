//! From the documents to the listener's certificate.

use crate::api::HttpOptions;
use crate::tls::{Own, Source, Tls};
use anyhow::{Result, anyhow};
use std::path::Path;
use std::sync::Arc;
use takt_adapters::Clock;
use takt_config::resolved::{Gateway, ListenTls};
use takt_config::{At, Pem};
use tokio_util::sync::CancellationToken;

/// Where HTTP listens, with its certificate, which is looked at again until the end.
pub(super) fn options(gateway: &Gateway, clock: Clock, until: &CancellationToken) -> Result<HttpOptions> {
    let address = gateway.http.address.value;
    let mut options = match &gateway.http.tls {
        None => HttpOptions::listen(address)?,
        Some(tls) => {
            let tls = Arc::new(Tls::open(source(gateway, tls), clock.wall())?);
            tokio::spawn(Arc::clone(&tls).renew(move || clock.wall(), until.clone()));
            HttpOptions::encrypted(address, tls)
        }
    };
    options.hosts = gateway.http.hosts.iter().map(|host| host.value.clone()).collect();
    Ok(options)
}

fn source(gateway: &Gateway, tls: &ListenTls) -> Source {
    let data_dir = gateway.data_dir.value.clone();
    match tls {
        ListenTls::Given { certificate, key } => {
            let (certificate, key) = (certificate.clone(), key.clone());
            Source::Given(Box::new(move || Ok((pem(&certificate, &data_dir)?, pem(&key, &data_dir)?))))
        }
        ListenTls::Generated => {
            let hosts = gateway.http.hosts.iter().map(|host| without_port(host).to_owned());
            let ip = gateway.http.address.ip();
            let address = (!ip.is_unspecified()).then(|| ip.to_string());
            Source::Own(Own::new(&data_dir, gateway.name.as_str(), hosts.chain(address)))
        }
    }
}

/// The certificate that a gateway of this configuration shows, PEM; `None` without TLS.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn shown_certificate(gateway: &Gateway) -> Result<Option<Vec<u8>>> {
    let data_dir = &gateway.data_dir.value;
    let read = match &gateway.http.tls {
        None => return Ok(None),
        Some(ListenTls::Given { certificate, .. }) => pem(certificate, data_dir),
        Some(ListenTls::Generated) => read(&Own::certificate(data_dir)),
    };
    read.map(Some).map_err(|why| anyhow!("the gateway's certificate cannot be read: {why}"))
}

fn pem(written: &At<Pem>, data_dir: &Path) -> Result<Vec<u8>, String> {
    match &written.value {
        Pem::Secret(name) => crate::secrets::reveal(data_dir, name),
        Pem::File(path) => read(&At::new(path.clone(), written.place.clone()).beside_document()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn without_port(host: &str) -> &str {
    host.split_once(':').map_or(host, |(name, _)| name)
}
