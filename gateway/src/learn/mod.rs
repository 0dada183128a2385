//! Learning a baseline from the gateway's own history: rows of good production, a look at how good they
//! are, and the model that is learned from them.
//!
//! Console and HTTP both learn here: the console in its own process, HTTP as a job of the running gateway
//! on a thread of low priority. [`take`] cuts rows with the check's own windower, so a model is learned
//! from exactly the windows that it will judge. What is asked for is plain values ([`Ask`], [`Method`]).

mod contract;
mod features;
mod frames;
mod history;
mod look;
mod method;

pub use history::{check, take};
pub use look::{ColumnLook, Look, TagLook};
pub use method::{Method, components};

use ndarray::Array2;
use std::sync::atomic::{AtomicBool, Ordering};
use takt_models::baseline::{Column, LearnError, LearnOptions, Learned, Source, learn};
use takt_models::catalogue::Catalogue;
use takt_models::package::ModelVersion;
use takt_plant::{CheckId, LineId, ModelId};

/// Which windows of which check.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The line.
    pub line: LineId,
    /// The check.
    pub check: CheckId,
    /// Only windows of this recipe: a value of the recipe's tag.
    pub recipe: Option<String>,
    /// From when to when.
    pub span: crate::store::Span,
    /// Only the last windows.
    pub n_last: usize,
    /// What is computed from each window, such as `force:mean,std;vibration:rms`.
    pub features: Option<String>,
}

/// Most windows of one baseline. T² and SPE settle with a hundred rows a column.
pub const WINDOWS_MAX: usize = 1_000_000;

/// Something that cannot be asked for like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongAsk(pub String);

/// That whoever asked does not want it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was cancelled")]
pub struct Cancelled;

/// Rows to learn from.
pub struct Taken {
    /// What the columns are.
    pub columns: Vec<Column>,
    /// Rows × columns.
    pub rows: Array2<f64>,
    /// Rows that set the limits, of the same columns.
    pub limit_set: Option<Array2<f64>>,
    /// What a model makes of a window to get such a row.
    pub source: Source,
    /// Where they came from, in words.
    pub from: String,
    /// The model that the check waits for.
    pub model: Option<ModelId>,
    /// What was left out and why, for the operator.
    pub left_out: Option<String>,
    /// How good the rows are; `None` for rows that were not cut from history.
    pub look: Option<Look>,
}

/// Tells how far it is, and asks whether to go on.
pub struct Pace<'a> {
    /// Told with a share between 0 and 1.
    pub tell: &'a (dyn Fn(f64, &str) + Send + Sync),
    /// Set when it is to end.
    pub stop: &'a AtomicBool,
}

impl Pace<'_> {
    /// Tells, and ends the work where nobody wants it any more.
    pub(crate) fn step(&self, done: f64, text: &str) -> Result<(), Cancelled> {
        (self.tell)(done, text);
        if self.stop.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}

impl Taken {
    /// Learns a baseline from these rows.
    ///
    /// # Errors
    /// What is wrong with rows and method.
    pub fn learn(&self, method: &Method) -> Result<Learned, LearnError> {
        let options = LearnOptions {
            divisor: method.divisor,
            components: method.components,
            limits: method.limits(),
            ..LearnOptions::new(self.columns.clone())
        };
        learn(&options, self.rows.view(), self.limit_set.as_ref().map(|set| set.view()))
    }
}

/// The first version of a model, or a step above the highest that is installed.
///
/// # Errors
/// That the catalogue cannot be read.
pub fn next_version(
    name: &ModelId,
    catalogue: &Catalogue,
) -> Result<ModelVersion, takt_models::catalogue::CatalogueError> {
    let highest = catalogue.list()?.into_iter().filter(|model| model.name == *name).map(|model| model.version).max();
    let Some(highest) = highest else { return Ok(ModelVersion::new(1, 0, 0)) };
    let text = highest.to_string();
    let numbers: Vec<u64> = text.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    let [major, minor, ..] = numbers[..] else { return Ok(ModelVersion::new(1, 0, 0)) };
    Ok(ModelVersion::new(major, minor + 1, 0))
}
