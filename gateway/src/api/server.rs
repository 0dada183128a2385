//! The listener: bounded connections, bounded headers, TLS, and an end with a deadline.

use super::options::{HEADER_BYTES_MAX, HEADER_TIMEOUT, HttpOptions};
use super::room::{Room, Seat};
use super::{Api, router};
use crate::access::Access;
use crate::telemetry::{Meters, Metric, Telemetry};
use crate::tls::Tls;
use crate::{api::Archive, board::Viewer};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

/// How long open requests may take to end.
const DRAIN: Duration = Duration::from_secs(3);

/// The first byte of a TLS handshake record (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 22;
/// What somebody reads who calls an encrypted listener without TLS.
const IN_CLEAR: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n\
    This gateway speaks TLS: the address begins with https://\n";

/// Why HTTP cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is another takt running, or the port taken? `http.address` chooses another")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Both ends of a connection; every request carries them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// Who calls.
    pub(super) peer: SocketAddr,
    /// The address that was called: with a listener on all addresses, which of them.
    pub(super) local: SocketAddr,
}

/// A bound listener with its routes.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    tls: Option<Arc<Tls>>,
    meters: Meters,
    until: CancellationToken,
}

impl Server {
    /// Binds the address and makes the routes. Nothing is answered before [`Server::run`].
    pub async fn bind(
        options: &HttpOptions,
        viewer: Arc<Viewer>,
        archive: Arc<dyn Archive>,
        telemetry: Arc<Telemetry>,
        access: Arc<Access>,
        until: CancellationToken,
    ) -> Result<Self, ServeError> {
        let refused = |source| ServeError::Bind { address: options.address(), source };
        let listener = TcpListener::bind(options.address()).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let meters = telemetry.meters().clone();
        let api = Api::new(&options.bound(address), viewer, archive, telemetry, access, until.clone());
        Ok(Self { listener, address, router: router(api), tls: options.tls().cloned(), meters, until })
    }

    /// Where it listens: with port 0 in the options, the port that the system gave.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to end, then lets open requests end within three seconds.
    pub async fn run(self) {
        let room = Room::default();
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                () = self.until.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a connection that ended before it was taken.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            match room.seat(peer.ip()) {
                None => self.meters.warn(Metric::HttpRefused, "connections", "too many open connections"),
                Some(seat) => self.attend(socket, peer, seat, graceful.watcher()),
            }
        }
        drop(self.listener);
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("http: some requests did not end within {} s and were cut off", DRAIN.as_secs());
        }
    }

    fn attend(&self, socket: TcpStream, peer: SocketAddr, seat: Seat, watcher: Watcher) {
        drop(socket.set_nodelay(true));
        let ends = Ends { peer, local: socket.local_addr().unwrap_or(self.address) };
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ends);
            hyper::service::Service::call(&routes, request)
        });
        let tls = self.tls.clone();
        tokio::spawn(async move {
            let Some(stream) = opened(socket, tls).await else { return };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(HEADER_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(seat);
        });
    }
}

/// The connection as it is read: plain, or after its handshake.
async fn opened(mut socket: TcpStream, tls: Option<Arc<Tls>>) -> Option<Either<TcpStream, TlsStream<TcpStream>>> {
    let Some(tls) = tls else { return Some(Either::Left(socket)) };
    let mut first = [0];
    let peeked = tokio::time::timeout(HEADER_TIMEOUT, socket.peek(&mut first)).await;
    if !matches!(peeked, Ok(Ok(1))) {
        return None;
    }
    if first[0] != TLS_HANDSHAKE {
        drop(tokio::time::timeout(HEADER_TIMEOUT, socket.write_all(IN_CLEAR)).await);
        return None;
    }
    let handshake = TlsAcceptor::from(tls.config()).accept(socket);
    match tokio::time::timeout(HEADER_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => Some(Either::Right(stream)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
        Err(_) => None,
    }
}
