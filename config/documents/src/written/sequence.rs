//! Lists, maps and ranges.

use super::decode::{Collector, Written, schema_of, shown, sort_entries};
use crate::place::At;
use crate::tree::{Body, Node};
use schemars::{Schema, SchemaGenerator, json_schema};
use std::sync::Arc;

impl<T: Written> Written for Vec<At<T>> {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        let Body::List(list) = &node.body else {
            return to.refuse_sort(node, "a list", "put it in [ ]; tables of a list are written under [[ ]]");
        };
        let read = |(i, item): (usize, &Node)| {
            let step = match item.get("id").and_then(Node::text) {
                Some(id) => format!("[{}]", shown(id)),
                None => format!("[{i}]"),
            };
            to.within(step, |to| to.at(item))
        };
        Some(list.iter().enumerate().filter_map(read).collect())
    }

    fn schema(defs: &mut SchemaGenerator) -> Schema {
        let items = schema_of::<T>(defs);
        json_schema!({ "type": "array", "items": items })
    }

    fn tidy(node: &mut Node) {
        if let Body::List(list) = &mut node.body {
            list.iter_mut().for_each(T::tidy);
        }
    }
}

/// A table whose keys are the document's own, in the order of writing.
#[derive(Debug, Clone)]
pub(crate) struct Map<T>(pub Vec<(At<Arc<str>>, At<T>)>);

impl<T: Written> Written for Map<T> {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        let Body::Table(entries) = &node.body else {
            return to.refuse_sort(node, "a table", "write { key = value, … }");
        };
        let mut pairs = Vec::with_capacity(entries.len());
        for entry in entries {
            to.within(format!(".{}", shown(&entry.key)), |to| {
                let key: At<Arc<str>> = At::new(Arc::from(entry.key.as_str()), to.place(&entry.key_span));
                pairs.extend(to.at(&entry.node).map(|value| (key, value)));
            });
        }
        Some(Self(pairs))
    }

    fn schema(defs: &mut SchemaGenerator) -> Schema {
        let values = schema_of::<T>(defs);
        json_schema!({ "type": "object", "additionalProperties": values })
    }

    fn tidy(node: &mut Node) {
        sort_entries(node, &[]);
    }
}

/// `[low, high]` with low < high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Written for Interval {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write two numbers, such as [0, 5000]";
        let Body::List(list) = &node.body else { return to.refuse_sort(node, "[low, high]", HINT) };
        let [low, high] = list.as_slice() else {
            return to.refuse(node, format!("{} values stand where two belong", list.len()), HINT);
        };
        let (low, high) = (f64::decode(low, to)?, f64::decode(high, to)?);
        if low < high {
            return Some(Self { low, high });
        }
        to.refuse(node, format!("the lower end {low} is not below the upper end {high}"), HINT)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 })
    }
}
