//! One accepted connection, from its first subscription to its loss.

use crate::intake::{Intake, Link};
use crate::mqtt::backoff::SHORT_LIFE;
use crate::mqtt::connect::Accepted;
use crate::mqtt::packet::{Inbound, Outbound, WireError};
use crate::mqtt::patience::Patience;
use crate::mqtt::pipe::{Moved, Pipe, Taken};
use crate::mqtt::ports::{Command, Task};
use crate::mqtt::session::Session;
use crate::mqtt::sink::Arrival;
use std::time::Duration;
use takt_plant::MonoTime;
use tokio::time::{Instant, timeout};

/// Messages that are judged before their acknowledgements and verdicts are written together.
const BATCH: usize = 16;

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Loss {
    Shutdown,
    TakenOver(String),
    /// The broker closed it without a word.
    Closed(String),
    Failed(String),
}

impl From<WireError> for Loss {
    fn from(error: WireError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for Loss {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => Self::Closed(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// One accepted connection.
pub(super) struct Live<'d, I> {
    pub task: &'d mut Task<I>,
    pub session: Session,
    pub session_present: bool,
    pipe: Pipe,
    up: bool,
    keep_alive: Duration,
    began: MonoTime,
    /// When bytes came last.
    heard: Arrival,
    spoke: MonoTime,
    pinged: Option<MonoTime>,
    /// Whether the inbox may hold another packet.
    more: bool,
    patience: Patience,
}

impl<'d, I: Intake> Live<'d, I> {
    /// Takes over an accepted connection and asks for the subscriptions.
    pub fn new(task: &'d mut Task<I>, accepted: Accepted) -> Result<Self, WireError> {
        let Accepted { pipe, ack } = accepted;
        let session = Session::new(&task.options, ack.limits, &task.orphans)?;
        let now = task.ports.clock.mono();
        let heard = Arrival { at: task.ports.clock.wall(), mono: now };
        let asked = ack.limits.keep_alive_s.map(|s| Duration::from_secs(u64::from(s.max(1))));
        let keep_alive = asked.unwrap_or(task.options.keep_alive);
        let mut live = Self {
            task,
            pipe,
            session,
            session_present: ack.session_present,
            up: false,
            keep_alive,
            began: now,
            heard,
            spoke: now,
            pinged: None,
            more: true,
            patience: Patience::new(now),
        };
        live.subscribe()?;
        Ok(live)
    }

    /// Serves the connection until it ends.
    pub async fn run(&mut self) -> Loss {
        let shutdown = self.task.ports.shutdown.clone();
        let mut cancelled = std::pin::pin!(shutdown.cancelled());
        let tick_every = (self.keep_alive / 4).clamp(Duration::from_millis(100), Duration::from_secs(5));
        let mut tick = std::pin::pin!(tokio::time::sleep(tick_every));
        let mut lull = std::pin::pin!(tokio::time::sleep(Duration::ZERO));
        loop {
            if let Err(loss) = self.turn().await {
                return loss;
            }
            if shutdown.is_cancelled() {
                return self.drain().await;
            }
            let ports = &mut self.task.ports;
            let wake = tokio::select! {
                biased;
                moved = self.pipe.shift(&mut self.session.outbox), if !self.more => Wake::Moved(moved),
                () = ports.outlet.offered() => Wake::Again,
                Ok(()) = ports.durable.changed() => Wake::Again,
                Some(command) = ports.commands.recv() => Wake::Command(command),
                () = &mut tick => Wake::Tick,
                () = &mut lull, if self.pipe.is_patient() => Wake::Lull,
                () = &mut cancelled => Wake::Again,
                () = std::future::ready(()), if self.more && !self.session.is_full() => Wake::Again,
            };
            let woken = match wake {
                Wake::Again => Ok(()),
                Wake::Command(Command::Replace(plan)) => self.replace(plan),
                Wake::Tick => {
                    tick.as_mut().reset(Instant::now() + tick_every);
                    self.tick()
                }
                Wake::Lull => {
                    let now = self.task.ports.clock.mono();
                    if let Some(next) = self.patience.look(now) {
                        lull.as_mut().reset(Instant::from_std(self.task.ports.clock.instant(next)));
                    }
                    Ok(())
                }
                Wake::Moved(moved) => self.moved(moved),
            };
            if let Err(loss) = woken {
                return loss;
            }
        }
    }

    /// Publications on their way, at the end.
    ///
    /// Leaves behind what the next connection has to know. A subscription that was not answered may
    /// not have arrived: then the next connection subscribes anew.
    pub fn leave(self) -> usize {
        self.task.orphans = self.session.orphans();
        if !self.session.is_subscribed() {
            self.task.given_up.extend(self.task.held.take().into_iter().flatten().map(|s| s.filter));
        }
        self.session.n_in_flight()
    }

    /// Judges what has come, then writes what that led to.
    async fn turn(&mut self) -> Result<(), Loss> {
        self.task.ports.outlet.awake();
        if self.more {
            self.take_packets()?;
        }
        let written = self.write().await;
        // Also when the socket is gone: what was delivered belongs into the journal.
        self.task.ports.intake.borrow_mut().turned();
        written?;
        self.pipe.set_patient(self.may_be_patient());
        if let Ok(Command::Replace(plan)) = self.task.ports.commands.try_recv() {
            self.replace(plan)?;
        }
        Ok(())
    }

    /// Whether all that is awaited can wait for the next message: confirmations of one step, for which no
    /// publication waits. The rest of a packet cannot, however few bytes lack.
    fn may_be_patient(&self) -> bool {
        self.patience.is_fast()
            && self.session.is_subscribed()
            && self.session.is_without_qos_2()
            && self.session.has_room()
            && self.pinged.is_none()
            && self.pipe.is_between_packets()
    }

    async fn write(&mut self) -> Result<(), Loss> {
        self.report_up();
        let durable = *self.task.ports.durable.borrow_and_update();
        self.session.release(durable)?;
        self.session.publish_from(&self.task.ports.outlet)?;
        if !self.session.outbox.is_empty() {
            self.spoke = self.task.ports.clock.mono();
            self.pipe.write_some(&mut self.session.outbox).await.map_err(Loss::from)?;
        }
        if self.session.outbox.is_empty() && !self.session.leaving.is_empty() {
            let now = self.task.ports.clock.mono();
            self.task.ports.intake.borrow_mut().handed_over(&self.session.leaving, now);
            self.session.leaving.clear();
        }
        Ok(())
    }

    fn moved(&mut self, moved: std::io::Result<Moved>) -> Result<(), Loss> {
        match moved {
            Ok(Moved::Read) => {
                let clock = self.task.ports.clock;
                self.heard = Arrival { at: clock.wall(), mono: clock.mono() };
                self.pinged = None;
                self.more = true;
                // Under an unbroken stream the timer may never be polled.
                if self.heard.mono.since(self.spoke) > self.keep_alive / 2 { self.tick() } else { Ok(()) }
            }
            Ok(Moved::Wrote) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take_packets(&mut self) -> Result<(), Loss> {
        let arrival = self.heard;
        for _ in 0..BATCH {
            if self.session.is_full() {
                return Ok(());
            }
            match self.pipe.take()? {
                None => {
                    self.more = false;
                    return Ok(());
                }
                Some(Taken::Packet(Inbound::Message(message))) => {
                    self.patience.message(arrival.mono);
                    self.message(&message, arrival)?;
                }
                Some(Taken::Packet(packet)) => self.packet(packet, arrival)?,
                Some(Taken::Oversized(found)) => self.oversized(found, arrival)?,
            }
        }
        Ok(())
    }

    fn report_up(&mut self) {
        if !self.up && self.session.is_subscribed() {
            self.up = true;
            self.task.ports.outlet.open(self.session.packet_bytes_max(&self.task.options));
            let link = Link::Up { session_present: self.session_present };
            self.task.ports.intake.borrow_mut().link(link);
        }
    }

    /// Pings when the line is silent, and gives up a broker that does not answer.
    fn tick(&mut self) -> Result<(), Loss> {
        let now = self.task.ports.clock.mono();
        if now.since(self.began) > SHORT_LIFE {
            self.task.backoff.succeeded();
        }
        if !self.session.is_subscribed() && !self.up && now.since(self.began) > self.task.options.timeout {
            return Err(Loss::Failed("the broker does not answer the subscription".into()));
        }
        if self.session.is_full() {
            // Nothing is read now, also no answer to a ping: the broker only hears that we are there.
            self.pinged = None;
        }
        if let Some(pinged) = self.pinged {
            return if now.since(pinged) > self.keep_alive / 2 {
                Err(Loss::Failed("the broker does not answer a ping; the network or the broker hangs".into()))
            } else {
                Ok(())
            };
        }
        if now.since(self.heard.mono).max(now.since(self.spoke)) > self.keep_alive / 2 {
            self.session.send(&Outbound::Ping)?;
            self.pinged = Some(now);
            self.spoke = now;
        }
        Ok(())
    }

    /// Waits until everything that was delivered is acknowledged and everything that was offered is
    /// confirmed, but not longer than the options say. New messages stay with the broker.
    async fn drain(&mut self) -> Loss {
        self.pipe.set_patient(false);
        let deadline = Instant::now() + self.task.options.drain;
        while self.session.owes() || self.session.n_in_flight() > 0 || !self.task.ports.outlet.is_empty() {
            let step = tokio::time::timeout_at(deadline, self.drain_step()).await;
            if !matches!(step, Ok(Ok(()))) {
                break;
            }
        }
        let _ = self.session.send(&Outbound::Disconnect);
        let _ = timeout(self.task.options.drain, self.pipe.finish(&mut self.session.outbox)).await;
        Loss::Shutdown
    }

    async fn drain_step(&mut self) -> Result<(), Loss> {
        let arrival = self.heard;
        while let Some(taken) = self.pipe.take()? {
            match taken {
                Taken::Packet(Inbound::Message(_)) | Taken::Oversized(_) => {}
                Taken::Packet(packet) => self.packet(packet, arrival)?,
            }
        }
        let durable = *self.task.ports.durable.borrow_and_update();
        self.session.release(durable)?;
        self.session.publish_from(&self.task.ports.outlet)?;
        tokio::select! {
            moved = self.pipe.shift(&mut self.session.outbox) => {
                moved.map(|_| ()).map_err(Loss::from)
            }
            Ok(()) = self.task.ports.durable.changed() => Ok(()),
        }
    }
}

/// What can wake a connection.
enum Wake {
    Again,
    Moved(std::io::Result<Moved>),
    Command(Command),
    Tick,
    Lull,
}
