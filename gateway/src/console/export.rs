//! `takt export`: samples and verdicts of any span, as CSV or Parquet (B38), beside a running gateway.

use super::answer::Answer;
use super::context::Context;
use super::when;
use crate::assemble::expand;
use crate::store::{Format, Reader, Span};
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use takt_plant::{LineId, TagId, WallTime};

/// What is exported.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Raw samples of a line's tags.
    Samples {
        /// The line.
        #[arg(long)]
        line: LineId,
        /// Only these tags.
        #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
        tags: Vec<TagId>,
        #[command(flatten)]
        target: Target,
    },
    /// Verdicts of all lines.
    Verdicts {
        #[command(flatten)]
        target: Target,
    },
}

/// Of which span, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// From this time on, such as 2026-01-31T06:00:00Z or '2h ago' [default: the beginning].
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time [default: now].
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// csv or parquet [default: by the file's ending].
    #[arg(long, value_parser = format)]
    format: Option<Format>,
    /// The file to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer> {
    let reader = context.reader()?.context("this gateway has no history yet; let it run first")?;
    let (what, target, tags) = match &command {
        Command::Samples { line, tags, target } => {
            let tags = if tags.is_empty() { all_tags(line, context).await? } else { tags.clone() };
            ("samples", target, Some((line, tags)))
        }
        Command::Verdicts { target } => ("verdicts", target, None),
    };
    let span = target.span(context.clock.wall())?;
    let format = target.format()?;
    // Written beside, then moved: nobody takes half a file for the whole.
    let beside = target.output.with_extension("part");
    let n = match write(&reader, tags, span, format, &beside).await {
        Ok(n) => n,
        Err(error) => {
            drop(std::fs::remove_file(&beside));
            return Err(error);
        }
    };
    std::fs::rename(&beside, &target.output)?;
    let path = target.output.display().to_string();
    let n_bytes = std::fs::metadata(&target.output)?.len();
    let text = format!("{n} {what}: {path}, {}", super::table::bytes(n_bytes));
    Ok(Answer::new(text, json!({ "what": what, "n": n, "file": path, "n_bytes": n_bytes })))
}

async fn write(
    reader: &Reader,
    tags: Option<(&LineId, Vec<TagId>)>,
    span: Span,
    format: Format,
    path: &Path,
) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("{} cannot be written; check the folder", path.display()))?;
    let mut out = BufWriter::new(file);
    let n = match tags {
        Some((line, tags)) => reader.export_samples(line, &tags, span, format, &mut out).await?,
        None => reader.export_verdicts(span, format, &mut out).await?,
    };
    out.flush()?;
    Ok(n)
}

async fn all_tags(line: &LineId, context: &Context) -> Result<Vec<TagId>> {
    let documents = context.documents().await?;
    let Some(found) = documents.lines.iter().find(|l| *l.id == *line) else {
        let known: Vec<String> = documents.lines.iter().map(|line| line.id.to_string()).collect();
        let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
        bail!("the documents have no line '{line}'; they have {known}; a line of the past needs --tags");
    };
    Ok(expand(found).tags.iter().map(|tag| tag.id.value.clone()).collect())
}

impl Target {
    fn span(&self, now: WallTime) -> Result<Span> {
        let from = self.from.as_deref().map_or(Ok(WallTime::MIN), |text| when::instant(text, now))?;
        let to = self.to.as_deref().map_or(Ok(now), |text| when::instant(text, now))?;
        Ok(Span { from, to })
    }

    fn format(&self) -> Result<Format> {
        let ending = self.output.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let by_ending = || format(ending).map_err(|_| super::exit::usage("say --format csv or --format parquet"));
        self.format.map_or_else(by_ending, Ok)
    }
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "csv" => Ok(Format::Csv),
        "parquet" => Ok(Format::Parquet),
        _ => Err("write csv or parquet".into()),
    }
}
