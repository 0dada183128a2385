//! Single values: texts, numbers, names, times, sizes, secrets.

use super::decode::{Collector, Written, shown};
use crate::secret::{Pem, SecretRef};
use crate::tree::{Body, Node};
use schemars::{Schema, SchemaGenerator, json_schema};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::{CheckId, ConnectionId, GatewayId, LineId, ModelId, OutputId, SiteId, TagId, Value};

impl Written for String {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.text() {
            Some(text) => Some(text.to_owned()),
            None => to.refuse_sort(node, "a text", "put it in quotes"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Written for PathBuf {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.text() {
            Some("") => to.refuse(node, "the path is empty", "write a path, or leave the key out"),
            Some(text) => Some(Self::from(text)),
            None => to.refuse_sort(node, "a path", "put it in quotes"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Written for bool {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            Body::Flag(on) => Some(on),
            _ => to.refuse_sort(node, "true or false", "write true or false, without quotes"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

impl Written for f64 {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.body {
            #[expect(clippy::cast_precision_loss, reason = "settings are far below 2^53")]
            Body::Integer(v) => Some(v as f64),
            Body::Real(v) if v.is_finite() => Some(v),
            Body::Real(_) => to.refuse(node, "the number is not finite", "write a finite number"),
            _ => to.refuse_sort(node, "a number", "write a number, without quotes"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Written for Whole<MIN, MAX> {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        let Body::Integer(v) = node.body else {
            let hint = format!("write a number from {MIN} to {MAX}, without quotes");
            return to.refuse_sort(node, "a whole number", &hint);
        };
        match u32::try_from(v) {
            Ok(v) if (MIN..=MAX).contains(&v) => Some(Self(v)),
            _ if MIN == MAX => to.refuse(node, format!("{v} is not possible here"), format!("write {MIN}")),
            _ => to.refuse(node, format!("{v} is out of range"), format!("write a number from {MIN} to {MAX}")),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl Written for Duration {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write a number and its unit, such as \"20ms\", \"1.5s\", \"2m\", \"1h\" or \"7d\"";
        let text = match &node.body {
            Body::Text(text) => text,
            Body::Integer(v) => return to.refuse(node, format!("{v} has no unit"), HINT),
            Body::Real(v) => return to.refuse(node, format!("{v} has no unit"), HINT),
            _ => return to.refuse_sort(node, "a duration", HINT),
        };
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        let span = text.trim().parse::<jiff::Span>().and_then(|span| span.to_duration(days));
        match span.map(Duration::try_from) {
            Ok(Ok(duration)) => Some(duration),
            Ok(Err(_)) => to.refuse(node, format!("\"{}\" is negative", shown(text)), "a duration is never negative"),
            Err(_) => to.refuse(node, format!("\"{}\" is not a duration", shown(text)), HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]",
            "examples": ["20ms", "1.5s", "2m", "1h", "7d"],
        })
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub u64);

impl Written for Bytes {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write a number and its unit, such as \"500MB\", \"10GB\" or \"8GiB\"";
        match &node.body {
            Body::Integer(v) => match u64::try_from(*v) {
                Ok(v) => Some(Self(v)),
                Err(_) => to.refuse(node, format!("{v} bytes are not possible"), HINT),
            },
            Body::Text(text) => match text.parse::<bytesize::ByteSize>() {
                Ok(size) => Some(Self(size.as_u64())),
                Err(_) => to.refuse(node, format!("\"{}\" is not a number of bytes", shown(text)), HINT),
            },
            _ => to.refuse_sort(node, "a number of bytes", HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "minimum": 0, "examples": ["500MB", "10GB", "8GiB"] })
    }
}

impl Written for SocketAddr {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        const HINT: &str = "write an address and a port, such as \"127.0.0.1:8520\"";
        let Some(text) = node.text() else { return to.refuse_sort(node, "an address", HINT) };
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => to.refuse(node, format!("\"{}\" is not an IP address with a port", shown(text)), HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["127.0.0.1:8520", "[::1]:8520"] })
    }
}

const SECRET_PATTERN: &str = "^secret:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";

impl Written for SecretRef {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        // What stands here may be the secret itself, so no message may repeat it.
        const HINT: &str = "write \"secret:NAME\" and keep the secret itself outside of documents: in a file NAME \
            of the secrets folder (mode 0600), as a systemd credential, or in the environment";
        let Some(text) = node.text() else { return to.refuse_sort(node, "the name of a secret", HINT) };
        match Self::parse(text) {
            Some(secret) => Some(secret),
            None if text.starts_with("secret:") => to.refuse(
                node,
                "the name after `secret:` is not possible",
                "use letters, digits, '_', '-' and '.', beginning with a letter or digit, at most 64",
            ),
            None => to.refuse(node, "a secret must not stand in a document in clear", HINT),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": SECRET_PATTERN })
    }
}

impl Written for Pem {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match node.text() {
            Some(text) if text.contains("-----BEGIN") => to.refuse(
                node,
                "a certificate or key must not stand in a document",
                "write the path of its PEM file, or \"secret:NAME\"",
            ),
            Some(text) if text.starts_with("secret:") => SecretRef::decode(node, to).map(Self::Secret),
            _ => PathBuf::decode(node, to).map(Self::File),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["/etc/takt/ca.pem", "secret:broker-key"] })
    }
}

impl Written for Value {
    fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
        match &node.body {
            Body::Flag(on) => Some(Self::Flag(*on)),
            Body::Real(_) => f64::decode(node, to).map(Self::Real),
            Body::Text(text) => Some(Self::Text(text.as_str().into())),
            Body::Integer(v) => match (i64::try_from(*v), u64::try_from(*v)) {
                (Ok(v), _) => Some(Self::Integer(v)),
                (_, Ok(v)) => Some(Self::Unsigned(v)),
                _ => to.refuse(node, format!("{v} needs more than 64 bits"), "write a smaller number"),
            },
            _ => to.refuse_sort(node, "true, false, a number or a text", "write a single value"),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "number", "string"] })
    }
}

macro_rules! names {
    ($($id:ident)*) => {$(
        impl Written for $id {
            fn decode(node: &Node, to: &mut Collector) -> Option<Self> {
                let Some(text) = node.text() else { return to.refuse_sort(node, "a name", "put it in quotes") };
                match Self::new(text) {
                    Ok(id) => Some(id),
                    Err(why) => to.refuse(node, format!("\"{}\" is no name", shown(text)), why.to_string()),
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" })
            }
        }
    )*};
}

names! { CheckId ConnectionId GatewayId LineId ModelId OutputId SiteId TagId }
