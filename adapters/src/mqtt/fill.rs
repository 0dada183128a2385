//! What a walk through a JSON payload fills: the cells and times of samples, within bounds.

use crate::convert::{Conversion, text_fault};
use crate::mqtt::pointer::{Node, Target};
use crate::stamp::StampReader;
use takt_plant::{Fault, Reading, WallTime};

/// Most readings that one message may lead to. Bounds what a hostile `[{},{},…]` can allocate.
pub const READINGS_MAX: usize = 262_144;

/// What stops a walk besides broken JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A mapped field stands twice.
    Twice,
    /// More than [`READINGS_MAX`] readings.
    TooMany,
}

/// What was found of a source time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum At {
    /// Nothing.
    #[default]
    Absent,
    /// Something that is no stamp of the stated format.
    Unreadable,
    /// A stamp.
    Read(WallTime),
}

/// One sample on its way. A cell is `None` until its field is met.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub cells: Vec<Option<Reading>>,
    pub at: At,
}

impl Row {
    pub fn new(n_cells: usize) -> Self {
        Self { cells: vec![None; n_cells], at: At::Absent }
    }

    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Option::is_none)
    }
}

/// What a walk fills.
#[derive(Debug, Default)]
pub(super) struct Filler {
    /// One row per group of the walker. With samples, row 0 is the sample being walked.
    pub rows: Vec<Row>,
    /// The samples that are complete.
    pub samples: Vec<Row>,
    /// Whether an array at a target is a column of samples; one entry per column of row 0.
    pub columns: Option<Vec<Vec<Reading>>>,
    /// The stamps of such a column.
    pub stamps: Vec<At>,
    /// Why the walk stopped.
    pub stop: Option<Stop>,
    n_readings: usize,
}

impl Filler {
    pub fn put(&mut self, target: &Target, raw: Raw<'_>, in_column: bool) {
        match target {
            Target::Field { group, column, conversion } => {
                self.field(*group as usize, *column as usize, raw.reading(conversion), in_column);
            }
            Target::Stamp { stamp, .. } if in_column => {
                self.count(1);
                self.stamps.push(raw.at(stamp));
            }
            Target::Stamp { group, stamp } => {
                let row = &mut self.rows[*group as usize];
                if row.at != At::Absent {
                    self.stop = Some(Stop::Twice);
                }
                row.at = raw.at(stamp);
            }
        }
    }

    fn field(&mut self, group: usize, column: usize, reading: Reading, in_column: bool) {
        if let (true, Some(columns)) = (in_column, &mut self.columns) {
            columns[column].push(reading);
            return self.count(1);
        }
        let cell = &mut self.rows[group].cells[column];
        if cell.is_some() {
            self.stop = Some(Stop::Twice);
        }
        *cell = Some(reading);
    }

    pub fn end_sample(&mut self) {
        let n_cells = self.rows[0].cells.len();
        self.count(n_cells.max(1));
        let row = std::mem::replace(&mut self.rows[0], Row::new(n_cells));
        self.samples.push(row);
    }

    pub fn begin_column(&mut self, node: &Node) {
        for target in &node.targets {
            let begun = match target {
                Target::Field { column, .. } => self.columns.as_ref().is_some_and(|c| !c[*column as usize].is_empty()),
                Target::Stamp { .. } => !self.stamps.is_empty(),
            };
            if begun {
                self.stop = Some(Stop::Twice);
            }
        }
    }

    fn count(&mut self, n: usize) {
        self.n_readings += n;
        if self.n_readings > READINGS_MAX {
            self.stop = Some(Stop::TooMany);
        }
    }
}

/// A value as it stands in the document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    Null,
    Flag(bool),
    Integer(i64),
    Unsigned(u64),
    Real(f64),
    Text(&'a str),
    Object,
    Array,
}

impl Raw<'_> {
    fn reading(self, conversion: &Conversion) -> Reading {
        match self {
            Self::Null => Reading::Bad(Fault::Missing),
            Self::Flag(v) => conversion.flag(v),
            Self::Integer(v) => conversion.integer(v),
            Self::Unsigned(v) => conversion.unsigned(v),
            Self::Real(v) => conversion.real(v),
            Self::Text(v) => conversion.text(v),
            Self::Object => text_fault("{object}"),
            Self::Array => text_fault("[array]"),
        }
    }

    fn at(self, stamp: &StampReader) -> At {
        let read = match self {
            Self::Integer(v) => stamp.integer(v),
            Self::Unsigned(v) => stamp.integer(i64::try_from(v).unwrap_or(i64::MAX)),
            Self::Real(v) => stamp.real(v),
            Self::Text(v) => stamp.text(v),
            Self::Null => return At::Absent,
            Self::Flag(_) | Self::Object | Self::Array => return At::Unreadable,
        };
        read.map_or(At::Unreadable, At::Read)
    }
}
