//! From written to resolved: defaults, cross-references and the rules between keys.
//!
//! Like reading, resolving never stops at the first problem.

mod check;
mod connection;
mod gateway;
mod group;
mod http;
mod inputs;
mod line;
mod output;
mod pattern;
mod report;
mod source;
mod tags;
mod time;
mod window;

use crate::place::At;
use crate::problem::Problem;
use crate::resolved::Resolved;
use crate::written::document::Document;
use report::Report;

/// Resolves all documents together. The result counts only when there is no problem.
pub(crate) fn resolve(documents: &[At<Document>]) -> (Resolved, Vec<Problem>) {
    let mut report = Report::default();
    let gateway = gateway::gateway(documents, &mut report);
    let connections = connection::connections(documents, gateway.as_ref(), &mut report);
    let lines = line::lines(documents, gateway.as_ref(), &connections, &mut report);
    let connections = connections.into_whole();
    (Resolved { gateway, connections, lines }, report.into_problems())
}
