//! Documents as HTTP lists and shows them: the configuration file, and what was applied.

use crate::access::name_of;
use crate::api::control::{ControlError, Why};
use crate::api::{DocumentEntry, DocumentView, Origin, VersionEntry};
use crate::documents::{AppliedDocument, Contents, FILE_BY, KIND};
use crate::loader::sentence;
use crate::payload::time_text;
use crate::run::Shared;
use crate::store::{DocumentVersion, StoreError};
use std::path::Path;
use std::time::UNIX_EPOCH;
use takt_config::{Source, difference, form};
use takt_plant::WallTime;

/// The name of the built-in defaults, where there is no configuration file.
const NO_FILE: &str = "built-in defaults";
/// The number of the configuration file's only version: what it says now.
const FILE_VERSION: u32 = 1;
const LIST_HINT: &str = "the documents in force stand at /api/v1/documents";

impl Shared {
    pub(super) async fn list_documents(&self) -> Result<Vec<DocumentEntry>, ControlError> {
        let mut all = vec![self.file().entry];
        let applied = self.in_force().await?;
        all.extend(self.checks.read(move || applied.iter().map(entry).collect::<Vec<_>>()).await?);
        Ok(all)
    }

    pub(super) async fn show_document(&self, name: &str, version: Option<u32>) -> Result<DocumentView, ControlError> {
        if name == self.file_name() {
            return match version {
                None | Some(FILE_VERSION) => Ok(self.file()),
                Some(_) => Err(ControlError::not_found(
                    format!("{name} is the configuration file; older texts of it are not kept here"),
                    format!("ask for version {FILE_VERSION}, or leave the version out"),
                )),
            };
        }
        let found = match version {
            None => self.in_force().await?.into_iter().find(|document| document.name == name),
            Some(version) => self.history(name).await?.into_iter().find(|older| older.version == version),
        };
        let missing = || {
            let what = version.map_or_else(
                || format!("no document '{}' is in force", clipped(name)),
                |version| format!("'{}' has no version {version}", clipped(name)),
            );
            ControlError::not_found(what, LIST_HINT)
        };
        let found = found.ok_or_else(missing)?;
        self.checks.read(move || view(&found)).await
    }

    pub(super) async fn list_versions(&self, name: &str) -> Result<Vec<VersionEntry>, ControlError> {
        if name == self.file_name() {
            return Ok(vec![self.file_version()]);
        }
        let versions = self.history(name).await?;
        if versions.is_empty() {
            return Err(ControlError::not_found(format!("there never was a document '{}'", clipped(name)), LIST_HINT));
        }
        self.checks.read(move || version_entries(&versions)).await
    }

    /// An older version as a new one.
    pub(super) async fn older(&self, name: &str, version: u32) -> Result<AppliedDocument, ControlError> {
        self.not_the_file(&[AppliedDocument { name: name.to_owned(), text: None }])?;
        let found = self.history(name).await?.into_iter().find(|older| older.version == version);
        let missing = || {
            ControlError::not_found(
                format!("'{}' has no version {version}", clipped(name)),
                format!("its versions stand at /api/v1/documents/{}/versions", clipped(name)),
            )
        };
        let DocumentVersion { name, text, .. } = found.ok_or_else(missing)?;
        match text {
            Some(text) => Ok(AppliedDocument { name, text: Some(text) }),
            None => {
                let error = format!("version {version} took '{name}' out of force; it has no text to go back to");
                Err(ControlError::new(error, "apply it with `removed`, or go back to another version"))
            }
        }
    }

    /// That nobody brings a document of the configuration file's name: it would seem to replace the file.
    pub(super) fn not_the_file(&self, new: &[AppliedDocument]) -> Result<(), ControlError> {
        let file = self.file_name();
        match new.iter().any(|document| document.name == file) {
            false => Ok(()),
            true => Err(ControlError::new(
                format!("{file} is the configuration file and is only read here"),
                "change the file on the gateway itself, or give the document another name",
            )),
        }
    }

