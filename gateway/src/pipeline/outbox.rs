//! The outbox of one broker: verdicts go out at once while it is there, and from the store when it
//! was away. A verdict leaves the outbox when the broker has confirmed it.
//!
//! *Live*: a verdict is offered to the connection inside the judging turn, before it is durable; after
//! a crash it is judged again under the same key. *Catching up*: after a connection came up, or when
//! the connection's queue was full, verdicts are read from the store, oldest first, until none is
//! left that was not offered. *Down*: the store keeps them.
//!
//! Verdicts of a check are offered in the order of their numbers, so one mark per check says what the
//! connection has been offered: nothing goes out twice over one connection.

use super::turn::Given;
use crate::board::CheckGauge;
use crate::egress::Egress;
use crate::payload::verdict_json;
use crate::record::VerdictRecord;
use crate::store::{CheckSlot, Confirmation, ConnectionSlot};
use std::collections::HashMap;
use std::sync::Arc;
use takt_adapters::mqtt::Outlet;
use takt_adapters::mqtt::options::Qos;
use takt_plant::{ExportClass, MonoTime, TagId};

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Not connected.
    Down,
    /// Reading from the store.
    CatchingUp,
    /// Verdicts go out as they are given.
    Live,
}

/// Where a check's verdicts go, and what of them may go there.
#[derive(Debug, Clone)]
pub struct Route {
    /// The topic.
    pub topic: String,
    /// The export classes of the check's inputs.
    pub inputs: Vec<ExportClass>,
    /// The export class of each tag of the line.
    pub classes: Arc<HashMap<TagId, ExportClass>>,
}

/// A verdict that the broker has not confirmed.
struct OnItsWay {
    confirmation: Confirmation,
    /// When its closing sample arrived and where its check is shown; `None` for one from the store.
    fresh: Option<(MonoTime, Arc<CheckGauge>)>,
}

/// The outbox of one broker.
pub struct Outbox {
    connection: ConnectionSlot,
    outlet: Outlet,
    routes: HashMap<CheckSlot, Route>,
    egress: Egress,
    way: Way,
    token: u64,
    on_their_way: HashMap<u64, OnItsWay>,
    /// The last epoch and number of each check that this connection was offered.
    offered: HashMap<CheckSlot, (u32, u64)>,
    buffer: Vec<u8>,
}

impl Outbox {
    /// An outbox that waits for its connection.
    pub fn new(connection: ConnectionSlot, outlet: Outlet, routes: HashMap<CheckSlot, Route>, egress: Egress) -> Self {
        Self {
            connection,
            outlet,
            routes,
            egress,
            way: Way::Down,
            token: 0,
            on_their_way: HashMap::new(),
            offered: HashMap::new(),
            buffer: Vec::new(),
        }
    }

    /// The broker.
    pub fn connection(&self) -> ConnectionSlot {
        self.connection
    }

    /// How it stands.
    pub fn way(&self) -> Way {
        self.way
    }

    /// The way out, for publications that are no verdicts.
    pub fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    /// Publishes a verdict at once, when the way is open. Says whether it must now catch up.
    pub fn publish(&mut self, given: &Given) -> bool {
        if self.way != Way::Live || !self.routes.contains_key(&given.check) {
            return false;
        }
        if self.offer(given.check, &given.record, Some((given.arrived, Arc::clone(&given.gauge)))) {
            return false;
        }
        self.way = Way::CatchingUp;
        true
    }

    /// Publishes a verdict from the store, unless it is on its way already. `false`: no room now.
    pub fn republish(&mut self, check: CheckSlot, record: &Arc<VerdictRecord>) -> bool {
        self.way != Way::CatchingUp || self.is_offered(check, record) || self.offer(check, record, None)
    }

    /// Whether this connection was offered a verdict already.
    pub fn is_offered(&self, check: CheckSlot, record: &Arc<VerdictRecord>) -> bool {
        self.offered.get(&check).is_some_and(|last| *last >= (record.key.epoch, record.key.seq))
    }

    /// The connection is up: first what the store kept.
    pub fn up(&mut self) {
        self.way = Way::CatchingUp;
    }

    /// The connection is lost: what was not confirmed is the store's again.
    pub fn down(&mut self) {
        self.way = Way::Down;
        self.on_their_way.clear();
        self.offered.clear();
    }

    /// Nothing is left in the store that was not offered.
    pub fn caught_up(&mut self) {
        if self.way == Way::CatchingUp {
            self.way = Way::Live;
        }
    }

    /// Notes that the socket has taken publications: how long that took is shown.
    pub fn handed_over(&mut self, tokens: &[u64], now: MonoTime) {
        for token in tokens {
            let on_its_way = self.on_their_way.get_mut(token);
            if let Some((arrived, gauge)) = on_its_way.and_then(|on_its_way| on_its_way.fresh.take()) {
                let us = now.since(arrived).as_micros();
                gauge.handed_over(u32::try_from(us).unwrap_or(u32::MAX));
            }
        }
    }

    /// Takes the broker's confirmation of a token.
    pub fn confirmed(&mut self, token: u64) -> Option<Confirmation> {
        self.on_their_way.remove(&token).map(|on_its_way| on_its_way.confirmation)
    }

    fn offer(
        &mut self,
        check: CheckSlot,
        record: &Arc<VerdictRecord>,
        fresh: Option<(MonoTime, Arc<CheckGauge>)>,
    ) -> bool {
        let Some(Route { topic, inputs, classes }) = self.routes.get(&check) else { return true };
        // A tag that the line does not know any more has no class that would let it out.
        let class_of = |tag: &TagId| classes.get(tag).copied().unwrap_or(ExportClass::Never);
        let record = self.egress.verdict(record, inputs, class_of);
        self.buffer.clear();
        verdict_json(&record, &mut self.buffer);
        self.token += 1;
        let offered = self.outlet.offer(topic.as_str(), self.buffer.clone(), Qos::AtLeastOnce, false, self.token);
        if let Err(refused) = &offered {
            tracing::debug!(%refused, topic, "a verdict waits in the store");
            return false;
        }
        let (epoch, seq) = (record.key.epoch, record.key.seq);
        self.offered.insert(check, (epoch, seq));
        let confirmation = Confirmation { connection: self.connection, check, epoch, seq };
        self.on_their_way.insert(self.token, OnItsWay { confirmation, fresh });
        true
    }
}
