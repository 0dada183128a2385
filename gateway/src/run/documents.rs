//! Where documents come from: the configuration file, and what was applied since (B40).

use super::{plan_without_store, whose};
use crate::api::control::AppliedDocument;
use crate::store::{DocumentVersion, Event, NewDocument, Store, StoreError};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use takt_config::resolved::Gateway;
use takt_config::{Problems, Resolved, Source, read};
use takt_plant::WallTime;

/// The kind under which applied documents are kept.
pub const KIND: &str = "plant";

/// Where this gateway's documents come from.
#[derive(Debug, Clone)]
pub struct DocumentSource {
    /// `takt.toml`; the embedded defaults where there is none.
    pub config: Option<PathBuf>,
}

impl DocumentSource {
    /// What the configuration says by itself.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Problems> {
        match &self.config {
            Some(path) => Source::open(path).map(|source| vec![source]).map_err(Problems::from),
            None => Ok(vec![Source::new("embedded defaults", "name = \"takt\"\nsite = \"site\"\n")]),
        }
    }
}

/// The gateway document alone.
///
/// # Errors
/// Every problem of the configuration file.
pub fn gateway(source: &DocumentSource) -> Result<Gateway> {
    let documents = read(&source.sources()?)?;
    documents.gateway.context("the configuration names no gateway: add `name` and `site`")
}

/// The configuration file and every applied document.
///
/// # Errors
/// Every problem of all of them together.
pub async fn with_applied(source: &DocumentSource, store: &Store) -> Result<Resolved> {
    let applied = store.reader().documents(KIND).await?;
    Ok(read_all(source, &applied)?)
}

/// Reads the configuration file and a set of applied documents.
///
/// # Errors
/// Every problem of all of them together.
pub fn read_all(source: &DocumentSource, applied: &[DocumentVersion]) -> Result<Resolved, Problems> {
    merged(source, applied, &[])
}

/// Reads the configuration file and the applied documents, with new versions in place of some.
///
/// # Errors
/// Every problem of all of them together.
pub fn merged(
    source: &DocumentSource,
    applied: &[DocumentVersion],
    new: &[AppliedDocument],
) -> Result<Resolved, Problems> {
    let mut sources = source.sources()?;
    let stays = |document: &&DocumentVersion| !new.iter().any(|n| n.name == document.name);
    let before = applied.iter().filter(stays).map(|document| (&document.name, &document.text));
    for (name, text) in before.chain(new.iter().map(|document| (&document.name, &document.text))) {
        sources.extend(text.as_ref().map(|text| Source::new(name, text.clone())));
    }
    read(&sources)
}

/// Keeps new versions of documents; gives each name with its version.
///
/// # Errors
/// When the store cannot be written; then the versions before it are kept.
pub async fn keep(
    store: &Store,
    new: &[AppliedDocument],
    by: &str,
    at: WallTime,
    note: &str,
) -> Result<Vec<(String, u32)>, StoreError> {
    let mut kept = Vec::new();
    for AppliedDocument { name, text } in new {
        let document = NewDocument {
            kind: KIND.to_owned(),
            name: name.clone(),
            text: text.clone(),
            by: by.to_owned(),
            at,
            note: note.to_owned(),
        };
        let version = store.put_document(document).await?;
        let text = format!("{name} version {version}");
        let what = "documents.apply".to_owned();
        store.record_event(Event { at, who: by.to_owned(), what, line: None, text }).await?;
        kept.push((name.clone(), version));
    }
    Ok(kept)
}

/// Checks files as they would be applied, without touching anything.
///
/// # Errors
/// Every problem of all files together, or that there is nothing to check.
pub fn check(files: &[PathBuf]) -> Result<Resolved> {
    if files.is_empty() {
        bail!("name at least one document: takt check FILE…");
    }
    let mut sources = Vec::new();
    let mut problems = Problems::default();
    for file in files {
        match Source::open(file) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    problems.or(())?;
    let documents = read(&sources)?;
    plan(&documents)?;
    Ok(documents)
}

/// Plans documents as they would run. Whether a secret is there is a question for the running gateway,
/// which may have it from elsewhere.
///
/// # Errors
/// Every problem of all documents together.
pub fn plan(documents: &Resolved) -> Result<()> {
    let default = gateway(&DocumentSource { config: None })?;
    let mut whose = whose(documents.gateway.as_ref().unwrap_or(&default));
    whose.secrets = |_, _| Ok(Vec::new());
    Ok(plan_without_store(documents, &whose)?)
}
