//! Versions of documents: one canonical text for each meaning, and its digest.

use crate::problem::Problems;
use crate::read::tidy_tree;
use crate::source::Source;
use crate::tree::{Body, Entry, Node};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// The canonical text of a document: TOML, its keys in the order of the schema, without comments.
///
/// Two documents of one meaning have one canonical text, whatever their notation, layout and comments.
/// Nothing is added or left out, so it reads back as the same document: it is the export, too.
///
/// # Errors
/// The problems that the document has by itself. Other documents are not looked at.
pub fn canonical(source: &Source) -> Result<String, Problems> {
    let tree = tidy_tree(source)?;
    let mut document = DocumentMut::new();
    fill(document.as_table_mut(), tree.entries());
    Ok(document.to_string())
}

/// The digest of a canonical text: BLAKE3 as `b3:` and 64 hexadecimal digits.
pub fn digest(canonical: &str) -> String {
    format!("b3:{}", blake3::hash(canonical.as_bytes()).to_hex())
}

/// Fills a table that has a header of its own: values first, then tables below their headers.
fn fill(table: &mut Table, entries: &[Entry]) {
    let top = |node: &Node| has_header(node);
    for entry in entries.iter().filter(|e| !top(&e.node)) {
        if let Some(value) = value_of(&entry.node) {
            table.insert(&entry.key, Item::Value(value));
        }
    }
    for entry in entries.iter().filter(|e| top(&e.node)) {
        let item = match &entry.node.body {
            Body::List(list) => {
                let mut tables = ArrayOfTables::new();
                list.iter().for_each(|node| tables.push(table_of(node)));
                Item::ArrayOfTables(tables)
            }
            _ => Item::Table(table_of(&entry.node)),
        };
        table.insert(&entry.key, item);
    }
}

fn table_of(node: &Node) -> Table {
    let mut table = Table::new();
    fill(&mut table, node.entries());
    table
}

/// Lists of tables with names stand below headers, and so does a table that holds other things than values.
fn has_header(node: &Node) -> bool {
    match &node.body {
        Body::List(list) => !list.is_empty() && list.iter().all(|item| matches!(item.body, Body::Table(_))),
        _ => false,
    }
}

/// `None` for what no valid document holds.
fn value_of(node: &Node) -> Option<Value> {
    Some(match &node.body {
        Body::Null => return None,
        Body::Flag(on) => Value::from(*on),
        Body::Integer(v) => match i64::try_from(*v) {
            Ok(v) => Value::from(v),
            // TOML promises 64 bits; a longer number is a bit pattern, kept as a text of digits elsewhere.
            Err(_) => (*v).to_string().parse().ok()?,
        },
        Body::Real(v) => Value::from(*v),
        Body::Text(text) => Value::from(text.as_str()),
        Body::Time(text) => text.parse().ok()?,
        Body::List(list) => Value::Array(list.iter().filter_map(value_of).collect::<Array>()),
        Body::Table(entries) => {
            let pairs = entries.iter().filter_map(|e| Some((e.key.as_str(), value_of(&e.node)?)));
            Value::InlineTable(pairs.collect::<InlineTable>())
        }
    })
}
