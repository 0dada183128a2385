//! The task that owns a broker connection: connects, serves it, and comes back after every loss.

use crate::intake::{Intake, Link, Ticket};
use crate::mqtt::backoff::{Backoff, End};
use crate::mqtt::codec::Codec;
use crate::mqtt::connect::{self, Accepted};
use crate::mqtt::live::{Live, Loss};
use crate::mqtt::options::Options;
use crate::mqtt::plan::Plan;
use crate::mqtt::ports::{Command, Ports, Task};
use std::collections::BTreeSet;
use std::time::Duration;

/// Runs one broker connection until it is shut down.
///
/// Deliveries happen inside this future: the pipeline runs in `Intake::deliver`, and what it offers
/// to the outlet is written before the driver waits again. A message is acknowledged once its ticket
/// is durable. Losses are reported and followed by a new attempt after a growing, spread delay.
pub async fn run<I: Intake>(options: Options, plan: Plan, ports: Ports<I>) {
    run_unlocked(options, plan, ports, async |_: &mut Options| Ok(())).await;
}

/// [`run`], where `unlock` puts password, certificates and keys into the options before each attempt. What
/// is missing is the reason why the connection is down, and is asked for again at the next attempt; what
/// was changed meanwhile is used from then on.
pub async fn run_unlocked<I, U>(options: Options, plan: Plan, ports: Ports<I>, mut unlock: U)
where
    I: Intake,
    U: AsyncFnMut(&mut Options) -> Result<(), String>,
{
    let backoff = Backoff::new(options.retry);
    let codec = Codec::new(plan);
    let mut task = Task {
        options,
        codec,
        ports,
        backoff,
        held: None,
        given_up: BTreeSet::new(),
        orphans: vec![],
        last_ticket: Ticket::default(),
    };
    while let Some(pause) = task.connection(&mut unlock).await {
        if task.pause(pause).await.is_none() {
            break;
        }
    }
    task.ports.outlet.close(0);
    let stopped = Link::Down { why: "stopped by the gateway".into(), retry_ms: u64::MAX };
    task.ports.intake.borrow_mut().link(stopped);
}

impl<I: Intake> Task<I> {
    /// One connection from its first attempt to its end; how long to pause, `None` at shutdown.
    async fn connection<U>(&mut self, unlock: &mut U) -> Option<Duration>
    where
        U: AsyncFnMut(&mut Options) -> Result<(), String>,
    {
        let shutdown = self.ports.shutdown.clone();
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => return None,
            accepted = attempt(&mut self.options, unlock) => accepted,
        };
        let (end, why) = match accepted {
            Err(why) => (End::Failed, why),
            Ok(accepted) => self.serve(accepted).await?,
        };
        let next = self.backoff.after(end);
        let mut intake = self.ports.intake.borrow_mut();
        let why = if next.taken_over {
            intake.link(Link::TakenOver);
            let id = &self.options.client_id;
            format!("another client uses the client id '{id}' ({why}); give each client its own")
        } else {
            why
        };
        intake.link(Link::Down { why, retry_ms: u64::try_from(next.delay.as_millis()).unwrap_or(u64::MAX) });
        Some(next.delay)
    }

    async fn serve(&mut self, accepted: Accepted) -> Option<(End, String)> {
        let began = self.ports.clock.mono();
        let session_present = accepted.ack.session_present;
        if !session_present {
            self.orphans.clear();
            self.held = None;
            self.given_up.clear();
        }
        let mut live = match Live::new(self, accepted) {
            Ok(live) => live,
            Err(error) => return Some((End::Failed, error.to_string())),
        };
        let loss = live.run().await;
        let n_in_flight = live.leave();
        self.ports.outlet.close(n_in_flight);
        match loss {
            Loss::Shutdown => None,
            Loss::TakenOver(why) => Some((End::TakenOver, why)),
            Loss::Failed(why) => Some((End::Failed, why)),
            Loss::Closed(why) => Some((End::Closed { lived: self.ports.clock.mono().since(began) }, why)),
        }
    }

    /// Waits, taking commands meanwhile; `None` at shutdown.
    async fn pause(&mut self, pause: Duration) -> Option<()> {
        let shutdown = self.ports.shutdown.clone();
        let mut over = std::pin::pin!(tokio::time::sleep(pause));
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                Some(Command::Replace(plan)) = self.ports.commands.recv() => self.codec = Codec::new(plan),
                () = &mut over => return Some(()),
            }
        }
    }
}

async fn attempt<U>(options: &mut Options, unlock: &mut U) -> Result<Accepted, String>
where
    U: AsyncFnMut(&mut Options) -> Result<(), String>,
{
    unlock(options).await?;
    connect::connect(options).await.map_err(|error| error.to_string())
}
