//! MQTT connections: tags become mappings of messages; verdicts get their way out.

use super::checks::LinePlan;
use super::groups::Group;
use super::{ConnectionPlan, DriverPlan, Whose};
use crate::egress::Egress;
use crate::payload::{Presence, state_json, state_topic};
use crate::store::{ConnectionSlot, MARKS_MAX};
use std::time::Duration;
use takt_adapters::convert::Conversion;
use takt_adapters::mqtt::mapping::{
    ByteOrder, Field, Format, JsonMapping, Layout, RawMapping, RawNumber, Scope, TimeMapping, TimeSource,
};
use takt_adapters::mqtt::options::{ClientIdentity, Credentials, LastWill, Protocol, Qos, Secret, Tls};
use takt_adapters::mqtt::plan::InvalidMapping;
use takt_adapters::mqtt::{GroupMapping, Options, Plan};
use takt_adapters::stamp::{EpochUnit, StampFormat, StampReader};
use takt_config::resolved::{
    Connection, Conversion as Written, Endian, GroupKey, JsonFormat, Mqtt, MqttSource, MqttVersion, PayloadFormat,
    RawType, Tag, TagSource, TimeFormat,
};
use takt_config::{At, Pem, Problem, Problems, SecretRef};
use takt_plant::{GroupSlot, WallTime};

/// Plans a broker: what is subscribed, and how messages become frames.
pub(super) fn plan(
    connection: &Connection,
    broker: &Mqtt,
    slot: ConnectionSlot,
    lines: &[LinePlan],
    whose: &Whose,
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    // Looked at whatever else is wrong, so that all of it is told at once.
    let options = options(connection, broker, whose, "", problems);
    let mut mappings = Vec::new();
    for line in lines {
        for (group, group_slot, tags) in line.fed_by(&connection.id) {
            let Some(mapping) = mapping(group, group_slot, &tags, problems) else { continue };
            match Plan::new(std::slice::from_ref(&mapping)) {
                Ok(_) => mappings.push(mapping),
                Err(wrong) => problems.extend(wrong.iter().map(|what| at_its_tag(what, &tags, connection))),
            }
        }
    }
    let plan = match Plan::new(&mappings) {
        Ok(plan) => plan.with_lateness(lateness_max(connection, lines)),
        Err(wrong) => {
            let tags: Vec<&Tag> = lines.iter().flat_map(|line| &line.line.tags).collect();
            problems.extend(wrong.iter().map(|what| at_its_tag(what, &tags, connection)));
            return None;
        }
    };
    let options = options?;
    Some(planned(connection, broker, slot, options, plan, true))
}

/// A problem of a mapping, at the key of the tag that it comes from.
fn at_its_tag(what: &InvalidMapping, tags: &[&Tag], connection: &Connection) -> Problem {
    let sources = || {
        tags.iter().filter_map(|tag| match &tag.source {
            TagSource::Mqtt(source) if *source.connection == *connection.id => Some(source),
            TagSource::Mqtt(_) | TagSource::Modbus(_) | TagSource::Replay(_) => None,
        })
    };
    let topic = |filter: &str| sources().map(|source| &source.topic).find(|topic| topic.as_str() == filter);
    let at = match what {
        InvalidMapping::Pointer { source, .. } => sources().find_map(|s| pointer_in(s, source.pointer())),
        InvalidMapping::Overlap { b, .. } => topic(b),
        InvalidMapping::Filter { filter, .. }
        | InvalidMapping::NoTags { filter }
        | InvalidMapping::Fields { filter, .. }
        | InvalidMapping::RawStamp { filter } => topic(filter),
    };
    let hint = "change the tag's topic or field";
    at.map_or_else(|| connection.id.problem(sentence(what), hint), |at| at.problem(sentence(what), hint))
}

/// Where a source names this pointer.
fn pointer_in<'s>(source: &'s MqttSource, pointer: &str) -> Option<&'s At<String>> {
    let PayloadFormat::Json(json) = &source.format else { return None };
    let time = json.time.as_ref().map(|time| &time.pointer);
    [Some(&json.value), json.each.as_ref(), time].into_iter().flatten().find(|at| at.as_str() == pointer)
}

