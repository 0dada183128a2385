//! Which cells run, and what new documents change.

use super::deadline::{TooShort, too_short};
use super::disarm::{Disarms, Flags, is_same_output};
use super::{Shared, plans, restore};
use crate::assemble::{self, CellPlan, LinePlan};
use crate::documents::{self, CellDocuments};
use crate::pipeline::order::ArmOrder;
use crate::shard::cell::CellStart;
use crate::shard::{CellName, Order, Probes, Seats};
use crate::store::{ArmingRecord, Event, Layout, Recovered, Slots};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use takt_adapters::Ticket;
use takt_config::Resolved;
use takt_config::resolved::{Connection, ConnectionKind};
use takt_plant::{CheckId, LineId, OutputId};
use tokio::sync::oneshot;

/// The running cells, and what is armed.
pub(crate) struct Cells {
    running: BTreeMap<CellName, RunningPlan>,
    armed: Vec<Armed>,
    /// Armings of the last process that have no flag, until they are told.
    unflagged: Vec<Armed>,
    n_started: u32,
}

/// A running cell as it was planned.
pub(crate) struct RunningPlan {
    pub(crate) shard: usize,
    pub(crate) plan: CellPlan,
    /// Where its devices may be asked for people.
    pub(crate) probes: Probes,
    made_of: CellDocuments,
}

impl RunningPlan {
    /// Its connections, as the documents write them.
    pub(crate) fn connections(&self) -> &[Connection] {
        &self.made_of.connections
    }

    /// Why an output of it cannot be armed; `None` when it can, or is not here.
    pub(crate) fn refusal(&self, order: &ArmOrder) -> Option<TooShort> {
        refusal(&self.made_of, order)
    }
}

/// An output that is armed, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Armed {
    order: ArmOrder,
    digest: String,
}

impl Armed {
    /// Its name, `line/check/output`.
    pub(crate) fn name(&self) -> String {
        let ArmOrder { line, check, output, .. } = &self.order;
        format!("{line}/{check}/{output}")
    }

    /// Whether it holds in a cell: the output is there, and is what the arming was meant for.
    pub(crate) fn still_holds(&self, lines: &[LinePlan], connections: &[Connection]) -> bool {
        let ArmOrder { line, check, output, .. } = &self.order;
        let found = lines.iter().find(|plan| *plan.line.id == *line);
        let now = found.map(|line| arming_digest(line, connections, check, output)).unwrap_or_default();
        !now.is_empty() && now == self.digest
    }
}

impl Cells {
    /// None run yet; armed is what has its record and its flag.
    pub(crate) fn new(recovered: &Recovered, flags: &Flags) -> Self {
        let recorded = |record: &ArmingRecord| Some(Armed { order: arm_order(record)?, digest: record.digest.clone() });
        let all = recovered.arming.iter().filter_map(recorded);
        let (armed, unflagged) = all.partition(|armed: &Armed| flags.is_up(&armed.name()));
        Self { running: BTreeMap::new(), armed, unflagged, n_started: 0 }
    }

    /// The running cells' plans.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &RunningPlan> {
        self.running.values()
    }

    /// What each running cell was made from.
    pub(crate) fn made_of(&self) -> BTreeMap<CellName, CellDocuments> {
        self.running.iter().map(|(name, running)| (name.clone(), running.made_of.clone())).collect()
    }

    /// The outputs that are armed.
    pub(crate) fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// Names what an output's arming is meant for; `None` where no such output runs.
    pub(crate) fn digest_of(&self, order: &ArmOrder) -> Option<String> {
        self.running.values().find_map(|running| {
            let line = running.plan.lines.iter().find(|line| *line.line.id == order.line)?;
            let digest = arming_digest(line, &running.made_of.connections, &order.check, &order.output);
            (!digest.is_empty()).then_some(digest)
        })
    }

    /// Takes out the armed outputs that no running cell holds as what they were armed for.
    fn take_disarmed(&mut self) -> Vec<Armed> {
        let running = &self.running;
        let holds = |armed: &Armed| {
            running.values().any(|running| armed.still_holds(&running.plan.lines, &running.made_of.connections))
        };
        let (kept, gone) = self.armed.drain(..).partition(holds);
        self.armed = kept;
        gone
    }

    /// Keeps in mind what is armed and for what, for cells that start again.
    pub(crate) fn arming(&mut self, order: &ArmOrder, digest: String) {
        self.disarming(order);
        self.armed.push(Armed { order: order.clone(), digest });
    }

    /// The way back; tells whether the output was armed.
    pub(crate) fn disarming(&mut self, order: &ArmOrder) -> bool {
        let was_armed = self.is_armed(order);
        self.armed.retain(|armed| !is_same_output(&armed.order, order));
        was_armed
    }

    /// Whether a cell with this output would start with it armed.
    pub(crate) fn is_armed(&self, order: &ArmOrder) -> bool {
        self.armed.iter().any(|armed| is_same_output(&armed.order, order))
    }
}

