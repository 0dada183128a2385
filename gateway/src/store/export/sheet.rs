//! A table that is written row by row, whatever its format.

use super::csv::CsvSheet;
use super::parquet::ParquetSheet;
use std::io::{self, Write};

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header line; times as RFC 3339 in UTC.
    Csv,
    /// Apache Parquet, Snappy; times as nanoseconds, UTC.
    Parquet,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nanoseconds since 1970, UTC.
    Time,
    /// A 64-bit integer.
    Integer,
    /// A double.
    Number,
    /// A text.
    Text,
}

/// One cell. `None` is an empty one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// For [`Kind::Time`].
    Time(i64),
    /// For [`Kind::Integer`].
    Integer(Option<i64>),
    /// For [`Kind::Number`].
    Number(Option<f64>),
    /// For [`Kind::Text`].
    Text(Option<&'a str>),
}

/// Names and kinds of all columns.
pub type Columns = &'static [(&'static str, Kind)];

/// A table on its way out.
pub enum Sheet<W: Write + Send> {
    /// As text.
    Csv(Box<CsvSheet<W>>),
    /// As Parquet.
    Parquet(Box<ParquetSheet<W>>),
}

impl<W: Write + Send> Sheet<W> {
    /// Begins a table.
    pub fn new(format: Format, columns: Columns, out: W) -> io::Result<Self> {
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(CsvSheet::new(columns, out)?)),
            Format::Parquet => Self::Parquet(Box::new(ParquetSheet::new(columns, out)?)),
        })
    }

    /// Writes a row; its cells are in the order of the columns.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Self::Csv(sheet) => sheet.row(cells),
            Self::Parquet(sheet) => sheet.row(cells),
        }
    }

    /// Ends the table.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(sheet) => sheet.finish(),
            Self::Parquet(sheet) => sheet.finish(),
        }
    }
}
