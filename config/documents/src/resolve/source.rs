//! Where samples come from, by the kind of the connection.

use super::connection::{Connections, Found};
use super::report::{Report, place_of};
use super::time::time_format;
use crate::place::At;
use crate::resolved::{
    ByteOrder, ConnectionKind, Conversion, Endian, JsonFormat, Modbus, ModbusSource, MqttSource, PayloadFormat,
    RawFormat, RawType, RegisterType, ReplaySource, TagSource, TimeField,
};
use crate::written::tag::Source;
use crate::written::words::Format;
use std::time::Duration;

const EVERY_MIN: Duration = Duration::from_millis(1);
/// Source times have nanoseconds.
const STEP_MIN: Duration = Duration::from_nanos(1);
const EVERY_MAX: Duration = Duration::from_hours(24);
/// Longest JSON Pointer in bytes.
const POINTER_BYTES_MAX: usize = 1024;
/// Longest topic filter in bytes, by the protocol.
const TOPIC_BYTES_MAX: usize = 65_535;

/// A source, when its connection is there and every key belongs to its kind.
pub(crate) fn source(written: &At<Source>, connections: &Connections, report: &mut Report) -> Option<TagSource> {
    let connection = written.connection.as_ref()?;
    let (found, every) = match connections.find(connection, report)? {
        Found::Whole(found, every) => (found, every),
        Found::Broken => return None,
    };
    match &found.kind {
        ConnectionKind::ModbusTcp(device) => modbus(written, device, every, report),
        ConnectionKind::Mqtt(_) => mqtt(written, report),
        ConnectionKind::Replay(_) => replay(written, report),
    }
}

