//! Documents as JSON values and back: what an editor shows and gives back.

use crate::problem::Problems;
use crate::read::{read_one, tidy_tree};
use crate::resolve::tags_of_group;
use crate::source::Source;
use crate::tree::{Body, Entry, Node, json};
use crate::written::decode::Written;
use crate::written::document::Document;
use crate::written::tag::Tag;
use serde_json::{Map, Number, Value};
use takt_plant::LineId;

/// A document as JSON, as it was written: nothing is added or left out. Secrets stand in it as names.
///
/// # Errors
/// The problems that the document has by itself.
pub fn form(source: &Source) -> Result<Value, Problems> {
    Ok(value_of(&tidy_tree(source)?))
}

/// A form as the text that is kept: JSON on many lines, its keys in the order of the schema. Keys that the
/// schema does not know stay, so that whoever reads the text can say what is wrong with them.
pub fn form_text(form: &Value) -> String {
    if !form.is_object() {
        // Not a document: whoever reads it says so.
        return form.to_string();
    }
    let (mut tree, _) = json::parse(&form.to_string());
    Document::tidy(&mut tree);
    let mut text = String::new();
    write(&tree, 0, &mut text);
    text.push('\n');
    text
}

/// The tags of a line as they are written, those of groups one by one; `None` where the document has no
/// such line.
///
/// # Errors
/// The problems that the document has by itself.
pub fn tags_as_written(source: &Source, line: &LineId) -> Result<Option<Vec<Value>>, Problems> {
    let one = read_one(source);
    let (tree, document) = (one.tree, one.document);
    one.problems.into_iter().collect::<Problems>().or(())?;
    let lines = document.iter().flat_map(|document| document.lines.iter()).flat_map(|list| &list.value);
    let mut both = lines.zip(items(tree.get("lines")));
    let found = both.find(|(written, _)| written.id.as_ref().is_some_and(|id| id.value == *line));
    let Some((written, node)) = found else { return Ok(None) };
    let mut tags: Vec<Value> = items(node.get("tags")).map(value_of).collect();
    let groups = written.tag_groups.iter().flat_map(|list| &list.value);
    for (group, node) in groups.zip(items(node.get("tag_groups"))) {
        tags.extend(tags_of_group(&group.value).iter().map(|tag| grouped(tag, node)));
    }
    Ok(Some(tags))
}

/// One tag of a group, with the texts of its source as they are for this tag.
fn grouped(tag: &Tag, group: &Node) -> Value {
    let mut row = Map::new();
    if let Some(id) = &tag.id {
        row.insert("id".into(), id.value.to_string().into());
    }
    let mut source = group.get("source").map(value_of).unwrap_or_default();
    if let (Some(all), Some(own)) = (source.as_object_mut(), &tag.source) {
        let own = &own.value;
        let register = own.register.as_ref().map(|register| &register.value.0);
        let texts = [
            ("register", register),
            ("topic", own.topic.as_deref()),
            ("value", own.value.as_deref()),
            ("time", own.time.as_deref()),
            ("each", own.each.as_deref()),
            ("column", own.column.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                all.insert(key.into(), text.clone().into());
            }
        }
    }
    row.insert("source".into(), source);
    for key in ["unit", "range", "scale", "export"] {
        if let Some(node) = group.get(key) {
            row.insert(key.into(), value_of(node));
        }
    }
    Value::Object(row)
}

fn items(list: Option<&Node>) -> impl Iterator<Item = &Node> {
    let all = match list.map(|node| &node.body) {
        Some(Body::List(all)) => all.as_slice(),
        _ => &[],
    };
    all.iter()
}

fn value_of(node: &Node) -> Value {
    match &node.body {
        Body::Null => Value::Null,
        Body::Flag(on) => (*on).into(),
        Body::Integer(v) => integer(*v),
        // What is not finite has no notation in JSON; TOML's word for it is read nowhere as a number either.
        Body::Real(v) => Number::from_f64(*v).map_or_else(|| v.to_string().into(), Value::Number),
        Body::Text(text) | Body::Time(text) => text.as_str().into(),
        Body::List(list) => list.iter().map(value_of).collect(),
        Body::Table(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.key.clone(), value_of(&entry.node))).collect())
        }
    }
}

/// A whole number; one of more than 64 bits is a bit pattern, kept as a text of digits.
fn integer(v: i128) -> Value {
    let number = i64::try_from(v).map(Number::from).or_else(|_| u64::try_from(v).map(Number::from));
    number.map_or_else(|_| v.to_string().into(), Value::Number)
}

/// JSON with one key a line; a list or table of single values stays on one line.
fn write(node: &Node, level: usize, to: &mut String) {
    match &node.body {
        Body::Table(entries) if !is_short(node) => {
            let pair = |entry: &Entry, to: &mut String| {
                to.push_str(&Value::from(entry.key.as_str()).to_string());
                to.push_str(": ");
                write(&entry.node, level + 1, to);
            };
            block(entries, ['{', '}'], level, to, pair);
        }
        Body::List(list) if !is_short(node) => {
            block(list, ['[', ']'], level, to, |item, to| write(item, level + 1, to));
        }
        Body::Table(entries) => {
            let pair = |entry: &Entry| format!("{}: {}", Value::from(entry.key.as_str()), value_of(&entry.node));
            let pairs: Vec<String> = entries.iter().map(pair).collect();
            to.push_str(&if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) });
        }
        Body::List(list) => {
            let items: Vec<String> = list.iter().map(|item| value_of(item).to_string()).collect();
            to.push_str(&format!("[{}]", items.join(", ")));
        }
        _ => to.push_str(&value_of(node).to_string()),
    }
}

fn block<T>(items: &[T], [open, close]: [char; 2], level: usize, to: &mut String, each: impl Fn(&T, &mut String)) {
    const STEP: &str = "  ";
    to.push(open);
    for (i, item) in items.iter().enumerate() {
        to.push_str(if i == 0 { "\n" } else { ",\n" });
        to.push_str(&STEP.repeat(level + 1));
        each(item, to);
    }
    to.push('\n');
    to.push_str(&STEP.repeat(level));
    to.push(close);
}

/// Whether it fits on one line: nothing in it holds anything, and there is not much of it.
fn is_short(node: &Node) -> bool {
    const ON_A_LINE_MAX: usize = 6;
    let single = |node: &Node| !matches!(node.body, Body::List(_) | Body::Table(_));
    match &node.body {
        Body::List(list) => list.len() <= ON_A_LINE_MAX && list.iter().all(single),
        Body::Table(entries) => entries.len() <= ON_A_LINE_MAX && entries.iter().all(|e| single(&e.node)),
        _ => true,
    }
}
