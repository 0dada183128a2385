//! FAKE: serves the live page with invented lines and values, to look at the page and nothing else.
//!
//! `cargo run -p takt --example fake_page -- 8521`

#[path = "../tests/api/fake.rs"]
mod fake;
#[path = "../tests/api/shelf.rs"]
mod shelf;

use fake::{Fake, bad_reading};
use std::sync::Arc;
use std::time::Duration;
use takt::access::{Access, Audit, Password, Role, SessionLimits, UserOrder};
use takt::api::{HttpOptions, Server};
use takt::board::{Viewer, WriteOutcome};
use takt::telemetry::{Telemetry, TelemetryOptions};
use takt_adapters::Link;
use takt_plant::{DropReason, Inconclusive, Outcome};
use tokio_util::sync::CancellationToken;

/// An audit log that keeps nothing.
struct Nowhere;

impl Audit for Nowhere {
    fn note(&self, _: &str, _: &str, _: &str) {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8521);
    let mut fake = Fake::new();
    let viewer = Viewer::new(Arc::clone(&fake.board), fake.clock);
    let telemetry = Arc::new(Telemetry::start(&TelemetryOptions::default(), Arc::clone(&viewer))?);
    let until = CancellationToken::new();
    let options = HttpOptions::listen(([127, 0, 0, 1], port).into())?;
    let archive = Arc::new(shelf::Shelf::default());
    let dir = tempfile::tempdir()?;
    let limits = SessionLimits { idle: Duration::from_secs(86_400), longest: Duration::from_secs(86_400) };
    let access = Arc::new(Access::open(dir.path(), fake.clock, limits, Arc::new(Nowhere)).await?);
    let password = Password::new("correct horse battery");
    let order = UserOrder::Add { name: "fake".into(), role: Role::Administrator, password };
    access.carry_out(&order, "the example").await?;
    let server = Server::bind(&options, Arc::clone(&viewer), archive, telemetry, access, until.clone()).await?;
    println!("FAKE values at http://{}/, for user fake with password 'correct horse battery'", server.address());
    tokio::spawn(Arc::clone(&viewer).run(until.clone()));
    tokio::spawn(server.run());
    fake.reject(b"{\"vib\": \xff\x00 not json at all");
    fake.reject(b"Bad;Scan Timeout;12,5");
    fake.press.drop_for(DropReason::NotInProduction, 1_250);
    fake.reactor.drop_for(DropReason::Late, 7);
    let lab = takt::board::ConnectionPlan {
        id: fake::name("lab"),
        kind: "mqtt".into(),
        address: "mqtt://lab.plant:1883".into(),
    };
    let lab = fake.board.connection(lab, takt::board::Now::of(&fake.clock));
    lab.link(&Link::Down { why: "connection refused".into(), retry_ms: 8_000 }, takt::board::Now::of(&fake.clock));
    if std::env::args().nth(2).as_deref() == Some("trouble") {
        fake.trouble();
    }
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    for n in 0_u64.. {
        tick.tick().await;
        fake.readings();
        let outcome = match n % 400 {
            137 => Outcome::Inconclusive(Inconclusive::MissingData { input: "xmeas_07".into() }),
            _ => Outcome::Pass,
        };
        fake.reactor.give(outcome, 1, &fake.clock);
        if n % 7 == 0 {
            let outcome = match (n / 7) % 23 {
                9 => bad_reading(),
                3 | 4 | 17 => Outcome::Fail,
                _ => Outcome::Pass,
            };
            let record = fake.press.give(outcome, 90, &fake.clock);
            fake.press.write(&record, WriteOutcome::Confirmed, &fake.clock);
        }
    }
    Ok(())
}
