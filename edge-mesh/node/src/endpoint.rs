//! The one iroh endpoint, built so that it speaks to configured addresses only.
//!
//! `presets::Minimal` brings a crypto provider and nothing else: no relay, no address lookup, no DNS
//! publishing. Addresses come from the member list through a `MemoryLookup`. Port mapping is not even
//! compiled in. One way remains by which an address that nobody configured could be tried: iroh tells a
//! peer the addresses of the sockets it has, and the peer then tries those. An unspecified address would
//! tell it every interface of the box; so the sockets are bound to named addresses only, which are those
//! of the member list.

use crate::door::Door;
use crate::options::StartError;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::{NetReportConfig, PortmapperConfig, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, RelayMode, SecretKey};
use std::net::SocketAddr;
use std::time::Duration;

/// A connection on which nothing came for this long is dead. The default of half a minute would leave a
/// borrower to its deadlines for so long.
const IDLE: Duration = Duration::from_secs(3);

/// Between two signs of life: three may be lost.
const KEEP_ALIVE: Duration = Duration::from_millis(800);

/// Streams that a peer may have open towards this box: one a class of traffic, and large tensors. It
/// bounds what a peer can make this box hold to as many frames of the largest size.
const STREAMS_MAX: u32 = 16;

/// Binds the sockets.
pub(crate) async fn bind(
    secret: &[u8; 32],
    listen: &[SocketAddr],
    alpns: &[&[u8]],
    door: Door,
) -> Result<(Endpoint, MemoryLookup), StartError> {
    if listen.is_empty() {
        return Err(StartError::NoAddress);
    }
    if let Some(open) = listen.iter().find(|address| address.ip().is_unspecified()) {
        return Err(StartError::Unspecified(*open));
    }
    let lookup = MemoryLookup::new();
    let mut builder = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(secret))
        .alpns(alpns.iter().map(|alpn| alpn.to_vec()).collect())
        .relay_mode(RelayMode::Disabled)
        .clear_relay_transports()
        .portmapper_config(PortmapperConfig::Disabled)
        .net_report_config(NetReportConfig::minimal())
        .address_lookup(lookup.clone())
        .transport_config(transport())
        .hooks(door)
        .clear_ip_transports();
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| StartError::Bind {
        addresses: listen.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", "),
        source,
    };
    for address in listen {
        builder = builder.bind_addr(*address).map_err(|why| failed(why.into()))?;
    }
    let endpoint = builder.bind().await.map_err(|why| failed(why.into()))?;
    Ok((endpoint, lookup))
}

fn transport() -> QuicTransportConfig {
    let idle = u32::try_from(IDLE.as_millis()).expect("a few seconds");
    QuicTransportConfig::builder()
        .max_idle_timeout(Some(VarInt::from_u32(idle).into()))
        .default_path_max_idle_timeout(IDLE)
        .keep_alive_interval(KEEP_ALIVE)
        .default_path_keep_alive_interval(KEEP_ALIVE)
        .max_concurrent_uni_streams(VarInt::from_u32(STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .datagram_receive_buffer_size(None)
        .build()
}
