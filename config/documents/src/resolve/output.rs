//! Outputs and heartbeats resolved: everything that is written to a PLC.

use super::connection::{Connections, Found};
use super::report::{Report, place_of, repeated};
use crate::place::{At, Place};
use crate::resolved::{
    ByteOrder, ConnectionKind, Handshake, Heartbeat, Modbus, Output, OutputMode, RegisterType, VerdictValues,
    WriteTarget,
};
use crate::written::check::Check;
use crate::written::line;
use crate::written::output as written;
use crate::written::scalar::Whole;
use crate::written::words::Mode;
use std::collections::HashMap;
use std::time::Duration;
use takt_plant::{ConnectionId, WriteLimits, WriteValue};

const HEARTBEAT_MIN: Duration = Duration::from_millis(10);
const HEARTBEAT_MAX: Duration = Duration::from_mins(1);
const PULSE_MIN: Duration = Duration::from_millis(1);
const PULSE_MAX: Duration = Duration::from_hours(1);

/// Every register that is written, so that no two outputs write the same one.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    taken: HashMap<(ConnectionId, u8, String), Place>,
}

impl Targets {
    fn take(&mut self, target: &WriteTarget, report: &mut Report) {
        let key = (target.connection.value.clone(), target.unit, target.register.value.to_lowercase());
        match self.taken.get(&key) {
            Some(first) => report.reference(
                &target.register.place,
                format!("{} is written already, at {first}", target.register),
                "give each output and heartbeat a register of its own",
            ),
            None => {
                self.taken.insert(key, target.register.place.clone());
            }
        }
    }
}

/// A line's heartbeat.
pub(crate) fn heartbeat(
    h: &At<line::Heartbeat>,
    connections: &Connections,
    targets: &mut Targets,
    report: &mut Report,
) -> Option<Heartbeat> {
    let every = report.duration(h.every.as_ref(), HEARTBEAT_MIN, HEARTBEAT_MIN, HEARTBEAT_MAX);
    let device = plc(h.connection.as_ref()?, connections, report)?;
    let write = WriteTarget {
        connection: h.connection.clone()?,
        unit: unit(h.unit.as_ref(), device),
        register: h.register.clone()?.map(|r| r.0),
        kind: h.r#type.clone(),
        order: h.order.as_deref().copied().unwrap_or(ByteOrder::Abcd),
    };
    no_text(write.kind.as_ref(), report);
    targets.take(&write, report);
    Some(Heartbeat { write, every })
}

/// The outputs of a check.
pub(crate) fn outputs(
    check: &Check,
    connections: &Connections,
    targets: &mut Targets,
    report: &mut Report,
) -> Vec<Output> {
    let written = check.outputs.iter().flat_map(|list| &list.value);
    let ids: Vec<_> = written.clone().filter_map(|output| output.id.as_ref()).collect();
    for (again, first) in repeated(ids.iter().map(|id| &id.value)) {
        let (id, first) = (ids[again], &ids[first].place);
        report.reference(
            &id.place,
            format!("the output \"{id}\" stands already at {first}"),
            "give one of the two another id",
        );
    }
    written.filter_map(|o| output(o, connections, targets, report)).collect()
}

fn output(
    o: &At<written::Output>,
    connections: &Connections,
    targets: &mut Targets,
    report: &mut Report,
) -> Option<Output> {
    let values = values(o, report);
    let limits = limits(o, report);
    let write = o.write.as_ref().and_then(|w| target(w, connections, report));
    let sort = o.fail_safe.as_ref().is_some_and(|v| matches!(v.value, WriteValue::Coil(_)));
    let mode = mode(o, write.as_ref(), if sort { WriteValue::Coil(false) } else { WriteValue::Integer(0) }, report);
    for (value, place) in every_value(o, mode.as_ref()) {
        within(value, &limits, place, report);
    }
    let write = write?;
    targets.take(&write, report);
    let mode = mode?;
    if let OutputMode::Handshake(handshake) = &mode {
        targets.take(&handshake.answer, report);
    }
    Some(Output {
        id: o.id.clone()?,
        write,
        values: values?,
        fail_safe: o.fail_safe.clone()?,
        mode,
        limits,
        read_back: o.read_back.as_deref().copied().unwrap_or(false),
        repeat_safe: o.repeat_safe.as_deref().copied().unwrap_or(false),
    })
}

