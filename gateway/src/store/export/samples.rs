//! Samples as rows.

use super::sheet::{Cell, Columns, Kind, Sheet};
use crate::store::samples::Batch;
use std::io::{self, Write};
use takt_plant::{Doubt, Reading, TagId, Value};

/// The columns of an export of samples.
pub const COLUMNS: Columns = &[
    ("time", Kind::Time),
    ("arrived", Kind::Time),
    ("tag", Kind::Text),
    ("value", Kind::Number),
    ("integer", Kind::Integer),
    ("text", Kind::Text),
    ("quality", Kind::Text),
];

/// Writes the samples of a batch and gives how many.
pub fn write<W: Write + Send>(batch: &Batch, tags: &[TagId], sheet: &mut Sheet<W>) -> io::Result<u64> {
    let mut n = 0;
    for frame in &batch.frames {
        for (tag, reading) in batch.tags.iter().zip(&frame.readings) {
            let text = text_of(reading);
            sheet.row(&[
                Cell::Time(frame.at.as_ns()),
                Cell::Time(frame.arrived_at.as_ns()),
                Cell::Text(Some(tags[*tag].as_str())),
                Cell::Number(reading.as_f64()),
                Cell::Integer(integer_of(reading)),
                Cell::Text(text.as_deref()),
                Cell::Text(Some(&quality(reading))),
            ])?;
            n += 1;
        }
    }
    Ok(n)
}

fn integer_of(reading: &Reading) -> Option<i64> {
    match reading.value()? {
        Value::Integer(v) => Some(*v),
        Value::Flag(v) => Some(i64::from(*v)),
        Value::Real(_) | Value::Unsigned(_) | Value::Text(_) => None,
    }
}

/// Texts, and the digits of integers that no 64-bit column holds.
fn text_of(reading: &Reading) -> Option<String> {
    match reading.value()? {
        Value::Text(text) => Some(text.to_string()),
        Value::Unsigned(v) => Some(v.to_string()),
        Value::Real(_) | Value::Integer(_) | Value::Flag(_) => None,
    }
}

fn quality(reading: &Reading) -> String {
    match reading {
        Reading::Good(_) => "good".into(),
        Reading::Uncertain(_, Doubt::Source) => "uncertain: source".into(),
        Reading::Uncertain(_, Doubt::ArrivalTime) => "uncertain: arrival_time".into(),
        Reading::Bad(fault) => format!("bad: {fault}"),
    }
}
