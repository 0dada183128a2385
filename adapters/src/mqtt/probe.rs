//! What a broker really says: the topics under a filter with their last payloads, for setting up.

use crate::clock::Clock;
use crate::mqtt::connect::{self, Accepted, ConnectError};
use crate::mqtt::options::{Options, Qos};
use crate::mqtt::packet::{Inbound, WireError};
use crate::mqtt::pipe::Taken;
use crate::mqtt::plan::Subscription;
use crate::mqtt::session::{Session, Step};
use crate::mqtt::sink::FIRST_BYTES_MAX;
use crate::mqtt::topic::{self, InvalidFilter};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;
use takt_plant::WallTime;

/// Most fields of one payload that are listed.
const FIELDS_MAX: usize = 256;

/// Deepest level of a payload that is listed.
const FIELD_LEVELS_MAX: usize = 8;

/// Time between two looks into the payloads of one topic.
const LOOK_EVERY_NS: i64 = 250_000_000;

/// How long to watch, and how much to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchLimits {
    /// How long to listen.
    pub span: Duration,
    /// Most topics to keep; further ones are only counted.
    pub n_topics_max: usize,
    /// Most bytes to keep of all topics; beyond half of it a topic is kept without its fields, beyond all of it
    /// only counted.
    pub n_bytes_max: usize,
}

/// One message, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    /// By topic.
    pub topics: BTreeMap<String, TopicHeard>,
    /// Messages of topics beyond the limits.
    pub n_messages_beyond: u64,
    /// What is kept.
    n_kept_bytes: usize,
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
    /// The scalar fields of a payload, at most 250 ms old, where it is JSON: pointer and value as text.
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
    let options = visitor(options);
    let mut heard = Heard::default();
    let mut take = |event: Event<'_>| {
        if let Event::Message { topic, payload, n_bytes } = event {
            heard.take(topic, payload, n_bytes, limits, clock.wall());
        }
        ControlFlow::Continue(())
    };
    let listening = async { listen(connect::connect(&options).await?, &options, filter, &mut take).await };
    match tokio::time::timeout(limits.span, listening).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(heard),
    }
}

/// The first message under a filter, retained or new, whole; `None` where none came in time.
pub async fn first_message(options: &Options, filter: &str, span: Duration) -> Result<Option<Message>, WatchError> {
    topic::check_filter(filter).map_err(WatchError::Filter)?;
    let options = visitor(options);
    let mut found = None;
    let mut take = |heard: Event<'_>| match heard {
        Event::Message { topic, payload, n_bytes } if payload.len() == n_bytes => {
            found = Some(Message { topic: topic.to_owned(), payload: payload.to_vec() });
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    };
    let listening = async { listen(connect::connect(&options).await?, &options, filter, &mut take).await };
    match tokio::time::timeout(span, listening).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(found),
    }
}

/// A client that leaves nothing behind: no session, no last will.
pub(super) fn visitor(options: &Options) -> Options {
    Options { clean_session: true, last_will: None, ..options.clone() }
}

/// What a listener hears.
pub(super) enum Event<'a> {
    /// The broker has accepted the subscription.
    Subscribed,
    /// A message; of one that is too large only the first bytes.
    Message { topic: &'a str, payload: &'a [u8], n_bytes: usize },
}