/// The greatest lateness of the checks on lines that a connection feeds.
fn lateness_max(connection: &Connection, lines: &[LinePlan]) -> Duration {
    let fed = lines.iter().filter(|line| line.fed_by(&connection.id).next().is_some());
    fed.flat_map(|line| &line.line.checks).map(|check| check.lateness).max().unwrap_or_default()
}

/// Plans a connection that only carries a cell's verdicts out: a client of its own, named after the
/// cell's first line, because a broker knows a client by its id.
pub(super) fn outward(
    connection: &Connection,
    slot: ConnectionSlot,
    lines: &[LinePlan],
    whose: &Whose,
    problems: &mut Problems,
) -> Option<ConnectionPlan> {
    let takt_config::resolved::ConnectionKind::Mqtt(broker) = &connection.kind else { return None };
    let suffix = lines.first().map(|line| format!("-{}", *line.line.id)).unwrap_or_default();
    let options = options(connection, broker, whose, &suffix, problems)?;
    Some(planned(connection, broker, slot, options, Plan::default(), false))
}

/// A broker's connection by itself, for people who listen.
///
/// # Errors
/// Every problem of the connection.
pub fn client(connection: &Connection, broker: &Mqtt, whose: &Whose) -> Result<Options, Problems> {
    let mut problems = Problems::default();
    let options = options(connection, broker, whose, "", &mut problems);
    match (options, keys(broker, whose)) {
        (Some(mut options), Ok(keys)) => {
            keys.put_into(&mut options);
            problems.or(options)
        }
        (_, keys) => {
            problems.extend(keys.err().into_iter().flatten());
            Err(problems)
        }
    }
}

/// What proves to a broker who the gateway is, and to the gateway who the broker is. No plan holds it: it
/// is looked for when it is used, so that what is missing concerns its connection alone.
pub struct Keys {
    tls: Option<Tls>,
    credentials: Option<Credentials>,
}

impl Keys {
    /// Puts them into the options of the client that needs them.
    pub fn put_into(self, options: &mut Options) {
        (options.tls, options.credentials) = (self.tls, self.credentials);
    }
}

/// Looks for a broker's secrets and certificate files.
///
/// # Errors
/// Each that cannot be had, and where it may be put.
pub fn keys(broker: &Mqtt, whose: &Whose) -> Result<Keys, Problems> {
    let mut problems = Problems::default();
    // Each is looked at whatever the others say.
    let tls = is_encrypted(broker).then(|| tls(broker, whose, &mut problems));
    let credentials = credentials(broker, whose, &mut problems);
    match (all_or_none(tls), all_or_none(credentials)) {
        (Some(tls), Some(credentials)) => problems.or(Keys { tls, credentials }),
        _ => Err(problems),
    }
}

fn planned(
    connection: &Connection,
    broker: &Mqtt,
    slot: ConnectionSlot,
    options: Options,
    plan: Plan,
    feeds: bool,
) -> ConnectionPlan {
    let (id, kind, address) = (connection.id.value.clone(), connection.kind.word(), broker.url.value.clone());
    let egress = Egress::new(id.as_str(), broker.reach);
    let holds = broker.when_unwritable == takt_config::resolved::WhenUnwritable::Hold;
    let driver = DriverPlan::Mqtt { options: Box::new(options), plan, broker: Box::new(broker.clone()) };
    ConnectionPlan { id, kind, address, slot, publishes: broker.verdicts, egress, feeds, holds, driver }
}

