//! TOML into the tree. The parser recovers, so one broken line hides no other problem.

use super::node::{Body, Entry, Node, Span, SyntaxError};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

/// The tree of a TOML text, and what is wrong with it.
pub(crate) fn parse(text: &str) -> (Node, Vec<SyntaxError>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut wrong: Vec<SyntaxError> = errors
        .iter()
        .map(|e| SyntaxError { span: e.span().unwrap_or(0..0), what: e.message().trim_end().replace('\n', "; ") })
        .collect();
    wrong.dedup_by(|a, b| a.what == b.what && a.span == b.span);
    let body = table_of(table.get_ref(), &mut wrong);
    (Node { body, span: 0..0 }, wrong)
}

fn table_of(table: &DeTable<'_>, wrong: &mut Vec<SyntaxError>) -> Body {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry { key: key.get_ref().to_string(), key_span: key.span(), node: node_of(value, wrong) })
        .collect();
    entries.sort_by_key(|e| e.key_span.start);
    Body::Table(entries)
}

fn list_of(list: &DeArray<'_>, wrong: &mut Vec<SyntaxError>) -> Body {
    Body::List(list.iter().map(|value| node_of(value, wrong)).collect())
}

fn node_of(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<SyntaxError>) -> Node {
    let span = value.span();
    let body = match value.get_ref() {
        DeValue::String(text) => Body::Text(text.to_string()),
        DeValue::Integer(digits) => integer_of(digits, &span, wrong),
        DeValue::Float(digits) => match digits.as_str().parse() {
            Ok(v) => Body::Real(v),
            Err(_) => refused(format!("'{}' is not a number", digits.as_str()), &span, wrong),
        },
        DeValue::Boolean(on) => Body::Flag(*on),
        DeValue::Datetime(time) => Body::Time(time.to_string()),
        DeValue::Array(list) => list_of(list, wrong),
        DeValue::Table(table) => table_of(table, wrong),
    };
    Node { body, span }
}

fn integer_of(digits: &DeInteger<'_>, span: &Span, wrong: &mut Vec<SyntaxError>) -> Body {
    match i128::from_str_radix(digits.as_str(), digits.radix()) {
        Ok(v) => Body::Integer(v),
        Err(_) => refused(format!("'{}' is too large for a whole number", digits.as_str()), span, wrong),
    }
}

fn refused(what: String, span: &Span, wrong: &mut Vec<SyntaxError>) -> Body {
    wrong.push(SyntaxError { span: span.clone(), what });
    Body::Null
}
