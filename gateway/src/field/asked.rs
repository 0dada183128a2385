//! Which connection is asked: one of the documents, or one that stands in none yet.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use takt_config::resolved::Connection;
use takt_config::{Problems, Resolved, Source, form, form_text, read};
use utoipa::ToSchema;

/// The name of the line that holds tags which are only looked at.
const LINE: &str = "asked";

/// A connection: by its name in the documents in force, or as it would be written there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AskedConnection {
    /// Its name.
    Named(String),
    /// As a document writes it: `kind` and its keys. An `id` may be left out.
    #[schema(value_type = Object)]
    Written(serde_json::Map<String, Value>),
}

impl AskedConnection {
    /// Whether it is written anew and names a secret: its value would go to whatever address is written too.
    pub fn brings_secrets(&self) -> bool {
        fn names(value: &Value) -> bool {
            match value {
                Value::String(text) => text.starts_with("secret:"),
                Value::Array(all) => all.iter().any(names),
                Value::Object(all) => all.values().any(names),
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
            }
        }
        match self {
            Self::Named(_) => false,
            Self::Written(keys) => keys.values().any(names),
        }
    }
}

/// Why the field could not be asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// What was written cannot be.
    #[error("{0}")]
    Documents(Problems),
    /// It cannot be asked like this.
    #[error("{error}")]
    Wrong {
        /// What is wrong.
        error: String,
        /// What to do.
        hint: String,
    },
    /// What it names is not there.
    #[error("{error}")]
    NotFound {
        /// What is not there.
        error: String,
        /// What there is.
        hint: String,
    },
    /// The device or broker did not say anything usable.
    #[error("{error}")]
    Silent {
        /// What happened.
        error: String,
        /// What to check.
        hint: String,
    },
}

/// A connection as a document writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenConnection {
    form: Value,
    /// The document in which it stands: relative paths are seen from there.
    document: String,
}

impl FieldError {
    pub(super) fn wrong(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Wrong { error: error.into(), hint: hint.into() }
    }
}

impl From<Problems> for FieldError {
    fn from(problems: Problems) -> Self {
        Self::Documents(problems)
    }
}

impl AskedConnection {
    /// Finds it among documents, or takes it as it is written.
    ///
    /// # Errors
    /// That the documents have no such connection.
    pub fn find(&self, sources: &[Source]) -> Result<WrittenConnection, FieldError> {
        let name = match self {
            Self::Named(name) => name,
            Self::Written(keys) => {
                let mut form = Value::Object(keys.clone());
                if form.get("id").is_none() {
                    form["id"] = json!("asked");
                }
                return Ok(WrittenConnection { form, document: "the request".to_owned() });
            }
        };
        let mut known = Vec::new();
        for source in sources {
            let form = form(source).unwrap_or_default();
            for connection in form["connections"].as_array().into_iter().flatten() {
                let id = connection["id"].as_str().unwrap_or_default();
                if id == name {
                    return Ok(WrittenConnection { form: connection.clone(), document: source.name.to_string() });
                }
                known.push(id.to_owned());
            }
        }
        let shown: String = name.chars().take(100).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(FieldError::NotFound {
            error: format!("there is no connection '{shown}'"),
            hint: format!("the documents in force have {known}; or send the connection as it would be written"),
        })
    }
}

impl WrittenConnection {
    /// Its name.
    pub fn id(&self) -> &str {
        self.form["id"].as_str().unwrap_or_default()
    }

    /// It as the gateway understands it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn resolve(&self) -> Result<Connection, FieldError> {
        let mut documents = self.with_tags(&[])?;
        let found = documents.connections.pop();
        found.ok_or_else(|| FieldError::wrong("there is no connection in it", "write its kind and address"))
    }

    /// It with tags of a line, as they would be written. Where a source names no connection, it is this one.
    ///
    /// # Errors
    /// Everything that is wrong with connection and tags.
    pub fn with_tags(&self, tags: &[Value]) -> Result<Resolved, FieldError> {
        let here = |tag: &Value| {
            let mut tag = tag.clone();
            if let Some(source) = tag.get_mut("source").and_then(Value::as_object_mut) {
                source.entry("connection").or_insert_with(|| json!(self.id()));
            }
            tag
        };
        let mut whole = json!({ "connections": [self.form] });
        if !tags.is_empty() {
            whole["lines"] = json!([{ "id": LINE, "tags": tags.iter().map(here).collect::<Vec<_>>() }]);
        }
        Ok(read(&[Source { notation: takt_config::Notation::Json, ..Source::new(&self.document, form_text(&whole)) }])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_found_by_name_or_taken_as_written() {
        let text = "[[connections]]\nid = \"plc\"\nkind = \"modbus-tcp\"\naddress = \"plc-3:502\"\n";
        let sources = [Source::new("takt.toml", text)];
        let find = |asked: Value| {
            let asked: AskedConnection = serde_json::from_value(asked).expect("a name or an object");
            asked.find(&sources).and_then(|written| written.resolve()).map(|c| c.id.to_string())
        };
        assert_eq!(find(json!("plc")), Ok("plc".to_owned()));
        assert_eq!(find(json!({ "kind": "mqtt", "url": "mqtt://b" })), Ok("asked".to_owned()));
        let why = find(json!("broker")).expect_err("not there");
        assert!(matches!(&why, FieldError::NotFound { hint, .. } if hint.contains("plc")), "{why:?}");
        let why = find(json!({ "kind": "mqtt", "ulr": "mqtt://b", "password": "hunter2" })).expect_err("wrong");
        let said = why.to_string();
        assert!(said.contains("`url` is missing") || said.contains("ulr"), "{said}");
        assert!(said.contains("secret:NAME") && !said.contains("hunter2"), "{said}");
    }
}