/// Subscribes and hands over what comes, until `take` has enough.
pub(super) async fn listen(
    accepted: Accepted,
    options: &Options,
    filter: &str,
    take: &mut (dyn FnMut(Event<'_>) -> ControlFlow<()> + Send),
) -> Result<(), WatchError> {
    let mut pipe = accepted.pipe;
    let mut session = Session::new(options, accepted.ack.limits, &[])?;
    let subscription = Subscription { filter: filter.to_owned(), qos: Qos::AtMostOnce };
    session.subscribe(&[subscription], false)?;
    loop {
        while let Some(taken) = pipe.take()? {
            let flow = match taken {
                Taken::Packet(Inbound::Message(m)) => {
                    take(Event::Message { topic: m.topic.as_str(), payload: &m.payload, n_bytes: m.payload.len() })
                }
                Taken::Oversized(o) => {
                    take(Event::Message { topic: &o.topic, payload: &o.first_bytes, n_bytes: o.n_bytes })
                }
                Taken::Packet(packet) => match session.on(packet)? {
                    Step::Subscribed(refused) if refused.is_empty() => take(Event::Subscribed),
                    Step::Subscribed(refused) => return Err(WatchError::Refused(refused[0].1.clone())),
                    Step::Goodbye { why, .. } => return Err(WatchError::Lost(why)),
                    _ => ControlFlow::Continue(()),
                },
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        pipe.shift(&mut session.outbox).await.map_err(|e| WatchError::Lost(e.to_string()))?;
    }
}

impl Heard {
    fn take(&mut self, topic: &str, payload: &[u8], n_bytes: usize, limits: WatchLimits, arrived_at: WallTime) {
        // Each payload is looked at no more often than a person can see it change.
        if let Some(known) = self.topics.get_mut(topic)
            && arrived_at.as_ns().saturating_sub(known.arrived_at.as_ns()) < LOOK_EVERY_NS
        {
            known.n_messages += 1;
            return;
        }
        let known = self.topics.get(topic);
        let (n_before, n_kept_before) = known.map_or((0, 0), |known| (known.n_messages, known.n_kept_bytes(topic)));
        let mut fields = vec![];
        if let Ok(value) = serde_json::from_slice(payload) {
            list(&value, &mut String::new(), 0, &mut fields);
        }
        let first_bytes = payload[..payload.len().min(FIRST_BYTES_MAX)].to_vec();
        let mut seen = TopicHeard { n_messages: n_before + 1, n_bytes, first_bytes, arrived_at, fields };
        let others = self.n_kept_bytes - n_kept_before;
        // That a topic is there matters more than its fields, so half of the room is for topics alone.
        if others + seen.n_kept_bytes(topic) > limits.n_bytes_max / 2 {
            seen.fields = vec![];
        }
        let is_over =
            others + seen.n_kept_bytes(topic) > limits.n_bytes_max || self.topics.len() >= limits.n_topics_max;
        if n_before == 0 && is_over {
            self.n_messages_beyond += 1;
            return;
        }
        self.n_kept_bytes = others + seen.n_kept_bytes(topic);
        self.topics.insert(topic.to_owned(), seen);
    }
}

impl TopicHeard {
    /// What it takes in memory, with room for the keeping itself.
    fn n_kept_bytes(&self, topic: &str) -> usize {
        let fields: usize = self.fields.iter().map(|(pointer, value)| pointer.len() + value.len() + 64).sum();
        topic.len() + self.first_bytes.len() + fields + 128
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

    fn limits(n_topics_max: usize, n_bytes_max: usize) -> WatchLimits {
        WatchLimits { span: Duration::ZERO, n_topics_max, n_bytes_max }
    }

    #[test]
    fn fields_are_listed_by_pointer_and_topics_are_bounded() {
        let mut heard = Heard::default();
        let payload = br#"{"a/b":{"~":[1,"x"]},"z":null}"#;
        for topic in ["t", "t", "u"] {
            heard.take(topic, payload, payload.len(), limits(1, 1 << 20), WallTime::from_ns(0));
        }
        let seen = &heard.topics["t"];
        assert_eq!((heard.topics.len(), seen.n_messages, heard.n_messages_beyond), (1, 2, 1));
        let fields: Vec<(&str, &str)> = seen.fields.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("/a~1b/~0/0", "1"), ("/a~1b/~0/1", "\"x\""), ("/z", "null")]);
    }

    #[test]
    fn what_is_kept_stays_within_its_bytes() {
        let mut heard = Heard::default();
        let payload = format!("{{{}}}", (0..200).map(|i| format!("\"field_{i}\":{i}")).collect::<Vec<_>>().join(","));
        for i in 0..1_000 {
            for s in 0..3 {
                let at = WallTime::from_ns(s * 1_000_000_000);
                heard.take(&format!("t/{i}"), payload.as_bytes(), payload.len(), limits(900, 100_000), at);
            }
        }
        let kept: usize = heard.topics.iter().map(|(topic, seen)| seen.n_kept_bytes(topic)).sum();
        assert_eq!(kept, heard.n_kept_bytes);
        assert!(kept <= 100_000 && heard.topics.len() > 100, "{kept} bytes of {} topics", heard.topics.len());
        assert!(!heard.topics["t/0"].fields.is_empty() && heard.topics["t/100"].fields.is_empty());
        let counted: u64 = heard.topics.values().map(|seen| seen.n_messages).sum();
        assert_eq!(counted + heard.n_messages_beyond, 3_000, "every message is counted");
    }
}
