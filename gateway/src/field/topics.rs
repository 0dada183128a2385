//! What a broker really says: its topics, with the fields of their payloads.

use super::asked::FieldError;
use crate::assemble::{self, Whose};
use crate::payload::time_text;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_adapters::Clock;
use takt_adapters::mqtt::Options;
use takt_adapters::mqtt::probe::{self, Message, TopicHeard, WatchError, WatchLimits, watch_topics};
use takt_config::resolved::{Connection, ConnectionKind};
use utoipa::ToSchema;

/// Topics that are kept: more than anybody reads at once.
const TOPICS_MAX: usize = 2_000;
/// Bytes that are kept of them.
const BYTES_MAX: usize = 4 << 20;

/// What was heard of a broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopicsHeard {
    /// By name.
    pub topics: Vec<HeardTopic>,
    /// Messages of topics beyond 2,000 topics or 4 MB; take a narrower filter to see them.
    pub n_messages_beyond: u64,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeardTopic {
    /// The topic.
    pub topic: String,
    /// Messages on it.
    pub n_messages: u64,
    /// Whole length of a payload.
    pub n_bytes: u64,
    /// Its first bytes, as text where they are text, else in hexadecimal.
    pub first_bytes: String,
    /// When it came.
    pub at: String,
    /// Its fields, where it is JSON: each could be a tag.
    pub fields: Vec<HeardField>,
}

/// A field of a JSON payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeardField {
    /// Where it stands, as a JSON Pointer; empty for the whole payload.
    pub pointer: String,
    /// Its value as text.
    pub value: String,
    /// What it is.
    pub kind: FieldKind,
}

/// What a field of a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A text that writes a number.
    NumberAsText,
    /// A text that writes a time.
    Time,
    /// Any other text.
    Text,
    /// Nothing.
    Null,
}

/// Listens to a filter for a while.
///
/// # Errors
/// That it is no broker, or what the broker said.
pub async fn listen(
    connection: &Connection,
    filter: &str,
    span: Duration,
    whose: &Whose,
    clock: Clock,
) -> Result<TopicsHeard, FieldError> {
    let options = client(connection, whose, clock)?;
    let limits = WatchLimits { span, n_topics_max: TOPICS_MAX, n_bytes_max: BYTES_MAX };
    let heard = watch_topics(&options, filter, limits, clock).await.map_err(|error| silent(&error))?;
    let topics = heard.topics.iter().map(|(topic, seen)| shown(topic, seen)).collect();
    Ok(TopicsHeard { topics, n_messages_beyond: heard.n_messages_beyond })
}

/// The first message under a filter; `None` where none came in time.
///
/// # Errors
/// That it is no broker, or what the broker said.
pub async fn first_message(
    connection: &Connection,
    filter: &str,
    span: Duration,
    whose: &Whose,
    clock: Clock,
) -> Result<Option<Message>, FieldError> {
    let options = client(connection, whose, clock)?;
    probe::first_message(&options, filter, span).await.map_err(|error| silent(&error))
}

/// A client id of its own: with the gateway's name it would throw the gateway out.
pub(super) fn visitor_id(clock: Clock) -> String {
    format!("takt-look-{}-{}", std::process::id(), clock.mono().as_ns())
}

fn client(connection: &Connection, whose: &Whose, clock: Clock) -> Result<Options, FieldError> {
    let ConnectionKind::Mqtt(broker) = &connection.kind else {
        return Err(FieldError::wrong(
            format!("{} is {}; topics are heard on mqtt connections", *connection.id, connection.kind.word()),
            "ask an mqtt connection, or read registers",
        ));
    };
    let mut options = assemble::broker(connection, broker, whose)?;
    options.client_id = visitor_id(clock);
    Ok(options)
}

fn silent(error: &WatchError) -> FieldError {
    let text = crate::loader::sentence(error);
    match error {
        WatchError::Filter(_) => FieldError::wrong(text, "write a filter such as press-3/# or +/temperature"),
        _ => FieldError::Silent { error: text, hint: "try the connection step by step".to_owned() },
    }
}

fn shown(topic: &str, seen: &TopicHeard) -> HeardTopic {
    let field = |(pointer, value): &(String, String)| HeardField {
        pointer: pointer.clone(),
        value: value.clone(),
        kind: kind(value),
    };
    HeardTopic {
        topic: topic.to_owned(),
        n_messages: seen.n_messages,
        n_bytes: seen.n_bytes as u64,
        first_bytes: printable(&seen.first_bytes),
        at: time_text(seen.arrived_at),
        fields: seen.fields.iter().map(field).collect(),
    }
}

/// The first bytes as text where they are text, else in hexadecimal.
pub(super) fn printable(bytes: &[u8]) -> String {
    // The last character may be cut in the middle.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    match text {
        Some(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

/// What a value is, from its JSON text; a long text is cut, so its end says nothing.
fn kind(value: &str) -> FieldKind {
    match value {
        "null" => FieldKind::Null,
        "true" | "false" => FieldKind::Flag,
        _ => match value.strip_prefix('"') {
            None => FieldKind::Number,
            Some(text) => {
                let text = text.trim_end_matches('"');
                if text.parse::<f64>().is_ok() {
                    FieldKind::NumberAsText
                } else if text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok() {
                    FieldKind::Time
                } else {
                    FieldKind::Text
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_say_what_they_are() {
        for (value, expected) in [
            ("1.5", FieldKind::Number),
            ("true", FieldKind::Flag),
            ("null", FieldKind::Null),
            ("\"17\"", FieldKind::NumberAsText),
            ("\"2026-01-02T03:04:05Z\"", FieldKind::Time),
            ("\"2026-01-02 03:04:05\"", FieldKind::Time),
            ("\"running\"", FieldKind::Text),
        ] {
            assert_eq!(kind(value), expected, "{value}");
        }
    }

    #[test]
    fn bytes_are_shown_as_text_where_they_are_text() {
        assert_eq!(printable(b"{\"a\": 1}"), "{\"a\": 1}");
        assert_eq!(printable("21 °C".as_bytes()), "21 °C");
        assert_eq!(printable(&"°".as_bytes()[..1]), "");
        assert_eq!(printable(&[0, 255]), "00 ff");
    }
}
