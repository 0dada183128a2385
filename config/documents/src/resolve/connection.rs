//! Connections resolved.

use super::report::{Report, place_of, repeated};
use super::time::time_format;
use crate::place::At;
use crate::resolved::{
    Connection, ConnectionKind, Gateway, Modbus, Mqtt, MqttVersion, Replay, ReplayTime, SingleRegisterWrite, Speed,
    Tls, WhenUnwritable,
};
use crate::written::connection::{self as written, AnyConnection};
use crate::written::decode::nearest;
use crate::written::document::Document;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;
use takt_plant::{ConnectionId, ExportClass};

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The protocol has 16 bits for it.
const KEEP_ALIVE_MAX: Duration = Duration::from_secs(65_535);
const PACKET_BYTES_MAX: u64 = 1_000_000;
/// The protocol's own limit: 28 bits.
const PACKET_BYTES_LIMIT: u64 = 268_435_455;
const RECEIVE_MAXIMUM: u16 = 1024;
const TIMEOUT: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(1);
const GAP_MAX: u16 = 8;
const GAP_BITS_MAX: u16 = 64;

/// The connections by name, the broken ones included, so that a tag of a broken one is no problem of its own.
#[derive(Debug)]
pub(crate) struct Connections {
    whole: Vec<(Connection, Duration)>,
    by_id: HashMap<ConnectionId, Option<usize>>,
}

/// What a name of a connection leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'c> {
    /// The connection, and the cycle of its tags that name none.
    Whole(&'c Connection, Duration),
    /// It could not be read; that is reported.
    Broken,
}

impl Connections {
    pub fn into_whole(self) -> Vec<Connection> {
        self.whole.into_iter().map(|(connection, _)| connection).collect()
    }

    /// The connection of a name; reports a name that there is not.
    pub fn find(&self, id: &At<ConnectionId>, report: &mut Report) -> Option<Found<'_>> {
        match self.by_id.get(&id.value) {
            Some(Some(i)) => self.whole.get(*i).map(|(connection, every)| Found::Whole(connection, *every)),
            Some(None) => Some(Found::Broken),
            None => {
                let names: Vec<&str> = self.by_id.keys().map(ConnectionId::as_str).collect();
                let hint = match nearest(id.as_str(), &names) {
                    Some(name) => format!("did you mean \"{name}\"?"),
                    None => format!("write it under [[connections]] with id = \"{id}\""),
                };
                report.reference(&id.place, format!("there is no connection \"{id}\""), hint);
                None
            }
        }
    }
}

/// All connections of all documents.
pub(crate) fn connections(documents: &[At<Document>], gateway: Option<&Gateway>, report: &mut Report) -> Connections {
    let written: Vec<&At<written::Connection>> =
        documents.iter().filter_map(|d| d.connections.as_ref()).flat_map(|list| &list.value).collect();
    let named: Vec<_> = written.iter().filter_map(|c| c.id().map(|id| (id, &c.place))).collect();
    for (again, first) in repeated(named.iter().map(|(id, _)| *id)) {
        let ((id, place), (_, first)) = (named[again], named[first]);
        report.reference(
            place,
            format!("the connection \"{id}\" stands already at {first}"),
            "give one of the two another id",
        );
    }
    let mut found = Connections { whole: Vec::new(), by_id: HashMap::new() };
    for connection in written {
        let resolved = match &connection.value {
            written::Connection::Whole(any) => any_connection(any, gateway, connection, report),
            written::Connection::Broken(_) => None,
        };
        // Of two with one name the first has it.
        let Some(Entry::Vacant(free)) = connection.id().map(|id| found.by_id.entry(id.clone())) else { continue };
        free.insert(resolved.is_some().then_some(found.whole.len()));
        found.whole.extend(resolved);
    }
    no_client_twice(&found.whole, report);
    found
}

/// Two clients with one id throw each other out of their broker, again and again (B21).
fn no_client_twice(connections: &[(Connection, Duration)], report: &mut Report) {
    let clients = connections.iter().filter_map(|(connection, _)| match &connection.kind {
        ConnectionKind::Mqtt(broker) => Some((connection, broker)),
        ConnectionKind::ModbusTcp(_) | ConnectionKind::Replay(_) => None,
    });
    let clients: Vec<_> = clients.filter(|(_, broker)| !broker.client_id.is_empty()).collect();
    let session = |broker: &Mqtt| (listener(&broker.url), broker.client_id.value.clone());
    for (again, first) in repeated(clients.iter().map(|(_, broker)| session(broker))) {
        let ((connection, broker), (other, _)) = (clients[again], clients[first]);
        // Nobody wrote a default; it is the connection's name that makes it.
        let written = broker.client_id.place.line > 0;
        let place = if written { &broker.client_id.place } else { &connection.id.place };
        report.reference(
            place,
            format!(
                "the client id \"{}\" is that of the connection \"{}\" to the same broker",
                *broker.client_id, other.id
            ),
            "give each client an id of its own: a broker throws out the first when the second comes",
        );
    }
}

