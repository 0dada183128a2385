//! `takt line tags`: the tags of a line as CSV, out of its document and into it (B39).

use super::apply::Apply;
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit;
use crate::documents::{self, RowError, tags_from_csv, tags_to_csv};
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use takt_config::Source;
use takt_plant::LineId;

/// What is done with a line's tags.
#[derive(Debug, clap::Subcommand)]
pub(in crate::console) enum Tags {
    /// Print the tags as CSV, those of groups one by one.
    Export {
        /// The line.
        line: LineId,
        /// Into this file.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Replace the tags by those of a CSV file; with an error in any row nothing is done.
    Import {
        /// The line.
        line: LineId,
        /// The file.
        file: PathBuf,
        /// Only show what it would change.
        #[arg(long)]
        dry_run: bool,
        /// Why, for the history.
        #[arg(long, short, default_value = "", hide_default_value = true)]
        message: String,
    },
}

impl Tags {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        match self {
            Self::Export { line, output } => export(&line, output.as_deref(), context).await,
            Self::Import { line, file, dry_run, message } => import(&line, &file, dry_run, message, context).await,
        }
    }
}

async fn export(line: &LineId, output: Option<&Path>, context: &Context) -> Result<Answer> {
    let sources = documents::sources(&context.source, &context.applied().await?, &[])?;
    for source in &sources {
        let Some(csv) = tags_to_csv(source, line)? else { continue };
        let json = json!({ "line": line.to_string(), "csv": csv });
        let Some(path) = output else { return Ok(Answer::new(csv, json)) };
        std::fs::write(path, csv).with_context(|| format!("{} cannot be written; check the folder", path.display()))?;
        return Ok(Answer::new(format!("{line}: {}", path.display()), json));
    }
    bail!("no document in force has a line '{line}'; see `takt line list`")
}

async fn import(line: &LineId, file: &Path, dry_run: bool, note: String, context: &Context) -> Result<Answer> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read; save it as CSV in UTF-8", file.display()))?;
    let table = tags_from_csv(&text).map_err(|errors| exit::usage(told(file, &errors)))?;
    let applied = context.applied().await?;
    let sources = applied.iter().filter_map(|d| Some(Source::new(&d.name, d.text.clone()?)));
    for source in sources {
        let Some(text) = table.into_document(&source, line)? else { continue };
        let new = Source::new(&source.name, text);
        return Apply::new(vec![(source.name.to_string(), Some(new))], note, dry_run).carry_out(context).await;
    }
    bail!("no applied document has a line '{line}'; a line of the configuration file is changed there")
}

fn told(file: &Path, errors: &[RowError]) -> String {
    let mut text = format!("{} was not taken:", file.display());
    for RowError { line, column, error, hint, .. } in errors {
        let column = column.as_ref().map(|column| format!("{column}: ")).unwrap_or_default();
        write!(text, "\n{}:{line}: {column}{error}\n    try: {hint}", file.display()).expect("a string");
    }
    text
}
