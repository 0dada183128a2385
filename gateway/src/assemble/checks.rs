//! Lines and checks: slots given out, outputs and heartbeats planned, windows checked.

use super::ConnectionPlan;
use super::groups::{Group, LineGroups, expand, handshake_tag};
use crate::store::{CheckSlot, Slots};
use std::time::Duration;
use takt_config::Problems;
use takt_config::resolved::{Check, Line, OutputMode, Resolved, Tag};
use takt_models::windower::{Windower, WindowerOptions};
use takt_plant::{ConnectionId, GroupSlot, TagSlot, WindowSpec, WriteSlot};

/// How long a source may be silent before windows that are due are closed without it, at most.
const SILENCE_MAX: Duration = Duration::from_secs(1);

/// How long a source may be silent before windows of a check that are due are closed without it. A part
/// waits for its answer: half of the deadline is left for judging and writing. A time window is owed
/// to nobody at an instant; closing it before a sample that is merely late would cost its last instant.
fn silence(check: &Check) -> Duration {
    match check.window.value {
        WindowSpec::Trigger { .. } | WindowSpec::Count { .. } => SILENCE_MAX.min(check.deadline / 2),
        WindowSpec::Frame | WindowSpec::Time { .. } => SILENCE_MAX,
    }
}
/// Samples that a check's windower keeps at most: 64 MB for eight inputs.
const SAMPLES_MAX: usize = 1 << 20;

/// One line of a cell.
#[derive(Debug, Clone)]
pub struct LinePlan {
    /// The document, with the tags of its handshakes.
    pub line: Line,
    /// Its groups.
    pub groups: Vec<Group>,
    /// The store's slots of the groups.
    pub slots: Vec<GroupSlot>,
    /// Its checks, in the order of the document.
    pub checks: Vec<CheckPlan>,
    /// Its heartbeat.
    pub heartbeat: Option<HeartbeatPlan>,
    /// Indices of the cell's connections that feed it or that it writes on.
    pub sources: Vec<usize>,
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// Its place in the store.
    pub slot: CheckSlot,
    /// What its windower is made of.
    pub windower: WindowerOptions,
    /// Its outputs, in the order of the document.
    pub outputs: Vec<OutputPlan>,
}

/// One output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputPlan {
    /// Index of the connection in its cell.
    pub connection: usize,
    /// Where the verdict is written.
    pub verdict: WriteSlot,
    /// What a handshake reads and writes beside it.
    pub handshake: Option<HandshakePlan>,
}

/// A handshake's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakePlan {
    /// The tag of the ready flag.
    pub ready: TagSlot,
    /// The tag of the part number.
    pub part: TagSlot,
    /// Where the part number is answered.
    pub answer: WriteSlot,
}

/// A heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatPlan {
    /// Index of the connection in its cell.
    pub connection: usize,
    /// Where it is written.
    pub slot: WriteSlot,
    /// How often it moves.
    pub every: Duration,
}

impl LinePlan {
    /// Every connection that the line reads from or writes to.
    pub fn connections(&self) -> Vec<ConnectionId> {
        let tags = self.line.tags.iter().map(|tag| tag.source.connection().value.clone());
        let outputs = self.line.checks.iter().flat_map(|check| &check.outputs);
        let outputs = outputs.map(|output| output.write.connection.value.clone());
        let heartbeat = self.line.heartbeat.iter().map(|beat| beat.write.connection.value.clone());
        let mut all: Vec<ConnectionId> = tags.chain(outputs).chain(heartbeat).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Groups that a connection delivers, with the store's slots.
    pub fn fed_by<'a>(&'a self, id: &'a ConnectionId) -> impl Iterator<Item = (&'a Group, GroupSlot, Vec<&'a Tag>)> {
        let of =
            |group: &Group| -> Vec<&'a Tag> { group.tags.iter().filter_map(|slot| self.line.tag(*slot)).collect() };
        self.groups.iter().zip(&self.slots).filter_map(move |(group, slot)| {
            let tags = of(group);
            let first = tags.first()?;
            (**first.source.connection() == *id).then_some((group, *slot, tags))
        })
    }
}

/// Plans lines and checks; connections and writes are filled in by [`bind`] and the adapters.
pub(super) fn plan(documents: &Resolved, slots: &Slots, problems: &mut Problems) -> Vec<LinePlan> {
    let mut groups_left = slots.groups.iter();
    let mut checks_left = slots.checks.iter();
    let mut lines = Vec::new();
    for line in &documents.lines {
        let line = expand(line);
        let groups = LineGroups::of(&line).groups;
        let group_slots = groups_left.by_ref().take(groups.len()).copied().collect();
        let mut checks = Vec::new();
        for check in &line.checks {
            let windower = WindowerOptions {
                spec: check.window.value.clone(),
                inputs: check.inputs.iter().map(|input| input.tag).collect(),
                lateness: check.lateness,
                silence: silence(check),
                n_samples_max: SAMPLES_MAX,
            };
            if let Err(error) = Windower::new(windower.clone()) {
                problems.push(
                    check.window.problem(error.to_string(), "see the window kinds in the configuration reference"),
                );
            }
            let Some(slot) = checks_left.next().copied() else { continue };
            checks.push(CheckPlan { slot, windower, outputs: Vec::new() });
        }
        lines.push(LinePlan { line, groups, slots: group_slots, checks, heartbeat: None, sources: Vec::new() });
    }
    lines
}

/// Fills in the indices of connections and the slots of writes. The slots follow the order in which
/// [`super::modbus`] plans a connection's writes: line by line, heartbeat first, then outputs.
pub(super) fn bind(lines: &mut [LinePlan], connections: &[ConnectionPlan]) {
    let index = |id: &ConnectionId| connections.iter().position(|c| c.id == *id);
    let mut next = vec![0_u32; connections.len()];
    let mut take = |connection: usize| {
        let slot = WriteSlot(next[connection]);
        next[connection] += 1;
        slot
    };
    for plan in lines {
        plan.sources = plan.connections().iter().filter_map(index).collect();
        if let Some(beat) = &plan.line.heartbeat
            && let Some(connection) = index(&beat.write.connection)
        {
            plan.heartbeat = Some(HeartbeatPlan { connection, slot: take(connection), every: beat.every });
        }
        for (check, planned) in plan.line.checks.iter().zip(&mut plan.checks) {
            planned.outputs.clear();
            for output in &check.outputs {
                let Some(connection) = index(&output.write.connection) else { continue };
                let verdict = take(connection);
                let slot = |what: &str| {
                    let name = handshake_tag(&check.id, output, what);
                    let found = plan.line.tags.iter().position(|tag| tag.id.as_str() == name);
                    found.and_then(|i| u32::try_from(i).ok()).map(TagSlot)
                };
                let handshake =
                    match &output.mode {
                        OutputMode::Handshake(_) => slot("ready")
                            .zip(slot("part"))
                            .map(|(ready, part)| HandshakePlan { ready, part, answer: take(connection) }),
                        OutputMode::Level | OutputMode::Pulse { .. } => None,
                    };
                planned.outputs.push(OutputPlan { connection, verdict, handshake });
            }
        }
    }
}
