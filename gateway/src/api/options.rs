//! Where HTTP listens, and its limits.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Open connections. A browser opens six for one page; beyond the limit a new one is closed at once.
pub const CONNECTIONS_MAX: usize = 128;
/// Live streams: a page needs one.
pub const STREAMS_MAX: usize = 16;
/// All headers of one request.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// From the first byte of a request to the end of its headers.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// From the headers to the beginning of the answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// A request's body. Reading needs none.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Where and how HTTP is served. Made by [`HttpOptions::listen`], so its address is loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    address: SocketAddr,
    /// Live streams at once.
    pub n_streams_max: usize,
    /// Further names by which a request may call this gateway, such as `gateway.local:8443` behind
    /// a proxy on the same box. None by default.
    pub hosts: Vec<String>,
}

/// Why these options are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The address is not loopback.
    #[error(
        "http.listen = {address} would open the gateway to the network, and there is no login yet; \
         use 127.0.0.1:{port}, and reach it from elsewhere through `ssh -L {port}:127.0.0.1:{port}`",
        port = address.port()
    )]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
}

impl HttpOptions {
    /// The address that is used when none is given.
    pub const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8520);

    /// Listens on a loopback address; port 0 takes any free one.
    pub fn listen(address: SocketAddr) -> Result<Self, OptionsError> {
        if !address.ip().is_loopback() {
            return Err(OptionsError::NotLoopback { address });
        }
        Ok(Self { address, n_streams_max: STREAMS_MAX, hosts: Vec::new() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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
                assert!(why.to_string().contains("no login yet"), "{why}");
            }
        }
    }
}