fn options(
    connection: &Connection,
    broker: &Mqtt,
    whose: &Whose,
    suffix: &str,
    problems: &mut Problems,
) -> Option<Options> {
    let (host, port, _) = match address(&broker.url) {
        Ok(address) => address,
        Err(what) => {
            problems.push(broker.url.problem(what, "write mqtt://broker:1883 or mqtts://broker:8883"));
            return None;
        }
    };
    let mut options = Options::new(host, port, format!("{}{suffix}", *broker.client_id));
    options.protocol = match broker.version {
        MqttVersion::V311 => Protocol::V3,
        MqttVersion::V5 => Protocol::V5,
    };
    options.clean_session = broker.clean_session;
    options.keep_alive = broker.keep_alive;
    options.packet_bytes_max = broker.packet_bytes_max as usize;
    // More could not be told from redeliveries after a restart.
    options.receive_max = broker.receive_maximum.min(MARKS_MAX);
    options.retry.seed = seed(&options.client_id);
    if broker.verdicts {
        let mut payload = Vec::new();
        state_json(Presence::Lost, WallTime::from_ns(0), env!("CARGO_PKG_VERSION"), &mut payload);
        let topic = format!("{}{suffix}", state_topic(&whose.site, &whose.gateway));
        options.last_will = Some(LastWill { topic, payload, qos: Qos::AtLeastOnce, retain: true });
    }
    let wrong = options.check();
    problems.extend(wrong.iter().map(|what| connection.id.problem(what.to_string(), "change the connection")));
    wrong.is_empty().then_some(options)
}

/// User and password, where a user is named; inside, `None` where the password is not there.
fn credentials(broker: &Mqtt, whose: &Whose, problems: &mut Problems) -> Option<Option<Credentials>> {
    let user = broker.user.clone()?;
    let password = match &broker.password {
        Some(name) => secret(name, whose, problems),
        None => Some(Vec::new()),
    };
    Some(password.map(|password| Credentials { user, password: Secret::new(password) }))
}

fn tls(broker: &Mqtt, whose: &Whose, problems: &mut Problems) -> Option<Tls> {
    let Some(written) = &broker.tls else { return Some(Tls::default()) };
    let ca_pem = written.ca.as_ref().map(|ca| pem(ca, whose, problems));
    let identity = written.identity.as_ref().map(|(certificate, key)| {
        let (certificate, key) = (pem(certificate, whose, problems), pem(key, whose, problems));
        Some(ClientIdentity { certificate_pem: certificate?, key_pem: Secret::new(key?) })
    });
    let (ca_pem, identity) = (all_or_none(ca_pem)?, all_or_none(identity)?);
    Some(Tls { ca_pem, identity, server_name: None })
}

/// What is not wanted is whole as it is; what is wanted must be there.
fn all_or_none<T>(wanted: Option<Option<T>>) -> Option<Option<T>> {
    wanted.map_or(Some(None), |there| there.map(Some))
}

fn pem(written: &At<Pem>, whose: &Whose, problems: &mut Problems) -> Option<Vec<u8>> {
    match &written.value {
        Pem::Secret(name) => secret(&At::new(name.clone(), written.place.clone()), whose, problems),
        Pem::File(path) => {
            let path = At::new(path.clone(), written.place.clone()).beside_document();
            let read = (whose.files)(&path);
            let explain =
                |error| written.problem(format!("{}: {error}", path.display()), "check the path and who may read it");
            read.map_err(|error| problems.push(explain(error))).ok()
        }
    }
}

fn secret(name: &At<SecretRef>, whose: &Whose, problems: &mut Problems) -> Option<Vec<u8>> {
    let found = (whose.secrets)(&whose.data_dir, name);
    found.map_err(|what| problems.push(name.problem(what, "put the secret where the message says"))).ok()
}

fn is_encrypted(broker: &Mqtt) -> bool {
    matches!(address(&broker.url), Ok((_, _, true)))
}

