//! JSON into the tree, strictly by RFC 8259: no comments, no trailing commas.

use super::node::{Body, Entry, Node, Span, SyntaxError};
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The tree of a JSON text, and what is wrong with it. The first broken place ends it.
pub(crate) fn parse(text: &str) -> (Node, Vec<SyntaxError>) {
    let mut wrong = Vec::new();
    let node = match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(result) => result.value.as_ref().map(|value| node_of(value, &mut wrong)),
        Err(error) => {
            wrong.push(SyntaxError { span: span_of(error.range()), what: error.kind().to_string() });
            return (Node::empty_table(), wrong);
        }
    };
    match node {
        Some(node) if matches!(node.body, Body::Table(_)) => (node, wrong),
        other => {
            let span = other.map_or(0..0, |node| node.span);
            wrong.push(SyntaxError { span, what: "a JSON object belongs here: { … }".into() });
            (Node::empty_table(), wrong)
        }
    }
}

fn node_of(value: &Value<'_>, wrong: &mut Vec<SyntaxError>) -> Node {
    let span = span_of(value.range());
    let body = match value {
        Value::StringLit(text) => Body::Text(text.value.to_string()),
        Value::NumberLit(digits) => number_of(digits.value, &span, wrong),
        Value::BooleanLit(on) => Body::Flag(on.value),
        Value::Object(object) => object_of(object, wrong),
        Value::Array(list) => Body::List(list.elements.iter().map(|v| node_of(v, wrong)).collect()),
        Value::NullKeyword(_) => Body::Null,
    };
    Node { body, span }
}

fn object_of(object: &Object<'_>, wrong: &mut Vec<SyntaxError>) -> Body {
    let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
    let mut seen = std::collections::HashSet::with_capacity(object.properties.len());
    for property in &object.properties {
        let key = property.name.as_str().to_owned();
        let key_span = span_of(property.name.range());
        if !seen.insert(key.clone()) {
            wrong.push(SyntaxError { span: key_span, what: format!("the key '{key}' stands here twice") });
            continue;
        }
        entries.push(Entry { key, key_span, node: node_of(&property.value, wrong) });
    }
    Body::Table(entries)
}

fn number_of(digits: &str, span: &Span, wrong: &mut Vec<SyntaxError>) -> Body {
    if let Ok(whole) = digits.parse::<i128>() {
        return Body::Integer(whole);
    }
    match digits.parse::<f64>() {
        Ok(v) if v.is_finite() => Body::Real(v),
        _ => {
            wrong.push(SyntaxError { span: span.clone(), what: format!("'{digits}' is not a number") });
            Body::Null
        }
    }
}

fn span_of(range: Range) -> Span {
    range.start..range.end
}
