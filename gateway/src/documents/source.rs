//! Where documents come from: the configuration file, and what was applied since (B40).

use super::draft::AppliedDocument;
use super::files;
use super::memory::Memory;
use crate::assemble::{self, CellPlan, Whose};
use crate::store::DocumentVersion;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use takt_config::resolved::Gateway;
use takt_config::{Problems, Resolved, Seen, Source, read, see};

/// The kind under which applied documents are kept.
pub const KIND: &str = "plant";
/// Whose the configuration file is, where a document says who brought it.
pub const FILE_BY: &str = "the configuration file";

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

/// Who the gateway is, and where its secrets lie.
pub fn whose(gateway: &Gateway) -> Whose {
    Whose {
        gateway: gateway.name.value.clone(),
        site: gateway.site.value.clone(),
        secrets: crate::secrets::reveal,
        data_dir: gateway.data_dir.value.clone(),
        files: files::read,
    }
}

/// Reads the configuration file and a set of applied documents.
///
/// # Errors
/// Every problem of all of them together.
pub fn read_all(source: &DocumentSource, applied: &[DocumentVersion]) -> Result<Resolved, Problems> {
    read(&sources(source, applied, &[])?)
}

/// The configuration file and the applied documents, with new versions in place of some, before they are
/// read.
///
/// # Errors
/// The file cannot be read.
pub fn sources(
    source: &DocumentSource,
    applied: &[DocumentVersion],
    new: &[AppliedDocument],
) -> Result<Vec<Source>, Problems> {
    let mut sources = source.sources()?;
    let stays = |document: &&DocumentVersion| !new.iter().any(|n| n.name == document.name);
    let before = applied.iter().filter(stays).map(|document| (&document.name, &document.text));
    for (name, text) in before.chain(new.iter().map(|document| (&document.name, &document.text))) {
        sources.extend(text.as_ref().map(|text| Source::new(name, text.clone())));
    }
    Ok(sources)
}

/// Documents that could be in force.
#[derive(Debug)]
pub struct Checked {
    /// They, resolved.
    pub documents: Resolved,
    /// What they name that is not there on this box and must be there where they run; and that they need
    /// much memory.
    pub warnings: Problems,
    /// What they may hold in memory.
    pub memory: Memory,
}

/// Checks files as they would be applied, without touching anything. They may be meant for another box.
///
/// # Errors
/// Every problem of all files together, or that there is nothing to check.
pub fn check(files: &[PathBuf]) -> Result<Checked> {
    if files.is_empty() {
        bail!("name at least one document: takt check FILE…");
    }
    let mut sources = Vec::new();
    let mut unread = Problems::default();
    for file in files {
        match Source::open(file) {
            Ok(source) => sources.push(source),
            Err(problem) => unread.push(problem),
        }
    }
    let default = gateway(&DocumentSource { config: None })?;
    let whose = |written: Option<&Gateway>| whose(written.unwrap_or(&default));
    let (documents, cells) = examine(&sources, unread, &[], whose)?;
    let memory = Memory::of(&cells);
    let mut warnings = files::absent(&documents);
    warnings.extend(memory.warning());
    Ok(Checked { documents, warnings, memory })
}

/// Reads and plans documents as they would run, and tells what is wrong in every stage at once. `unread`
/// is what is wrong with documents that could not be opened. Those whose names are `brought` are to be kept in
/// the store of this box: they must have what they name here. One that was there before may have lost it, which
/// its own connections show.
///
/// # Errors
/// Every problem of all documents and stages together.
pub fn examine(
    sources: &[Source],
    unread: Problems,
    brought: &[&str],
    whose: impl FnOnce(Option<&Gateway>) -> Whose,
) -> Result<(Resolved, Vec<CellPlan>), Problems> {
    let Seen { resolved, outputs, mut problems } = see(sources, unread);
    problems.later(files::rootless(&resolved, brought));
    problems.later(assemble::look(&outputs, &resolved.connections));
    let whose = whose(resolved.gateway.as_ref());
    let new = resolved.connections.iter().filter(|connection| brought.contains(&&*connection.id.place.file));
    problems.later(assemble::lacking(new, &whose));
    match provisional(&resolved, &whose) {
        Ok(cells) => {
            problems.later(Memory::of(&cells).refusal());
            problems.or((resolved, cells))
        }
        Err(more) => {
            problems.later(more);
            problems.or((resolved, Vec::new()))
        }
    }
}

/// Plans documents as they would run.
///
/// # Errors
/// Every problem of all documents together.
pub fn plan(documents: &Resolved) -> Result<()> {
    let default = gateway(&DocumentSource { config: None })?;
    provisional(documents, &whose(documents.gateway.as_ref().unwrap_or(&default)))?;
    Ok(())
}

/// The same, where a command looks at documents that a gateway is to run: that one says whether it has the
/// secrets, and may have them from elsewhere.
pub fn without_secrets(whose: Whose) -> Whose {
    Whose { secrets: |_, _| Ok(Vec::new()), ..whose }
}

/// The cells of documents, with slots that stand for those of a store.
///
/// # Errors
/// Every problem of all documents together.
pub fn provisional(documents: &Resolved, whose: &Whose) -> Result<Vec<CellPlan>, Problems> {
    let slots = assemble::provisional(&assemble::layout(documents));
    assemble::assemble(documents, &slots, whose)
}