fn address(url: &str) -> Result<(String, u16, bool), String> {
    let (rest, encrypted) = match (url.strip_prefix("mqtt://"), url.strip_prefix("mqtts://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return Err(format!("'{url}' is no address of a broker")),
    };
    let rest = rest.trim_end_matches('/');
    let usual = if encrypted { 8883 } else { 1883 };
    // An IPv6 address stands in brackets, so its colons are no port.
    let split = rest.rsplit_once(':').filter(|(host, _)| !host.contains('[') || host.ends_with(']'));
    let (host, port) = match split {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("'{port}' is no port"))?),
        None => (rest, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() { Err("the host is missing".into()) } else { Ok((host.to_owned(), port, encrypted)) }
}

/// A number that differs from one text to another, to spread reconnects.
pub fn seed(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

fn mapping(group: &Group, slot: GroupSlot, tags: &[&Tag], problems: &mut Problems) -> Option<GroupMapping> {
    let GroupKey::Message(_, filter, _) = &group.key else { return None };
    let sources: Vec<(&Tag, &MqttSource)> = tags
        .iter()
        .filter_map(|tag| match &tag.source {
            TagSource::Mqtt(source) => Some((*tag, source)),
            TagSource::Modbus(_) | TagSource::Replay(_) => None,
        })
        .collect();
    let (_, first) = sources.first()?;
    let conversions = sources.iter().map(|(tag, source)| conversion(tag, &source.conversion));
    let format = match &first.format {
        PayloadFormat::Text => Format::Text(conversions.collect::<Vec<_>>().into_iter().next()?),
        PayloadFormat::Raw(raw) => Format::Raw(RawMapping {
            number: number(raw.kind),
            order: match raw.endian {
                Endian::Little => ByteOrder::Little,
                Endian::Big => ByteOrder::Big,
            },
            header_bytes: raw.header_bytes as usize,
            stamp: None,
            step: raw.step.unwrap_or(Duration::ZERO),
            conversions: conversions.collect(),
        }),
        PayloadFormat::Json(layout) => Format::Json(json(&sources, layout, problems)?),
    };
    let qos = sources.iter().map(|(_, source)| source.qos).max().unwrap_or(1);
    let qos = match qos {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    };
    Some(GroupMapping { group: slot, filter: filter.clone(), qos, tags: group.tags.clone().into(), format })
}

fn json(sources: &[(&Tag, &MqttSource)], layout: &JsonFormat, problems: &mut Problems) -> Option<JsonMapping> {
    let field = |(tag, source): &(&Tag, &MqttSource)| match &source.format {
        PayloadFormat::Json(json) => Some(Field {
            pointer: json.value.value.clone(),
            scope: Scope::Sample,
            conversion: conversion(tag, &source.conversion),
        }),
        PayloadFormat::Text | PayloadFormat::Raw(_) => None,
    };
    let source = match &layout.time {
        None => TimeSource::Arrival,
        Some(time) => TimeSource::Field {
            pointer: time.pointer.value.clone(),
            scope: Scope::Sample,
            stamp: stamp(&time.format, time.zone.as_ref(), &time.pointer, problems)?,
        },
    };
    let samples = match (&layout.each, layout.columns) {
        (Some(samples), _) => Layout::Each { samples: samples.value.clone() },
        (None, true) => Layout::Columns,
        (None, false) => Layout::One,
    };
    let step = layout.step.unwrap_or(Duration::ZERO);
    Some(JsonMapping {
        layout: samples,
        fields: sources.iter().filter_map(field).collect(),
        time: TimeMapping { source, step },
    })
}

/// A reader of time stamps as a document describes them.
pub(super) fn stamp(
    format: &TimeFormat,
    zone: Option<&At<String>>,
    at: &At<String>,
    problems: &mut Problems,
) -> Option<StampReader> {
    let format = match format {
        TimeFormat::Rfc3339 => StampFormat::Iso,
        TimeFormat::Seconds => StampFormat::Epoch(EpochUnit::Seconds),
        TimeFormat::Millis => StampFormat::Epoch(EpochUnit::Millis),
        TimeFormat::Micros => StampFormat::Epoch(EpochUnit::Micros),
        TimeFormat::Nanos => StampFormat::Epoch(EpochUnit::Nanos),
        TimeFormat::Pattern(pattern) => StampFormat::Pattern(pattern.value.clone()),
    };
    let reader = StampReader::new(format, zone.map(|zone| zone.value.as_str()));
    let at = zone.unwrap_or(at);
    reader
        .map_err(|error| problems.push(at.problem(sentence(&error), "see strptime for the letters of a pattern")))
        .ok()
}

/// How a tag's text, number or flag becomes a reading.
pub(super) fn conversion(tag: &Tag, written: &Written) -> Conversion {
    Conversion { scale: written.scale, offset: written.offset, range: tag.range, text: written.text }
}

fn number(kind: RawType) -> RawNumber {
    match kind {
        RawType::I16 => RawNumber::I16,
        RawType::U16 => RawNumber::U16,
        RawType::I32 => RawNumber::I32,
        RawType::U32 => RawNumber::U32,
        RawType::F32 => RawNumber::F32,
        RawType::F64 => RawNumber::F64,
    }
}

fn sentence(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
