//! Problems and changes of documents as console and HTTP show them.

use serde::{Deserialize, Serialize};
use takt_config::{Change, ChangeKind, Problem, Problems, Source, difference};
use utoipa::ToSchema;

/// Longest value that is shown of a changed key: a whole line of tags is no help to anybody.
const VALUE_CHARS_MAX: usize = 2_000;
/// A document with nothing in it: what a new one is compared with.
const NOTHING: &str = "connections = []\nlines = []\n";

/// One thing that is wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    /// The document.
    pub document: String,
    /// The key's path, such as `lines[press-3].checks[stroke].deadline`.
    pub key: String,
    /// The line in its text, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub error: String,
    /// What to try.
    pub hint: String,
}

/// One key that a change changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeView {
    /// The document.
    pub place: String,
    /// The key's path.
    pub key: String,
    /// Its value in force; null where it is new.
    pub before: Option<String>,
    /// Its new value; null where it goes.
    pub after: Option<String>,
}

impl ProblemView {
    /// A problem as it is shown.
    pub fn of(problem: &Problem) -> Self {
        Self {
            document: problem.place.file.to_string(),
            key: problem.place.key.to_string(),
            line: problem.place.line,
            column: problem.place.column,
            error: problem.what.clone(),
            hint: problem.hint.clone(),
        }
    }

    /// All of them.
    pub fn all(problems: &Problems) -> Vec<Self> {
        problems.iter().map(Self::of).collect()
    }
}

/// What a document's new version changes; empty for no change in meaning. Of a document that comes or
/// goes, each line and connection is a change.
///
/// # Errors
/// The problems that either version has by itself.
pub fn changes(name: &str, old: Option<&Source>, new: Option<&Source>) -> Result<Vec<ChangeView>, Problems> {
    let nothing = Source::new(name, NOTHING);
    let found = difference(old.unwrap_or(&nothing), new.unwrap_or(&nothing))?;
    let is_whole = old.is_some() && new.is_some();
    let says = |change: &&Change| is_whole || !matches!(change.key.as_str(), "connections" | "lines");
    Ok(found.iter().filter(says).map(|change| shown(name, change)).collect())
}

fn shown(place: &str, change: &Change) -> ChangeView {
    let (before, after) = match &change.kind {
        ChangeKind::Added(after) => (None, Some(after)),
        ChangeKind::Removed(before) => (Some(before), None),
        ChangeKind::Changed { from, to } => (Some(from), Some(to)),
    };
    let [before, after] = [before, after].map(|value| value.map(|text| clipped(text)));
    ChangeView { place: place.to_owned(), key: change.key.clone(), before, after }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_is_told_by_line_and_connection() {
        let text = "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"plc:502\"\n";
        let new = Source::new("plant", text);
        let keys = |found: Vec<ChangeView>| -> Vec<(String, bool, bool)> {
            found.into_iter().map(|c| (c.key, c.before.is_some(), c.after.is_some())).collect()
        };
        let came = keys(changes("plant", None, Some(&new)).expect("good"));
        assert_eq!(came, [("connections[plc]".to_owned(), false, true)]);
        let went = keys(changes("plant", Some(&new), None).expect("good"));
        assert_eq!(went, [("connections[plc]".to_owned(), true, false)]);
        let other = Source::new("plant", text.replace(":502", ":503"));
        let changed = changes("plant", Some(&new), Some(&other)).expect("good");
        assert_eq!(
            (changed[0].key.as_str(), changed[0].before.as_deref(), changed[0].after.as_deref()),
            ("connections[plc].address", Some("\"plc:502\""), Some("\"plc:503\""))
        );
        assert_eq!(changes("plant", Some(&new), Some(&new)), Ok(vec![]));
        assert_eq!(changes("plant", None, None), Ok(vec![]));
    }
}
