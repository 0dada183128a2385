//! From a cell's plan to what it is started with: gauges, models, folders.

use super::Shared;
use super::restore::{Brought, BroughtLine};
use crate::assemble::{CellPlan, LinePlan};
use crate::board::{self, CheckPlan, ConnectionGauge, LineGauge, Now, OutputPlan, TagPlan};
use crate::loader::Loader;
use crate::pipeline::bench::Seat;
use crate::shard::Seats;
use crate::shard::cell::{CheckStart, LineStart};
use std::path::PathBuf;
use std::sync::Arc;
use takt_config::resolved::{Check, Line};
use takt_plant::{Edge, WindowSpec};

/// Where a cell is shown.
pub(crate) struct Gauges {
    pub(crate) connections: Vec<Arc<ConnectionGauge>>,
    pub(crate) lines: Vec<Arc<LineGauge>>,
}

/// Shows the ways out of a cell, which then count together with those of other cells to the same place.
pub(crate) fn ways_out(shared: &Shared, plan: &mut CellPlan) {
    for connection in plan.connections.iter_mut().filter(|connection| connection.publishes) {
        connection.egress = shared.board.way_out(connection.egress.clone());
    }
}

/// Puts a cell on the board.
pub(crate) fn gauges(shared: &Shared, plan: &CellPlan) -> Gauges {
    let now = Now::of(&shared.clock);
    let connections = plan.connections.iter().map(|connection| {
        let (id, kind, address) = (connection.id.clone(), connection.kind.to_owned(), connection.address.clone());
        shared.board.connection(board::ConnectionPlan { id, kind, address }, now)
    });
    let connections = connections.collect();
    let shown_now = shared.board.lines();
    let lines = plan.lines.iter().map(|line| {
        // Of a line that ended or changed nothing is shown any more: this one goes on from another cell.
        if let Some(gauge) = shown_now.iter().find(|gauge| gauge.plan().id == *line.line.id) {
            return Arc::clone(gauge);
        }
        let gauge = shared.board.line(shown(&line.line), now);
        for check in &line.line.checks {
            gauge.check(shown_check(&line.line, check));
        }
        gauge
    });
    Gauges { connections, lines: lines.collect() }
}

/// Loads every check's models beside the shards, but for those that are in their seats already, and puts each
/// check together.
pub(crate) async fn checks(
    shared: &Arc<Shared>,
    plan: &CellPlan,
    gauges: &Gauges,
    brought: Vec<BroughtLine>,
    seats: &mut Seats,
) -> Vec<LineStart> {
    let loader = Arc::clone(&shared.loader);
    let lines: Vec<(LinePlan, Arc<LineGauge>)> = plan.lines.iter().cloned().zip(gauges.lines.iter().cloned()).collect();
    let slots = plan.lines.iter().flat_map(|line| &line.checks).map(|check| check.slot);
    let mut seats: Seats = slots.filter_map(|slot| seats.remove_entry(&slot)).collect();
    let load = move || {
        let mut all = Vec::new();
        for ((line, gauge), brought) in lines.into_iter().zip(brought) {
            let mut checks = Vec::new();
            for ((check, plan), brought) in line.line.checks.iter().zip(&line.checks).zip(brought.checks) {
                // One that is empty is filled now, if it can be.
                let seated = seats.remove(&plan.slot).filter(|seats| seats.iter().all(Option::is_some));
                checks.push(one(&loader, (&line.line, check), &gauge, brought, seated));
            }
            all.push(LineStart { checks, latest: brought.latest, arrived_at: brought.arrived_at });
        }
        all
    };
    tokio::task::spawn_blocking(load).await.unwrap_or_default()
}

fn one(
    loader: &Loader,
    (line, check): (&Line, &Check),
    gauge: &LineGauge,
    brought: Brought,
    seated: Option<Vec<Option<Seat>>>,
) -> CheckStart {
    let gauge = gauge.find(&check.id).expect("every planned check has a gauge");
    let mut seats = seated.unwrap_or_else(|| loader.seats(line, check, &gauge));
    for (seat, memory) in seats.iter_mut().zip(&brought.memories) {
        if let (Some(seat), Some(memory)) = (seat, memory) {
            seat.resume(*memory);
        }
    }
    let Brought { windower, epoch, seq, given, seen, .. } = brought;
    CheckStart { windower, seats, epoch, seq, given, seen }
}

/// The folder of the intent logs. Where it cannot be made, writes go out without their intents, and
/// that is shown at each output.
pub(crate) fn intents(shared: &Shared) -> PathBuf {
    let dir = shared.gateway.data_dir.value.join("intents");
    if let Err(error) = std::fs::create_dir_all(&dir) {
        tracing::error!(dir = %dir.display(), %error, "the folder of the intent logs cannot be made");
    }
    dir
}

fn shown(line: &Line) -> board::LinePlan {
    let tags = line.tags.iter().map(|tag| TagPlan {
        id: tag.id.value.clone(),
        unit: tag.unit.clone().unwrap_or_default(),
        export: tag.export,
        connection: tag.source.connection().value.clone(),
    });
    board::LinePlan { id: line.id.value.clone(), tags: tags.collect() }
}

fn shown_check(line: &Line, check: &Check) -> CheckPlan {
    let inputs = check.inputs.iter().filter_map(|input| Some(line.tag(input.tag)?.id.value.clone()));
    let outputs = check.outputs.iter().map(|output| OutputPlan {
        id: output.id.value.clone(),
        connection: output.write.connection.value.clone(),
        target: output.write.register.value.clone(),
    });
    let mut models: Vec<String> = Loader::models(check).iter().map(ToString::to_string).collect();
    models.dedup();
    CheckPlan {
        id: check.id.value.clone(),
        deadline: check.deadline,
        window: words(line, &check.window),
        inputs: inputs.collect(),
        models,
        outputs: outputs.collect(),
        quiet_max: None,
    }
}

fn words(line: &Line, window: &WindowSpec) -> String {
    match window {
        WindowSpec::Frame => "frame".to_owned(),
        WindowSpec::Count { size, hop } => format!("count {size}, hop {hop}"),
        WindowSpec::Time { span, hop, step, .. } => format!("time {span:?}, hop {hop:?}, step {step:?}"),
        WindowSpec::Trigger { tag, edge, collect, .. } => {
            let tag = line.tag(*tag).map_or_else(|| "?".to_owned(), |tag| tag.id.to_string());
            let edge = match edge {
                Edge::Rising => "rising",
                Edge::Falling => "falling",
                Edge::Change => "change",
            };
            format!("trigger {tag} {edge}, {:?} before, {:?} after", collect.before, collect.after)
        }
    }
}
