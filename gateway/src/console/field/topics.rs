//! `takt topics`: what a broker really says, with the fields of the last payloads.

use super::connection;
use crate::assemble;
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::run;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::time::Duration;
use takt_adapters::mqtt::probe::{Heard, TopicHeard, WatchLimits, watch_topics};
use takt_config::resolved::ConnectionKind;

/// Topics that are kept: more than anybody reads at once.
const TOPICS_MAX: usize = 2_000;

/// What to listen to.
#[derive(Debug, clap::Args)]
pub(in crate::console) struct Topics {
    /// An MQTT connection of the documents, or an address such as mqtt://broker:1883.
    connection: String,
    /// Which topics.
    #[arg(default_value = "#")]
    filter: String,
    /// How long to listen.
    #[arg(long, default_value_t = 5.0, value_name = "S")]
    seconds: f64,
}

impl Topics {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let connection = connection(&self.connection, "mqtt", context).await?;
        let ConnectionKind::Mqtt(broker) = &connection.kind else {
            bail!("{} is {}; topics are heard on mqtt connections", *connection.id, connection.kind.word());
        };
        let mut options = assemble::broker(&connection, broker, &run::whose(&context.gateway()?))?;
        // A client of its own: with the gateway's name it would throw the gateway out.
        options.client_id = format!("takt-topics-{}", std::process::id());
        let span = Duration::try_from_secs_f64(self.seconds).unwrap_or_default();
        let limits = WatchLimits { span, n_topics_max: TOPICS_MAX };
        eprintln!("takt: listening to {} on {}:{} for {} s", self.filter, options.host, options.port, self.seconds);
        let heard = watch_topics(&options, &self.filter, limits, context.clock).await?;
        Ok(Answer::new(text(&heard), self::json(&heard)))
    }
}

fn text(heard: &Heard) -> String {
    if heard.topics.is_empty() {
        return "nothing was heard; listen longer with --seconds, or to another filter".to_owned();
    }
    let mut lines = Vec::new();
    for (topic, seen) in &heard.topics {
        lines.push(format!("{topic}  {} messages, the last with {} bytes", seen.n_messages, seen.n_bytes));
        if seen.fields.is_empty() {
            lines.push(format!("    {}", printable(seen)));
        }
        // A bare number or text has the empty pointer, which means the whole payload (RFC 6901).
        let field = |(pointer, value): &(String, String)| match pointer.as_str() {
            "" => format!("    {value}"),
            pointer => format!("    {pointer} = {value}"),
        };
        lines.extend(seen.fields.iter().map(field));
    }
    if heard.n_messages_beyond > 0 {
        lines.push(format!("and {} messages of further topics; take a narrower filter", heard.n_messages_beyond));
    }
    lines.join("\n")
}

/// The first bytes as text where they are text, else in hexadecimal.
fn printable(seen: &TopicHeard) -> String {
    match std::str::from_utf8(&seen.first_bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => seen.first_bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

fn json(heard: &Heard) -> Value {
    let topic = |(topic, seen): (&String, &TopicHeard)| {
        let fields: Vec<Value> =
            seen.fields.iter().map(|(pointer, value)| json!({ "pointer": pointer, "value": value })).collect();
        json!({
            "topic": topic, "n_messages": seen.n_messages, "n_bytes": seen.n_bytes,
            "first_bytes": printable(seen), "fields": fields,
        })
    };
    json!({ "topics": heard.topics.iter().map(topic).collect::<Vec<_>>(), "n_messages_beyond": heard.n_messages_beyond })
}
