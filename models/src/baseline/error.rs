//! Why no baseline could be learned, and what to do about it.

use std::fmt;

/// How many bad cells an error names at most.
pub const NAMED_CELLS_MAX: usize = 5;

/// Which rows an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSet {
    /// The rows that the baseline learns from.
    Training,
    /// The rows that set the limits.
    Limit,
}

impl fmt::Display for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training rows",
            Self::Limit => "limit set",
        })
    }
}

/// A cell without a finite number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// Row, from zero.
    pub row: usize,
    /// Role of the column.
    pub column: String,
}

/// Why no baseline could be learned. The message says what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LearnError {
    /// The rows do not have the columns that were named.
    #[error(
        "{found} columns in the {set}, but {expected} are named; give the same columns, in the same order, everywhere"
    )]
    Columns {
        /// Which rows.
        set: RowSet,
        /// Columns named in the options.
        expected: usize,
        /// Columns of the rows.
        found: usize,
    },
    /// Two columns have one name.
    #[error("two columns are named '{column}'; give each its own role")]
    SameName {
        /// The name.
        column: String,
    },
    /// Too few rows for a covariance that can be inverted.
    #[error(
        "{n_rows} training rows for {n_columns} columns that vary; at least {n_needed} are needed: collect \
         {} more rows of good production or leave columns out", n_needed - n_rows
    )]
    TooFewRows {
        /// Training rows.
        n_rows: usize,
        /// Columns that vary.
        n_columns: usize,
        /// Fewest rows that would do.
        n_needed: usize,
    },
    /// Cells without a finite number.
    #[error(
        "no finite number in cells of the {set}: {n_cells} in all, such as {}; leave those rows out, or the column \
         if it is often bad", named(.first)
    )]
    BadCells {
        /// Which rows.
        set: RowSet,
        /// How many.
        n_cells: usize,
        /// The first of them.
        first: Vec<BadCell>,
    },
    /// No column varies.
    #[error("every column is constant over the training rows; take rows from a running line")]
    AllConstant,
    /// Columns determine each other, so that T² does not exist on all of them.
    #[error(
        "the columns {} determine each other over the training rows; leave one of them out, or keep at most \
         {n_components_max} components", .columns.join(", ")
    )]
    Collinear {
        /// Columns of the smallest eigenvector.
        columns: Vec<String>,
        /// Components with variance.
        n_components_max: usize,
    },
    /// A number in the options that makes no sense.
    #[error("{option} = {value} is out of range; use {range}")]
    Option {
        /// Which option.
        option: &'static str,
        /// What was written.
        value: f64,
        /// What is possible.
        range: String,
    },
    /// Limits by rank were asked for without a limit set.
    #[error("limits by rank need a limit set; give one, or choose limits by theory or by quantile")]
    NoLimitSet,
    /// The theory has no limit for these eigenvalues.
    #[error("the SPE limit does not exist in this form for these rows; choose Box's form or an empirical limit")]
    NoTheoryLimit,
    /// A limit that nothing could pass.
    #[error("the {score} limit is {limit}; its rows leave no room for good production: give other rows")]
    LimitNotPositive {
        /// Which score.
        score: &'static str,
        /// The limit.
        limit: f64,
    },
    /// Squares of a column's values are beyond what a number holds.
    #[error(
        "the values of '{column}' are so large that their variance is no number; look for a fault value or a wrong \
         scale, and leave those rows out"
    )]
    TooLarge {
        /// Its name.
        column: String,
    },
    /// The eigenvalue solver did not converge.
    #[error("the eigenvalues of the correlation matrix could not be found; look for absurd values in the rows")]
    NoEigenvalues,
}

fn named(cells: &[BadCell]) -> String {
    let texts: Vec<String> = cells.iter().map(|c| format!("row {} of '{}'", c.row, c.column)).collect();
    texts.join(", ")
}
