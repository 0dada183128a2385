//! Asking the field for HTTP: through the running driver where a device is connected already (B7).

use crate::api::MessageToMap;
use crate::api::control::{ControlError, Why};
use crate::assemble::{self, DriverPlan};
use crate::documents;
use crate::field::{
    self, AskedConnection, BudgetView, FieldError, MappingPreview, RegisterRead, Running, Scan, TopicsHeard,
    TrialReport, WrittenConnection,
};
use crate::run::Shared;
use serde_json::Value;
use std::time::Duration;
use takt_adapters::Link;
use takt_adapters::modbus::Span;
use takt_adapters::mqtt::probe::Message;
use takt_config::resolved::{Connection, ConnectionKind};
use takt_plant::ConnectionId;
use tokio::net::lookup_host;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

/// Who may ask the field at once: each may hold 4 MB of topics and a socket.
pub(crate) const ASKING_MAX: usize = 4;
/// How long names are looked up to see whether two addresses are one device.
const LOOKUP_MAX: Duration = Duration::from_secs(2);

impl Shared {
    pub(super) async fn try_connection(
        &self,
        asked: &AskedConnection,
        at: Option<&str>,
    ) -> Result<TrialReport, ControlError> {
        let _asking = self.asking()?;
        let connection = self.asked(asked).await?.resolve()?;
        let running = self.running(&connection).await;
        Ok(field::try_connection(&connection, at, &self.whose(), running.as_ref(), self.clock).await?)
    }

    pub(super) async fn read_register(
        &self,
        asked: &AskedConnection,
        register: &str,
        unit: Option<u8>,
    ) -> Result<RegisterRead, ControlError> {
        let _asking = self.asking()?;
        let connection = self.asked(asked).await?.resolve()?;
        let target = field::target(&connection, unit)?;
        let running = self.running(&connection).await;
        Ok(field::read_register(&target, register, running.as_ref()).await?)
    }

    pub(super) async fn scan(
        &self,
        who: &str,
        asked: &AskedConnection,
        stretch: Span,
        unit: Option<u8>,
    ) -> Result<Scan, ControlError> {
        let _asking = self.asking()?;
        let connection = self.asked(asked).await?.resolve()?;
        let target = field::target(&connection, unit)?;
        let running = self.running(&connection).await;
        // It loads a device that others may use, so it stands in the log.
        let text = format!("{} unit {}, {stretch}", target.address, target.unit);
        self.note(who, "field.scan", None, &text).await;
        Ok(field::scan(&target, stretch, running.as_ref()).await?)
    }

    pub(super) async fn budget(
        &self,
        asked: &AskedConnection,
        tags: &[Value],
        request_ms: Option<f64>,
    ) -> Result<BudgetView, ControlError> {
        let _asking = self.asking()?;
        let (written, whose) = (self.asked(asked).await?, self.whose());
        let request = match request_ms {
            Some(ms) => (ms, false),
            None => {
                let running = self.running(&written.resolve()?).await;
                field::request_ms(&written, tags, &whose, running.as_ref(), self.clock).await?
            }
        };
        Ok(field::budget(&written, tags, request, &whose)?)
    }

    pub(super) async fn topics(
        &self,
        asked: &AskedConnection,
        filter: &str,
        span: Duration,
    ) -> Result<TopicsHeard, ControlError> {
        let _asking = self.asking()?;
        let connection = self.asked(asked).await?.resolve()?;
        Ok(field::listen(&connection, filter, span, &self.whose(), self.clock).await?)
    }

