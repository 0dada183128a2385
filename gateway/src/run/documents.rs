//! Documents of the store: those in force, and new versions that are kept.

use crate::assemble::Whose;
use crate::documents::{AppliedDocument, DocumentSource, KIND, examine, sources};
use crate::store::{Event, NewDocument, Store, StoreError};
use anyhow::Result;
use takt_config::{Problems, Resolved};
use takt_plant::WallTime;

/// The configuration file and every applied document.
///
/// # Errors
/// Every problem of all of them together.
pub async fn with_applied(source: &DocumentSource, store: &Store, whose: Whose) -> Result<Resolved> {
    let applied = store.reader().documents(KIND).await?;
    let sources = sources(source, &applied, &[])?;
    Ok(examine(&sources, Problems::default(), &[], |_| whose)?.0)
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
