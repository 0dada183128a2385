//! What changed between two versions of a document (B40).

use crate::problem::Problems;
use crate::read::tidy_tree;
use crate::source::Source;
use crate::tree::{Body, Node};
use std::fmt;

/// One key that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key's path, such as `lines[press-3].checks[stroke].deadline`.
    pub key: String,
    /// How it differs.
    pub kind: ChangeKind,
}

/// How a key differs. Values are written as in TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added(String),
    /// It is gone.
    Removed(String),
    /// It has another value.
    Changed {
        /// The old value.
        from: String,
        /// The new value.
        to: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ChangeKind::Added(value) => write!(f, "+ {} = {value}", self.key),
            ChangeKind::Removed(value) => write!(f, "- {} = {value}", self.key),
            ChangeKind::Changed { from, to } => write!(f, "~ {} = {from} → {to}", self.key),
        }
    }
}

/// What changed from one version of a document to another, in the order of the keys.
///
/// Tables of a list are compared by their `id`, so a moved or inserted one changes nothing else.
///
/// # Errors
/// The problems that either document has by itself.
pub fn difference(old: &Source, new: &Source) -> Result<Vec<Change>, Problems> {
    let (old, new) = (tidy_tree(old), tidy_tree(new));
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(mut all), Err(more)) => {
            all.extend(more);
            return Err(all);
        }
        (Err(problems), _) | (_, Err(problems)) => return Err(problems),
    };
    let mut changes = Vec::new();
    compare(&old, &new, "", &mut changes);
    Ok(changes)
}

fn compare(old: &Node, new: &Node, path: &str, changes: &mut Vec<Change>) {
    let tables = |node: &Node| match &node.body {
        Body::Table(entries) => Some(entries.iter().map(|e| (below(path, &e.key), e.node.clone())).collect::<Vec<_>>()),
        Body::List(list) if list.iter().all(|item| matches!(item.body, Body::Table(_))) => {
            let step = |(i, item): (usize, &Node)| {
                let name = item.get("id").and_then(Node::text).map_or_else(|| i.to_string(), str::to_owned);
                (format!("{path}[{name}]"), item.clone())
            };
            Some(list.iter().enumerate().map(step).collect())
        }
        _ => None,
    };
    match (tables(old), tables(new)) {
        (Some(old), Some(new)) => compare_parts(&old, &new, changes),
        _ => {
            let (from, to) = (text_of(old), text_of(new));
            if from != to {
                changes.push(Change { key: path.to_owned(), kind: ChangeKind::Changed { from, to } });
            }
        }
    }
}

fn compare_parts(old: &[(String, Node)], new: &[(String, Node)], changes: &mut Vec<Change>) {
    let find = |list: &[(String, Node)]| {
        list.iter().enumerate().map(|(i, (key, _))| (key.clone(), i)).collect::<std::collections::HashMap<_, _>>()
    };
    let (old_at, new_at) = (find(old), find(new));
    for (key, node) in old {
        match new_at.get(key) {
            Some(i) => compare(node, &new[*i].1, key, changes),
            None => changes.push(Change { key: key.clone(), kind: ChangeKind::Removed(text_of(node)) }),
        }
    }
    for (key, node) in new.iter().filter(|(key, _)| !old_at.contains_key(key)) {
        changes.push(Change { key: key.clone(), kind: ChangeKind::Added(text_of(node)) });
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A value on one line.
fn text_of(node: &Node) -> String {
    match &node.body {
        Body::Null => "null".into(),
        Body::Flag(on) => on.to_string(),
        Body::Integer(v) => v.to_string(),
        Body::Real(v) => v.to_string(),
        Body::Text(text) => format!("{text:?}"),
        Body::Time(text) => text.clone(),
        Body::List(list) => format!("[{}]", list.iter().map(text_of).collect::<Vec<_>>().join(", ")),
        Body::Table(entries) => {
            let pairs: Vec<String> = entries.iter().map(|e| format!("{} = {}", e.key, text_of(&e.node))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
