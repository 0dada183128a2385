//! The listener: bounded connections, bounded headers, and an end with a deadline.

use super::options::{CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADER_TIMEOUT, HttpOptions};
use super::{Api, Plant, router};
use crate::telemetry::{Meters, Metric, Telemetry};
use crate::{api::Archive, board::Viewer};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How long open requests may take to end.
const DRAIN: Duration = Duration::from_secs(3);

/// Why HTTP cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is another takt running, or the port taken? `http.listen` chooses another")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The other end of a connection; every request carries it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// Who calls.
    pub(super) peer: SocketAddr,
}

/// A bound listener with its routes.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    meters: Meters,
    until: CancellationToken,
}

impl Server {
    /// Binds the address and makes the routes. Nothing is answered before [`Server::run`].
    pub async fn bind(
        options: &HttpOptions,
        viewer: Arc<Viewer>,
        archive: Arc<dyn Archive>,
        plant: Arc<dyn Plant>,
        telemetry: Arc<Telemetry>,
        until: CancellationToken,
    ) -> Result<Self, ServeError> {
        let refused = |source| ServeError::Bind { address: options.address(), source };
        let listener = TcpListener::bind(options.address()).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let meters = telemetry.meters().clone();
        let api = Api::new(&options.bound(address), viewer, archive, plant, telemetry, until.clone());
        Ok(Self { listener, address, router: router(api), meters, until })
    }

    /// Where it listens: with port 0 in the options, the port that the system gave.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to end, then lets open requests end within three seconds.
    pub async fn run(self) {
        let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
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
            match Arc::clone(&free).try_acquire_owned() {
                Err(_) => self.meters.warn(Metric::HttpRefused, "connections", "too many open connections"),
                Ok(permit) => self.attend(socket, Ends { peer }, permit, &graceful),
            }
        }
        drop(self.listener);
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("http: some requests did not end within {} s and were cut off", DRAIN.as_secs());
        }
    }

    fn attend(&self, socket: TcpStream, ends: Ends, permit: OwnedSemaphorePermit, graceful: &GracefulShutdown) {
        drop(socket.set_nodelay(true));
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ends);
            hyper::service::Service::call(&routes, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(socket), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
}
