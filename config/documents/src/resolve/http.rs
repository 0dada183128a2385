//! The HTTP interface's part: where it listens, how it is encrypted, how long a sign-in lasts.

use super::report::Report;
use crate::place::At;
use crate::resolved::{Http, ListenTls};
use crate::written::document as written;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Where the HTTP interface listens unless a document says otherwise.
const HTTP_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8520);
/// A shift: a panel that nobody touched for one is nobody's any more.
const SESSION_IDLE: Duration = Duration::from_hours(8);
/// A working week, weekend included.
const SESSION_MAX: Duration = Duration::from_hours(7 * 24);
/// Below this nobody gets anything done.
const SESSION_LEAST: Duration = Duration::from_secs(1);
/// Beyond this it would be no limit.
const SESSION_MOST: Duration = Duration::from_hours(90 * 24);
/// Names of one gateway.
const HOSTS_MAX: usize = 32;

/// The interface as it will be.
pub(super) fn http_of(http: Option<&At<written::Http>>, report: &mut Report) -> Http {
    let address = http.and_then(|h| h.address.clone()).unwrap_or_else(|| At::built_in(HTTP_ADDRESS, "http.address"));
    let tls = http.and_then(|h| h.tls.as_ref());
    if !address.ip().is_loopback() && tls.is_none() {
        report.wrong(
            &address.place,
            format!("{} is not a loopback address, and passwords would cross the network in clear", address.ip()),
            format!("add an empty table [http.tls] to encrypt it, or write \"127.0.0.1:{}\"", address.port()),
        );
    }
    let idle = http.and_then(|h| h.session_idle.as_ref());
    let session_idle = report.duration(idle, SESSION_IDLE, SESSION_LEAST, SESSION_MOST);
    let longest = http.and_then(|h| h.session_max.as_ref());
    let session_max = report.duration(longest, SESSION_MAX, SESSION_LEAST, SESSION_MOST);
    let tls = tls.and_then(|tls| tls_of(tls, report));
    Http { address, tls, hosts: hosts_of(http, report), session_idle, session_max }
}

fn tls_of(tls: &At<written::ListenTls>, report: &mut Report) -> Option<ListenTls> {
    match (&tls.certificate, &tls.key) {
        (None, None) => Some(ListenTls::Generated),
        (Some(certificate), Some(key)) => Some(ListenTls::Given { certificate: certificate.clone(), key: key.clone() }),
        (Some(_), None) => {
            report.missing(&tls.place, "key", "write the path of the certificate's private key, or \"secret:NAME\"");
            None
        }
        (None, Some(_)) => {
            report.missing(&tls.place, "certificate", "write the path of the certificate chain, PEM");
            None
        }
    }
}

fn hosts_of(http: Option<&At<written::Http>>, report: &mut Report) -> Vec<At<String>> {
    let Some(hosts) = http.and_then(|h| h.hosts.as_ref()) else { return Vec::new() };
    if hosts.len() > HOSTS_MAX {
        report.wrong(&hosts.place, format!("{} names are too many", hosts.len()), format!("write at most {HOSTS_MAX}"));
    }
    for host in hosts.iter().filter(|host| !is_host(host)) {
        let hint = "write a name without scheme and path, such as \"box-1.plant.example\" or \"box-1:8443\"";
        report.wrong(&host.place, "this is no host name", hint);
    }
    hosts.value.clone()
}

/// A name of letters, digits, dots and hyphens, with a port or without (RFC 3986, 3.2.2).
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    !name.is_empty() && name.len() <= 253 && name.chars().all(fits) && port.is_none_or(|p| p.parse::<u16>().is_ok())
}
