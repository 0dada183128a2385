//! Verdicts as rows.

use super::sheet::{Cell, Columns, Kind, Sheet};
use crate::store::verdict::StoredVerdict;
use std::io::{self, Write};
use takt_plant::Outcome;

/// The columns of an export of verdicts.
pub const COLUMNS: Columns = &[
    ("line", Kind::Text),
    ("check", Kind::Text),
    ("epoch", Kind::Integer),
    ("seq", Kind::Integer),
    ("time", Kind::Time),
    ("verdict", Kind::Text),
    ("reason", Kind::Text),
    ("part", Kind::Text),
    ("from", Kind::Time),
    ("to", Kind::Time),
    ("n", Kind::Integer),
    ("scores", Kind::Text),
    ("contributions", Kind::Text),
    ("model", Kind::Text),
    ("model_version", Kind::Text),
    ("model_digest", Kind::Text),
    ("total_us", Kind::Integer),
    ("executed_by", Kind::Text),
];

/// Writes a verdict.
pub fn write<W: Write + Send>(verdict: &StoredVerdict, sheet: &mut Sheet<W>) -> io::Result<()> {
    let record = &verdict.record;
    let key = &record.key;
    let reason = match &record.outcome {
        Outcome::Inconclusive(why) => Some(why.to_string()),
        Outcome::Pass | Outcome::Fail => None,
    };
    let part = key.window.part.as_ref().map(ToString::to_string);
    let score = |s: &takt_plant::Score| (s.name.to_string(), serde_json::json!({"value": s.value, "limit": s.limit}));
    let scores = serde_json::Value::Object(record.scores.iter().map(score).collect()).to_string();
    let share = |(tag, share): &(takt_plant::TagId, f64)| serde_json::json!({"tag": tag.as_str(), "share": share});
    let contributions = serde_json::Value::Array(record.contributions.iter().map(share).collect()).to_string();
    let model = record.model.as_deref();
    sheet.row(&[
        Cell::Text(Some(key.line.as_str())),
        Cell::Text(Some(key.check.as_str())),
        Cell::Integer(Some(i64::from(key.epoch))),
        Cell::Integer(Some(key.seq.cast_signed())),
        Cell::Time(record.at.as_ns()),
        Cell::Text(Some(record.outcome.word())),
        Cell::Text(reason.as_deref()),
        Cell::Text(part.as_deref()),
        Cell::Time(key.window.from.as_ns()),
        Cell::Time(key.window.to.as_ns()),
        Cell::Integer(Some(i64::from(key.window.n))),
        Cell::Text(Some(&scores)),
        Cell::Text(Some(&contributions)),
        Cell::Text(model.map(|m| m.name.as_str())),
        Cell::Text(model.map(|m| m.version.as_str())),
        Cell::Text(model.map(|m| m.digest.as_str())),
        Cell::Integer(Some(i64::from(record.latency.total_us))),
        Cell::Text(Some(record.executed_by.as_str())),
    ])
}
