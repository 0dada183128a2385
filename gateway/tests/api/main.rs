//! HTTP, the live stream, metrics and the control socket, over real sockets.

mod control;
mod fake;
mod floor;
mod http;
mod metrics;
mod readiness;
mod refuse;
mod routes;
mod shelf;
mod stream;

use fake::Fake;
use floor::Floor;
use shelf::Shelf;
use std::net::SocketAddr;
use std::sync::Arc;
use takt::api::{HttpOptions, Server};
use takt::board::Viewer;
use takt::telemetry::{Telemetry, TelemetryOptions};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server over an invented board, which ends with the test.
struct Desk {
    fake: Fake,
    viewer: Arc<Viewer>,
    telemetry: Arc<Telemetry>,
    address: SocketAddr,
    _until: DropGuard,
}

async fn desk() -> Desk {
    desk_with(Shelf::default(), |_| {}).await
}

async fn desk_with(shelf: Shelf, change: impl FnOnce(&mut HttpOptions)) -> Desk {
    let fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let telemetry = Telemetry::start(&TelemetryOptions::default(), Arc::clone(&viewer)).expect("telemetry starts");
    let telemetry = Arc::new(telemetry);
    let until = CancellationToken::new();
    let mut options = HttpOptions::listen(([127, 0, 0, 1], 0).into()).expect("loopback");
    change(&mut options);
    let made = Server::bind(
        &options,
        Arc::clone(&viewer),
        Arc::new(shelf),
        Arc::new(Floor),
        Arc::clone(&telemetry),
        until.clone(),
    )
    .await;
    let server = made.expect("a free port");
    let address = server.address();
    tokio::spawn(Arc::clone(&viewer).run(until.clone()));
    tokio::spawn(server.run());
    Desk { fake, viewer, telemetry, address, _until: until.drop_guard() }
}
