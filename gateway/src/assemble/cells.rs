//! Cells: lines that share a connection belong together; nothing else does.

use super::checks::LinePlan;
use std::collections::BTreeMap;
use takt_config::resolved::Resolved;

/// Indices of connections and lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CellMembers {
    pub(super) connections: Vec<usize>,
    pub(super) lines: Vec<usize>,
}

/// Splits the plant into its connected parts, in the order of the lines.
pub(super) fn split(documents: &Resolved, lines: &[LinePlan]) -> Vec<CellMembers> {
    let n_connections = documents.connections.len();
    let mut parent: Vec<usize> = (0..n_connections + lines.len()).collect();
    for (i, line) in lines.iter().enumerate() {
        for id in line.connections() {
            if let Some(c) = documents.connections.iter().position(|connection| *connection.id == id) {
                let (a, b) = (root(&mut parent, n_connections + i), root(&mut parent, c));
                parent[a] = b;
            }
        }
    }
    let mut cells: BTreeMap<usize, CellMembers> = BTreeMap::new();
    for i in 0..lines.len() {
        let of = root(&mut parent, n_connections + i);
        cells.entry(of).or_default().lines.push(i);
    }
    for c in 0..n_connections {
        let of = root(&mut parent, c);
        if let Some(cell) = cells.get_mut(&of) {
            cell.connections.push(c);
        }
    }
    let mut cells: Vec<CellMembers> = cells.into_values().collect();
    cells.sort_by_key(|cell| cell.lines.first().copied());
    cells
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}
