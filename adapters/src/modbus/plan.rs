//! The plan: which reads fetch a connection's tags, and which slice of which answer is which tag.
//!
//! Worked out once from the options. Registers of one group and table that lie close together
//! become one read (B4); a tag's registers never lie in two reads, so a value is never torn.

use super::address::{Address, Table};
use super::codec::{Codec, Unencodable, boolean};
use super::kind::ValueType;
use super::options::{Coalescing, GroupOptions, ModbusOptions, TagOptions, WriteSpec};
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot, WriteSlot, WriteValue};

/// The shortest cycle: the resolution of the runtime's timers.
const CYCLE_MIN: Duration = Duration::from_millis(1);
/// Registers that one write carries (Modbus Application Protocol V1.1b3, 6.12).
const WRITE_REGISTERS_MAX: u16 = 123;

/// Registers or bits that lie side by side in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first one.
    pub start: Address,
    /// How many, at least 1.
    pub n: u16,
}

impl Span {
    /// One past the last protocol address.
    pub fn end(self) -> u32 {
        u32::from(self.start.offset) + u32::from(self.n)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.start, self.n)
    }
}

/// Where in an answer one tag lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Take {
    /// The tag's index in its group.
    pub tag: usize,
    /// The tag's own registers or bits.
    pub span: Span,
}

/// One request and what its answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What is asked for.
    pub span: Span,
    /// Its tags, by rising address; at least one.
    pub takes: Vec<Take>,
}

impl Read {
    /// The smallest read that holds these tags.
    pub(crate) fn over(takes: Vec<Take>) -> Option<Self> {
        let start = takes.iter().map(|t| t.span.start).min()?;
        let end = takes.iter().map(|t| t.span.end()).max()?;
        let n = u16::try_from(end - u32::from(start.offset)).ok()?;
        Some(Self { span: Span { start, n }, takes })
    }
}

/// What is read together, in one cycle, from one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    /// The group.
    pub group: GroupSlot,
    /// The unit id on the wire.
    pub unit: u8,
    /// Time from one cycle to the next.
    pub every: Duration,
    /// The tags of its frames.
    pub tags: Arc<[TagSlot]>,
    /// How each tag is read, in the order of `tags`.
    pub codecs: Vec<Codec>,
    /// The requests of one cycle.
    pub reads: Vec<Read>,
}

/// The checked plan of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The options it was made from.
    pub options: ModbusOptions,
    /// What is read.
    pub groups: Vec<GroupPlan>,
}