fn modbus(s: &At<Source>, device: &Modbus, every: Duration, report: &mut Report) -> Option<TagSource> {
    report.foreign(&mqtt_keys(s), "the connection is modbus-tcp", "leave it out, or name an mqtt connection");
    report.foreign(
        &[("column", place_of(&s.column))],
        "the connection is modbus-tcp",
        "write register = \"holding:100\"",
    );
    modbus_rules(s, s.r#type.as_deref().copied(), report);
    let every = report.duration(s.every.as_ref(), every, EVERY_MIN, EVERY_MAX);
    let Some(register) = &s.register else {
        report.missing(&s.place, "register", "write register = \"holding:100\"");
        return None;
    };
    Some(TagSource::Modbus(ModbusSource {
        connection: s.connection.clone()?,
        unit: s.unit.as_ref().map_or(device.unit, |u| u8::try_from(u.value.0).expect("the written type bounds it")),
        register: register.clone().map(|r| r.0),
        kind: s.r#type.clone(),
        order: s.order.as_deref().copied().unwrap_or(ByteOrder::Abcd),
        bit: s.bit.clone().map(|at| at.map(|b| u8::try_from(b.0).expect("the written type bounds it"))),
        length: s.length.clone().map(|at| at.map(|n| u16::try_from(n.0).expect("the written type bounds it"))),
        scale: s.scale.as_deref().copied().unwrap_or(1.0),
        offset: s.offset.as_deref().copied().unwrap_or(0.0),
        sentinels: s.sentinels.iter().flat_map(|list| &list.value).map(|v| v.value.clone()).collect(),
        every,
    }))
}

/// Which keys of a register go together.
fn modbus_rules(s: &Source, kind: Option<RegisterType>, report: &mut Report) {
    let numeric = [("scale", place_of(&s.scale)), ("offset", place_of(&s.offset))];
    match kind {
        Some(RegisterType::String) => {
            if let (None, Some(at)) = (&s.length, &s.r#type) {
                report.wrong(
                    &at.place,
                    "a string needs its `length`",
                    "write length = its bytes, two for each register",
                );
            }
            report.foreign(&numeric, "a string is no number", "leave it out");
        }
        Some(RegisterType::Bool) => report.foreign(&numeric, "a bit is no number", "leave it out"),
        _ => {}
    }
    if kind != Some(RegisterType::String) {
        report.foreign(
            &[("length", place_of(&s.length))],
            "only strings have one",
            "write type = \"string\", or leave it out",
        );
    }
    let bit_of = matches!(kind, None | Some(RegisterType::Bool | RegisterType::U16 | RegisterType::I16));
    if let (false, Some(bit)) = (bit_of, &s.bit) {
        report.wrong(&bit.place, "only a single register has bits", "write type = \"bool\"");
    }
    no_zero_scale(s, report);
    for sentinel in s.sentinels.iter().flat_map(|list| &list.value) {
        if sentinel.value.as_f64().is_none() {
            report.wrong(&sentinel.place, "a raw value is a number", "write for example sentinels = [65535]");
        }
    }
}

fn mqtt(s: &At<Source>, report: &mut Report) -> Option<TagSource> {
    report.foreign(&modbus_keys(s), "the connection is mqtt", "leave it out, or name a modbus-tcp connection");
    report.foreign(&[("column", place_of(&s.column))], "the connection is mqtt", "write value = \"/pointer\"");
    let format = s.format.as_deref().copied().unwrap_or(Format::Json);
    let payload = match format {
        Format::Json => json(s, report),
        Format::Text => Some(PayloadFormat::Text),
        Format::Raw => raw(s, report),
    };
    if format != Format::Json {
        report.foreign(&json_keys(s), "the format is not json", "leave it out, or write format = \"json\"");
    }
    if format != Format::Raw {
        let keys = [("endian", place_of(&s.endian)), ("header_bytes", place_of(&s.header_bytes))];
        report.foreign(&keys, "the format is not raw", "leave it out, or write format = \"raw\"");
    }
    if format == Format::Text {
        report.foreign(&[("step", place_of(&s.step))], "a text is one sample", "leave it out");
    }
    match &s.topic {
        None => report.missing(&s.place, "topic", "write topic = \"press-3/state\""),
        Some(topic) if topic.is_empty() || topic.len() > TOPIC_BYTES_MAX || topic.contains('\0') => {
            report.wrong(&topic.place, "this is no topic", "write topic = \"press-3/state\"");
        }
        Some(_) => {}
    }
    Some(TagSource::Mqtt(MqttSource {
        connection: s.connection.clone()?,
        topic: s.topic.clone()?,
        qos: s.qos.as_ref().map_or(1, |q| u8::try_from(q.value.0).expect("the written type bounds it")),
        format: payload?,
        conversion: conversion(s, format == Format::Raw, report),
    }))
}

fn json(written: &At<Source>, report: &mut Report) -> Option<PayloadFormat> {
    let s: &Source = written;
    for (key, written) in [("value", &s.value), ("time", &s.time), ("each", &s.each)] {
        if let Some(at) = written
            && ((!at.is_empty() && !at.starts_with('/')) || at.len() > POINTER_BYTES_MAX)
        {
            report.wrong(
                &at.place,
                format!("`{key}` is no JSON Pointer"),
                "write \"/vib/rms\"; the whole payload is \"\"",
            );
        }
    }
    if s.time.is_none() {
        let keys = [("time_format", place_of(&s.time_format)), ("time_zone", place_of(&s.time_zone))];
        report.foreign(&keys, "there is no `time`", "write time = \"/ts\"");
    }
    let columns = s.columns.as_deref().copied().unwrap_or(false);
    if s.each.is_none() && !columns {
        report.foreign(&[("step", place_of(&s.step))], "the message is one sample", "write each = \"/samples\" too");
    } else if let (Some(each), true) = (&s.each, columns) {
        report.wrong(&each.place, "`columns` says already how samples lie in the message", "keep one of the two");
    }
    let Some(value) = &s.value else {
        let hint = "write value = \"/vib/rms\"; a payload that is only the value has value = \"\"";
        report.missing(&written.place, "value", hint);
        return None;
    };
    let format = time_format(s.time_format.as_ref());
    let time = s.time.clone().map(|pointer| TimeField { pointer, format, zone: s.time_zone.clone() });
    let step = s.step.as_ref().map(|at| report.duration(Some(at), EVERY_MIN, STEP_MIN, EVERY_MAX));
    Some(PayloadFormat::Json(Box::new(JsonFormat { value: value.clone(), time, each: s.each.clone(), columns, step })))
}

fn raw(s: &At<Source>, report: &mut Report) -> Option<PayloadFormat> {
    let step = s.step.as_ref().map(|at| report.duration(Some(at), EVERY_MIN, STEP_MIN, EVERY_MAX));
    let Some(kind) = &s.r#type else {
        report.missing(&s.place, "type", "write type = \"i16\", \"f32\" or what else the array holds");
        return None;
    };
    let raw = match kind.value {
        RegisterType::I16 => RawType::I16,
        RegisterType::U16 => RawType::U16,
        RegisterType::I32 => RawType::I32,
        RegisterType::U32 => RawType::U32,
        RegisterType::F32 => RawType::F32,
        RegisterType::F64 => RawType::F64,
        RegisterType::Bool | RegisterType::I64 | RegisterType::U64 | RegisterType::String => {
            report.wrong(&kind.place, "a binary array cannot hold this", "write i16, u16, i32, u32, f32 or f64");
            return None;
        }
    };
    let endian = s.endian.as_deref().copied().unwrap_or(Endian::Little);
    let header_bytes = s.header_bytes.as_ref().map_or(0, |n| n.value.0);
    Some(PayloadFormat::Raw(RawFormat { kind: raw, endian, header_bytes, step }))
}

