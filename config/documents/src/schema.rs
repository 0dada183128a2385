//! The JSON Schema of documents as written.

use crate::written::decode::{Written, schema_of};
use crate::written::document::Document;
use schemars::generate::SchemaSettings;

/// The JSON Schema (draft 2020-12) of a document.
///
/// It says what each key means and takes. Rules between keys (a window's span is a multiple of its
/// step, a tag names a connection that is there) are more than a schema can say: [`crate::read`] knows them.
pub fn schema() -> serde_json::Value {
    let mut defs = SchemaSettings::draft2020_12().into_generator();
    let root = Document::schema(&mut defs);
    // Asked for once more as a definition, so that every definition is complete before they are taken.
    let _ = schema_of::<Document>(&mut defs);
    let mut definitions = defs.take_definitions(true);
    definitions.remove(Document::NAME.unwrap_or_default());
    let mut root = root.to_value();
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "Takt document".into();
    root["$defs"] = definitions.into();
    root
}
