//! What stands in a document: its lines and connections by name.

use takt_config::{Source, form};

/// Names of what stands in a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Its connections.
    pub connections: Vec<String>,
    /// Its lines.
    pub lines: Vec<String>,
}

impl Contents {
    /// What stands in a document; nothing where it cannot be read.
    pub fn of(source: &Source) -> Self {
        let form = form(source).unwrap_or_default();
        let ids = |key: &str| {
            let list = form.get(key).and_then(serde_json::Value::as_array).into_iter().flatten();
            list.filter_map(|table| Some(table.get("id")?.as_str()?.to_owned())).collect()
        };
        Self { connections: ids("connections"), lines: ids("lines") }
    }

    /// Both lists in words.
    pub fn in_words(&self) -> String {
        let say = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let parts = [say("connections", &self.connections), say("lines", &self.lines)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
    }
}