/// Host and port of a broker's address, in one spelling.
fn listener(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.trim_end_matches('/').to_lowercase();
    let has_port = rest.rsplit_once(':').is_some_and(|(host, _)| !host.contains('[') || host.ends_with(']'));
    match (has_port, scheme) {
        (true, _) => rest,
        (false, "mqtts") => format!("{rest}:8883"),
        (false, _) => format!("{rest}:1883"),
    }
}

fn any_connection(
    any: &AnyConnection,
    gateway: Option<&Gateway>,
    here: &At<written::Connection>,
    report: &mut Report,
) -> Option<(Connection, Duration)> {
    match any {
        AnyConnection::Mqtt(c) => {
            let kind = mqtt(c, gateway, report)?;
            Some((Connection { id: c.id.clone()?, kind: ConnectionKind::Mqtt(kind) }, EVERY))
        }
        AnyConnection::ModbusTcp(c) => {
            let every = report.duration(c.every.as_ref(), EVERY, Duration::from_millis(1), Duration::from_hours(24));
            let kind = modbus(c, report)?;
            Some((Connection { id: c.id.clone()?, kind: ConnectionKind::ModbusTcp(kind) }, every))
        }
        AnyConnection::Replay(c) => {
            let kind = replay(c, here, report)?;
            Some((Connection { id: c.id.clone()?, kind: ConnectionKind::Replay(kind) }, EVERY))
        }
    }
}

fn mqtt(c: &written::Mqtt, gateway: Option<&Gateway>, report: &mut Report) -> Option<Mqtt> {
    let tls = tls(c, report);
    let version = c.version.as_deref().copied().unwrap_or(MqttVersion::V311);
    if let (Some(password), None, MqttVersion::V311) = (&c.password, &c.user, version) {
        report.missing(&table_of(&password.place), "user", "write user = …: MQTT 3.1.1 sends no password without one");
    }
    let second = Duration::from_secs(1);
    let keep_alive = report.duration(c.keep_alive.as_ref(), KEEP_ALIVE, second, KEEP_ALIVE_MAX);
    let packet_bytes = c.max_packet_size.as_ref().map_or(PACKET_BYTES_MAX, |b| b.value.0);
    if !(1_024..=PACKET_BYTES_LIMIT).contains(&packet_bytes)
        && let Some(place) = place_of(&c.max_packet_size)
    {
        report.wrong(
            place,
            format!("{packet_bytes} bytes are out of range"),
            "write a size from \"1KiB\" to \"256MB\"",
        );
    }
    let id = c.id.as_ref()?;
    let client_id = c.client_id.clone().unwrap_or_else(|| {
        let name = match gateway {
            Some(gateway) => format!("takt-{}-{id}", gateway.name),
            None => format!("takt-{id}"),
        };
        At::built_in(name, "client_id")
    });
    let store_rule = gateway.map_or(WhenUnwritable::Judge, |g| g.history.when_unwritable);
    Some(Mqtt {
        url: c.url.clone()?,
        version,
        client_id,
        user: c.user.as_ref().map(|u| u.value.clone()),
        password: c.password.clone(),
        tls,
        clean_session: c.clean_session.as_deref().copied().unwrap_or(false),
        keep_alive,
        packet_bytes_max: u32::try_from(packet_bytes).unwrap_or(u32::MAX),
        receive_maximum: c.receive_maximum.as_ref().map_or(RECEIVE_MAXIMUM, |n| narrow(n.value.0)),
        reach: c.site.as_ref().map_or(ExportClass::SameSite, |s| s.value.0),
        when_unwritable: c.when_unwritable.as_deref().copied().unwrap_or(store_rule),
        verdicts: c.verdicts.as_deref().copied().unwrap_or(false),
    })
}

/// The rules of TLS: files only with `mqtts://`, a certificate only with its key.
fn tls(c: &written::Mqtt, report: &mut Report) -> Option<Tls> {
    let files = [("ca", place_of(&c.ca)), ("cert", place_of(&c.cert)), ("key", place_of(&c.key))];
    match (&c.cert, &c.key) {
        (Some(cert), None) => report.missing(&table_of(&cert.place), "key", "write the key of the certificate too"),
        (None, Some(key)) => report.missing(&table_of(&key.place), "cert", "write the certificate of the key too"),
        _ => {}
    }
    let url = c.url.as_ref()?;
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if rest.contains('@') {
        let hint = "write user = … and password = \"secret:NAME\" as keys of their own";
        report.wrong(&url.place, "a user or password must not stand in an address", hint);
        return None;
    }
    if let Err(what) = host_and_port(rest.strip_suffix('/').unwrap_or(rest)) {
        report.wrong(&url.place, what, "write \"mqtt://host:1883\" or, with TLS, \"mqtts://host:8883\"");
    }
    match scheme {
        "mqtts" => {
            let identity = c.cert.clone().zip(c.key.clone());
            return Some(Tls { ca: c.ca.clone(), identity });
        }
        "mqtt" => report.foreign(&files, "mqtt:// is not encrypted", "write mqtts:// in the url, or leave the key out"),
        _ => {
            report.wrong(&url.place, "this is not the address of a broker", "write \"mqtt://host\" or \"mqtts://host\"")
        }
    }
    None
}

