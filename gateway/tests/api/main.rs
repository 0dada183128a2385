//! HTTP, the live stream, metrics and the control socket, over real sockets.

mod acts;
mod brute;
mod control;
mod fake;
mod floor;
mod http;
mod metrics;
mod readiness;
mod refuse;
mod roles;
mod routes;
mod session;
mod shelf;
mod stream;
mod tls;
mod topics;

use fake::Fake;
use floor::Floor;
use shelf::Shelf;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takt::access::{Access, Audit, Password, Role, SessionLimits, UserOrder};
use takt::alarms::Alarms;
use takt::api::{ApiParts, HttpOptions, Server};
use takt::board::Viewer;
use takt::telemetry::{Telemetry, TelemetryOptions};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The password of every user that a test makes.
const PASSWORD: &str = "correct horse battery";

/// A server over an invented board, which ends with the test. Requests to it by [`http`] come with
/// the console's token unless they say otherwise.
struct Desk {
    parts: ApiParts,
    fake: Fake,
    viewer: Arc<Viewer>,
    telemetry: Arc<Telemetry>,
    access: Arc<Access>,
    acts: Arc<Acts>,
    address: SocketAddr,
    dir: tempfile::TempDir,
    _until: DropGuard,
}

/// An audit log in memory.
#[derive(Default)]
struct Acts(Mutex<Vec<(String, String, String)>>);

impl Audit for Acts {
    fn note(&self, who: &str, what: &str, text: &str) {
        self.0.lock().expect("nobody panics here").push((who.into(), what.into(), text.into()));
    }
}

impl Acts {
    /// Who did something, in the words of the log.
    fn of(&self, what: &str) -> Vec<String> {
        let all = self.0.lock().expect("nobody panics here");
        all.iter().filter(|act| act.1 == what).map(|act| format!("{}: {}", act.0, act.2)).collect()
    }
}

const LIMITS: SessionLimits =
    SessionLimits { idle: Duration::from_secs(8 * 3_600), longest: Duration::from_secs(7 * 86_400) };

async fn desk() -> Desk {
    desk_with(Shelf::default(), |_| {}).await
}

async fn desk_with(shelf: Shelf, change: impl FnOnce(&mut HttpOptions)) -> Desk {
    let mut options = HttpOptions::listen(([127, 0, 0, 1], 0).into()).expect("loopback");
    change(&mut options);
    desk_at(shelf, options, LIMITS).await
}

async fn desk_at(shelf: Shelf, options: HttpOptions, limits: SessionLimits) -> Desk {
    let fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let telemetry = Telemetry::start(&TelemetryOptions::default(), Arc::clone(&viewer)).expect("telemetry starts");
    let telemetry = Arc::new(telemetry);
    let until = CancellationToken::new();
    let dir = tempfile::tempdir().expect("a folder");
    let acts = Arc::new(Acts::default());
    let opened = Access::open(dir.path(), fake.clock, limits, Arc::clone(&acts) as Arc<dyn Audit>).await;
    let access = Arc::new(opened.expect("a writable folder"));
    let alarms = Alarms::resumed(&[], Arc::new(Floor), fake.clock);
    let parts = ApiParts {
        viewer: Arc::clone(&viewer),
        archive: Arc::new(shelf),
        plant: Arc::new(Floor),
        alarms: Arc::clone(&alarms),
        telemetry: Arc::clone(&telemetry),
        access: Arc::clone(&access),
    };
    tokio::spawn(Arc::clone(&alarms).run(Arc::clone(&viewer), until.clone()));
    let made = Server::bind(&options, parts.clone(), until.clone()).await;
    let server = made.expect("a free port");
    let address = server.address();
    let token = std::fs::read_to_string(takt::access::console_token(dir.path())).expect("the console's token");
    http::remember(address, token.trim());
    tokio::spawn(Arc::clone(&viewer).run(until.clone()));
    tokio::spawn(server.run());
    Desk { fake, viewer, telemetry, access, acts, address, dir, parts, _until: until.drop_guard() }
}

impl Desk {
    /// Makes a user with [`PASSWORD`].
    async fn user(&self, name: &str, role: Role) {
        let order = UserOrder::Add { name: name.into(), role, password: Password::new(PASSWORD) };
        self.access.carry_out(&order, "a test").await.expect("made");
    }
}
