//! `takt learn`: a baseline from good production, packed as an ordinary model.

mod method;
mod rows;
mod save;

use super::answer::Answer;
use super::context::Context;
use anyhow::{Context as _, Result};
use method::Method;
use rows::{FromCsv, Table};
use save::Save;
use takt_models::baseline::{Column, LearnOptions, Source, learn};

/// From what, how, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: FromCsv,
    #[command(flatten)]
    method: Method,
    #[command(flatten)]
    save: Save,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Answer> {
    let Arguments { from, method, save } = arguments;
    let (training, limit_set) = from.read()?;
    let Table { names, rows } = training;
    let columns = names.iter().map(|name| Column::new(name.as_str(), "")).collect();
    let options = LearnOptions {
        divisor: method.divisor(),
        components: method.components(),
        limits: method.limits(),
        ..LearnOptions::new(columns)
    };
    let learned = learn(&options, rows.view(), limit_set.as_ref().map(|set| set.rows.view()))
        .with_context(|| format!("nothing was learned from {}", from.described()))?;
    save.keep(&learned, Source::Frame, &from.described(), context).await
}
