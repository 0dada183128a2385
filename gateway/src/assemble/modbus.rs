//! Modbus connections: tags become groups of registers, outputs become planned writes.

use super::checks::LinePlan;
use super::{ConnectionPlan, DriverPlan, writes};
use crate::egress::Egress;
use crate::store::ConnectionSlot;
use takt_adapters::modbus::{
    Address, Codec, GroupOptions, InvalidPlan, ModbusOptions, Order, Plan, Scale, Sentinel, TagOptions, ValueType,
};
use takt_config::resolved::{ByteOrder, Connection, GroupKey, Modbus, ModbusSource, RegisterType, Tag, TagSource};
use takt_config::{At, Problems};
use takt_plant::{ExportClass, Value, WriteSlot};

/// Plans a device: what is read from it and what may be written to it.
pub(super) fn plan(
    connection: &Connection,
    device: &Modbus,
    slot: ConnectionSlot,
    lines: &mut [LinePlan],
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    let mut options = options(device);
    let coalescing = options.coalescing;
    for line in lines.iter() {
        for (group, group_slot, tags) in line.fed_by(&connection.id) {
            let GroupKey::Poll(_, unit, every) = group.key else { continue };
            let slots = group.tags.iter().copied().zip(tags);
            let tags: Vec<TagOptions> = slots
                .filter_map(|(tag, written)| {
                    let TagSource::Modbus(source) = &written.source else { return None };
                    let (address, codec) = read(written, source, problems)?;
                    let options = TagOptions { tag, address, codec };
                    told(options.check(&coalescing), &source.register, problems).then_some(options)
                })
                .collect();
            // That none is left is no news: each has been told.
            if !tags.is_empty() {
                options.groups.push(GroupOptions { group: group_slot, unit, every, tags });
            }
        }
    }
    for line in lines.iter() {
        let outputs = line.line.checks.iter().flat_map(|check| &check.outputs);
        options.writes.extend(writes::planned(connection, device, line.line.heartbeat.as_ref(), outputs, problems));
    }
    for (slot, write) in (0..).map(WriteSlot).zip(&mut options.writes) {
        write.slot = slot;
    }
    match Plan::new(options) {
        Ok(plan) => Some(ConnectionPlan {
            id: connection.id.value.clone(),
            kind: connection.kind.word(),
            address: device.address.value.clone(),
            slot,
            publishes: false,
            egress: Egress::new(connection.id.as_str(), ExportClass::Never),
            feeds: true,
            holds: false,
            driver: DriverPlan::Modbus(Box::new(plan)),
        }),
        Err(wrong) => {
            problems.extend(
                wrong.iter().map(|what| connection.id.problem(what.to_string(), "change the tag or the connection")),
            );
            None
        }
    }
}

/// A device's connection, with nothing to read or write yet.
pub fn options(device: &Modbus) -> ModbusOptions {
    let port = if device.address.contains(':') { "" } else { ":502" };
    let mut options = ModbusOptions::new(&format!("{}{port}", *device.address));
    options.timing.timeout = device.timeout;
    options.timing.pause_after_connect = device.pause_after_connect;
    options.timing.pause_between_requests = device.pause_between_requests;
    // The document counts every connection to the device (B7), the driver those beside the writes' own.
    options.connections_max = device.connections_max.saturating_sub(u8::from(device.write_connection)).max(1);
    options.write_connection = device.write_connection;
    options.close_between_polls = device.close_between_polls;
    options.coalescing.gap_registers_max = device.gap_max;
    options.coalescing.gap_bits_max = device.gap_bits_max;
    options.coalescing.registers_max = device.registers_per_read;
    options.coalescing.bits_max = device.bits_per_read;
    options.seed = super::mqtt::seed(&device.address);
    options
}

pub(super) fn read(tag: &Tag, source: &ModbusSource, problems: &mut Problems) -> Option<(Address, Codec)> {
    let address = address(&source.register, problems)?;
    let kind = match (&source.bit, &source.length) {
        (Some(bit), _) => ValueType::Bit(bit.value),
        (None, Some(length)) => ValueType::Text(length.value),
        (None, None) => kind(source.kind.as_ref(), &address),
    };
    let mut codec = Codec::plain(kind, order(source.order));
    codec.scale = Scale { factor: source.scale, offset: source.offset };
    codec.sentinels = source.sentinels.iter().filter_map(sentinel).collect();
    codec.range = tag.range;
    Some((address, codec))
}

/// Whether nothing is wrong with what a register is planned to be; reports it at the register else.
pub(super) fn told(wrong: Option<InvalidPlan>, register: &At<String>, problems: &mut Problems) -> bool {
    let Some(wrong) = wrong else { return true };
    let text = wrong.to_string();
    let (what, hint) = text.split_once("; ").unwrap_or((&text, "check its address and type"));
    problems.push(register.problem(what, hint));
    false
}

pub(super) fn address(written: &At<String>, problems: &mut Problems) -> Option<Address> {
    match written.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            let error: takt_adapters::modbus::InvalidAddress = error;
            problems.push(written.problem(error.to_string(), "write it as holding:100, input:5, coil:10 or 400101"));
            None
        }
    }
}

pub(super) fn kind(written: Option<&At<RegisterType>>, address: &Address) -> ValueType {
    match written.map(|kind| kind.value) {
        None if address.table.is_bits() => ValueType::Bool,
        None => ValueType::U16,
        Some(RegisterType::Bool) => ValueType::Bool,
        Some(RegisterType::I16) => ValueType::I16,
        Some(RegisterType::U16) => ValueType::U16,
        Some(RegisterType::I32) => ValueType::I32,
        Some(RegisterType::U32) => ValueType::U32,
        Some(RegisterType::I64) => ValueType::I64,
        Some(RegisterType::U64) => ValueType::U64,
        Some(RegisterType::F32) => ValueType::F32,
        Some(RegisterType::F64) => ValueType::F64,
        Some(RegisterType::String) => ValueType::Text(2),
    }
}

pub(super) fn order(written: ByteOrder) -> Order {
    match written {
        ByteOrder::Abcd => Order::Abcd,
        ByteOrder::Cdab => Order::Cdab,
        ByteOrder::Badc => Order::Badc,
        ByteOrder::Dcba => Order::Dcba,
    }
}

fn sentinel(value: &Value) -> Option<Sentinel> {
    match value {
        Value::Integer(v) => Some(Sentinel::Integer(i128::from(*v))),
        Value::Unsigned(v) => Some(Sentinel::Integer(i128::from(*v))),
        Value::Real(v) => Some(Sentinel::Real(*v)),
        Value::Flag(_) | Value::Text(_) => None,
    }
}
