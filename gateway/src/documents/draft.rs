//! A new version of a document on its way: as a text, as a form, or as its removal.

use serde::{Deserialize, Serialize};
use takt_config::form_text;
use takt_plant::LineId;
use utoipa::ToSchema;

/// A new version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedDocument {
    /// Its name.
    pub name: String,
    /// Its text; `None` takes the document out of force and keeps its history.
    pub text: Option<String>,
}

/// A new version of a document: exactly one of `text`, `form` and `removed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentDraft {
    /// Its name: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// Its text, TOML or JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// It as a JSON object; it is kept as JSON on many lines, its keys in the order of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub form: Option<serde_json::Value>,
    /// Takes the document out of force; its history stays.
    #[serde(default)]
    pub removed: bool,
}

/// Why a draft is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDraft {
    /// Its name cannot be.
    #[error("a document cannot be called '{name}': {why}")]
    Name {
        /// As written.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not exactly one of the three.
    #[error("the document '{name}' needs exactly one of text, form and removed")]
    Content {
        /// The document.
        name: String,
    },
    /// Two drafts of one name.
    #[error("the document '{name}' stands there twice")]
    Twice {
        /// The document.
        name: String,
    },
}

impl DocumentDraft {
    /// Drafts as new versions.
    ///
    /// # Errors
    /// The first draft that is none.
    pub fn all(drafts: Vec<Self>) -> Result<Vec<AppliedDocument>, InvalidDraft> {
        let mut all: Vec<AppliedDocument> = Vec::new();
        for draft in drafts {
            let document = draft.document()?;
            if all.iter().any(|other| other.name == document.name) {
                return Err(InvalidDraft::Twice { name: document.name });
            }
            all.push(document);
        }
        Ok(all)
    }

    fn document(self) -> Result<AppliedDocument, InvalidDraft> {
        let Self { name, text, form, removed } = self;
        if let Err(why) = LineId::new(&name) {
            let shown = name.chars().take(100).collect();
            return Err(InvalidDraft::Name { name: shown, why: why.to_string() });
        }
        let text = match (text, form, removed) {
            (Some(text), None, false) => Some(text),
            (None, Some(form), false) => Some(form_text(&form)),
            (None, None, true) => None,
            _ => return Err(InvalidDraft::Content { name }),
        };
        Ok(AppliedDocument { name, text })
    }
}

/// Whether a text is a version of its own beside the one in force, although it means the same. What somebody
/// wrote in TOML is, be it for a comment; what a form writes (JSON, which has no comments) is not.
pub fn is_rewritten(old: Option<&str>, new: Option<&str>) -> bool {
    matches!((old, new), (Some(old), Some(new)) if old != new && !new.trim_start().starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comment_makes_a_version_and_a_form_that_changes_nothing_does_not() {
        let toml = "name = \"a\"";
        assert!(is_rewritten(Some(toml), Some("# why\nname = \"a\"")));
        assert!(!is_rewritten(Some(toml), Some(toml)));
        assert!(!is_rewritten(Some(toml), Some("{ \"name\": \"a\" }")));
        assert!(!is_rewritten(None, Some(toml)) && !is_rewritten(Some(toml), None), "those mean something else");
    }

    #[test]
    fn a_draft_has_exactly_one_content() {
        let check = |draft: serde_json::Value, expected: Result<Option<&str>, &str>| {
            let draft: DocumentDraft = serde_json::from_value(draft).expect("a draft");
            match (draft.document(), expected) {
                (Ok(document), Ok(text)) => assert_eq!(document.text.as_deref(), text),
                (Err(why), Err(part)) => assert!(why.to_string().contains(part), "{why}"),
                (found, _) => panic!("{found:?}, expected {expected:?}"),
            }
        };
        check(json!({ "name": "a", "text": "x = 1" }), Ok(Some("x = 1")));
        check(json!({ "name": "a", "form": {} }), Ok(Some("{}\n")));
        check(json!({ "name": "a", "removed": true }), Ok(None));
        check(json!({ "name": "a" }), Err("exactly one"));
        check(json!({ "name": "a", "text": "", "removed": true }), Err("exactly one"));
        check(json!({ "name": "../a", "text": "" }), Err("cannot be called"));
        check(json!({ "name": "", "text": "" }), Err("cannot be called"));
    }
}
