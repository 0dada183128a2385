//! What connects a driver with its shard, and what of it outlives one connection.

use crate::clock::Clock;
use crate::intake::{Delivery, Intake, Ticket};
use crate::mqtt::backoff::Backoff;
use crate::mqtt::codec::Codec;
use crate::mqtt::options::Options;
use crate::mqtt::outlet::Outlet;
use crate::mqtt::plan::{Plan, Subscription};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What the gateway may ask of a running driver.
#[derive(Debug)]
pub enum Command {
    /// Read these topics from now on. Filters that are new are subscribed, filters that are gone are
    /// given up; the connection stays.
    Replace(Plan),
}

/// What connects a driver with its shard. Everything stays on the shard's thread; several drivers
/// share one intake.
#[derive(Debug)]
pub struct Ports<I> {
    /// The process's clock.
    pub clock: Clock,
    /// The shard.
    pub intake: Rc<RefCell<I>>,
    /// Everything up to this ticket is durable and may be acknowledged.
    pub durable: watch::Receiver<Ticket>,
    /// Publications to send.
    pub outlet: Outlet,
    /// Commands.
    pub commands: mpsc::Receiver<Command>,
    /// Ends the driver.
    pub shutdown: CancellationToken,
}

/// What outlives one connection.
#[derive(Debug)]
pub(super) struct Task<I> {
    pub options: Options,
    pub codec: Codec,
    pub ports: Ports<I>,
    pub backoff: Backoff,
    /// The subscriptions that this process knows the broker to hold.
    pub held: Option<Vec<Subscription>>,
    /// Filters that the broker may still hold although they are no longer wanted.
    pub given_up: BTreeSet<String>,
    /// Packet ids of QoS 2 publications that no connection has completed.
    pub orphans: Vec<u16>,
    /// The ticket of the latest delivery.
    pub last_ticket: Ticket,
}

impl<I: Intake> Task<I> {
    /// Hands a delivery to the pipeline.
    pub fn deliver(&mut self, delivery: Delivery) -> Ticket {
        self.last_ticket = self.ports.intake.borrow_mut().deliver(delivery);
        self.last_ticket
    }
}