/// The values of an output: all true or false, or all numbers.
fn values(o: &written::Output, report: &mut Report) -> Option<VerdictValues> {
    let table = o.value.as_ref()?;
    let all = [&table.pass, &table.fail, &table.inconclusive, &o.fail_safe, &o.rest];
    let is_coil = |v: &At<WriteValue>| matches!(v.value, WriteValue::Coil(_));
    let mut written = all.into_iter().flatten();
    if let Some(first) = written.next()
        && let Some(other) = written.find(|v| is_coil(v) != is_coil(first))
    {
        let what = format!("{} and {} are of different sorts", first.value, other.value);
        report.wrong(&other.place, what, "write true and false for a coil, numbers for a register");
    }
    let (pass, fail, inconclusive) = (table.pass.clone(), table.fail.clone(), table.inconclusive.clone());
    Some(VerdictValues { pass: pass?, fail: fail?, inconclusive: inconclusive? })
}

fn limits(o: &written::Output, report: &mut Report) -> WriteLimits {
    let none = WriteLimits::default();
    let limits = WriteLimits {
        min: o.min.as_deref().copied().unwrap_or(none.min),
        max: o.max.as_deref().copied().unwrap_or(none.max),
        interval_min: o.rate.as_ref().map(|rate| rate.value.0),
    };
    if let Some(place) = place_of(&o.min).or(place_of(&o.max))
        && limits.min > limits.max
    {
        report.wrong(place, format!("min {} is above max {}", limits.min, limits.max), "write min ≤ max");
    }
    limits
}

/// Every value that this output may write, so that none is refused when it matters.
fn every_value<'o>(o: &'o written::Output, mode: Option<&OutputMode>) -> Vec<(WriteValue, &'o Place)> {
    let table = o.value.as_deref();
    let values = [table.and_then(|t| t.pass.as_ref()), table.and_then(|t| t.fail.as_ref())];
    let more = [table.and_then(|t| t.inconclusive.as_ref()), o.fail_safe.as_ref()];
    let mut all: Vec<_> = values.into_iter().chain(more).flatten().map(|v| (v.value, &v.place)).collect();
    if let (Some(OutputMode::Pulse { rest, .. }), Some(mode)) = (mode, &o.mode) {
        all.push((rest.value, place_of(&o.rest).unwrap_or(&mode.place)));
    }
    all
}

fn within(value: WriteValue, limits: &WriteLimits, place: &Place, report: &mut Report) {
    #[expect(clippy::cast_precision_loss, reason = "limits are compared as numbers")]
    let number = match value {
        WriteValue::Coil(_) => return,
        WriteValue::Number(v) => v,
        WriteValue::Integer(v) => v as f64,
    };
    if limits.min <= limits.max && (number < limits.min || number > limits.max) {
        let what = format!("{value} is outside {} to {}, so it could never be written", limits.min, limits.max);
        report.wrong(place, what, "widen min and max, or write another value");
    }
}

