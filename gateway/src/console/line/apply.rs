//! Bringing new versions of documents into force: checked as a whole, shown, then applied.

use crate::api::control::{AppliedDocument, Command as Order};
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit;
use crate::loader::sentence;
use crate::run;
use crate::store::DocumentVersion;
use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use takt_config::resolved::{Connection, ConnectionKind};
use takt_config::{Pem, Problem, Problems, Resolved, Source, difference, read};
use takt_plant::LineId;

/// What is applied.
#[derive(Debug, clap::Args)]
pub(in crate::console) struct Arguments {
    /// Documents in TOML or JSON. Each is kept under its file's name without the ending.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only show what they would change.
    #[arg(long)]
    dry_run: bool,
    /// Why, for the history.
    #[arg(long, short, default_value = "", hide_default_value = true)]
    message: String,
}

/// New versions on their way.
pub(super) struct Apply {
    /// Name and text; `None` takes the document out of force.
    documents: Vec<(String, Option<Source>)>,
    note: String,
    dry_run: bool,
}

impl Arguments {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let mut documents: Vec<(String, Option<Source>)> = Vec::new();
        let mut problems = Problems::default();
        for file in &self.files {
            let name = name(file)?;
            if documents.iter().any(|(n, _)| *n == name) {
                let what = format!("two files would be kept as '{name}'; rename one of them");
                return Err(exit::usage(what));
            }
            match Source::open(file) {
                Ok(source) => documents.push((name, Some(source))),
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(())?;
        Apply::new(documents, self.message, self.dry_run).carry_out(context).await
    }
}

/// The name under which a file is kept.
fn name(file: &Path) -> Result<String> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let named =
        LineId::new(&stem).map_err(|error| exit::usage(format!("{}: {error}; rename the file", file.display())));
    named.map(|_| stem)
}

impl Apply {
    pub fn new(documents: Vec<(String, Option<Source>)>, note: String, dry_run: bool) -> Self {
        Self { documents, note, dry_run }
    }

    pub async fn carry_out(mut self, context: &Context) -> Result<Answer> {
        let before = context.applied().await?;
        self.check(&before, context)?;
        let mut told = Vec::new();
        let mut changed = Vec::new();
        for (name, source) in &self.documents {
            let old = before.iter().find(|document| document.name == *name);
            let changes = changes(name, old, source.as_ref())?;
            if !changes.is_empty() {
                changed.push(name.clone());
            }
            told.push((name.clone(), changes));
        }
        self.documents.retain(|(name, _)| changed.contains(name));
        let mut text: Vec<String> = told.iter().map(|(name, changes)| shown(name, changes)).collect();
        let (dry_run, mut kept) = (self.dry_run, Value::Null);
        if changed.is_empty() {
            text.push("nothing to apply".to_owned());
        } else if dry_run {
            text.push("a dry run: nothing was applied".to_owned());
        } else {
            let (versions, is_live) = self.bring(context).await?;
            for (name, version) in &versions {
                let since = if is_live { "in force now" } else { "in force from the next start on; no gateway runs" };
                text.push(format!("{name} version {version} is {since}"));
            }
            kept = versions.into_iter().map(|(name, version)| (name, Value::from(version))).collect();
        }
        let changes: Value = told.into_iter().map(|(name, changes)| (name, Value::from(changes))).collect();
        Ok(Answer::new(text.join("\n"), json!({ "changes": changes, "applied": kept, "dry_run": dry_run })))
    }

    /// Everything as it would be in force, with problems at the places of the files.
    fn check(&self, before: &[DocumentVersion], context: &Context) -> Result<()> {
        let mut sources = context.source.sources()?;
        for document in before.iter().filter(|document| !self.documents.iter().any(|(name, _)| *name == document.name))
        {
            sources.extend(document.text.as_ref().map(|text| Source::new(&document.name, text.clone())));
        }
        let new: Vec<Source> = self.documents.iter().filter_map(|(_, source)| source.clone()).collect();
        sources.extend(new.iter().cloned());
        let documents = read(&sources)?;
        rootless(&documents, &new).or(())?;
        run::plan(&documents)
    }

    /// Through the running gateway, else into its store.
    async fn bring(self, context: &Context) -> Result<(Vec<(String, u32)>, bool)> {
        let text = |source: Option<Source>| source.map(|source| source.text);
        let documents: Vec<AppliedDocument> =
            self.documents.into_iter().map(|(name, source)| AppliedDocument { name, text: text(source) }).collect();
        let order = Order::Apply { documents: documents.clone(), note: self.note.clone() };
        if let Some(answer) = context.ask(order).await? {
            let versions = serde_json::from_value(answer["documents"].clone());
            return Ok((versions.context("the gateway answered in words of another version")?, true));
        }
        let (store, _) = run::open_store(&context.gateway()?, context.clock).await?;
        let kept = run::keep(&store, &documents, &context.who(), context.clock.wall(), &self.note).await;
        let closed = tokio::task::spawn_blocking(move || store.close()).await?;
        closed.map_err(|error| anyhow!("{}", sentence(&error)))?;
        Ok((kept?, false))
    }
}

/// An applied document has no folder, so a relative path in it leads nowhere.
fn rootless(documents: &Resolved, new: &[Source]) -> Problems {
    let of = |connection: &Connection| -> Vec<Problem> {
        let relative = |path: &Path, at: Problem| path.is_relative().then_some(at);
        let what = "a document in the store has no folder from which this path could be seen";
        let hint = "write the whole path, beginning with /";
        match &connection.kind {
            ConnectionKind::Replay(replay) => {
                relative(&replay.file, replay.file.problem(what, hint)).into_iter().collect()
            }
            ConnectionKind::Mqtt(mqtt) => {
                let tls = mqtt.tls.iter();
                let pems = tls.flat_map(|tls| tls.ca.iter().chain(tls.identity.iter().flat_map(|(c, k)| [c, k])));
                let files = pems.filter_map(|pem| match &pem.value {
                    Pem::File(path) => relative(path, pem.problem(what, hint)),
                    Pem::Secret(_) => None,
                });
                files.collect()
            }
            ConnectionKind::ModbusTcp(_) => Vec::new(),
        }
    };
    let problems = documents.connections.iter().flat_map(of);
    // The configuration file has a folder.
    problems.filter(|problem| new.iter().any(|source| source.name == problem.place.file)).collect()
}

/// What a document's new version changes; empty for no change in meaning.
fn changes(name: &str, old: Option<&DocumentVersion>, new: Option<&Source>) -> Result<Vec<String>> {
    let old = old.and_then(|document| document.text.clone()).map(|text| Source::new(name, text));
    Ok(match (old, new) {
        (None, None) => Vec::new(),
        (None, Some(new)) => vec![format!("new: {}", super::contents(new).in_words())],
        (Some(old), None) => vec![format!("out of force: {}", super::contents(&old).in_words())],
        (Some(old), Some(new)) => difference(&old, new)?.iter().map(ToString::to_string).collect(),
    })
}

fn shown(name: &str, changes: &[String]) -> String {
    if changes.is_empty() {
        return format!("{name}: unchanged");
    }
    let lines = changes.iter().map(|change| format!("\n  {change}"));
    format!("{name}:{}", lines.collect::<String>())
}
