//! Assembly: documents become each crate's plain options. The only reader of documents.
//!
//! [`layout`] says which names the store must know; with the slots that it gives back, [`assemble`]
//! plans every cell: connections, groups, writes, checks. Both stages report all problems at once,
//! with the place in the document, so that nothing is applied until everything fits.

mod cells;
mod checks;
mod groups;
mod modbus;
mod mqtt;
mod replay;
mod writes;

pub use checks::{CheckPlan, HandshakePlan, HeartbeatPlan, LinePlan, OutputPlan};
pub use groups::{Group, LineGroups, expand};
pub use modbus::options as device;
pub use mqtt::{client as broker, keys, seed};

use crate::egress::Egress;
use crate::store::{CheckLayout, ConnectionLayout, ConnectionSlot, GroupLayout, Layout, Slots, WhenUnwritable};
use takt_config::resolved::{Connection, ConnectionKind, Mqtt, Output, Resolved, WhenUnwritable as AsWritten};
use takt_config::{Problems, SecretRef};
use takt_plant::{ConnectionId, GatewayId, SiteId};

/// One cell, ready to be started on a shard.
#[derive(Debug, Clone)]
pub struct CellPlan {
    /// Its connections.
    pub connections: Vec<ConnectionPlan>,
    /// Its lines.
    pub lines: Vec<LinePlan>,
}

/// One connection of a cell.
#[derive(Debug, Clone)]
pub struct ConnectionPlan {
    /// Its name.
    pub id: ConnectionId,
    /// `mqtt`, `modbus-tcp`, `replay`.
    pub kind: &'static str,
    /// Where it leads, without secrets.
    pub address: String,
    /// Its place in the store.
    pub slot: ConnectionSlot,
    /// Whether the cell's verdicts go out on it.
    pub publishes: bool,
    /// What may leave by it.
    pub egress: Egress,
    /// Whether it feeds the cell; otherwise it only carries verdicts out.
    pub feeds: bool,
    /// Whether its messages wait for their acknowledgement also while the store cannot be written.
    pub holds: bool,
    /// What its driver is started with.
    pub driver: DriverPlan,
}

/// What a driver is started with.
#[derive(Debug, Clone)]
pub enum DriverPlan {
    /// A broker.
    Mqtt {
        /// The connection, without passwords and certificates.
        options: Box<takt_adapters::mqtt::Options>,
        /// As it was written: says which of those it needs.
        broker: Box<Mqtt>,
        /// What is subscribed.
        plan: takt_adapters::mqtt::Plan,
    },
    /// A device.
    Modbus(Box<takt_adapters::modbus::Plan>),
    /// A recorded file.
    Replay(Box<takt_adapters::replay::Options>),
}

/// Who the gateway is, for topics and client ids.
#[derive(Debug, Clone)]
pub struct Whose {
    /// This gateway.
    pub gateway: GatewayId,
    /// Its site.
    pub site: SiteId,
    /// Where secrets come from; the error says what is missing.
    pub secrets: fn(&std::path::Path, &SecretRef) -> Result<Vec<u8>, String>,
    /// The folder of secrets.
    pub data_dir: std::path::PathBuf,
    /// How certificates and keys are read; they lie on the box that runs, not where documents are checked.
    pub files: fn(&std::path::Path) -> std::io::Result<Vec<u8>>,
}

/// The names that the store must know.
pub fn layout(documents: &Resolved) -> Layout {
    let connections = documents.connections.iter().map(|connection| ConnectionLayout {
        id: connection.id.value.clone(),
        when_unwritable: match &connection.kind {
            ConnectionKind::Mqtt(mqtt) if mqtt.when_unwritable == AsWritten::Hold => WhenUnwritable::Hold,
            _ => WhenUnwritable::Judge,
        },
    });
    let brokers = documents.connections.iter().enumerate().filter(|(_, c)| publishes(c));
    let brokers: Vec<usize> = brokers.map(|(i, _)| i).collect();
    let mut layout = Layout { connections: connections.collect(), ..Layout::default() };
    for line in &documents.lines {
        let line = expand(line);
        for group in LineGroups::of(&line).groups {
            let tags = group.tags.iter().filter_map(|slot| line.tag(*slot)).map(|tag| tag.id.value.clone());
            layout.groups.push(GroupLayout { line: line.id.value.clone(), tags: tags.collect() });
        }
        for check in &line.checks {
            let (line, check) = (line.id.value.clone(), check.id.value.clone());
            layout.checks.push(CheckLayout { line, check, publishes: brokers.clone() });
        }
    }
    layout
}

