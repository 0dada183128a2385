//! Messages to frames: finds the groups of a topic and reads the payload for each of them.

use crate::intake::{MessageMark, Reject};
use crate::mqtt::plan::{Bundle, PlainFormat, PlainGroup, Plan, Subscription};
use crate::mqtt::raw;
use crate::mqtt::sink::{Arrival, FrameSink, Spacing, When, ahead_max};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use takt_plant::{Frame, MonoTime, WallTime};

/// Decodes the messages of one connection. Pure: time is an argument, nothing is kept between calls.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    plan: Plan,
}

impl Codec {
    /// A codec for a plan.
    pub fn new(plan: Plan) -> Self {
        Self { plan }
    }

    /// What to subscribe for it.
    pub fn subscriptions(&self) -> &[Subscription] {
        self.plan.subscriptions()
    }

    /// Reads one message. Each group that finds a field in it gives frames, oldest first; what
    /// cannot be read gives rejects. A message that leads to neither is itself a reject.
    ///
    /// Memory is bounded by the payload and by 262,144 readings a message.
    pub fn decode(
        &self,
        topic: &str,
        payload: &[u8],
        arrived_at: WallTime,
        arrived: MonoTime,
        out: &mut Vec<Frame>,
        rejects: &mut Vec<Reject>,
    ) {
        let n_before = out.len() + rejects.len();
        let arrival = Arrival { at: arrived_at, mono: arrived };
        let ahead_max = ahead_max(self.plan.lateness);
        let mut sink = FrameSink { topic, payload, arrival, ahead_max, was_doubtful: false, frames: out, rejects };
        let mut first = None;
        self.plan.topics.find(topic, &mut |number| {
            let bundle = &self.plan.bundles[number as usize];
            first.get_or_insert(bundle);
            bundle.read(payload, &mut sink);
        });
        if sink.frames.len() + sink.rejects.len() == n_before {
            let why = match first {
                None => "no tag reads this topic; the broker may hold a subscription of an earlier configuration: \
                         connect once with clean_session = true to end it"
                    .to_owned(),
                Some(bundle) => nothing_found(bundle, payload),
            };
            sink.reject(why);
        }
    }
}

/// The name of a message by which a redelivery is recognised (B23).
pub fn mark(topic: &str, payload: &[u8], redelivered: bool) -> MessageMark {
    let mut hasher = blake3::Hasher::new();
    hasher.update(topic.as_bytes()).update(&[0]).update(payload);
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    MessageMark { digest, redelivered }
}

impl Bundle {
    fn read(&self, payload: &[u8], sink: &mut FrameSink<'_>) {
        for walker in &self.json {
            walker.read(payload, sink);
        }
        for plain in &self.plain {
            plain.read(payload, sink);
        }
    }
}

impl PlainGroup {
    fn read(&self, payload: &[u8], sink: &mut FrameSink<'_>) {
        match &self.format {
            PlainFormat::Raw(mapping) => raw::read(mapping, self.group, &self.tags, payload, sink),
            PlainFormat::Text(conversion) => match std::str::from_utf8(payload) {
                Ok(text) => {
                    let readings = Box::new([conversion.text(text)]);
                    sink.frame(self.group, &self.tags, readings, When::Arrival(Spacing::Alone));
                }
                Err(_) => sink.reject("not a UTF-8 text; map the topic as raw or json".to_owned()),
            },
        }
    }
}

/// Says which fields were looked for and which are there.
fn nothing_found(bundle: &Bundle, payload: &[u8]) -> String {
    let wanted: Vec<&str> = bundle.json.iter().flat_map(|w| w.pointers()).take(4).collect();
    let there = match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(payload) {
        Ok(keys) if keys.is_empty() => "an empty object".to_owned(),
        Ok(keys) => {
            let shown = |k: &String| format!("/{}", k.chars().take(32).collect::<String>());
            keys.keys().take(8).map(shown).collect::<Vec<_>>().join(", ")
        }
        Err(_) => "no object".to_owned(),
    };
    format!("none of the mapped fields ({}, …) is there; the payload holds {there}", wanted.join(", "))
}
