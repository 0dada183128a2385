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
use crate::resolved::{Output, Resolved};
use crate::written::document::Document;
use crate::written::tag::{Tag, TagGroup};
use report::Report;

/// What came of resolving.
pub(crate) struct Found {
    /// What could be resolved; it counts only when there is no problem.
    pub resolved: Resolved,
    /// Outputs of checks that could not be.
    pub outputs: Vec<Output>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Resolves all documents together.
pub(crate) fn resolve(documents: &[At<Document>]) -> Found {
    let mut report = Report::default();
    let gateway = gateway::gateway(documents, &mut report);
    let connections = connection::connections(documents, gateway.as_ref(), &mut report);
    let lines = line::lines(documents, gateway.as_ref(), &connections, &mut report);
    let connections = connections.into_whole();
    let outputs = report.take_outputs();
    Found { resolved: Resolved { gateway, connections, lines }, outputs, problems: report.into_problems() }
}

/// The tags of a group, as if each had been written by itself. What is wrong with the group is not told here.
pub(crate) fn tags_of_group(written: &TagGroup) -> Vec<Tag> {
    group::tags_of(written, &mut Report::default())
}
