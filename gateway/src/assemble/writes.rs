//! What lines write on a device: each target planned, and each value held against its register.
//!
//! A value that its register cannot carry would be found when it is written, which is when a part waits
//! for its answer. So it is refused here, with the documents (B15).

use super::modbus::{address, kind, order, read, told};
use std::ops::Range;
use takt_adapters::modbus::{Address, Codec, Table, WriteFunction, WriteSpec};
use takt_config::resolved::{
    Connection, ConnectionKind, Handshake, Heartbeat, Line, Modbus, Output, OutputMode, Selection, SingleRegisterWrite,
    TagSource, WriteTarget,
};
use takt_config::{At, Problems};
use takt_plant::{ConnectionId, TagSlot, WindowSpec, WriteSlot, WriteValue};

/// A heartbeat counts through all of them.
const BEAT_MAX: WriteValue = WriteValue::Integer(u16::MAX as i64);

/// Where a line writes on a connection: the heartbeat first, then each output, and a handshake's answer
/// behind its output. [`super::checks::bind`] gives out slots in this order; here all have slot 0.
pub(super) fn planned<'a>(
    connection: &Connection,
    device: &Modbus,
    heartbeat: Option<&Heartbeat>,
    outputs: impl Iterator<Item = &'a Output>,
    problems: &mut Problems,
) -> Vec<WriteSpec> {
    let mut specs = Vec::new();
    let here = |target: &WriteTarget| *target.connection == *connection.id;
    if let Some(beat) = heartbeat.filter(|beat| here(&beat.write)) {
        specs.extend(target(&beat.write, device, problems).inspect(|spec| beats(&beat.write, spec, problems)));
    }
    for output in outputs.filter(|output| here(&output.write)) {
        if let Some(spec) = target(&output.write, device, problems) {
            for value in output.every_value() {
                carried(value, &spec, problems);
            }
            specs.push(spec);
        }
        if let OutputMode::Handshake(registers) = &output.mode {
            specs.extend(answer(registers, device, problems));
        }
    }
    specs
}

/// What is wrong with outputs that belong to no whole check.
pub(super) fn look<'a>(outputs: impl Iterator<Item = &'a Output>, connections: &[Connection], problems: &mut Problems) {
    for output in outputs {
        let device = connections.iter().find(|connection| *connection.id == *output.write.connection);
        if let Some((connection, ConnectionKind::ModbusTcp(device))) = device.map(|found| (found, &found.kind)) {
            planned(connection, device, None, std::iter::once(output), problems);
        }
    }
}

/// Registers that something writes or reads, by what goes on the wire.
struct Taken<'a> {
    device: String,
    unit: u8,
    table: Table,
    range: Range<u32>,
    written: &'a At<String>,
}

impl<'a> Taken<'a> {
    /// `None` where the register cannot be read; that is told where it is planned.
    fn of(write: &'a WriteTarget, device: &Modbus) -> Option<Self> {
        let at = address(&write.register, &mut Problems::default())?;
        let n = kind(write.kind.as_ref(), &at).n_registers();
        Some(Self::at(&at, n, device, write.unit, &write.register))
    }

    fn at(at: &Address, n: u16, device: &Modbus, unit: u8, written: &'a At<String>) -> Self {
        let range = u32::from(at.offset)..u32::from(at.offset) + u32::from(n);
        let device = super::device(device).address.to_lowercase();
        Self { device, unit, table: at.table, range, written }
    }

    fn meets(&self, other: &Self) -> bool {
        let is_there = (&self.device, self.unit, self.table) == (&other.device, other.unit, other.table);
        is_there && self.range.start < other.range.end && other.range.start < self.range.end
    }
}

/// Registers that two outputs or heartbeats write: however they are written, and also where one value
/// reaches into the other's.
pub(super) fn overlaps(lines: &[Line], connections: &[Connection], problems: &mut Problems) {
    let mut taken: Vec<Taken<'_>> = Vec::new();
    for write in lines.iter().flat_map(every_target) {
        let Some(device) = device_of(connections, &write.connection) else { continue };
        let Some(own) = Taken::of(write, device) else { continue };
        let first = taken.iter().find(|first| first.meets(&own)).map(|first| first.written);
        match first {
            // The same text was told when the documents were resolved.
            Some(first) if first.value.eq_ignore_ascii_case(&write.register) => {}
            Some(first) => {
                let what =
                    format!("{} reaches into {first}, which is written already, at {}", own.written, first.place);
                problems.push(own.written.problem(what, "give each output and heartbeat registers of its own"));
            }
            None => taken.push(own),
        }
    }
}

/// Registers that a line writes and is led by. A verdict that is written over its own trigger begins the next
/// part by itself; over a part number, recipe or mode, it tells the gateway what only the PLC knows. Reading
/// back an output as one more tag is fine, and so is a line that is led by what another one writes.
pub(super) fn echoes(lines: &[Line], connections: &[Connection], problems: &mut Problems) {
    for line in lines {
        let leading = leading(line, connections);
        for write in every_target(line) {
            let Some(device) = device_of(connections, &write.connection) else { continue };
            let Some(own) = Taken::of(write, device) else { continue };
            if let Some((read, role)) = leading.iter().find(|(read, _)| read.meets(&own)) {
                let what = format!(
                    "{} is read by the same line as {role}, at {}: what is written there would lead the line",
                    own.written, read.written.place
                );
                problems.push(own.written.problem(what, "write to a register that the PLC only reads"));
            }
        }
    }
}

