//! Which cells run, and what new documents change.

use super::arming::{TooShort, too_short};
use super::{Shared, plans, restore};
use crate::assemble::{self, CellPlan, LinePlan};
use crate::pipeline::cell::ArmOrder;
use crate::shard::cell::CellStart;
use crate::shard::{CellName, Order};
use crate::store::{ArmingRecord, Event, Layout, Recovered, Slots};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use takt_adapters::Ticket;
use takt_config::Resolved;
use takt_config::resolved::{Connection, ConnectionKind, Line};
use takt_plant::{CheckId, OutputId};
use tokio::sync::oneshot;

/// The running cells, and what is armed.
pub(crate) struct Cells {
    running: BTreeMap<CellName, RunningPlan>,
    armed: Vec<Armed>,
    n_started: u32,
}

/// An output that is armed, and what that was meant for ([`arming_digest`]).
struct Armed {
    order: ArmOrder,
    digest: String,
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
    pub(crate) fn new(recovered: &Recovered) -> Self {
        let armed = |record| Some(Armed { order: arm_order(record)?, digest: record.digest.clone() });
        Self { running: BTreeMap::new(), armed: recovered.arming.iter().filter_map(armed).collect(), n_started: 0 }
    }

    /// The running cells' plans.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &RunningPlan> {
        self.running.values()
    }

    /// Keeps in mind what is armed, for cells that start again. Names what it is meant for.
    pub(crate) fn arming(&mut self, order: &ArmOrder) -> String {
        self.armed.retain(|armed| output_name(&armed.order) != output_name(order));
        let line = self.plans().flat_map(|running| &running.plan.lines).find(|line| *line.line.id == order.line);
        let digest = line.map(|line| arming_digest(line, &order.check, &order.output)).unwrap_or_default();
        if order.arm {
            self.armed.push(Armed { order: order.clone(), digest: digest.clone() });
        }
        digest
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

/// An output's full name.
fn output_name(order: &ArmOrder) -> String {
    format!("{}/{}/{}", order.line, order.check, order.output)
}

/// Outputs of a plan whose arming still holds: what it was meant for has not changed, and its deadline
/// can be kept. The arming of its other outputs ends, for good: going back brings none back.
fn still_armed(cells: &mut Cells, plan: &CellPlan, documents: &Documents) -> (Vec<ArmOrder>, Vec<ArmOrder>) {
    let (mut armed, mut ended) = (Vec::new(), Vec::new());
    cells.armed.retain(|Armed { order, digest }| {
        let Some(line) = plan.lines.iter().find(|line| *line.line.id == order.line) else { return true };
        let is_meant = *digest == arming_digest(line, &order.check, &order.output);
        let refusal = refusal(documents, order);
        if let Some(TooShort { what, hint }) = &refusal {
            tracing::error!(line = %order.line, output = %order.output, hint, "not armed any more: {what}");
        }
        let holds = is_meant && refusal.is_none();
        let list = if holds { &mut armed } else { &mut ended };
        list.push(order.clone());
        holds
    });
    (armed, ended)
}

/// Says that an arming ended, and has the store forget it.
async fn disarmed(shared: &Shared, order: &ArmOrder) {
    let name = output_name(order);
    let text = format!("{name} is not armed any more, because what it was armed for changed; arm it again");
    tracing::warn!("{text}");
    let (at, who, what) = (shared.clock.wall(), "gateway".to_owned(), "output.disarm".to_owned());
    let event = Event { at, who, what, line: Some(order.line.clone()), text };
    let told = shared.store.record_event(event).await;
    if let Err(error) = shared.store.disarm(&name).await.and(told) {
        tracing::warn!(%error, "that the arming ended could not be kept");
    }
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
    // A cell goes on where the one before it ended, of this process or of the last: as the store stands
    // now, never as it stood when the process began.
    let progress = shared.store.progress().await.context("the store does not say where the lines stand")?;
    let brought = restore::bring(shared, &progress, &plan).await;
    let gauges = plans::gauges(shared, &plan);
    let begun = plans::checks(shared, &plan, &gauges, brought.lines).await;
    let (journal, durable_all) = shared.store.journal(number);
    let durable = plan.connections.iter().map(|c| shared.store.durable(number, c.slot)).collect();
    let marks = plan.connections.iter().map(|c| progress.marks.get(&c.slot).cloned().unwrap_or_default());
    let (armed, ended) = still_armed(cells, &plan, &documents);
    for order in &ended {
        disarmed(shared, order).await;
    }
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
        armed,
        intents: plans::intents(shared),
    };
    let (done, started) = oneshot::channel();
    shared.shards[shard].order(Order::Start(Box::new(start), done)).await;
    drop(started.await);
    cells.running.insert(name, RunningPlan { shard, plan, documents });
    Ok(())
}