fn modbus(c: &written::ModbusTcp, report: &mut Report) -> Option<Modbus> {
    let ms = Duration::from_millis;
    let timeout = report.duration(c.timeout.as_ref(), TIMEOUT, ms(1), ms(60_000));
    let pause_after_connect = report.duration(c.pause_after_connect.as_ref(), ms(0), ms(0), ms(60_000));
    let pause_between_requests = report.duration(c.pause_between_requests.as_ref(), ms(0), ms(0), ms(60_000));
    let connections_max = c.connections_max.as_ref().map_or(1, |n| narrow(n.value.0));
    if let Some(own) = c.write_connection.as_ref().filter(|own| own.value && connections_max < 2) {
        let what = format!("a connection for writes needs a second one, and the device may have {connections_max}");
        report.wrong(&own.place, what, "write connections_max = 2 if the device allows it, or leave this out");
    }
    if let Some(address) = &c.address
        && let Err(what) = host_and_port(address)
    {
        report.wrong(&address.place, what, "write \"10.0.0.10:502\"");
    }
    Some(Modbus {
        address: c.address.clone()?,
        unit: c.unit.as_ref().map_or(1, |n| narrow(n.value.0)),
        timeout,
        gap_max: c.gap_max.as_ref().map_or(GAP_MAX, |n| narrow(n.value.0)),
        gap_bits_max: c.gap_bits_max.as_ref().map_or(GAP_BITS_MAX, |n| narrow(n.value.0)),
        registers_per_read: c.registers_per_read.as_ref().map_or(125, |n| narrow(n.value.0)),
        bits_per_read: c.bits_per_read.as_ref().map_or(2000, |n| narrow(n.value.0)),
        connections_max,
        close_between_polls: c.close_between_polls.as_deref().copied().unwrap_or(false),
        pause_after_connect,
        pause_between_requests,
        write_connection: c.write_connection.as_deref().copied().unwrap_or(false),
        single_register_write: match c.single_register_write.as_deref() {
            Some(written::WriteFunction(16)) => SingleRegisterWrite::Fc16,
            _ => SingleRegisterWrite::Fc06,
        },
    })
}

fn replay(c: &written::Replay, here: &At<written::Connection>, report: &mut Report) -> Option<Replay> {
    let every = report.duration(c.every.as_ref(), EVERY, Duration::from_micros(1), Duration::from_hours(24));
    let time = match (&c.time, &c.every) {
        (Some(column), None) => ReplayTime::Column {
            column: column.clone(),
            format: time_format(c.time_format.as_ref()),
            zone: c.time_zone.clone(),
        },
        (None, Some(_)) => ReplayTime::Every(every),
        (Some(_), Some(at)) => {
            report.wrong(&at.place, "`time` gives the rows their times already", "keep either `time` or `every`");
            return None;
        }
        (None, None) => {
            report.missing(
                &here.place,
                "time",
                "write time = the column with the time, or every = the distance of rows",
            );
            return None;
        }
    };
    if c.time.is_none() {
        let keys = [("time_format", place_of(&c.time_format)), ("time_zone", place_of(&c.time_zone))];
        report.foreign(&keys, "there is no `time`", "write time = the column's name");
    }
    Some(Replay {
        file: c.file.clone()?,
        speed: c.speed.as_deref().copied().unwrap_or(Speed::Times(1.0)),
        time,
        delimiter: c.delimiter.as_ref().map_or(b',', |d| d.value.0),
    })
}

/// The place of the table in which a key stands, as far as its key path tells.
fn table_of(place: &crate::place::Place) -> crate::place::Place {
    let table = place.key.rsplit_once('.').map_or("", |(table, _)| table);
    crate::place::Place { key: table.into(), ..place.clone() }
}

/// Looks at `host`, `host:port` and `[v6]:port`; the adapter splits them.
fn host_and_port(text: &str) -> Result<(), String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, port.strip_prefix(':').or(Some(""))),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let v6 = text.starts_with('[');
    let strange =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '[' | ']') || (c == ':' && !v6);
    if host.is_empty() || host.contains(strange) {
        return Err("the host cannot be read".into());
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        Some(_) => Err("the port is not a number from 1 to 65535".into()),
    }
}

/// Narrows a number whose bounds its type has kept.
fn narrow<T: TryFrom<u32>>(n: u32) -> T
where
    T::Error: std::fmt::Debug,
{
    T::try_from(n).expect("the written type bounds the number")
}
