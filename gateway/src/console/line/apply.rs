//! Bringing new versions of documents into force: checked as a whole, shown, then applied.

use crate::api::control::Command as Order;
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit;
use crate::documents::{self, AppliedDocument, CellDocuments, Contents, Preview, preview};
use crate::loader::sentence;
use crate::run;
use crate::store::DocumentVersion;
use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use takt_config::{Problems, Source, difference};
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
            let mut changes = changes(name, old, source.as_ref())?;
            let texts = (old.and_then(|old| old.text.as_deref()), source.as_ref().map(|source| &*source.text));
            if changes.is_empty() && documents::is_rewritten(texts.0, texts.1) {
                changes.push("comments or notation only; it means the same".to_owned());
            }
            if !changes.is_empty() {
                changed.push(name.clone());
            }
            told.push((name.clone(), changes));
        }
        self.documents.retain(|(name, _)| changed.contains(name));
        let mut text: Vec<String> = told.iter().map(|(name, changes)| shown(name, changes)).collect();
        let (dry_run, mut kept) = (self.dry_run, Value::Null);
        let fate = self.fate(&before, context)?;
        if changed.is_empty() {
            text.push("nothing to apply".to_owned());
        } else if dry_run {
            text.extend(fates(&fate));
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
        Ok(Answer::new(
            text.join("\n"),
            json!({
                "changes": changes, "applied": kept, "dry_run": dry_run, "lines_restarted": fate.lines_restarted,
                "lines_drawn_in": fate.lines_drawn_in,
                "lines_untouched": fate.lines_untouched, "lines_stopped": fate.lines_stopped,
            }),
        ))
    }

    /// Which lines the new versions stop, restart or leave alone, where a gateway runs what is in force.
    fn fate(&self, before: &[DocumentVersion], context: &Context) -> Result<Preview> {
        let whose = documents::without_secrets(documents::whose(&context.gateway()?));
        let text = |source: &Option<Source>| source.as_ref().map(|source| source.text.clone());
        let new: Vec<AppliedDocument> = self
            .documents
            .iter()
            .map(|(name, source)| AppliedDocument { name: name.clone(), text: text(source) })
            .collect();
        let now = documents::read_all(&context.source, before)
            .and_then(|now| Ok(documents::cells(&now, documents::provisional(&now, &whose)?)));
        let running: BTreeMap<String, CellDocuments> =
            now.unwrap_or_default().into_iter().map(|(name, (_, made_of))| (name, made_of)).collect();
        Ok(preview(&context.source, before, &new, &whose, &running).preview)
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
        let names: Vec<&str> = new.iter().map(|source| &*source.name).collect();
        let whose = documents::without_secrets(documents::whose(&context.gateway()?));
        documents::examine(&sources, Problems::default(), &names, |_| whose)?;
        Ok(())
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

/// What a document's new version changes; empty for no change in meaning.
fn changes(name: &str, old: Option<&DocumentVersion>, new: Option<&Source>) -> Result<Vec<String>> {
    let old = old.and_then(|document| document.text.clone()).map(|text| Source::new(name, text));
    Ok(match (old, new) {
        (None, None) => Vec::new(),
        (None, Some(new)) => vec![format!("new: {}", Contents::of(new).in_words())],
        (Some(old), None) => vec![format!("out of force: {}", Contents::of(&old).in_words())],
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

fn fates(preview: &Preview) -> Vec<String> {
    let lists = [
        ("lines that begin anew", &preview.lines_restarted),
        ("of those unchanged, for they share a connection", &preview.lines_drawn_in),
        ("lines that run on undisturbed", &preview.lines_untouched),
        ("lines that end", &preview.lines_stopped),
    ];
    let told = lists.into_iter().filter(|(_, lines)| !lines.is_empty());
    told.map(|(what, lines)| format!("{what}: {}", lines.join(", "))).collect()
}