    pub(super) async fn mapping(
        &self,
        asked: &AskedConnection,
        tags: &[Value],
        of: MessageToMap,
    ) -> Result<MappingPreview, ControlError> {
        let _asking = self.asking()?;
        let (written, whose) = (self.asked(asked).await?, self.whose());
        let message = match of {
            MessageToMap::Given { topic, payload } => {
                let topic = topic.map_or_else(|| field::sample_topic(&written, tags), Ok)?;
                Message { topic, payload }
            }
            MessageToMap::Next { filter, patience } => {
                let filter = filter.map_or_else(|| written.filter_of(tags), Ok)?;
                let connection = written.resolve()?;
                let found = field::first_message(&connection, &filter, patience, &whose, self.clock).await?;
                found.ok_or_else(|| {
                    let error = format!("no message came on '{filter}' within {patience:?}");
                    ControlError::new(error, "wait for its sender, or give a payload").because(Why::Unreachable)
                })?
            }
        };
        Ok(field::map(&written, tags, &message, &whose, self.clock)?)
    }

    fn asking(&self) -> Result<SemaphorePermit<'_>, ControlError> {
        self.asking.try_acquire().map_err(|_| {
            let error = format!("{ASKING_MAX} others are asking the field at the moment");
            ControlError::conflict(error, "try again in some seconds")
        })
    }

    async fn asked(&self, asked: &AskedConnection) -> Result<WrittenConnection, ControlError> {
        let applied = self.in_force().await?;
        let sources = documents::sources(&self.source, &applied, &[]).map_err(FieldError::from)?;
        Ok(asked.find(&sources)?)
    }

    /// The running driver that has this device connected.
    async fn running(&self, connection: &Connection) -> Option<Running> {
        let ConnectionKind::ModbusTcp(device) = &connection.kind else { return None };
        let address = assemble::device(device).address;
        let drivers: Vec<(ConnectionId, String, _)> = {
            let cells = self.cells.lock().await;
            let of = |(id, probes): &(ConnectionId, _)| {
                let mut planned = cells.plans().flat_map(|running| &running.plan.connections);
                let found = planned.find(|connection| connection.id == *id)?;
                match &found.driver {
                    DriverPlan::Modbus(plan) => Some((id.clone(), plan.options.address.clone(), Clone::clone(probes))),
                    DriverPlan::Mqtt { .. } | DriverPlan::Replay(_) => None,
                }
            };
            cells.plans().flat_map(|running| &running.probes).filter_map(of).collect()
        };
        for (id, of_driver, probes) in drivers {
            if is_one_device(&address, &of_driver).await {
                let standing = self.standing(&id);
                return Some(Running { connection: id.to_string(), probes, standing });
            }
        }
        None
    }

    fn standing(&self, id: &ConnectionId) -> Result<(), String> {
        let gauge = self.board.connections().into_iter().find(|gauge| gauge.plan().id == *id);
        match gauge.and_then(|gauge| gauge.standing().link) {
            Some(Link::Down { why, .. }) => Err(format!("the running gateway cannot reach it: {why}")),
            Some(_) => Ok(()),
            None => Err("the running gateway has not reached it yet; wait a moment".to_owned()),
        }
    }
}

/// Whether two addresses lead to one device: they are the same, or a name of one leads to the other.
async fn is_one_device(a: &str, b: &str) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    let look = |address: String| async move {
        match timeout(LOOKUP_MAX, lookup_host(address)).await {
            Ok(Ok(found)) => found.collect(),
            _ => Vec::new(),
        }
    };
    let (a, b) = tokio::join!(look(a.to_owned()), look(b.to_owned()));
    a.iter().any(|address| b.contains(address))
}

impl From<FieldError> for ControlError {
    fn from(why: FieldError) -> Self {
        match why {
            FieldError::Documents(problems) => {
                let text = problems.to_string();
                let text = text.trim_end_matches("; nothing was applied").to_owned();
                Self::new(text, "mend what is written, and ask again")
            }
            FieldError::Wrong { error, hint } => Self::new(error, hint),
            FieldError::NotFound { error, hint } => Self::not_found(error, hint),
            FieldError::Silent { error, hint } => Self::new(error, hint).because(Why::Unreachable),
        }
    }
}