fn mode(
    o: &At<written::Output>,
    write: Option<&WriteTarget>,
    at_rest: WriteValue,
    report: &mut Report,
) -> Option<OutputMode> {
    let mode = o.mode.as_deref().copied().unwrap_or(Mode::Level);
    if mode != Mode::Pulse {
        let keys = [("duration", place_of(&o.duration)), ("rest", place_of(&o.rest))];
        report.foreign(&keys, "only a pulse has one", "write mode = \"pulse\", or leave it out");
    }
    if mode != Mode::Handshake {
        let keys = [("ready", place_of(&o.ready)), ("part", place_of(&o.part)), ("answer", place_of(&o.answer))];
        report.foreign(&keys, "only a handshake has one", "write mode = \"handshake\", or leave it out");
    }
    match mode {
        Mode::Level => Some(OutputMode::Level),
        Mode::Pulse => {
            if o.duration.is_none() {
                report.missing(&o.place, "duration", "write duration = \"200ms\": how long the pulse lasts");
            }
            let duration = report.duration(o.duration.as_ref(), PULSE_MIN, PULSE_MIN, PULSE_MAX);
            Some(OutputMode::Pulse {
                duration,
                rest: o.rest.clone().unwrap_or_else(|| At::new(at_rest, o.place.clone())),
            })
        }
        Mode::Handshake => handshake(o, write, report),
    }
}

fn handshake(o: &At<written::Output>, write: Option<&WriteTarget>, report: &mut Report) -> Option<OutputMode> {
    let hints = [
        ("ready", &o.ready, "write ready = \"coil:11\": the PLC raises it when a part is ready"),
        ("part", &o.part, "write part = { register = \"holding:202\", type = \"u32\" }: the PLC's part number"),
        (
            "answer",
            &o.answer,
            "write answer = { register = \"holding:210\", type = \"u32\" }: where the number goes back",
        ),
    ];
    for (key, written, hint) in hints {
        if written.is_none() {
            report.missing(&o.place, key, hint);
        }
    }
    let write = write?;
    Some(OutputMode::Handshake(Box::new(Handshake {
        ready: beside(o.ready.as_ref()?, write)?,
        part: beside(o.part.as_ref()?, write)?,
        answer: beside(o.answer.as_ref()?, write)?,
    })))
}

/// A register on the connection and unit of an output.
fn beside(place: &At<written::Place>, write: &WriteTarget) -> Option<WriteTarget> {
    let (register, kind, order) = match &place.value {
        written::Place::Address(address) => (At::new(address.0.clone(), place.place.clone()), None, None),
        written::Place::Table(table) => {
            (table.register.clone()?.map(|r| r.0), table.r#type.clone(), table.order.as_deref().copied())
        }
    };
    let order = order.unwrap_or(ByteOrder::Abcd);
    Some(WriteTarget { connection: write.connection.clone(), unit: write.unit, register, kind, order })
}

fn target(w: &At<written::Target>, connections: &Connections, report: &mut Report) -> Option<WriteTarget> {
    let device = plc(w.connection.as_ref()?, connections, report)?;
    no_text(w.r#type.as_ref(), report);
    Some(WriteTarget {
        connection: w.connection.clone()?,
        unit: unit(w.unit.as_ref(), device),
        register: w.register.clone()?.map(|r| r.0),
        kind: w.r#type.clone(),
        order: w.order.as_deref().copied().unwrap_or(ByteOrder::Abcd),
    })
}

/// The device behind a connection that can be written to.
fn plc<'c>(id: &At<ConnectionId>, connections: &'c Connections, report: &mut Report) -> Option<&'c Modbus> {
    match connections.find(id, report)? {
        Found::Broken => None,
        Found::Whole(connection, _) => match &connection.kind {
            ConnectionKind::ModbusTcp(device) => Some(device),
            other => {
                let what = format!("\"{id}\" is {}, which has no registers to write", other.word());
                report.wrong(
                    &id.place,
                    what,
                    "name a modbus-tcp connection; verdicts go to a broker by verdicts = true there",
                );
                None
            }
        },
    }
}

fn unit(written: Option<&At<Whole<0, 255>>>, device: &Modbus) -> u8 {
    written.map_or(device.unit, |u| u8::try_from(u.value.0).expect("the written type bounds it"))
}

fn no_text(kind: Option<&At<RegisterType>>, report: &mut Report) {
    if let Some(kind) = kind.filter(|kind| kind.value == RegisterType::String) {
        report.wrong(
            &kind.place,
            "a verdict is written as a bit or number, not as a string",
            "write bool, u16 or another number",
        );
    }
}
