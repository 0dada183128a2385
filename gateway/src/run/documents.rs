//! Where documents come from: the configuration file, and what was applied since (B40).

use super::{plan_without_store, whose};
use crate::store::{DocumentVersion, Store};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use takt_config::resolved::Gateway;
use takt_config::{Problems, Resolved, Source, read};

/// The kind under which applied documents are kept.
pub const KIND: &str = "plant";

/// Where this gateway's documents come from.
#[derive(Debug, Clone)]
pub struct DocumentSource {
    /// `takt.toml`; the embedded defaults where there is none.
    pub config: Option<PathBuf>,
}

impl DocumentSource {
    fn sources(&self) -> Result<Vec<Source>, Problems> {
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
    let mut sources = source.sources()?;
    for document in applied {
        if let Some(text) = &document.text {
            sources.push(Source::new(&document.name, text.clone()));
        }
    }
    read(&sources)
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
    let default = gateway(&DocumentSource { config: None })?;
    let mut whose = whose(documents.gateway.as_ref().unwrap_or(&default));
    // Whether a secret is there is a question for the box on which it is to be used.
    whose.secrets = |_, _| Ok(Vec::new());
    plan_without_store(&documents, &whose)?;
    Ok(documents)
}
