//! The bus-time budget: what a plan costs the bus, before it is saved (B12).

use super::plan::Plan;
use std::time::Duration;
use takt_plant::GroupSlot;

/// What one group costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupBudget {
    /// The group.
    pub group: GroupSlot,
    /// Requests in each cycle.
    pub n_reads: usize,
    /// Bus time that each cycle needs, in milliseconds.
    pub bus_ms: f64,
    /// The cycle, in milliseconds.
    pub every_ms: f64,
}

/// What a plan costs.
#[derive(Debug, Clone, PartialEq)]
pub struct BusBudget {
    /// The groups, in the plan's order.
    pub groups: Vec<GroupBudget>,
    /// Share of all time that the bus is busy; above 1 cycles will be skipped.
    pub load: f64,
}

impl BusBudget {
    /// Whether every cycle can be kept on one connection.
    pub fn fits(&self) -> bool {
        self.load <= 1.0
    }
}

/// The bus time of a plan when one request and its answer take `per_request_us` microseconds.
///
/// Each request also waits the configured pause. Writes are not counted.
pub fn bus_time_ms(plan: &Plan, per_request_us: u64) -> BusBudget {
    let request = Duration::from_micros(per_request_us) + plan.options.timing.pause_between_requests;
    let request_ms = request.as_secs_f64() * 1e3;
    let groups: Vec<GroupBudget> = plan
        .groups
        .iter()
        .map(|g| GroupBudget {
            group: g.group,
            n_reads: g.reads.len(),
            #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
            bus_ms: g.reads.len() as f64 * request_ms,
            every_ms: g.every.as_secs_f64() * 1e3,
        })
        .collect();
    let load = groups.iter().map(|g| g.bus_ms / g.every_ms).sum();
    BusBudget { groups, load }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modbus::{Codec, GroupOptions, ModbusOptions, Order, TagOptions, ValueType};
    use takt_plant::TagSlot;

    #[test]
    fn a_plan_states_its_share_of_the_bus() {
        let group = |slot, every_ms, n: u16| GroupOptions {
            group: GroupSlot(slot),
            unit: 1,
            every: Duration::from_millis(every_ms),
            tags: (0..n)
                .map(|i| TagOptions {
                    tag: TagSlot(u32::from(i)),
                    address: format!("holding:{}", i * 100).parse().expect("an address"),
                    codec: Codec::plain(ValueType::U16, Order::Abcd),
                })
                .collect(),
        };
        let mut options =
            ModbusOptions { groups: vec![group(0, 10, 3), group(1, 100, 40)], ..ModbusOptions::new("plc:502") };
        options.timing.pause_between_requests = Duration::from_millis(1);
        let budget = bus_time_ms(&Plan::new(options).expect("a plan"), 1_000);
        assert_eq!(budget.groups.iter().map(|g| g.n_reads).collect::<Vec<_>>(), [3, 40]);
        assert!((budget.groups[0].bus_ms - 6.0).abs() < 1e-9 && (budget.groups[1].bus_ms - 80.0).abs() < 1e-9);
        assert!((budget.load - 1.4).abs() < 1e-9 && !budget.fits());
    }
}
