//! `takt replay`: recorded files through the real pipeline, in a folder of their own, until their end.

use super::answer::Answer;
use super::context::Context;
use super::exit;
use super::serve::Signals;
use super::table::table;
use crate::board::Now;
use crate::board::status::{CheckStatus, ConnectionStatus, Status};
use crate::documents::{AppliedDocument, DocumentSource};
use crate::run::{self, Running};
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use takt_adapters::Link;
use takt_config::resolved::{ConnectionKind, Gateway};
use takt_config::{Resolved, Source, canonical};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the files are at their end.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looks without a change after which nothing more is expected: as long as a silent source is waited for.
const N_STILL: u32 = 40;

/// What is replayed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Documents with replay connections and the lines that they feed.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How fast, instead of what the documents say: max, real or a factor.
    #[arg(long, value_parser = speed)]
    speed: Option<toml::Value>,
    /// Keep the folder of the run, for `takt export --config DIR/takt.toml`.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The folder of a run; it goes when the run is over, unless it is kept.
struct Folder {
    path: PathBuf,
    is_kept: bool,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Answer> {
    let mut asked = Signals::listen()?;
    let documents = crate::documents::check(&arguments.files)?.documents;
    only_recordings(&documents)?;
    let gateway = match &documents.gateway {
        Some(gateway) => gateway.clone(),
        None => context.gateway()?,
    };
    let folder = Folder::make(arguments.keep.as_deref())?;
    let config = folder.prepare(&gateway)?;
    let source = DocumentSource { config: Some(config) };
    bring(&arguments, &source, context).await?;
    let running = run::start(source, CancellationToken::new()).await?;
    let board = running.board();
    let ended = tokio::select! {
        ended = end_of_files(&running) => ended,
        name = asked.next() => {
            eprintln!("takt: {name}; the files were not read to their end");
            Ok(())
        }
    };
    running.stop().await;
    ended?;
    let status = board.status(Now::of(&context.clock));
    Ok(tally(&status))
}

fn only_recordings(documents: &Resolved) -> Result<()> {
    let other = documents.connections.iter().find(|c| !matches!(c.kind, ConnectionKind::Replay(_)));
    if let Some(other) = other {
        let kind = other.kind.word();
        let what =
            format!("connection {} is {kind}; leave it and its lines out, only recorded files are replayed", *other.id);
        return Err(exit::usage(what));
    }
    if documents.connections.is_empty() {
        return Err(exit::usage("the documents have no connection of kind replay; name one with the file in it"));
    }
    Ok(())
}

impl Folder {
    fn make(kept: Option<&Path>) -> Result<Self> {
        let path = match kept {
            Some(path) => std::path::absolute(path)?,
            None => std::env::temp_dir().join(format!("takt-replay-{}", std::process::id())),
        };
        let made = std::fs::create_dir(&path);
        made.with_context(|| format!("the folder {} cannot be made; it must not be there yet", path.display()))?;
        Ok(Self { path, is_kept: kept.is_some() })
    }

