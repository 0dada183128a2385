//! `takt learn`: a baseline from good production, packed as an ordinary model.
//!
//! Rows come from a CSV file ([`rows`]) or from the gateway's own history ([`history`]), where the
//! check's own windower cuts them and the features of its windows make a row.

mod contract;
mod features;
mod frames;
mod history;
mod method;
mod rows;
mod save;

use super::answer::Answer;
use super::context::Context;
use super::exit;
use anyhow::{Context as _, Result};
use history::FromHistory;
use method::Method;
use ndarray::Array2;
use rows::FromCsv;
use save::Save;
use takt_models::baseline::{Column, LearnOptions, Source, learn};
use takt_plant::ModelId;

/// From what, how, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    csv: FromCsv,
    #[command(flatten)]
    history: FromHistory,
    #[command(flatten)]
    method: Method,
    #[command(flatten)]
    save: Save,
}

/// Rows to learn from.
pub(super) struct Taken {
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
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Answer> {
    let Arguments { csv, history, method, save } = arguments;
    let taken = match (csv.is_asked(), history.is_asked()) {
        (true, false) => csv.take()?,
        (false, true) => history.take(context).await?,
        _ => {
            let how = "say what to learn from: --csv FILE, or --line LINE --check CHECK for the gateway's history";
            return Err(exit::usage(how));
        }
    };
    if let Some(left_out) = &taken.left_out {
        eprintln!("takt: {left_out}");
    }
    let options = LearnOptions {
        divisor: method.divisor(),
        components: method.components(),
        limits: method.limits(),
        ..LearnOptions::new(taken.columns.clone())
    };
    let learned = learn(&options, taken.rows.view(), taken.limit_set.as_ref().map(|set| set.view()))
        .with_context(|| format!("nothing was learned from {}", taken.from))?;
    save.keep(&learned, &taken, context).await
}
