//! Tags of a line as a table, out of its document and into it.

use crate::api::control::ControlError;
use crate::api::{TagsImport, TagsToImport};
use crate::documents::{self, AppliedDocument, Preview, tags_from_csv, tags_to_csv};
use crate::run::Shared;
use crate::run::apply::NotApplied;
use crate::store::DocumentVersion;
use std::collections::BTreeMap;
use std::sync::Arc;
use takt_config::{Problems, Source};
use takt_plant::LineId;

impl Shared {
    pub(super) async fn tags_csv(&self, line: &LineId) -> Result<String, ControlError> {
        let applied = self.in_force().await?;
        let sources = documents::sources(&self.source, &applied, &[]).map_err(wrong)?;
        for source in &sources {
            if let Some(csv) = tags_to_csv(source, line).map_err(wrong)? {
                return Ok(csv);
            }
        }
        Err(unknown(line))
    }

    pub(super) async fn import_tags(
        self: &Arc<Self>,
        who: &str,
        table: TagsToImport,
    ) -> Result<TagsImport, ControlError> {
        let TagsToImport { line, text, note, base, dry_run } = table;
        let applied = self.in_force().await?;
        let document = self.document_of(&line, &applied)?;
        let mut done = TagsImport {
            document: document.name.to_string(),
            n_tags: 0,
            errors: Vec::new(),
            preview: Preview::default(),
            version: None,
        };
        let tags = match tags_from_csv(&text) {
            Ok(tags) => tags,
            Err(errors) => return Ok(TagsImport { errors, ..done }),
        };
        done.n_tags = tags.tags.len() as u64;
        let text = tags.into_document(&document, &line).map_err(wrong)?.ok_or_else(|| unknown(&line))?;
        let new = vec![AppliedDocument { name: document.name.to_string(), text: Some(text) }];
        // What is wrong with a tag is told at its row, everything else at its key.
        if let Err(problems) = self.as_it_would_be(applied, new.clone()).await? {
            done.errors = problems.iter().filter_map(|problem| tags.row_error(problem, &line)).collect();
        }
        let base: BTreeMap<String, u32> =
            base.map(|version| (document.name.to_string(), version)).into_iter().collect();
        if dry_run || !done.errors.is_empty() {
            done.preview = self.preview(&new).await?;
            return Ok(done);
        }
        match self.apply(who, new, &note, &base).await {
            Ok(applied) => {
                done.version = applied.versions.into_values().next();
                done.preview = applied.preview;
            }
            Err(NotApplied::Wrong { preview, .. }) => done.preview = *preview,
            Err(NotApplied::Refused(why)) => return Err(why),
        }
        Ok(done)
    }

    async fn as_it_would_be(
        &self,
        applied: Vec<DocumentVersion>,
        new: Vec<AppliedDocument>,
    ) -> Result<Result<(), Problems>, ControlError> {
        let (source, whose) = (self.source.clone(), self.whose());
        let examined = move || {
            let sources = documents::sources(&source, &applied, &new)?;
            documents::examine(&sources, Problems::default(), &[], |_| whose).map(drop)
        };
        self.checks.beside(examined).await
    }

    /// The applied document in which a line stands.
    fn document_of(&self, line: &LineId, applied: &[DocumentVersion]) -> Result<Source, ControlError> {
        let holds = |source: &Source| documents::Contents::of(source).lines.iter().any(|id| id == line.as_str());
        let sources = applied.iter().filter_map(|d| Some(Source::new(&d.name, d.text.clone()?)));
        if let Some(found) = sources.into_iter().find(holds) {
            return Ok(found);
        }
        match self.source.sources().map_err(wrong)?.iter().any(holds) {
            true => Err(ControlError::new(
                format!("line {line} stands in the configuration file, which is only read here"),
                "change the file on the gateway itself, or move the line into a document of its own",
            )),
            false => Err(unknown(line)),
        }
    }
}

fn unknown(line: &LineId) -> ControlError {
    ControlError::not_found(format!("no document in force has a line '{line}'"), "lines stand at /api/v1/documents")
}

fn wrong(problems: Problems) -> ControlError {
    ControlError::new(problems.to_string(), "mend the documents first")
}