impl Plan {
    /// Checks the options and works out the reads; every error at once.
    pub fn new(options: ModbusOptions) -> Result<Self, Vec<InvalidPlan>> {
        let mut errors = limits(&options);
        for write in &options.writes {
            errors.extend(write.check());
        }
        for (i, write) in options.writes.iter().enumerate() {
            if options.writes[..i].iter().any(|w| w.slot == write.slot) {
                errors.push(InvalidPlan::WriteTwice { slot: write.slot });
            }
        }
        for group in &options.groups {
            group_errors(group, &options.coalescing, &mut errors);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let groups = options.groups.iter().map(|g| group_plan(g, &options.coalescing)).collect();
        Ok(Self { options, groups })
    }

    /// The planned write of a slot.
    pub fn write(&self, slot: WriteSlot) -> Option<&WriteSpec> {
        self.options.writes.iter().find(|w| w.slot == slot)
    }

    /// The unit ids that are read, each once.
    pub fn units(&self) -> Vec<u8> {
        let mut units: Vec<u8> = self.groups.iter().map(|g| g.unit).collect();
        units.sort_unstable();
        units.dedup();
        units
    }
}

/// What is wrong with the options, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// A number lies outside its limits.
    #[error("{what} is {found}; it must lie between {min} and {max}")]
    Limit {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// A group reads nothing.
    #[error("group {} has no tags; give it a tag or remove it", group.0)]
    NoTags {
        /// The group.
        group: GroupSlot,
    },
    /// A cycle shorter than timers can keep.
    #[error("group {} has a cycle below 1 ms; give it at least 1 ms", group.0)]
    NoCycle {
        /// The group.
        group: GroupSlot,
    },
    /// A tag's registers end beyond the table.
    #[error("the tag at {address} needs {n} registers and would end beyond 65535; check its address and type")]
    BeyondTable {
        /// Where it begins.
        address: Address,
        /// How many it needs.
        n: u16,
    },
    /// A tag that no single read can fetch.
    #[error("the tag at {address} needs {n} registers, but a read may ask for {max}; raise registers per read")]
    TooWide {
        /// Where it begins.
        address: Address,
        /// How many it needs.
        n: u16,
        /// How many one read may ask for.
        max: u16,
    },
    /// A register type over a bit table.
    #[error("{address} is a bit, which cannot hold {kind}; use type bool, or an input or holding register")]
    BitTable {
        /// The address.
        address: Address,
        /// The type as it is written.
        kind: String,
    },
    /// A scale on something that is no number, or one that cannot be undone.
    #[error("the scale of {address} cannot be used; scale numbers only, with a factor other than zero")]
    Scale {
        /// The address.
        address: Address,
    },
    /// A write into a table that cannot be written.
    #[error("{address} cannot be written; write to coil: or holding:")]
    ReadOnly {
        /// The address.
        address: Address,
    },
    /// A type that cannot be written.
    #[error("{kind} at {address} cannot be written; write a whole number register, a bool register or a coil")]
    WriteType {
        /// The address.
        address: Address,
        /// The type as it is written.
        kind: String,
    },
    /// Two writes with one name.
    #[error("write {} is planned twice; every write needs its own slot", slot.0)]
    WriteTwice {
        /// The slot.
        slot: WriteSlot,
    },
}

fn limits(options: &ModbusOptions) -> Vec<InvalidPlan> {
    let coalescing = &options.coalescing;
    let checks = [
        ("registers per read", u64::from(coalescing.registers_max), 1, 125),
        ("bits per read", u64::from(coalescing.bits_max), 1, 2_000),
        ("the number of connections", u64::from(options.connections_max), 1, 16),
        (
            "the number of time-outs before a unit is set aside",
            u64::from(options.setting_aside.after_timeouts),
            1,
            1_000,
        ),
        ("the time-out in ms", millis(options.timing.timeout), 1, 60_000),
        ("the connect time-out in ms", millis(options.timing.connect_timeout), 1, 60_000),
        ("the first reconnect delay in ms", millis(options.retry.first), 1, 60_000),
        ("the longest reconnect delay in ms", millis(options.retry.max), millis(options.retry.first), 3_600_000),
    ];
    let outside = checks.into_iter().filter(|(_, found, min, max)| found < min || found > max);
    outside.map(|(what, found, min, max)| InvalidPlan::Limit { what, found, min, max }).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn group_errors(group: &GroupOptions, coalescing: &Coalescing, errors: &mut Vec<InvalidPlan>) {
    if group.tags.is_empty() {
        errors.push(InvalidPlan::NoTags { group: group.group });
    }
    if group.every < CYCLE_MIN {
        errors.push(InvalidPlan::NoCycle { group: group.group });
    }
    for tag in &group.tags {
        errors.extend(tag.check(coalescing));
    }
}

fn tag_error(address: Address, codec: &Codec, n_max: u16) -> Option<InvalidPlan> {
    let n = codec.kind.n_registers();
    if address.table.is_bits() && codec.kind != ValueType::Bool {
        return Some(InvalidPlan::BitTable { address, kind: codec.kind.to_string() });
    }
    if !codec.scale.is_usable() || (!codec.kind.is_number() && !codec.scale.is_identity()) {
        return Some(InvalidPlan::Scale { address });
    }
    if u32::from(address.offset) + u32::from(n) > 65_536 {
        return Some(InvalidPlan::BeyondTable { address, n });
    }
    (n > n_max).then_some(InvalidPlan::TooWide { address, n, max: n_max })
}

impl TagOptions {
    /// What is wrong with this tag by itself.
    pub fn check(&self, coalescing: &Coalescing) -> Option<InvalidPlan> {
        tag_error(self.address, &self.codec, n_max(self.address.table, coalescing))
    }
}

impl WriteSpec {
    /// What is wrong with this write by itself.
    pub fn check(&self) -> Option<InvalidPlan> {
        let address = self.address;
        if !matches!(address.table, Table::Coil | Table::Holding) {
            return Some(InvalidPlan::ReadOnly { address });
        }
        let kind = self.codec.kind;
        if address.table == Table::Holding && !(kind.is_number() || kind == ValueType::Bool) {
            return Some(InvalidPlan::WriteType { address, kind: kind.to_string() });
        }
        tag_error(address, &self.codec, WRITE_REGISTERS_MAX)
    }

    /// Whether a value reaches the device as what it is.
    pub fn carries(&self, value: WriteValue) -> Result<(), Unencodable> {
        if self.address.table.is_bits() {
            return boolean(value).map(drop);
        }
        self.codec.carries(value)
    }
}

fn n_max(table: Table, coalescing: &Coalescing) -> u16 {
    if table.is_bits() { coalescing.bits_max } else { coalescing.registers_max }
}

fn group_plan(group: &GroupOptions, coalescing: &Coalescing) -> GroupPlan {
    GroupPlan {
        group: group.group,
        unit: group.unit,
        every: group.every,
        tags: group.tags.iter().map(|t| t.tag).collect(),
        codecs: group.tags.iter().map(|t| t.codec.clone()).collect(),
        reads: coalesce(&group.tags, coalescing),
    }
}

/// Merges tags into reads: by rising address, as long as neither the gap nor the read gets too long.
fn coalesce(tags: &[TagOptions], coalescing: &Coalescing) -> Vec<Read> {
    let take =
        |(tag, t): (usize, &TagOptions)| Take { tag, span: Span { start: t.address, n: t.codec.kind.n_registers() } };
    let mut takes: Vec<Take> = tags.iter().enumerate().map(take).collect();
    takes.sort_by_key(|t| (t.span.start, t.span.end()));
    let mut reads: Vec<Read> = Vec::new();
    for take in takes {
        match reads.last_mut().filter(|read| fits(read, take.span, coalescing)) {
            Some(read) => {
                let end = read.span.end().max(take.span.end());
                read.span.n = u16::try_from(end - u32::from(read.span.start.offset)).unwrap_or(u16::MAX);
                read.takes.push(take);
            }
            None => reads.push(Read { span: take.span, takes: vec![take] }),
        }
    }
    reads
}

fn fits(read: &Read, span: Span, coalescing: &Coalescing) -> bool {
    let table = read.span.start.table;
    let gap_max = if table.is_bits() { coalescing.gap_bits_max } else { coalescing.gap_registers_max };
    let gap = u32::from(span.start.offset).saturating_sub(read.span.end());
    let n = read.span.end().max(span.end()) - u32::from(read.span.start.offset);
    table == span.start.table && gap <= u32::from(gap_max) && n <= u32::from(n_max(table, coalescing))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