fn refusal(documents: &CellDocuments, order: &ArmOrder) -> Option<TooShort> {
    let line = documents.lines.iter().find(|line| *line.id == order.line)?;
    let check = line.checks.iter().find(|check| *check.id == order.check)?;
    let output = check.outputs.iter().find(|output| *output.id == order.output)?;
    let connection = documents.connections.iter().find(|connection| *connection.id == *output.write.connection)?;
    match &connection.kind {
        ConnectionKind::ModbusTcp(device) => too_short(check, output, device),
        ConnectionKind::Mqtt(_) | ConnectionKind::Replay(_) => None,
    }
}

/// Outputs of a plan whose arming still holds: what it was meant for has not changed, nobody disarms it at
/// the moment, and its deadline can be kept.
fn still_armed(cells: &Cells, plan: &CellPlan, made_of: &CellDocuments, disarms: &Disarms) -> Vec<ArmOrder> {
    let holds =
        |armed: &&Armed| armed.still_holds(&plan.lines, &made_of.connections) && !disarms.is_under_way(&armed.order);
    let can_be_kept = |order: &&ArmOrder| match refusal(made_of, order) {
        None => true,
        Some(TooShort { what, hint }) => {
            tracing::error!(line = %order.line, output = %order.output, hint, "not armed any more: {what}");
            false
        }
    };
    cells.armed.iter().filter(holds).map(|armed| &armed.order).filter(can_be_kept).cloned().collect()
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
/// which inputs and models. When it changes, the arming ends. Empty where there is no such output.
pub(crate) fn arming_digest(line: &LinePlan, connections: &[Connection], check: &CheckId, output: &OutputId) -> String {
    let Some(check) = line.line.checks.iter().find(|c| *c.id == *check) else { return String::new() };
    let Some(output) = check.outputs.iter().find(|o| *o.id == *output) else { return String::new() };
    let inputs: Vec<_> = check.inputs.iter().map(|input| (&input.role, line.line.tag(input.tag))).collect();
    let device = connections.iter().find(|connection| *connection.id == *output.write.connection);
    // Only devices are written to.
    let address = device.and_then(|device| match &device.kind {
        ConnectionKind::ModbusTcp(modbus) => Some((&modbus.address, modbus.single_register_write)),
        ConnectionKind::Mqtt(_) | ConnectionKind::Replay(_) => None,
    });
    let text = format!("{output:?} {inputs:?} {:?} {:?} {address:?}", check.selection, check.rule);
    takt_config::digest(&text)
}

/// Brings documents into force: stops the cells that they change, starts what is new. Cells that are
/// planned as before go on undisturbed; a line that nobody changed, in a cell that begins anew, keeps its
/// counts and its loaded models.
///
/// # Errors
/// Every problem of the documents; then nothing was changed.
pub(crate) async fn apply(shared: &Arc<Shared>, after: &Resolved) -> Result<()> {
    let layout: Layout = assemble::layout(after);
    documents::provisional(after, &shared.whose())?;
    let slots: Slots = shared.store.register(&layout)?;
    let plans = assemble::assemble(after, &slots, &shared.whose())?;
    let wanted = documents::cells(after, plans);
    // Before the first cell runs: an arming that somebody gives it is not taken for one of these.
    let unflagged = std::mem::take(&mut shared.cells.lock().await.unflagged);
    forget_disarmed(shared, unflagged, "its arming has no flag; arm it again if it is to write").await;
    let mut cells = shared.cells.lock().await;
    let same =
        |name: &CellName, running: &RunningPlan| wanted.get(name).is_some_and(|(_, made)| *made == running.made_of);
    let gone: Vec<CellName> =
        cells.running.iter().filter(|(name, running)| !same(name, running)).map(|(n, _)| n.clone()).collect();
    let goes_on = |line: &LinePlan, now: &CellDocuments| wanted.values().any(|(_, made_of)| made_of.holds(line, now));
    let mut seats = Seats::new();
    for name in gone {
        if let Some(running) = cells.running.remove(&name) {
            seats.append(&mut stop(shared, &name, &running, goes_on).await);
        }
    }
    let mut started = Ok(());
    for (name, (plan, made_of)) in wanted {
        if started.is_ok() && !cells.running.contains_key(&name) {
            started = start(shared, &mut cells, (name, plan, made_of), &mut seats).await;
        }
    }
    if started.is_err() {
        // What was to go on in a cell that did not start is not shown as if it did.
        let runs = |id: &LineId| cells.plans().any(|running| running.plan.lines.iter().any(|l| *l.line.id == *id));
        for gauge in shared.board.lines().iter().filter(|gauge| !runs(&gauge.plan().id)) {
            shared.board.remove_line(&gauge.plan().id);
        }
        return started;
    }
    let gone = cells.take_disarmed();
    drop(cells);
    forget_disarmed(shared, gone, "its address, mapping, inputs or model changed").await;
    Ok(())
}

/// Ends armings that hold no longer, for good: an output that becomes again what it was armed for does not
/// go live by itself. One without its flag is of an older version, or was not ended in both places.
async fn forget_disarmed(shared: &Shared, gone: Vec<Armed>, why: &str) {
    for armed in gone {
        let name = armed.name();
        let text = format!("{name} is in dry run: {why}");
        tracing::warn!(output = name, "the output is in dry run: {why}");
        let (at, line) = (shared.clock.wall(), Some(armed.order.line.clone()));
        let event = Event { at, who: "gateway".into(), what: "output.disarm".into(), line, text };
        if let Err(why) = shared.keep_disarm(&name).await {
            tracing::warn!(output = name, why, "that the output is in dry run could not be kept");
        }
        if let Err(error) = shared.store.record_event(event).await {
            tracing::warn!(%error, "the event could not be kept");
        }
    }
}

/// Stops every cell, all shards at once.
pub(crate) async fn stop_all(shared: &Shared) {
    let ends = shared.shards.iter().map(|shard| async move {
        let (done, ended) = oneshot::channel();
        shard.order(Order::End(done)).await;
        drop(ended.await);
    });
    futures::future::join_all(ends).await;
}

/// Gives the models of the lines that go on in another cell.
async fn stop(
    shared: &Shared,
    name: &CellName,
    running: &RunningPlan,
    goes_on: impl Fn(&LinePlan, &CellDocuments) -> bool,
) -> Seats {
    let (done, ended) = oneshot::channel();
    shared.shards[running.shard].order(Order::Stop(name.clone(), done)).await;
    let mut seats = ended.await.unwrap_or_default();
    for line in running.plan.lines.iter().filter(|line| !goes_on(line, &running.made_of)) {
        shared.board.remove_line(&line.line.id);
        line.checks.iter().for_each(|check| drop(seats.remove(&check.slot)));
    }
    for connection in running.plan.connections.iter().filter(|c| c.feeds) {
        shared.board.remove_connection(&connection.id);
    }
    seats
}

async fn start(
    shared: &Arc<Shared>,
    cells: &mut Cells,
    (name, mut plan, made_of): (CellName, CellPlan, CellDocuments),
    seats: &mut Seats,
) -> Result<()> {
    plans::ways_out(shared, &mut plan);
    let number = cells.n_started;
    cells.n_started += 1;
    // A cell goes on where the one before it ended, of this process or of the last: as the store stands
    // now, never as it stood when the process began.
    let progress = shared.store.progress().await.context("the store does not say where the lines stand")?;
    let brought = restore::bring(shared, &progress, &plan).await;
    let gauges = plans::gauges(shared, &plan);
    let begun = plans::checks(shared, &plan, &gauges, brought.lines, seats).await;
    let (journal, durable_all) = shared.store.journal(number);
    let durable = plan.connections.iter().map(|c| shared.store.durable(number, c.slot)).collect();
    let marks = plan.connections.iter().map(|c| progress.marks.get(&c.slot).cloned().unwrap_or_default());
    let shard = number as usize % shared.shards.len();
    let armed = still_armed(cells, &plan, &made_of, &shared.disarms);
    let start = CellStart {
        name: name.clone(),
        plan: plan.clone(),
        whose: shared.whose(),
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
        armed: armed.clone(),
        intents: plans::intents(shared),
    };
    let (done, started) = oneshot::channel();
    shared.shards[shard].order(Order::Start(Box::new(start), done)).await;
    let probes = started.await.unwrap_or_default();
    // A disarm that came while the cell was on its way to the shard found nobody to tell.
    for disarm in shared.disarms.among(&armed) {
        shared.order_shards(&disarm).await;
    }
    cells.running.insert(name, RunningPlan { shard, plan, probes, made_of });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Loss, Origin};
    use takt_plant::WallTime;

    #[test]
    fn armed_is_what_has_record_and_flag_until_it_is_disarmed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("armed")).unwrap();
        std::fs::write(dir.path().join("armed/a+b+c"), "").unwrap();
        let record = |output: &str| ArmingRecord {
            output: output.into(),
            by: "anna".into(),
            at: WallTime::from_ns(0),
            digest: "d".into(),
        };
        let recovered = Recovered {
            epoch: 1,
            origin: Origin::Continued,
            last_at: None,
            loss: Loss::Nothing,
            positions: BTreeMap::new(),
            last_seq: BTreeMap::new(),
            marks: BTreeMap::new(),
            arming: vec![record("a/b/c"), record("a/b/d")],
        };
        let names = |all: &[Armed]| all.iter().map(Armed::name).collect::<Vec<_>>();
        let mut cells = Cells::new(&recovered, &Flags::of(dir.path()));
        assert_eq!(names(cells.armed()), ["a/b/c"]);
        assert_eq!(names(&cells.unflagged), ["a/b/d"]);
        let [c, d] = ["a/b/c", "a/b/d"].map(|output| arm_order(&record(output)).unwrap());
        assert!(!cells.disarming(&d) && cells.is_armed(&c));
        cells.arming(&c, "e".into());
        assert_eq!(names(cells.armed()), ["a/b/c"], "armed again is armed once");
        // No cell runs it, and none that starts arms it.
        assert!(cells.digest_of(&c).is_none() && cells.disarming(&c));
        assert!(!cells.is_armed(&c) && !cells.disarming(&c));
    }
}
