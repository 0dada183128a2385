//! Documents into force: looked at, kept as versions, then brought to the cells (B40).

use super::checking::beside;
use super::{Shared, cells, documents};
use crate::access::name_of;
use crate::api::control::{ControlError, Why};
use crate::assemble::CellPlan;
use crate::documents::{AppliedDocument, CellDocuments, KIND, Preview, Previewed, is_rewritten, preview};
use crate::loader::sentence;
use crate::store::DocumentVersion;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use takt_config::Problems;

/// What was applied.
pub(crate) struct Applied {
    /// What it did.
    pub(crate) preview: Preview,
    /// The documents that changed, with their new versions.
    pub(crate) versions: BTreeMap<String, u32>,
}

/// Why nothing was applied.
pub(crate) enum NotApplied {
    /// The documents are wrong.
    Wrong {
        /// As documents say it.
        problems: Problems,
        /// As it is shown.
        preview: Box<Preview>,
    },
    /// Anything else.
    Refused(ControlError),
}

impl From<ControlError> for NotApplied {
    fn from(why: ControlError) -> Self {
        Self::Refused(why)
    }
}

impl Shared {
    /// What new versions would do. Changes nothing.
    pub(crate) async fn preview(&self, new: &[AppliedDocument]) -> Result<Preview, ControlError> {
        let before = self.in_force().await?;
        let _place = self.checks.place().await?;
        Ok(self.look(&before, new).await?.preview)
    }

    /// Keeps new versions and brings them into force, all of them or none. `base` says which versions
    /// the caller saw, 0 for a document that was not there.
    pub(crate) async fn apply(
        self: &Arc<Self>,
        by: &str,
        new: Vec<AppliedDocument>,
        note: &str,
        base: &BTreeMap<String, u32>,
    ) -> Result<Applied, NotApplied> {
        let _one_at_a_time = self.changing.lock().await;
        let before = self.in_force().await?;
        unmoved(&before, base)?;
        let Previewed { preview, after, .. } = self.look(&before, &new).await?;
        let after = match after {
            Ok(after) => after,
            Err(problems) => return Err(NotApplied::Wrong { problems, preview: Box::new(preview) }),
        };
        let changed = |document: &AppliedDocument| {
            let now = before.iter().find(|now| now.name == document.name).and_then(|now| now.text.as_deref());
            let means_another = preview.difference.iter().any(|c| c.place == document.name);
            means_another || is_rewritten(now, document.text.as_deref())
        };
        let new: Vec<AppliedDocument> = new.into_iter().filter(changed).collect();
        let kept = documents::keep(&self.store, &new, by, self.clock.wall(), note).await;
        let versions = kept.map_err(|error| {
            ControlError::new(sentence(&error), "nothing was changed; say it again when the store can be written")
                .because(Why::Unavailable)
        })?;
        cells::apply(self, &after).await.map_err(|error| {
            let what = format!("the documents are kept, but not all of them run: {error:#}");
            ControlError::new(what, "go back to the version before, or start the gateway again")
                .because(Why::Unavailable)
        })?;
        Ok(Applied { preview, versions: versions.into_iter().collect() })
    }

    /// Reads the documents again and applies what changed in the configuration file.
    pub(crate) async fn reload(self: &Arc<Self>, by: &str) -> Result<Value, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let refused =
            |error: anyhow::Error| ControlError::new(error.to_string(), "nothing was changed; mend the documents");
        let documents = documents::with_applied(&self.source, &self.store, self.whose()).await.map_err(refused)?;
        cells::apply(self, &documents).await.map_err(refused)?;
        self.note(by, "documents.apply", None, "documents were applied").await;
        Ok(json!({ "lines": self.board.lines().len() }))
    }

    /// The applied documents, newest version each.
    pub(crate) async fn in_force(&self) -> Result<Vec<DocumentVersion>, ControlError> {
        let read = self.store.reader().documents(KIND).await;
        read.map_err(|error| {
            ControlError::new(sentence(&error), "nothing was changed; see the gateway's log").because(Why::Unavailable)
        })
    }

    async fn look(&self, before: &[DocumentVersion], new: &[AppliedDocument]) -> Result<Previewed, ControlError> {
        let running = self.cells.lock().await.made_of();
        let (source, whose) = (self.source.clone(), self.whose());
        let (before, new) = (before.to_vec(), new.to_vec());
        let mut seen = beside(move || preview(&source, &before, &new, &whose, &running)).await?;
        if seen.after.is_ok() {
            seen.preview.outputs_disarmed = self.disarmed_by(&seen.cells).await;
        }
        Ok(seen)
    }

    /// Outputs that are armed and would not be under these cells.
    async fn disarmed_by(&self, planned: &BTreeMap<String, (CellPlan, CellDocuments)>) -> Vec<String> {
        let cells = self.cells.lock().await;
        let holds = |armed: &&cells::Armed| {
            planned.values().any(|(plan, made_of)| armed.still_holds(&plan.lines, &made_of.connections))
        };
        cells.armed().iter().filter(|armed| !holds(armed)).map(cells::Armed::name).collect()
    }
}

fn unmoved(before: &[DocumentVersion], base: &BTreeMap<String, u32>) -> Result<(), ControlError> {
    for (name, seen) in base {
        let now = before.iter().find(|document| document.name == *name);
        let version = now.map_or(0, |document| document.version);
        if version != *seen {
            let by = now.map_or_else(
                || "taken out of force".to_owned(),
                |now| format!("at version {version}, by {}", name_of(&now.by)),
            );
            let error = format!("'{name}' moved since you looked: you saw version {seen}, and it is {by}");
            return Err(ControlError::conflict(error, "load it again, look at the difference, and apply once more"));
        }
    }
    Ok(())
}
