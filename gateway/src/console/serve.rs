//! `takt run`: the gateway until it is told to end.

use super::answer::Answer;
use super::context::Context;
use crate::run;
use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports of a program that was ended by a signal.
const EXIT_OF_SECOND_SIGNAL: i32 = 130;

pub(super) async fn run(context: &Context) -> Result<Answer> {
    // First of all, so that a signal during a slow start is not lost.
    let mut asked = Signals::listen()?;
    if context.source.config.is_none() {
        eprintln!("takt: no --config: the built-in defaults count (name takt, site site, folder /var/lib/takt)");
    }
    loop {
        let stop = CancellationToken::new();
        let starting = run::start(context.source.clone(), stop.clone());
        let running = tokio::select! {
            running = starting => running?,
            name = asked.next() => {
                eprintln!("takt: {name} while starting; nothing had begun");
                return Ok(Answer::new("", json!({})));
            }
        };
        let gateway = context.gateway()?;
        let (version, lines) = (env!("CARGO_PKG_VERSION"), running.n_lines());
        let plural = if lines == 1 { "line" } else { "lines" };
        eprintln!(
            "takt {version} is ready: {} at {}, {lines} {plural}, {}",
            *gateway.name,
            *gateway.site,
            running.url()
        );
        welcome(&running);
        tokio::select! {
            name = asked.next() => eprintln!("takt: {name}; ending. A second signal ends it at once"),
            () = stop.cancelled() => match running.starts_again() {
                true => {
                    eprintln!("takt: a backup was restored; starting again with it");
                    running.stop().await;
                    continue;
                }
                false => eprintln!("takt: told to stop; ending"),
            },
        }
        end(running, asked).await;
        return Ok(Answer::new("", json!({})));
    }
}

/// Ends it; a second signal ends the process.
async fn end(running: run::Running, mut asked: Signals) {
    tokio::spawn(async move {
        let name = asked.next().await;
        eprintln!("takt: {name} again; ended at once");
        std::process::exit(EXIT_OF_SECOND_SIGNAL);
    });
    running.stop().await;
}

/// What whoever opens the page for the first time has to know.
fn welcome(running: &run::Running) {
    if let Some(tls) = running.tls() {
        let whose = if tls.is_own() { "its own certificate; compare before you trust it" } else { "its certificate" };
        eprintln!("takt: {whose}: SHA-256 {}", tls.fingerprint());
    }
    if let Some(code) = running.setup_code() {
        eprintln!(
            "takt: nobody can sign in yet. Open {} and make the first administrator with this code:",
            running.url()
        );
        eprintln!("takt:     {code}");
    }
}

/// The signals that end the program.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("the system gives no signals to this process");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// The next one's name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted",
            _ = self.terminate.recv() => "terminated",
        }
    }
}
