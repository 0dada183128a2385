//! Column names to column numbers, worked out once against the file's header.

use crate::convert::Conversion;
use crate::replay::options::{Column, Options, RowTime, Speed};
use crate::stamp::StampReader;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot};

/// Why a file cannot be replayed with these options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidColumns {
    /// The header has no such column.
    #[error("the file has no column '{name}'; its columns are {there}")]
    Missing {
        /// As written.
        name: String,
        /// The first columns of the header.
        there: String,
    },
    /// A name although the file has no header, or the number zero.
    #[error("the file has no header, or columns are counted from 1; write the column's number")]
    Number,
    /// Tags and columns differ in number.
    #[error("{n_tags} tags but {n_columns} columns; give each tag its column")]
    Count {
        /// Tags of the group.
        n_tags: usize,
        /// Columns of the group.
        n_columns: usize,
    },
    /// Nothing is mapped.
    #[error("no tag is mapped; map at least one column")]
    NoTags,
    /// A speed other than the greatest needs a time.
    #[error(
        "real or scaled speed needs a factor above zero, and a time column or the distance of rows; name one, or replay at full speed"
    )]
    Speed,
}

/// Which cells are which tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(super) time: PlannedTime,
    pub(super) groups: Vec<PlannedGroup>,
    /// Cells that a row must have.
    pub(super) n_cells_min: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum PlannedTime {
    Cell(usize, StampReader),
    Every(Duration),
    Arrival,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlannedGroup {
    pub group: GroupSlot,
    pub tags: Arc<[TagSlot]>,
    pub cells: Vec<(usize, Conversion)>,
}

impl Plan {
    /// Finds every column in the header (empty where the file has none), or names all that is wrong.
    pub fn new(options: &Options, header: &[String]) -> Result<Self, Vec<InvalidColumns>> {
        let mut wrong = vec![];
        let mut find = |column: &Column| match place(column, header) {
            Ok(cell) => cell,
            Err(error) => {
                wrong.push(error);
                0
            }
        };
        let time = match &options.time {
            RowTime::Column(time) => PlannedTime::Cell(find(&time.column), time.stamp.clone()),
            RowTime::Every(every) => PlannedTime::Every(*every),
            RowTime::Arrival => PlannedTime::Arrival,
        };
        let mut groups = vec![];
        for group in &options.groups {
            let cells = group.columns.iter().map(|c| (find(&c.column), c.conversion)).collect();
            groups.push(PlannedGroup { group: group.group, tags: Arc::clone(&group.tags), cells });
        }
        for group in groups.iter().filter(|g| g.tags.len() != g.cells.len()) {
            wrong.push(InvalidColumns::Count { n_tags: group.tags.len(), n_columns: group.cells.len() });
        }
        if groups.iter().all(|g| g.tags.is_empty()) {
            wrong.push(InvalidColumns::NoTags);
        }
        if let Speed::Factor(factor) = options.speed
            && (time == PlannedTime::Arrival || !(factor.is_finite() && factor > 0.0))
        {
            wrong.push(InvalidColumns::Speed);
        }
        let time_cell = if let PlannedTime::Cell(cell, _) = &time { Some(*cell) } else { None };
        let all = groups.iter().flat_map(|g| g.cells.iter().map(|c| c.0)).chain(time_cell);
        let n_cells_min = all.max().map_or(0, |last| last + 1);
        if wrong.is_empty() { Ok(Self { time, groups, n_cells_min }) } else { Err(wrong) }
    }
}

fn place(column: &Column, header: &[String]) -> Result<usize, InvalidColumns> {
    match column {
        Column::Number(number) => number.checked_sub(1).ok_or(InvalidColumns::Number),
        Column::Named(_) if header.is_empty() => Err(InvalidColumns::Number),
        Column::Named(name) => header.iter().position(|h| h.trim() == name.trim()).ok_or_else(|| {
            let there = header.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
            InvalidColumns::Missing { name: name.clone(), there }
        }),
    }
}
