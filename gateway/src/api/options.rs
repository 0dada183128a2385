//! Where HTTP listens, and its limits.

use crate::tls::Tls;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Open connections. Fifty pages hold a stream and up to five more connections each; a connection
/// at rest costs some 20 kB. Beyond the limit a new one is closed at once.
pub const CONNECTIONS_MAX: usize = 512;
/// Of those, for callers on the box itself: whoever fills the rest from the network does not keep
/// the console out.
pub const CONNECTIONS_KEPT_FOR_BOX: usize = 32;
/// Connections of one address beyond the box: a hall's panels behind one router, and no more than
/// an eighth of all.
pub const CONNECTIONS_OF_ADDRESS_MAX: usize = 64;
/// Live streams: a page needs one, fifty pages are promised, and twice as many cost the pipeline
/// nothing: it writes into one ring whatever the number of readers, and each reader has one task
/// with one batch of at most 50 verdicts in memory.
pub const STREAMS_MAX: usize = 128;
/// Streams of one user or token: fifty panels that share one sign-in, without taking all.
pub const STREAMS_OF_USER_MAX: usize = 64;
/// All headers of one request.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// From the first byte of a request to the end of its headers; also a TLS handshake.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// From the headers to the beginning of the answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// A request's body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Where and how HTTP is served. Beyond the loopback only encrypted: [`HttpOptions::listen`] and
/// [`HttpOptions::encrypted`] are the only ways to make it.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    /// Live streams at once.
    pub n_streams_max: usize,
    /// Live streams of one user or token at once.
    pub n_streams_of_user_max: usize,
    /// Further names by which a request may call this gateway, such as `box-1.plant.example`. One
    /// without a port counts with the listener's and without any. None by default.
    pub hosts: Vec<String>,
}

/// Why these options are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The address is not loopback, and nothing encrypts it.
    #[error(
        "http.address = {address} would send passwords over the network in clear; add an empty table [http.tls], \
         or use 127.0.0.1:{port} and reach it from elsewhere through `ssh -L {port}:127.0.0.1:{port}`",
        port = address.port()
    )]
    InClear {
        /// What was asked for.
        address: SocketAddr,
    },
}

impl HttpOptions {
    /// The address that is used when none is given.
    pub const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8520);

    /// Listens on a loopback address; port 0 takes any free one.
    ///
    /// # Errors
    /// The address is not loopback.
    pub fn listen(address: SocketAddr) -> Result<Self, OptionsError> {
        if !address.ip().is_loopback() {
            return Err(OptionsError::InClear { address });
        }
        Ok(Self::at(address, None))
    }

    /// Listens on any address, encrypted.
    pub fn encrypted(address: SocketAddr, tls: Arc<Tls>) -> Self {
        Self::at(address, Some(tls))
    }

    fn at(address: SocketAddr, tls: Option<Arc<Tls>>) -> Self {
        let (n_streams_max, n_streams_of_user_max) = (STREAMS_MAX, STREAMS_OF_USER_MAX);
        Self { address, tls, n_streams_max, n_streams_of_user_max, hosts: Vec::new() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is encrypted.
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// The same options at the port that the system gave.
    pub(super) fn bound(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for (address, ok) in [
            ("127.0.0.1:8520", true),
            ("[::1]:8520", true),
            ("127.8.0.1:0", true),
            ("0.0.0.0:8520", false),
            ("[::]:8520", false),
            ("192.168.1.5:8520", false),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            let options = HttpOptions::listen(address);
            assert_eq!(options.is_ok(), ok, "{address}");
            if let Err(why) = options {
                assert!(why.to_string().contains("in clear"), "{why}");
            }
        }
    }
}
