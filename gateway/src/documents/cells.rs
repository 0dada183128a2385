//! What each cell is made of: cells that are made of the same run on undisturbed.

use crate::assemble::{CellPlan, LinePlan};
use std::collections::BTreeMap;
use takt_config::Resolved;
use takt_config::resolved::{Connection, Line};

/// What a cell was made from: equal documents need no restart.
#[derive(Debug, Clone, PartialEq)]
pub struct CellDocuments {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its connections.
    pub connections: Vec<Connection>,
}

impl CellDocuments {
    /// Whether it holds a line of another cell as it is written there, with the connections that the line uses.
    pub fn holds(&self, line: &LinePlan, of: &Self) -> bool {
        let uses = line.connections();
        let used = |cell: &Self| -> Vec<Connection> {
            cell.connections.iter().filter(|connection| uses.contains(&connection.id)).cloned().collect()
        };
        self.lines.contains(&line.line) && used(self) == used(of)
    }
}

/// Names the planned cells, each by its first line, and says what each is made from.
pub fn cells(documents: &Resolved, plans: Vec<CellPlan>) -> BTreeMap<String, (CellPlan, CellDocuments)> {
    let of = |plan: CellPlan| {
        let name = plan.lines.first().map(|line| line.line.id.to_string()).unwrap_or_default();
        let connections = plan.connections.iter().filter_map(|c| documents.connection(&c.id).cloned()).collect();
        let lines = plan.lines.iter().map(|line| line.line.clone()).collect();
        (name, (plan, CellDocuments { lines, connections }))
    };
    plans.into_iter().map(of).collect()
}
