//! Which cells run, and what new documents change.

use super::arming::{TooShort, too_short};
use super::{Shared, plans, restore};
use crate::assemble::{self, CellPlan, LinePlan};
use crate::pipeline::cell::ArmOrder;
use crate::shard::cell::CellStart;
use crate::shard::{CellName, Order};
use crate::store::{ArmingRecord, Layout, Recovered, Slots};
use anyhow::Result;
use std::collections::BTreeMap;
use std::sync::Arc;
use takt_adapters::Ticket;
use takt_config::Resolved;
use takt_config::resolved::{Connection, ConnectionKind, Line};
use takt_plant::{CheckId, OutputId};
use tokio::sync::oneshot;

/// The running cells, and what the last run left.
pub(crate) struct Cells {
    running: BTreeMap<CellName, RunningPlan>,
    recovered: Recovered,
    armed: Vec<ArmOrder>,
    n_started: u32,
}

/// A running cell as it was planned.
pub(crate) struct RunningPlan {
    pub(crate) shard: usize,
    pub(crate) plan: CellPlan,
    documents: Documents,
}

impl RunningPlan {
    /// Why an output of it cannot be armed; `None` when it can, or is not here.
    pub(crate) fn refusal(&self, order: &ArmOrder) -> Option<TooShort> {
        refusal(&self.documents, order)
    }
}

/// What a cell was made from: equal documents need no restart.
#[derive(PartialEq)]
struct Documents {
    lines: Vec<Line>,
    connections: Vec<Connection>,
}

impl Cells {
    pub(crate) fn new(recovered: Recovered) -> Self {
        let armed = recovered.arming.iter().filter_map(arm_order).collect();
        Self { running: BTreeMap::new(), recovered, armed, n_started: 0 }
    }

    /// The running cells' plans.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &RunningPlan> {
        self.running.values()
    }

    /// Keeps in mind what is armed, for cells that start again.
    pub(crate) fn arming(&mut self, order: &ArmOrder) {
        let same = |o: &ArmOrder| o.line == order.line && o.check == order.check && o.output == order.output;
        self.armed.retain(|o| !same(o));
        if order.arm {
            self.armed.push(order.clone());
        }
    }
}

fn refusal(documents: &Documents, order: &ArmOrder) -> Option<TooShort> {
    let line = documents.lines.iter().find(|line| *line.id == order.line)?;
    let check = line.checks.iter().find(|check| *check.id == order.check)?;
    let output = check.outputs.iter().find(|output| *output.id == order.output)?;
    let connection = documents.connections.iter().find(|connection| *connection.id == *output.write.connection)?;
    match &connection.kind {
        ConnectionKind::ModbusTcp(device) => too_short(check, output, device),
        ConnectionKind::Mqtt(_) | ConnectionKind::Replay(_) => None,
    }
}

/// Outputs of a plan whose arming still holds: what it was meant for has not changed, and its deadline
/// can be kept.
fn still_armed(cells: &Cells, plan: &CellPlan, documents: &Documents) -> Vec<ArmOrder> {
    let holds = |order: &&ArmOrder| {
        let name = format!("{}/{}/{}", order.line, order.check, order.output);
        let record = cells.recovered.arming.iter().find(|record| record.output == name && record.at == order.at);
        let line = plan.lines.iter().find(|line| *line.line.id == order.line);
        match (record, line) {
            (Some(record), Some(line)) => record.digest == arming_digest(line, &order.check, &order.output),
            // Armed since the start: the cell that takes it is the one that it was meant for, unless
            // its documents changed, and then the digest of the store's record decides at the next start.
            (None, Some(_)) => true,
            (_, None) => false,
        }
    };
    let can_be_kept = |order: &&ArmOrder| match refusal(documents, order) {
        None => true,
        Some(TooShort { what, hint }) => {
            tracing::error!(line = %order.line, output = %order.output, hint, "not armed any more: {what}");
            false
        }
    };
    cells.armed.iter().filter(holds).filter(can_be_kept).cloned().collect()
}

fn arm_order(record: &ArmingRecord) -> Option<ArmOrder> {
    let mut parts = record.output.splitn(3, '/');
    Some(ArmOrder {
        line: parts.next()?.parse().ok()?,
        check: parts.next()?.parse().ok()?,
        output: parts.next()?.parse().ok()?,
        arm: true,
        by: record.by.clone(),
        at: record.at,
    })
}

