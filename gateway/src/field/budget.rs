//! The bus-time budget of a device: what a list of tags at these rates needs, before it is saved (B12).

use super::Running;
use super::asked::{FieldError, WrittenConnection};
use super::registers::{target, way};
use crate::assemble::{DriverPlan, Whose};
use crate::documents::provisional;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use takt_adapters::Clock;
use takt_adapters::modbus::{Address, Plan, Span, bus_time_ms};
use takt_config::Resolved;
use takt_config::resolved::TagSource;
use utoipa::ToSchema;

/// Time of one request where the device cannot be asked: a slow PLC.
const REQUEST_MS: f64 = 5.0;
/// Requests by which it is measured.
const N_REQUESTS: usize = 5;

/// What a list of tags needs of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BudgetView {
    /// The tags that are read together, at one rate from one unit.
    pub groups: Vec<GroupBudgetView>,
    /// Share of all time that the bus is busy; above 1 cycles will be skipped.
    pub load: f64,
    /// Whether every cycle can be kept.
    pub fits: bool,
    /// What one request and its answer take.
    pub request_ms: f64,
    /// Whether that was measured on the device; else it was given, or is a slow device's.
    pub measured: bool,
    /// Where each tag stands on the wire.
    pub tags: Vec<TagAddress>,
}

/// What one group needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupBudgetView {
    /// The unit.
    pub unit: u8,
    /// The cycle.
    pub every_ms: f64,
    /// The tags.
    pub tags: Vec<String>,
    /// Requests in each cycle.
    pub n_requests: u64,
    /// Bus time that each cycle needs.
    pub ms_per_cycle: f64,
    /// Share of all time that this group needs.
    pub share: f64,
}

/// A tag's address as it was typed and as it goes on the wire (B2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagAddress {
    /// The tag.
    pub tag: String,
    /// As it was typed.
    pub typed: String,
    /// As it goes on the wire.
    pub register: String,
}

/// What tags need of a device when one request takes so long.
///
/// # Errors
/// Everything that is wrong with connection and tags.
pub fn budget(
    connection: &WrittenConnection,
    tags: &[Value],
    (request_ms, measured): (f64, bool),
    whose: &Whose,
) -> Result<BudgetView, FieldError> {
    let documents = connection.with_tags(tags)?;
    let plan = plan(&documents, whose)?;
    let line = &documents.lines[0];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by whoever asks")]
    let budget = bus_time_ms(&plan, (request_ms * 1e3) as u64);
    let groups = budget.groups.iter().zip(&plan.options.groups).map(|(found, group)| {
        let names = group.tags.iter().filter_map(|tag| line.tag(tag.tag)).map(|tag| tag.id.to_string());
        GroupBudgetView {
            unit: group.unit,
            every_ms: found.every_ms,
            tags: names.collect(),
            n_requests: found.n_reads as u64,
            ms_per_cycle: found.bus_ms,
            share: found.bus_ms / found.every_ms,
        }
    });
    let places = line.tags.iter().filter_map(|tag| {
        let TagSource::Modbus(source) = &tag.source else { return None };
        let register: Address = source.register.parse().ok()?;
        Some(TagAddress {
            tag: tag.id.to_string(),
            typed: source.register.value.clone(),
            register: register.to_string(),
        })
    });
    let fits = budget.fits();
    let (groups, tags) = (groups.collect(), places.collect());
    Ok(BudgetView { groups, load: budget.load, fits, request_ms, measured, tags })
}

/// What one request takes: measured by reading the first tag, where the device answers.
///
/// # Errors
/// Everything that is wrong with connection and tags.
pub async fn request_ms(
    connection: &WrittenConnection,
    tags: &[Value],
    whose: &Whose,
    running: Option<&Running>,
    clock: Clock,
) -> Result<(f64, bool), FieldError> {
    let documents = connection.with_tags(tags)?;
    let plan = plan(&documents, whose)?;
    let target = target(&connection.resolve()?, None)?;
    let Some((unit, at)) = plan.options.groups.first().and_then(|g| Some((g.unit, g.tags.first()?.address))) else {
        return Ok((REQUEST_MS, false));
    };
    let Ok(mut way) = way(&target, running).await else { return Ok((REQUEST_MS, false)) };
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..N_REQUESTS {
        let began = clock.mono();
        // An exception takes as long as an answer.
        match way.read(unit, Span { start: at, n: 1 }).await {
            Err(fault) if !fault.keeps_link() => break,
            _ => took.push(clock.mono().since(began)),
        }
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).map_or((REQUEST_MS, false), |median| (median.as_secs_f64() * 1e3, true)))
}

fn plan(documents: &Resolved, whose: &Whose) -> Result<Plan, FieldError> {
    let nothing = || FieldError::wrong("there is no tag of a modbus-tcp connection in it", "send at least one tag");
    if documents.lines.is_empty() {
        return Err(nothing());
    }
    let cells = provisional(documents, whose)?;
    let mut connections = cells.into_iter().flat_map(|cell| cell.connections);
    let found = connections.find_map(|connection| match connection.driver {
        DriverPlan::Modbus(plan) => Some(*plan),
        DriverPlan::Mqtt { .. } | DriverPlan::Replay(_) => None,
    });
    found.ok_or_else(nothing)
}