/// What leads a line, and as what: triggers, production conditions, recipes, and what a PLC says in a handshake.
fn leading<'a>(line: &'a Line, connections: &[Connection]) -> Vec<(Taken<'a>, String)> {
    let of_tag = |slot: TagSlot| {
        let tag = line.tag(slot)?;
        let TagSource::Modbus(source) = &tag.source else { return None };
        let device = device_of(connections, &source.connection)?;
        let (at, codec) = read(tag, source, &mut Problems::default())?;
        Some((Taken::at(&at, codec.kind.n_registers(), device, source.unit, &source.register), &tag.id))
    };
    let mut all = Vec::new();
    for check in &line.checks {
        let trigger = match &check.window.value {
            WindowSpec::Trigger { tag, .. } => Some(*tag),
            WindowSpec::Frame | WindowSpec::Count { .. } | WindowSpec::Time { .. } => None,
        };
        let recipe = match &check.selection {
            Selection::Recipe(recipe) => Some(recipe.tag),
            Selection::Model(_) => None,
        };
        let when = check.when.as_ref().map(|when| when.tag);
        for (slot, role) in [(trigger, "trigger"), (when, "`when`"), (recipe, "recipe")] {
            let found = slot.and_then(of_tag);
            all.extend(found.map(|(read, tag)| (read, format!("the {role} \"{tag}\" of the check \"{}\"", check.id))));
        }
        for output in &check.outputs {
            let OutputMode::Handshake(registers) = &output.mode else { continue };
            for (target, role) in [(&registers.ready, "ready"), (&registers.part, "part")] {
                let read = device_of(connections, &target.connection).and_then(|device| Taken::of(target, device));
                all.extend(read.map(|read| (read, format!("`{role}` of the handshake \"{}\"", output.id))));
            }
        }
    }
    all
}

fn device_of<'c>(connections: &'c [Connection], id: &ConnectionId) -> Option<&'c Modbus> {
    match &connections.iter().find(|connection| *connection.id == *id)?.kind {
        ConnectionKind::ModbusTcp(device) => Some(device),
        ConnectionKind::Mqtt(_) | ConnectionKind::Replay(_) => None,
    }
}

/// Everything that a line writes.
fn every_target(line: &Line) -> impl Iterator<Item = &WriteTarget> {
    let outputs = line.checks.iter().flat_map(|check| &check.outputs);
    let outputs = outputs.flat_map(move |output| {
        std::iter::once(&output.write).chain(match &output.mode {
            OutputMode::Handshake(registers) => Some(&registers.answer),
            OutputMode::Level | OutputMode::Pulse { .. } => None,
        })
    });
    line.heartbeat.iter().map(|beat| &beat.write).chain(outputs)
}

fn target(target: &WriteTarget, device: &Modbus, problems: &mut Problems) -> Option<WriteSpec> {
    let address = address(&target.register, problems)?;
    let codec = Codec::plain(kind(target.kind.as_ref(), &address), order(target.order));
    let function = match device.single_register_write {
        SingleRegisterWrite::Fc06 => WriteFunction::Single,
        SingleRegisterWrite::Fc16 => WriteFunction::Multiple,
    };
    let spec = WriteSpec { slot: WriteSlot(0), unit: target.unit, address, codec, function };
    told(spec.check(), &target.register, problems).then_some(spec)
}

fn carried(value: &At<WriteValue>, spec: &WriteSpec, problems: &mut Problems) {
    if let Err(why) = spec.carries(value.value) {
        let text = why.to_string();
        let what = text.split_once("; ").map_or(&*text, |(what, _)| what);
        let fits = spec.codec.kind.in_words();
        let hint = format!("{} takes {fits}; write one of them, or give `write` another type", spec.address);
        problems.push(value.problem(what, hint));
    }
}

fn beats(target: &WriteTarget, spec: &WriteSpec, problems: &mut Problems) {
    if spec.carries(BEAT_MAX).is_err() {
        let place = target.kind.as_ref().map_or(&target.register.place, |kind| &kind.place);
        let what = format!("the heartbeat counts from 0 to {BEAT_MAX}, and {} cannot", spec.codec.kind);
        let hint = "write a holding register of type u16, or a wider one";
        problems.push(takt_config::Problem::at(place, what, hint));
    }
}

/// A handshake's answer: it must be able to say every part number that is read.
fn answer(registers: &Handshake, device: &Modbus, problems: &mut Problems) -> Option<WriteSpec> {
    let ready = address(&registers.ready.register, problems);
    let part = address(&registers.part.register, problems);
    let spec = target(&registers.answer, device, problems)?;
    ready?;
    let part = kind(registers.part.kind.as_ref(), &part?);
    if !spec.codec.kind.holds_all_of(part) {
        let answer = &registers.answer;
        let place = answer.kind.as_ref().map_or(&answer.register.place, |kind| &kind.place);
        let what = format!("part numbers are {part}, and the answer as {} cannot say all of them", spec.codec.kind);
        problems.push(takt_config::Problem::at(place, what, format!("write answer with type = \"{part}\"")));
    }
    Some(spec)
}
