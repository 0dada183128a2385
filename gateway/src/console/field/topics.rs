//! `takt topics`: what a broker really says, with the fields of the last payloads.

use super::{connection, said};
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::documents;
use crate::field::{self, HeardField, TopicsHeard};
use anyhow::Result;
use std::time::Duration;

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
        let span = Duration::try_from_secs_f64(self.seconds).unwrap_or_default();
        eprintln!("takt: listening to {} of {} for {} s", self.filter, *connection.id, self.seconds);
        let whose = documents::whose(&context.gateway()?);
        let heard = field::listen(&connection, &self.filter, span, &whose, context.clock).await.map_err(said)?;
        Ok(Answer::new(text(&heard), serde_json::to_value(&heard)?))
    }
}

fn text(heard: &TopicsHeard) -> String {
    if heard.topics.is_empty() {
        return "nothing was heard; listen longer with --seconds, or to another filter".to_owned();
    }
    let mut lines = Vec::new();
    for seen in &heard.topics {
        lines.push(format!("{}  {} messages, the last with {} bytes", seen.topic, seen.n_messages, seen.n_bytes));
        if seen.fields.is_empty() {
            lines.push(format!("    {}", seen.first_bytes));
        }
        // A bare number or text has the empty pointer, which means the whole payload (RFC 6901).
        let field = |field: &HeardField| match field.pointer.as_str() {
            "" => format!("    {}", field.value),
            pointer => format!("    {pointer} = {}", field.value),
        };
        lines.extend(seen.fields.iter().map(field));
    }
    if heard.n_messages_beyond > 0 {
        lines.push(format!("and {} messages of further topics; take a narrower filter", heard.n_messages_beyond));
    }
    lines.join("\n")
}
