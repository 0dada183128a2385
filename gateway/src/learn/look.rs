//! How good the history of a span is, before anything is learned from it: gaps, bad readings, idle time.

use crate::payload::time_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_models::baseline::{ColumnQuality, RowsQuality};
use takt_plant::{Frame, Reading, TagSlot, WallTime};
use utoipa::ToSchema;

/// Rows below which nothing can be learned well: a hundred for each column that varies.
const ROWS_A_COLUMN: f64 = 10.0;
/// Share of missing or idle time that is told.
const MUCH: f64 = 0.2;

/// What stands out in a span of history.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Look {
    /// The first sample's time.
    pub from: Option<String>,
    /// The last sample's time.
    pub to: Option<String>,
    /// Frames that were read.
    pub n_frames: u64,
    /// Share of them that came outside of production.
    pub idle_share: f64,
    /// Windows that can be learned from.
    pub n_rows: u64,
    /// Of that many independent rows they tell as much.
    pub n_independent: f64,
    /// Windows that were left out, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// The check's inputs.
    pub tags: Vec<TagLook>,
    /// The numbers that a model is learned from.
    pub columns: Vec<ColumnLook>,
    /// What to think about before learning, in sentences.
    pub notes: Vec<String>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TagLook {
    /// The tag.
    pub tag: String,
    /// Its samples.
    pub n: u64,
    /// Of those, bad readings.
    pub n_bad: u64,
    /// Why they were bad, by reason.
    pub why_bad: BTreeMap<String, u64>,
    /// The longest time between two samples.
    pub gap_s_max: f64,
    /// Whether all its values are equal.
    pub constant: bool,
    /// Its smallest value.
    pub min: Option<f64>,
    /// Its largest value.
    pub max: Option<f64>,
}

/// One number of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnLook {
    /// Its name.
    pub name: String,
    /// Rows in which it is missing.
    pub n_missing: u64,
    /// Values far from all others.
    pub n_outliers: u64,
    /// Mean of the second half less that of the first, in standard deviations.
    pub drift: f64,
    /// Correlation of each value with the one before.
    pub autocorrelation: f64,
    /// Whether all values are equal.
    pub constant: bool,
}

/// Looks at frames as they are read.
pub(super) struct Looker {
    inputs: Vec<(TagSlot, TagLook, Option<WallTime>)>,
    n_frames: u64,
    n_idle: u64,
    from: Option<WallTime>,
    to: Option<WallTime>,
}

impl Looker {
    pub(super) fn new(inputs: impl Iterator<Item = (TagSlot, String)>) -> Self {
        let input = |(slot, tag)| (slot, TagLook { tag, ..TagLook::default() }, None);
        Self { inputs: inputs.map(input).collect(), n_frames: 0, n_idle: 0, from: None, to: None }
    }

    /// One frame of the span.
    pub(super) fn frame(&mut self, frame: &Frame, in_production: bool) {
        self.n_frames += 1;
        self.n_idle += u64::from(!in_production);
        self.from = Some(self.from.map_or(frame.at, |from| from.min(frame.at)));
        self.to = Some(self.to.map_or(frame.at, |to| to.max(frame.at)));
        for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
            for (_, look, before) in self.inputs.iter_mut().filter(|(input, ..)| input == slot) {
                look.sample(reading);
                let gap_ns = before.map_or(0, |before| frame.at.as_ns().saturating_sub(before.as_ns()));
                look.gap_s_max = look.gap_s_max.max(gap_ns as f64 / 1e9);
                *before = Some(frame.at);
            }
        }
    }

    /// What was seen, with the rows that came of it.
    pub(super) fn end(self, left_out: &BTreeMap<&'static str, u64>, rows: &RowsQuality) -> Look {
        let tags: Vec<TagLook> = self.inputs.into_iter().map(|(_, look, _)| look.done()).collect();
        let left_out: BTreeMap<String, u64> = left_out.iter().map(|(why, n)| ((*why).to_owned(), *n)).collect();
        let mut look = Look {
            from: self.from.map(time_text),
            to: self.to.map(time_text),
            n_frames: self.n_frames,
            idle_share: self.n_idle as f64 / self.n_frames.max(1) as f64,
            n_rows: rows.n_rows as u64,
            n_independent: rows.n_independent(),
            left_out,
            tags,
            columns: rows.columns.iter().map(column).collect(),
            notes: Vec::new(),
        };
        look.notes = notes(&look);
        look
    }
}

impl TagLook {
    fn sample(&mut self, reading: &Reading) {
        self.n += 1;
        match reading {
            Reading::Bad(fault) => {
                self.n_bad += 1;
                // A text may differ each time; ten reasons are enough to see what is wrong.
                let why = fault.to_string();
                if self.why_bad.len() < 10 || self.why_bad.contains_key(&why) {
                    *self.why_bad.entry(why).or_default() += 1;
                }
            }
            Reading::Good(_) | Reading::Uncertain(..) => {
                if let Some(v) = reading.as_f64() {
                    self.min = Some(self.min.map_or(v, |min| min.min(v)));
                    self.max = Some(self.max.map_or(v, |max| max.max(v)));
                }
            }
        }
    }

    fn done(mut self) -> Self {
        self.constant = self.min.is_some() && self.min == self.max;
        self
    }
}

fn column(quality: &ColumnQuality) -> ColumnLook {
    ColumnLook {
        name: quality.role.clone(),
        n_missing: quality.n_missing as u64,
        n_outliers: quality.n_outliers as u64,
        drift: quality.drift,
        autocorrelation: quality.autocorrelation,
        constant: quality.constant,
    }
}

fn notes(look: &Look) -> Vec<String> {
    let mut notes = Vec::new();
    let varying = look.columns.iter().filter(|column| !column.constant).count();
    let wanted = ROWS_A_COLUMN * varying as f64;
    if look.n_independent < wanted {
        notes.push(format!(
            "{} windows tell as much as {:.0} independent ones; for {varying} columns that vary take at least {wanted:.0}",
            look.n_rows, look.n_independent
        ));
    }
    if look.idle_share > MUCH {
        notes.push(format!("{:.0} % of the time the line was not in production", look.idle_share * 100.0));
    }
    let (n_left, n_all) = (look.left_out.values().sum::<u64>(), look.n_rows + look.left_out.values().sum::<u64>());
    if n_all > 0 && n_left as f64 > MUCH * n_all as f64 {
        notes.push(format!("{n_left} of {n_all} windows were left out; see why before you trust the rest"));
    }
    for tag in &look.tags {
        if tag.n == 0 {
            notes.push(format!("{} has no sample in this span", tag.tag));
        } else if tag.n_bad as f64 > MUCH * tag.n as f64 {
            notes.push(format!("{} was bad in {} of {} samples", tag.tag, tag.n_bad, tag.n));
        } else if tag.constant {
            notes.push(format!("{} never changed: what it does when it does cannot be learned from this", tag.tag));
        }
    }
    let drifting = look.columns.iter().filter(|column| column.drift.abs() > 1.0).map(|column| column.name.as_str());
    let drifting: Vec<&str> = drifting.collect();
    if !drifting.is_empty() {
        let names = drifting.join(", ");
        notes.push(format!("{names} drifts over the span: the process was changing, so choose a steadier time"));
    }
    notes
}