    /// Writes a configuration that is the gateway's, but for its folder and its port.
    fn prepare(&self, gateway: &Gateway) -> Result<PathBuf> {
        for shared in ["models", "engines"] {
            let there = std::path::absolute(gateway.data_dir.join(shared))?;
            if there.exists() {
                std::os::unix::fs::symlink(there, self.path.join(shared))?;
            }
        }
        let mut runtime = toml::Table::new();
        runtime.insert("pack".into(), gateway.runtime.pack.word().into());
        if let Some(library) = &gateway.runtime.library {
            let path = std::path::absolute(library.beside_document())?;
            runtime.insert("library".into(), path.display().to_string().into());
        }
        let http = toml::Table::from_iter([("address".to_owned(), "127.0.0.1:0".into())]);
        let config = toml::Table::from_iter([
            ("name".to_owned(), gateway.name.to_string().into()),
            ("site".to_owned(), gateway.site.to_string().into()),
            ("data_dir".to_owned(), self.path.display().to_string().into()),
            ("http".to_owned(), http.into()),
            ("runtime".to_owned(), runtime.into()),
        ]);
        let path = self.path.join("takt.toml");
        std::fs::write(&path, config.to_string())?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

/// Puts the documents into the run's store, each under its path, from which its own paths are seen.
async fn bring(arguments: &Arguments, source: &DocumentSource, context: &Context) -> Result<()> {
    let mut documents = Vec::new();
    for file in &arguments.files {
        let whole = Source::open(file).map_err(takt_config::Problems::from)?;
        let mut tables: toml::Table = canonical(&whole)?.parse()?;
        tables.retain(|key, _| matches!(key, "connections" | "lines"));
        if let (Some(speed), Some(toml::Value::Array(list))) = (&arguments.speed, tables.get_mut("connections")) {
            for connection in list.iter_mut().filter_map(toml::Value::as_table_mut) {
                connection.insert("speed".to_owned(), speed.clone());
            }
        }
        let name = std::path::absolute(file)?.display().to_string();
        documents.push(AppliedDocument { name, text: Some(tables.to_string()) });
    }
    let (store, _) = run::open_store(&crate::documents::gateway(source)?, context.clock).await?;
    run::keep(&store, &documents, &context.who(), context.clock.wall(), "replay").await?;
    tokio::task::spawn_blocking(move || store.close()).await??;
    Ok(())
}

/// Waits until every file is at its end and what it led to is judged.
async fn end_of_files(running: &Running) -> Result<()> {
    let board = running.board();
    let mut n_still = 0;
    let mut n_before = u64::MAX;
    while n_still < N_STILL {
        tokio::time::sleep(LOOK_EVERY).await;
        let mut all_over = true;
        for connection in board.connections() {
            match connection.standing().link {
                Some(Link::Down { why, retry_ms: u64::MAX }) if why == "end of file" => {}
                Some(Link::Down { why, retry_ms: u64::MAX }) => bail!("{}: {why}", connection.plan().id),
                _ => all_over = false,
            }
        }
        let books =
            board.lines().iter().flat_map(|line| line.checks()).map(|check| check.counts().books).collect::<Vec<_>>();
        let n_now = books.iter().map(|books| books.judged + books.dropped_total()).sum();
        let is_empty = books.iter().all(|books| books.waiting == 0);
        if all_over && is_empty {
            return Ok(());
        }
        n_still = if all_over && n_now == n_before { n_still + 1 } else { 0 };
        n_before = n_now;
    }
    Ok(())
}

fn tally(status: &Status) -> Answer {
    let checks: Vec<&CheckStatus> = status.lines.iter().flat_map(|line| &line.checks).collect();
    let row = |check: &&CheckStatus| {
        let counts = &check.verdicts;
        let reasons: Vec<String> = counts.reasons.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let dropped: Vec<String> = check.books.reasons.iter().map(|(why, n)| format!("{n} {why}")).collect();
        [
            format!("{}/{}", check.line, check.id),
            counts.pass.to_string(),
            counts.fail.to_string(),
            counts.inconclusive.to_string(),
            reasons.join(", "),
            check.books.received.to_string(),
            dropped.join(", "),
        ]
    };
    let heading = ["CHECK", "PASS", "FAIL", "INCONCLUSIVE", "WHY", "FRAMES", "WITHOUT VERDICT"];
    let rows: Vec<_> = checks.iter().map(row).collect();
    let checks = checks.iter().map(
        |check| json!({ "line": check.line, "check": check.id, "verdicts": check.verdicts, "books": check.books }),
    );
    let connections = status.connections.iter().map(|connection| {
        let ConnectionStatus { id, n_messages, n_rejects, rejects, .. } = connection;
        json!({ "id": id, "n_rows": n_messages, "n_rejects": n_rejects, "rejects": rejects })
    });
    let json = json!({ "checks": checks.collect::<Vec<_>>(), "connections": connections.collect::<Vec<_>>() });
    let mut text = table(heading, &rows);
    text.extend(status.connections.iter().filter_map(unread));
    Answer::new(text, json)
}

/// What a recording held that could not be read, in a line of its own; `None` where there was nothing.
fn unread(connection: &ConnectionStatus) -> Option<String> {
    let last = connection.rejects.first()?;
    let ConnectionStatus { id, n_messages, n_rejects, .. } = connection;
    let (from, why, bytes) = (&last.from, &last.why, &last.first_bytes);
    Some(format!(
        "\n{id}: {n_rejects} of {n_messages} rows were not read as they should be; last {from} ({bytes}): {why}"
    ))
}

fn speed(text: &str) -> Result<toml::Value, String> {
    match text {
        "max" | "real" => Ok(text.into()),
        number => match number.parse::<f64>() {
            Ok(factor) if factor > 0.0 => Ok(factor.into()),
            _ => Err("write max, real or a factor such as 10".into()),
        },
    }
}
