//! A tag's value as a snapshot keeps it: the vocabulary itself is not serialisable.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use takt_plant::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum ValueKept {
    Real(f64),
    Integer(i64),
    Unsigned(u64),
    Flag(bool),
    Text(Arc<str>),
}

impl ValueKept {
    /// Zero, false or the empty text: the low side of an edge.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Real(v) => *v == 0.0,
            Self::Integer(v) => *v == 0,
            Self::Unsigned(v) => *v == 0,
            Self::Flag(v) => !v,
            Self::Text(v) => v.is_empty(),
        }
    }
}

impl From<&Value> for ValueKept {
    fn from(value: &Value) -> Self {
        match value {
            Value::Real(v) => Self::Real(*v),
            Value::Integer(v) => Self::Integer(*v),
            Value::Unsigned(v) => Self::Unsigned(*v),
            Value::Flag(v) => Self::Flag(*v),
            Value::Text(v) => Self::Text(Arc::clone(v)),
        }
    }
}

impl From<ValueKept> for Value {
    fn from(value: ValueKept) -> Self {
        match value {
            ValueKept::Real(v) => Self::Real(v),
            ValueKept::Integer(v) => Self::Integer(v),
            ValueKept::Unsigned(v) => Self::Unsigned(v),
            ValueKept::Flag(v) => Self::Flag(v),
            ValueKept::Text(v) => Self::Text(v),
        }
    }
}