fn replay(s: &At<Source>, report: &mut Report) -> Option<TagSource> {
    report.foreign(&modbus_keys(s), "the connection is replay", "write column = the column's name");
    report.foreign(&mqtt_keys(s), "the connection is replay", "write column = the column's name");
    let Some(column) = &s.column else {
        report.missing(&s.place, "column", "write column = the column's name in the first row of the file");
        return None;
    };
    Some(TagSource::Replay(ReplaySource {
        connection: s.connection.clone()?,
        column: column.clone(),
        conversion: conversion(s, false, report),
    }))
}

/// From what a text source says to the value. The only type that a text can have is `string`.
fn conversion(s: &Source, raw: bool, report: &mut Report) -> Conversion {
    no_zero_scale(s, report);
    let text = match &s.r#type {
        Some(kind) if !raw && kind.value == RegisterType::String => true,
        Some(kind) if !raw => {
            report.wrong(&kind.place, "numbers need no type here", "leave it out; write \"string\" for a text");
            false
        }
        _ => false,
    };
    if text {
        let keys = [("scale", place_of(&s.scale)), ("offset", place_of(&s.offset))];
        report.foreign(&keys, "a string is no number", "leave it out");
    }
    Conversion {
        scale: s.scale.as_deref().copied().unwrap_or(1.0),
        offset: s.offset.as_deref().copied().unwrap_or(0.0),
        text,
    }
}

fn no_zero_scale(s: &Source, report: &mut Report) {
    if let Some(scale) = s.scale.as_ref().filter(|scale| scale.value == 0.0) {
        report.wrong(&scale.place, "a scale of zero makes every value the offset", "write for example scale = 0.1");
    }
}

type Keys<'s, const N: usize> = [(&'static str, Option<&'s crate::place::Place>); N];

fn modbus_keys(s: &Source) -> Keys<'_, 7> {
    [
        ("register", place_of(&s.register)),
        ("order", place_of(&s.order)),
        ("bit", place_of(&s.bit)),
        ("length", place_of(&s.length)),
        ("sentinels", place_of(&s.sentinels)),
        ("every", place_of(&s.every)),
        ("unit", place_of(&s.unit)),
    ]
}

fn json_keys(s: &Source) -> Keys<'_, 6> {
    [
        ("value", place_of(&s.value)),
        ("time", place_of(&s.time)),
        ("time_format", place_of(&s.time_format)),
        ("time_zone", place_of(&s.time_zone)),
        ("each", place_of(&s.each)),
        ("columns", place_of(&s.columns)),
    ]
}

fn mqtt_keys(s: &Source) -> Keys<'_, 12> {
    let [value, time, time_format, time_zone, each, columns] = json_keys(s);
    [
        ("topic", place_of(&s.topic)),
        ("qos", place_of(&s.qos)),
        ("format", place_of(&s.format)),
        value,
        time,
        time_format,
        time_zone,
        each,
        columns,
        ("header_bytes", place_of(&s.header_bytes)),
        ("endian", place_of(&s.endian)),
        ("step", place_of(&s.step)),
    ]
}
