//! A table as CSV.

use super::sheet::{Cell, Columns};
use std::io::{self, Write};

/// Rows go out as they come.
pub struct CsvSheet<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> CsvSheet<W> {
    pub fn new(columns: Columns, out: W) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(columns.iter().map(|c| c.0))?;
        Ok(Self { out })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Time(ns) => self.out.write_field(time_text(*ns))?,
                Cell::Integer(Some(v)) => self.out.write_field(v.to_string())?,
                // The shortest text that reads back as the same double.
                Cell::Number(Some(v)) => self.out.write_field(v.to_string())?,
                Cell::Text(Some(text)) => self.out.write_field(text)?,
                Cell::Integer(None) | Cell::Number(None) | Cell::Text(None) => self.out.write_field("")?,
            }
        }
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn time_text(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| ns.to_string(), |t| format!("{t:.9}"))
}
