//! `takt line`: documents of connections and lines, each with its versions (B40).

mod apply;
mod tags;

use super::answer::Answer;
use super::context::Context;
use super::exit;
use super::table::table;
use crate::documents::{Contents, KIND};
use crate::payload::time_text;
use crate::store::{DocumentVersion, Reader};
use anyhow::{Context as _, Result, bail};
use apply::Apply;
use serde_json::json;
use std::path::PathBuf;
use tags::Tags;
use takt_config::{Source, difference};

/// What is done with documents.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Bring documents into force; shows first what they change.
    Apply(apply::Arguments),
    /// Print a document as it is in force.
    Export {
        /// Its name, or that of a line or connection in it.
        name: String,
        /// An older version.
        #[arg(long)]
        version: Option<u32>,
        /// Into this file.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a line's tags as CSV, or take them from one.
    #[command(subcommand)]
    Tags(Tags),
    /// List the documents in force.
    List,
    /// List the versions of a document: who, when, why.
    History {
        /// Its name.
        name: String,
    },
    /// Bring an older version back into force, as a new one.
    Rollback {
        /// The document's name.
        name: String,
        /// The version to go back to.
        version: u32,
        /// Only show what it would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a document out of force; its history stays.
    Remove {
        /// Its name.
        name: String,
        /// Only show what it would change.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer> {
    match command {
        Command::Apply(arguments) => arguments.carry_out(context).await,
        Command::Export { name, version, output } => export(&name, version, output, context).await,
        Command::Tags(tags) => tags.carry_out(context).await,
        Command::List => list(context).await,
        Command::History { name } => history(&name, context).await,
        Command::Rollback { name, version, dry_run } => rollback(&name, version, dry_run, context).await,
        Command::Remove { name, dry_run } => remove(&name, dry_run, context).await,
    }
}

fn reader(context: &Context) -> Result<Reader> {
    context.reader()?.context("nothing was applied on this gateway yet; begin with `takt line apply FILE`")
}

async fn export(name: &str, version: Option<u32>, output: Option<PathBuf>, context: &Context) -> Result<Answer> {
    let document = match version {
        Some(_) => reader(context)?.document(KIND, name, version).await?,
        None => find(name, &context.applied().await?)?,
    };
    let (name, version) = (document.name, document.version);
    let text =
        document.text.with_context(|| format!("version {version} of {name} took it out of force; it has no text"))?;
    let json = json!({ "name": name, "version": version, "text": text });
    let Some(path) = output else { return Ok(Answer::new(text, json)) };
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written; check the folder", path.display()))?;
    Ok(Answer::new(format!("{name} version {version}: {}", path.display()), json))
}

/// The document of this name, or the one with such a line or connection in it.
fn find(name: &str, applied: &[DocumentVersion]) -> Result<DocumentVersion> {
    let by_name = applied.iter().find(|document| document.name == name);
    let holds = |document: &&DocumentVersion| {
        let Contents { connections, lines } = contents(document);
        connections.iter().chain(&lines).any(|id| id == name)
    };
    match by_name.or_else(|| applied.iter().find(holds)) {
        Some(document) => Ok(document.clone()),
        None => {
            bail!("no document in force is called '{name}' or holds such a line or connection; see `takt line list`")
        }
    }
}

/// What stands in an applied document.
fn contents(document: &DocumentVersion) -> Contents {
    Contents::of(&Source::new(&document.name, document.text.clone().unwrap_or_default()))
}

async fn list(context: &Context) -> Result<Answer> {
    let applied = context.applied().await?;
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for document in &applied {
        let Contents { connections, lines } = contents(document);
        let at = time_text(document.at);
        let version = document.version.to_string();
        rows.push([
            document.name.clone(),
            version,
            at.clone(),
            document.by.clone(),
            lines.join(", "),
            connections.join(", "),
        ]);
        documents.push(json!({
            "name": document.name, "version": document.version, "at": at, "by": document.by,
            "lines": lines, "connections": connections,
        }));
    }
    let text = match rows.is_empty() {
        true => "no document was applied; the configuration file alone is in force".to_owned(),
        false => table(["DOCUMENT", "VERSION", "SINCE", "BY", "LINES", "CONNECTIONS"], &rows),
    };
    Ok(Answer::new(text, json!({ "documents": documents })))
}

async fn history(name: &str, context: &Context) -> Result<Answer> {
    let versions = reader(context)?.document_history(KIND, name).await?;
    if versions.is_empty() {
        bail!("there never was a document '{name}'; see `takt line list`");
    }
    let mut rows = Vec::new();
    let mut listed = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let text = |v: &DocumentVersion| Source::new(&v.name, v.text.clone().unwrap_or_default());
        let before = versions.get(i + 1).map_or_else(|| Source::new(name, ""), text);
        let n_changes = difference(&before, &text(version)).map_or(0, |changes| changes.len());
        let what = if version.text.is_some() { format!("{n_changes} changes") } else { "out of force".to_owned() };
        let at = time_text(version.at);
        let (number, by, note) = (version.version, version.by.clone(), version.note.clone());
        listed.push(json!({
            "version": number, "at": at, "by": by, "note": note, "n_changes": n_changes,
            "in_force": version.text.is_some(),
        }));
        rows.push([number.to_string(), at, by, what, note]);
    }
    let text = table(["VERSION", "AT", "BY", "WHAT", "WHY"], &rows);
    Ok(Answer::new(text, json!({ "name": name, "versions": listed })))
}

async fn rollback(name: &str, version: u32, dry_run: bool, context: &Context) -> Result<Answer> {
    let versions = reader(context)?.document_history(KIND, name).await?;
    let older = versions.into_iter().find(|older| older.version == version);
    let older = older.with_context(|| format!("{name} has no version {version}; see `takt line history {name}`"))?;
    if older.text.is_none() {
        return Err(exit::usage(format!("version {version} took {name} out of force; use `takt line remove {name}`")));
    }
    let source = Source::new(name, older.text.unwrap_or_default());
    let note = format!("back to version {version}");
    Apply::new(vec![(name.to_owned(), Some(source))], note, dry_run).carry_out(context).await
}

async fn remove(name: &str, dry_run: bool, context: &Context) -> Result<Answer> {
    let there = context.applied().await?.iter().any(|document| document.name == name);
    if !there {
        bail!("no document '{name}' is in force; see `takt line list`");
    }
    Apply::new(vec![(name.to_owned(), None)], "removed".to_owned(), dry_run).carry_out(context).await
}