/// Slots that stand for those of a store, to check documents where there is none.
pub fn provisional(layout: &Layout) -> Slots {
    let n = |len: usize| 0..u32::try_from(len).unwrap_or(u32::MAX);
    Slots {
        connections: n(layout.connections.len()).map(ConnectionSlot).collect(),
        groups: n(layout.groups.len()).map(takt_plant::GroupSlot).collect(),
        checks: n(layout.checks.len()).map(crate::store::CheckSlot).collect(),
    }
}

/// Plans every cell.
///
/// # Errors
/// Every problem that the adapters' and models' plain options have with the documents.
pub fn assemble(documents: &Resolved, slots: &Slots, whose: &Whose) -> Result<Vec<CellPlan>, Problems> {
    let mut problems = Problems::default();
    let lines = checks::plan(documents, slots, &mut problems);
    writes::overlaps(&documents.lines, &documents.connections, &mut problems);
    writes::echoes(&documents.lines, &documents.connections, &mut problems);
    let mut cells = Vec::new();
    for cell in cells::split(documents, &lines) {
        let mut plan = CellPlan { connections: Vec::new(), lines: Vec::new() };
        let mut members: Vec<LinePlan> = cell.lines.iter().map(|i| lines[*i].clone()).collect();
        for i in &cell.connections {
            let slot = slots.connections[*i];
            let connection = &documents.connections[*i];
            if let Some(planned) = feeding(connection, slot, &mut members, whose, &mut problems) {
                plan.connections.push(planned);
            }
        }
        for (i, connection) in documents.connections.iter().enumerate() {
            if publishes(connection) && !cell.connections.contains(&i) && !members.is_empty() {
                let slot = slots.connections[i];
                plan.connections.extend(mqtt::outward(connection, slot, &members, whose, &mut problems));
            }
        }
        checks::bind(&mut members, &plan.connections);
        plan.lines = members;
        if !plan.lines.is_empty() {
            cells.push(plan);
        }
    }
    problems.or(cells)
}

/// What is wrong with outputs whose checks could not be resolved.
pub fn look(outputs: &[Output], connections: &[Connection]) -> Problems {
    let mut problems = Problems::default();
    writes::look(outputs.iter(), connections, &mut problems);
    problems
}

/// The secrets and certificate files of connections that cannot be had. A gateway runs without them, all but
/// those connections.
pub fn lacking<'a>(connections: impl Iterator<Item = &'a Connection>, whose: &Whose) -> Problems {
    let of = |connection: &Connection| match &connection.kind {
        ConnectionKind::Mqtt(broker) => keys(broker, whose).err(),
        ConnectionKind::ModbusTcp(_) | ConnectionKind::Replay(_) => None,
    };
    connections.filter_map(of).flatten().collect()
}

fn publishes(connection: &Connection) -> bool {
    matches!(&connection.kind, ConnectionKind::Mqtt(mqtt) if mqtt.verdicts)
}

fn feeding(
    connection: &Connection,
    slot: ConnectionSlot,
    lines: &mut [LinePlan],
    whose: &Whose,
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    match &connection.kind {
        ConnectionKind::Mqtt(broker) => mqtt::plan(connection, broker, slot, lines, whose, problems),
        ConnectionKind::ModbusTcp(device) => modbus::plan(connection, device, slot, lines, problems),
        ConnectionKind::Replay(file) => replay::plan(connection, file, slot, lines, problems),
    }
}
