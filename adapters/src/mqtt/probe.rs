//! What a broker really says: the topics under a filter with their last payloads, for setting up.

use crate::clock::Clock;
use crate::mqtt::connect::{self, ConnectError};
use crate::mqtt::options::{Options, Qos};
use crate::mqtt::packet::{Inbound, WireError};
use crate::mqtt::pipe::Taken;
use crate::mqtt::plan::Subscription;
use crate::mqtt::session::{Session, Step};
use crate::mqtt::sink::FIRST_BYTES_MAX;
use crate::mqtt::topic::{self, InvalidFilter};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::WallTime;

/// Most fields of one payload that are listed.
const FIELDS_MAX: usize = 256;

/// Deepest level of a payload that is listed.
const FIELD_LEVELS_MAX: usize = 8;

/// How long to watch, and how much to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchLimits {
    /// How long to listen.
    pub span: Duration,
    /// Most topics to keep; further ones are only counted.
    pub n_topics_max: usize,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    /// By topic.
    pub topics: BTreeMap<String, TopicHeard>,
    /// Messages of topics beyond the limit.
    pub n_messages_beyond: u64,
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicHeard {
    /// Messages.
    pub n_messages: u64,
    /// Whole length of the last one's payload, or of the whole packet where it was too large.
    pub n_bytes: usize,
    /// Its first bytes, at most 64.
    pub first_bytes: Vec<u8>,
    /// When it came.
    pub arrived_at: WallTime,
    /// The scalar fields of the last payload where it is JSON: pointer and value as text.
    pub fields: Vec<(String, String)>,
}

/// Why nothing was heard.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Not a filter.
    #[error("cannot watch this filter")]
    Filter(#[source] InvalidFilter),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The broker refuses the subscription.
    #[error("the broker refused the subscription ({0}); check the user's rights to this topic")]
    Refused(String),
    /// The connection was lost.
    #[error("the connection was lost: {0}")]
    Lost(String),
}

impl From<WireError> for WatchError {
    fn from(error: WireError) -> Self {
        Self::Lost(error.to_string())
    }
}

/// Listens to a filter for a while, with QoS 0 and a clean session. Memory is bounded by the limits.
///
/// Give options with a client id of their own: watching with the gateway's would throw it out.
pub async fn watch_topics(
    options: &Options,
    filter: &str,
    limits: WatchLimits,
    clock: Clock,
) -> Result<Heard, WatchError> {
    topic::check_filter(filter).map_err(WatchError::Filter)?;
    let options = Options { clean_session: true, last_will: None, ..options.clone() };
    let mut heard = Heard::default();
    let listening = listen(&options, filter, limits, clock, &mut heard);
    match tokio::time::timeout(limits.span, listening).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(heard),
    }
}

async fn listen(
    options: &Options,
    filter: &str,
    limits: WatchLimits,
    clock: Clock,
    heard: &mut Heard,
) -> Result<(), WatchError> {
    let accepted = connect::connect(options).await?;
    let mut pipe = accepted.pipe;
    let mut session = Session::new(options, accepted.ack.limits, &[])?;
    let subscription = Subscription { filter: filter.to_owned(), qos: Qos::AtMostOnce };
    session.subscribe(&[subscription], false)?;
    loop {
        while let Some(taken) = pipe.take()? {
            match taken {
                Taken::Packet(Inbound::Message(m)) => {
                    heard.take(m.topic.as_str(), &m.payload, m.payload.len(), limits, clock.wall());
                }
                Taken::Oversized(o) => heard.take(&o.topic, &o.first_bytes, o.n_bytes, limits, clock.wall()),
                Taken::Packet(packet) => match session.on(packet)? {
                    Step::Subscribed(refused) if !refused.is_empty() => {
                        return Err(WatchError::Refused(refused[0].1.clone()));
                    }
                    Step::Goodbye { why, .. } => return Err(WatchError::Lost(why)),
                    _ => {}
                },
            }
        }
        pipe.shift(&mut session.outbox).await.map_err(|e| WatchError::Lost(e.to_string()))?;
    }
}

impl Heard {
    fn take(&mut self, topic: &str, payload: &[u8], n_bytes: usize, limits: WatchLimits, arrived_at: WallTime) {
        let n_before = match self.topics.get(topic) {
            Some(known) => known.n_messages,
            None if self.topics.len() < limits.n_topics_max => 0,
            None => {
                self.n_messages_beyond += 1;
                return;
            }
        };
        let mut fields = vec![];
        if let Ok(value) = serde_json::from_slice(payload) {
            list(&value, &mut String::new(), 0, &mut fields);
        }
        let first_bytes = payload[..payload.len().min(FIRST_BYTES_MAX)].to_vec();
        let seen = TopicHeard { n_messages: n_before + 1, n_bytes, first_bytes, arrived_at, fields };
        self.topics.insert(topic.to_owned(), seen);
    }
}

fn list(value: &Value, pointer: &mut String, level: usize, fields: &mut Vec<(String, String)>) {
    if fields.len() >= FIELDS_MAX || level > FIELD_LEVELS_MAX {
        return;
    }
    let mut below = |name: &str, value: &Value, fields: &mut Vec<(String, String)>| {
        let n = pointer.len();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        list(value, pointer, level + 1, fields);
        pointer.truncate(n);
    };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| below(name, value, fields)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| below(&i.to_string(), value, fields));
        }
        scalar => fields.push((pointer.clone(), scalar.to_string().chars().take(FIRST_BYTES_MAX).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_listed_by_pointer_and_topics_are_bounded() {
        let limits = WatchLimits { span: Duration::ZERO, n_topics_max: 1 };
        let mut heard = Heard::default();
        let payload = br#"{"a/b":{"~":[1,"x"]},"z":null}"#;
        for topic in ["t", "t", "u"] {
            heard.take(topic, payload, payload.len(), limits, WallTime::from_ns(0));
        }
        let seen = &heard.topics["t"];
        assert_eq!((heard.topics.len(), seen.n_messages, heard.n_messages_beyond), (1, 2, 1));
        let fields: Vec<(&str, &str)> = seen.fields.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("/a~1b/~0/0", "1"), ("/a~1b/~0/1", "\"x\""), ("/z", "null")]);
    }
}