    fn file_name(&self) -> String {
        let name = self.source.config.as_deref().and_then(Path::file_name);
        name.map_or_else(|| NO_FILE.to_owned(), |name| name.to_string_lossy().into_owned())
    }

    fn file(&self) -> DocumentView {
        let source = self.source.sources().ok().and_then(|mut sources| sources.pop());
        let source = source.map(|source| Source { name: self.file_name().into(), ..source });
        let contents = source.as_ref().map(Contents::of).unwrap_or_default();
        let entry = DocumentEntry {
            name: self.file_name(),
            origin: Origin::File,
            version: None,
            by: FILE_BY.to_owned(),
            at: Some(time_text(self.file_at())),
            note: String::new(),
            lines: contents.lines,
            connections: contents.connections,
        };
        let form = source.as_ref().and_then(|source| form(source).ok());
        // A text that cannot be read may hold a secret in clear, so only a good one is shown.
        let text = form.is_some().then(|| source.map(|source| source.text)).flatten();
        DocumentView { entry, text, form }
    }

    /// The one version of the configuration file.
    fn file_version(&self) -> VersionEntry {
        let DocumentView { entry, text, .. } = self.file();
        let source = Source::new(&entry.name, text.clone().unwrap_or_default());
        let n_changes = n_changes(&Source::new(&entry.name, ""), &source);
        VersionEntry {
            version: FILE_VERSION,
            by: entry.by,
            at: entry.at.unwrap_or_default(),
            note: entry.note,
            has_text: text.is_some(),
            n_changes,
        }
    }

    /// When the configuration file was written; without one, or where the system does not tell, now.
    fn file_at(&self) -> WallTime {
        let written = self.source.config.as_deref().and_then(|path| path.metadata().ok()?.modified().ok());
        let since = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
        ns.map_or_else(|| self.clock.wall(), WallTime::from_ns)
    }

    async fn history(&self, name: &str) -> Result<Vec<DocumentVersion>, ControlError> {
        let read = self.store.reader().document_history(KIND, name).await;
        read.map_err(|error: StoreError| {
            ControlError::new(sentence(&error), "see the gateway's log").because(Why::Unavailable)
        })
    }
}

/// Each version with how much it changed; newest first, as they come.
/// How many keys differ; none where one of the two cannot be read.
fn n_changes(old: &Source, new: &Source) -> u64 {
    difference(old, new).map_or(0, |changes| changes.len()) as u64
}

fn version_entries(versions: &[DocumentVersion]) -> Vec<VersionEntry> {
    let entry = |(i, version): (usize, &DocumentVersion)| {
        let before = versions.get(i + 1).map_or_else(|| Source::new(&version.name, ""), source);
        VersionEntry {
            version: version.version,
            by: name_of(&version.by).to_owned(),
            at: time_text(version.at),
            note: version.note.clone(),
            has_text: version.text.is_some(),
            n_changes: n_changes(&before, &source(version)),
        }
    };
    versions.iter().enumerate().map(entry).collect()
}

fn entry(document: &DocumentVersion) -> DocumentEntry {
    let contents = Contents::of(&source(document));
    DocumentEntry {
        name: document.name.clone(),
        origin: Origin::Applied,
        version: Some(document.version),
        by: name_of(&document.by).to_owned(),
        at: Some(time_text(document.at)),
        note: document.note.clone(),
        lines: contents.lines,
        connections: contents.connections,
    }
}

fn view(document: &DocumentVersion) -> DocumentView {
    let form = document.text.is_some().then(|| form(&source(document)).ok()).flatten();
    DocumentView { entry: entry(document), text: document.text.clone(), form }
}

fn source(document: &DocumentVersion) -> Source {
    Source::new(&document.name, document.text.clone().unwrap_or_default())
}

fn clipped(name: &str) -> String {
    name.chars().take(100).collect()
}
