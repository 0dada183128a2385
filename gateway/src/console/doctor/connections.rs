//! Connections: how they stand in the running gateway. The devices themselves are left alone.

use super::finding::Finding;
use crate::board::status::{ConnectionStatus, Status};

pub(super) fn examine(status: &Status, findings: &mut Vec<Finding>) {
    findings.extend(status.connections.iter().map(one));
}

fn one(connection: &ConnectionStatus) -> Finding {
    let ConnectionStatus { id, kind, address, link, why, units_aside, .. } = connection;
    let what = format!("connection {id}");
    let mut text = format!("{kind} {address}: {link}");
    if let Some(why) = why {
        text.push_str(&format!("; {why}"));
    }
    if !units_aside.is_empty() {
        let units: Vec<String> = units_aside.iter().map(u8::to_string).collect();
        text.push_str(&format!("; set aside after failures: unit {}", units.join(", ")));
    }
    if link == "up" && units_aside.is_empty() {
        return Finding::good(what, text);
    }
    text.push_str(&format!("; `takt test {id}` tries it step by step"));
    Finding::note(what, text)
}
