//! From the tree to what is written, with every problem collected on the way.

use super::retired;
use crate::place::{At, Place};
use crate::problem::{Problem, ProblemKind};
use crate::source::Source;
use crate::tree::{Body, Entry, LineIndex, Node, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

/// Something that can stand in a document.
pub(crate) trait Written: Sized {
    /// Its name among the schema's definitions; `None` where it is written out in place.
    const NAME: Option<&'static str> = None;

    /// Reads it. `None` says that a problem was reported.
    fn decode(node: &Node, to: &mut Collector) -> Option<Self>;

    /// Its JSON Schema.
    fn schema(defs: &mut SchemaGenerator) -> Schema;

    /// Puts the keys of its tables into the order of their declaration.
    fn tidy(_node: &mut Node) {}
}

/// Reads one document and keeps what is wrong with it.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    file: Arc<str>,
    text: &'a str,
    lines: LineIndex,
    path: Vec<String>,
    problems: Vec<Problem>,
    meant: Vec<String>,
}

impl<'a> Collector<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self {
            file: source.name.clone(),
            text: &source.text,
            lines: LineIndex::new(&source.text),
            path: Vec::new(),
            problems: Vec::new(),
            meant: Vec::new(),
        }
    }

    /// Everything that was reported, and the key paths that unknown and retired keys were told to be.
    pub fn into_problems(self) -> (Vec<Problem>, Vec<String>) {
        (self.problems, self.meant)
    }

    /// The place of a span at the present key.
    pub fn place(&self, span: &Span) -> Place {
        let (line, column) = self.lines.find(self.text, span.start);
        Place { file: self.file.clone(), line, column, key: Arc::from(self.path.concat()) }
    }

    /// Keeps a problem.
    pub fn report(&mut self, kind: ProblemKind, span: &Span, what: impl Into<String>, hint: impl Into<String>) {
        let place = self.place(span);
        self.problems.push(Problem::at(&place, what, hint).of_kind(kind));
    }

    /// Keeps a problem with a value. Gives `None`, so that it can end a reader.
    pub fn refuse<T>(&mut self, node: &Node, what: impl Into<String>, hint: impl Into<String>) -> Option<T> {
        self.report(ProblemKind::Value, &node.span, what, hint);
        None
    }

    /// Keeps the problem that `wanted` belongs here and something else stands here.
    pub fn refuse_sort<T>(&mut self, node: &Node, wanted: &str, hint: &str) -> Option<T> {
        // A null comes from JSON, or from a number that the notation could not hold: no value either way.
        let what = format!("{wanted} belongs here, not {}", node.sort());
        self.refuse(node, what, hint)
    }

    /// The entries of a table; reports unknown and retired keys.
    pub fn table<'n>(&mut self, node: &'n Node, title: &str, known: &[&'static str]) -> Option<&'n [Entry]> {
        let Body::Table(entries) = &node.body else {
            return self.refuse_sort(node, "a table", &format!("write its keys: {}", known.join(", ")));
        };
        for entry in entries.iter().filter(|e| !known.contains(&e.key.as_str())) {
            self.unknown(entry, title, known);
        }
        Some(entries)
    }

    /// Reads the value of a key that must be written.
    pub fn required<T: Written>(&mut self, node: &Node, key: &'static str) -> Option<At<T>> {
        if node.get(key).is_none() {
            self.within(format!(".{key}"), |to| {
                to.report(ProblemKind::Missing, &node.span, format!("`{key}` is missing"), format!("write {key} = …"));
            });
        }
        self.optional(node, key)
    }

    /// Reads the value of a key that may be left out.
    pub fn optional<T: Written>(&mut self, node: &Node, key: &'static str) -> Option<At<T>> {
        let value = node.get(key)?;
        self.within(format!(".{key}"), |to| to.at(value))
    }

    /// Reads one value and keeps its place.
    pub fn at<T: Written>(&mut self, node: &Node) -> Option<At<T>> {
        let value = T::decode(node, self)?;
        Some(At::new(value, self.place(&node.span)))
    }

    /// Does something one step deeper in the key path.
    pub fn within<T>(&mut self, mut step: String, then: impl FnOnce(&mut Self) -> T) -> T {
        if self.path.is_empty() && step.starts_with('.') {
            step.remove(0);
        }
        self.path.push(step);
        let result = then(self);
        self.path.pop();
        result
    }

    /// The word that stands here, when it is one of the known ones.
    pub fn word(&mut self, node: &Node, known: &[&'static str]) -> Option<&'static str> {
        let all = || format!("use one of: {}", known.join(", "));
        let Some(text) = node.text() else {
            return self.refuse_sort(node, "a word", &all());
        };
        if let Some(word) = known.iter().find(|w| **w == text) {
            return Some(word);
        }
        let hint = match nearest(text, known) {
            Some(word) => format!("did you mean \"{word}\"? Known are: {}", known.join(", ")),
            None => all(),
        };
        self.refuse(node, format!("\"{}\" is not known here", shown(text)), hint)
    }

    /// The `kind` of a table that has several.
    pub fn kind(&mut self, node: &Node, title: &str, known: &[&'static str]) -> Option<&'static str> {
        if !matches!(node.body, Body::Table(_)) {
            return self.refuse_sort(node, "a table", &format!("write {{ kind = \"{}\", … }}", known.join("|")));
        }
        self.within(".kind".into(), |to| match node.get("kind") {
            Some(kind) => to.word(kind, known),
            None => {
                let hint = format!("write kind = one of: {}", known.join(", "));
                to.report(ProblemKind::Missing, &node.span, format!("the `kind` of this {title} is missing"), hint);
                None
            }
        })
    }

    /// Keeps that the present key stands for another one of its table, which is then not missing.
    fn means(&mut self, key: &str) {
        let table = self.path[..self.path.len().saturating_sub(1)].concat();
        self.meant.push(if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
    }

    fn unknown(&mut self, entry: &Entry, title: &str, known: &[&'static str]) {
        let key = shown(&entry.key);
        self.within(format!(".{key}"), |to| {
            if let Some(successor) = retired::successor(title, &entry.key) {
                successor.split('.').for_each(|word| to.means(word));
                let what = format!("`{key}` is no longer a key");
                to.report(ProblemKind::RetiredKey, &entry.key_span, what, format!("write `{successor}` instead"));
                return;
            }
            let hint = match nearest(&entry.key, known) {
                Some(word) => {
                    to.means(word);
                    format!("did you mean `{word}`?")
                }
                None => format!("the keys of the {title} are: {}", known.join(", ")),
            };
            to.report(ProblemKind::UnknownKey, &entry.key_span, format!("`{key}` is not a key of the {title}"), hint);
        });
    }
}

/// The document's key of a Rust field: without the mark of raw identifiers.
pub(crate) const fn key_of(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Puts a table's entries into the given order, `id` first; others go last, by name.
pub(crate) fn sort_entries(node: &mut Node, order: &[&str]) {
    if let Body::Table(entries) = &mut node.body {
        entries.sort_by(|a, b| {
            let rank = |e: &Entry| match order.iter().position(|k| *k == e.key) {
                Some(_) if e.key == "id" => 0,
                found => found.map_or(order.len(), |i| i + 1),
            };
            rank(a).cmp(&rank(b)).then_with(|| a.key.cmp(&b.key))
        });
    }
}

/// Tidies the value under a key.
pub(crate) fn tidy_entry<T: Written>(node: &mut Node, key: &str) {
    if let Body::Table(entries) = &mut node.body {
        entries.iter_mut().filter(|e| e.key == key).for_each(|e| T::tidy(&mut e.node));
    }
}

/// The known word that a typing error most likely meant: at most a third of its letters differ.
pub(crate) fn nearest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    if text.len() > 64 {
        return None;
    }
    let distance = |word: &str| strsim::damerau_levenshtein(&text.to_lowercase(), &word.to_lowercase());
    let (n, word) = known.iter().map(|word| (distance(word), *word)).min()?;
    (n <= (word.chars().count() / 3).max(1)).then_some(word)
}

/// A text for a message: never long, never with control characters.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(48).flat_map(char::escape_debug).collect();
    if text.chars().count() > 48 { short + "…" } else { short }
}

/// A table's schema while it is put together.
#[derive(Debug)]
pub(crate) struct TableSchema {
    doc: String,
    properties: serde_json::Map<String, serde_json::Value>,
    required: Vec<&'static str>,
}

impl TableSchema {
    pub fn new(doc: &str) -> Self {
        Self { doc: doc.trim().to_owned(), properties: serde_json::Map::new(), required: Vec::new() }
    }

    pub fn required<T: Written>(&mut self, defs: &mut SchemaGenerator, key: &'static str, doc: &str) {
        self.required.push(key);
        self.optional::<T>(defs, key, doc);
    }

    pub fn optional<T: Written>(&mut self, defs: &mut SchemaGenerator, key: &'static str, doc: &str) {
        let mut schema = schema_of::<T>(defs);
        schema.insert("description".into(), doc.trim().into());
        self.properties.insert(key.into(), schema.to_value());
    }

    pub fn finish(self) -> Schema {
        schemars::json_schema!({
            "description": self.doc,
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

/// The schema of a table of one kind.
pub(crate) fn of_kind(mut table: Schema, word: &str) -> Schema {
    if let Some(kind) = table.pointer_mut("/properties/kind") {
        *kind = serde_json::json!({ "const": word });
    }
    table
}

/// The schema of a type, as a reference where it has a name.
pub(crate) fn schema_of<T: Written>(defs: &mut SchemaGenerator) -> Schema {
    defs.subschema_for::<Described<T>>()
}

/// Lends a written type to schemars, which knows how to keep definitions.
struct Described<T>(PhantomData<T>);

impl<T: Written> JsonSchema for Described<T> {
    fn inline_schema() -> bool {
        T::NAME.is_none()
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME.unwrap_or("value"))
    }

    fn schema_id() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME.unwrap_or(std::any::type_name::<T>()))
    }

    fn json_schema(defs: &mut SchemaGenerator) -> Schema {
        T::schema(defs)
    }
}
