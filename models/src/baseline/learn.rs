//! Learning: rows of good production in, a plane with limits and a report out.

use super::error::{BadCell, LearnError, NAMED_CELLS_MAX, RowSet};
use super::fit::Plane;
use super::limits::limits;
use super::notes::notes;
use super::options::{Column, LearnOptions};
use super::report::{Evidence, Report};
use super::scores::Scores;
use ndarray::ArrayView2;
use std::collections::BTreeSet;

/// A baseline: the plane of good production, its limits, and the report on how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// What was asked for.
    pub options: LearnOptions,
    /// The plane.
    pub plane: Plane,
    /// The control limits.
    pub limits: Scores,
    /// What an engineer reads before trusting it.
    pub report: Report,
}

/// Learns a baseline from `training` (rows × columns), with limits from `limit_set` (rows × columns) where the
/// options ask for that.
///
/// Columns that are constant over the training rows stay inputs by name but have no part in the scores: how far a
/// constant may move cannot be learned from it. The report names them.
///
/// # Errors
/// When rows and options do not fit, cells are not finite, rows are too few (fewer than columns that vary + 2), or
/// columns determine each other where all are kept. Each says what to do.
pub fn learn(
    options: &LearnOptions,
    training: ArrayView2<'_, f64>,
    limit_set: Option<ArrayView2<'_, f64>>,
) -> Result<Learned, LearnError> {
    check_names(&options.columns)?;
    check_rows(&options.columns, training, RowSet::Training)?;
    if let Some(set) = limit_set {
        check_rows(&options.columns, set, RowSet::Limit)?;
    }
    let names: Vec<&str> = options.columns.iter().map(|c| c.role.as_str()).collect();
    let plane = Plane::fit(training, &names, options.divisor, options.components)?;
    let scored = plane.score_all(training);
    let scored_set = limit_set.map(|set| plane.score_all(set));
    let limits = limits(options.limits, &plane, &scored, scored_set.as_deref())?;
    let evidence = Evidence { options, plane: &plane, limits, training, scored, limit_set, scored_set };
    let mut report = Report::of(evidence);
    report.notes = notes(&report);
    Ok(Learned { options: options.clone(), plane, limits, report })
}

fn check_names(columns: &[Column]) -> Result<(), LearnError> {
    let mut seen = BTreeSet::new();
    match columns.iter().find(|c| !seen.insert(c.role.as_str())) {
        Some(twice) => Err(LearnError::SameName { column: twice.role.clone() }),
        None => Ok(()),
    }
}

fn check_rows(columns: &[Column], rows: ArrayView2<'_, f64>, set: RowSet) -> Result<(), LearnError> {
    if rows.ncols() != columns.len() || columns.is_empty() {
        return Err(LearnError::Columns { set, expected: columns.len(), found: rows.ncols() });
    }
    if rows.nrows() == 0 && set == RowSet::Limit {
        return Err(LearnError::NoLimitSet);
    }
    let bad = rows.indexed_iter().filter(|(_, value)| !value.is_finite());
    let cells: Vec<BadCell> =
        bad.map(|((row, column), _)| BadCell { row, column: columns[column].role.clone() }).collect();
    if cells.is_empty() {
        return Ok(());
    }
    Err(LearnError::BadCells { set, n_cells: cells.len(), first: cells.into_iter().take(NAMED_CELLS_MAX).collect() })
}