/// Names what an output's arming is meant for: where it is written, what, and by which checks of
/// which inputs and models. When it changes, the arming ends.
pub(crate) fn arming_digest(line: &LinePlan, check: &CheckId, output: &OutputId) -> String {
    let Some(check) = line.line.checks.iter().find(|c| *c.id == *check) else { return String::new() };
    let Some(output) = check.outputs.iter().find(|o| *o.id == *output) else { return String::new() };
    let inputs: Vec<_> = check.inputs.iter().map(|input| (&input.role, line.line.tag(input.tag))).collect();
    let text = format!("{output:?} {inputs:?} {:?} {:?}", check.selection, check.rule);
    takt_config::digest(&text)
}

/// Brings documents into force: stops the cells that they change, starts what is new. Cells that are
/// planned as before go on undisturbed.
///
/// # Errors
/// Every problem of the documents; then nothing was changed.
pub(crate) async fn apply(shared: &Arc<Shared>, documents: &Resolved) -> Result<()> {
    let layout: Layout = assemble::layout(documents);
    assemble::assemble(documents, &assemble::provisional(&layout), &shared.whose())?;
    let slots: Slots = shared.store.register(&layout)?;
    let plans = assemble::assemble(documents, &slots, &shared.whose())?;
    let mut wanted: BTreeMap<CellName, (CellPlan, Documents)> = BTreeMap::new();
    for plan in plans {
        let name = plan.lines.first().map(|line| line.line.id.to_string()).unwrap_or_default();
        let connections = plan.connections.iter().filter_map(|c| documents.connection(&c.id).cloned()).collect();
        let lines = plan.lines.iter().map(|line| line.line.clone()).collect();
        wanted.insert(name, (plan, Documents { lines, connections }));
    }
    let mut cells = shared.cells.lock().await;
    let same = |name: &CellName, running: &RunningPlan| wanted.get(name).is_some_and(|(_, d)| *d == running.documents);
    let gone: Vec<CellName> =
        cells.running.iter().filter(|(name, running)| !same(name, running)).map(|(n, _)| n.clone()).collect();
    for name in gone {
        if let Some(running) = cells.running.remove(&name) {
            stop(shared, &name, &running).await;
        }
    }
    for (name, (plan, documents)) in wanted {
        if !cells.running.contains_key(&name) {
            start(shared, &mut cells, name, plan, documents).await?;
        }
    }
    Ok(())
}

/// Stops every cell.
pub(crate) async fn stop_all(shared: &Shared) {
    for shard in &shared.shards {
        let (done, ended) = oneshot::channel();
        shard.order(Order::End(done)).await;
        drop(ended.await);
    }
}

async fn stop(shared: &Shared, name: &CellName, running: &RunningPlan) {
    let (done, ended) = oneshot::channel();
    shared.shards[running.shard].order(Order::Stop(name.clone(), done)).await;
    drop(ended.await);
    for line in &running.plan.lines {
        shared.board.remove_line(&line.line.id);
    }
    for connection in running.plan.connections.iter().filter(|c| c.feeds) {
        shared.board.remove_connection(&connection.id);
    }
}

async fn start(
    shared: &Arc<Shared>,
    cells: &mut Cells,
    name: CellName,
    mut plan: CellPlan,
    documents: Documents,
) -> Result<()> {
    plans::ways_out(shared, &mut plan);
    let number = cells.n_started;
    cells.n_started += 1;
    // A cell that starts again goes on where the one before it ended, as after a restart.
    if number > 0 {
        shared.store.flush().await.ok();
    }
    let brought = restore::bring(shared, &cells.recovered, &plan).await;
    let gauges = plans::gauges(shared, &plan);
    let begun = plans::checks(shared, &plan, &gauges, brought.lines).await;
    let (journal, durable_all) = shared.store.journal(number);
    let durable = plan.connections.iter().map(|c| shared.store.durable(number, c.slot)).collect();
    let marks = plan.connections.iter().map(|c| cells.recovered.marks.get(&c.slot).cloned().unwrap_or_default());
    let shard = number as usize % shared.shards.len();
    let start = CellStart {
        name: name.clone(),
        plan: plan.clone(),
        gateway: shared.gateway.name.value.clone(),
        site: shared.gateway.site.value.clone(),
        clock: shared.clock,
        store: shared.store.clone(),
        journal,
        durable,
        durable_all,
        ticket: Ticket::default(),
        executor: shared.executor.clone(),
        begun,
        again: brought.again,
        marks: marks.collect(),
        connections: gauges.connections,
        lines: gauges.lines,
        queue: Arc::clone(&shared.queue),
        armed: still_armed(cells, &plan, &documents),
        intents: plans::intents(shared)?,
    };
    let (done, started) = oneshot::channel();
    shared.shards[shard].order(Order::Start(Box::new(start), done)).await;
    drop(started.await);
    cells.running.insert(name, RunningPlan { shard, plan, documents });
    Ok(())
}
