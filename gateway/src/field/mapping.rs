//! What a mapping makes of a message, by the very code that will read it (B20).

use super::asked::{FieldError, WrittenConnection};
use super::topics::printable;
use crate::assemble::{DriverPlan, Whose};
use crate::board::show::reading_parts;
use crate::documents::provisional;
use crate::payload::time_text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use takt_adapters::Clock;
use takt_adapters::mqtt::codec::Codec;
use takt_adapters::mqtt::probe::Message;
use takt_config::Resolved;
use takt_config::resolved::TagSource;
use takt_plant::Frame;
use utoipa::ToSchema;

/// Readings of one tag that are shown.
const READINGS_MAX: usize = 20;
/// Bytes of a payload that are shown.
const SHOWN_BYTES_MAX: usize = 4_000;

/// What a mapping makes of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappingPreview {
    /// The message's topic.
    pub topic: String,
    /// Its length.
    pub n_bytes: u64,
    /// Its beginning, as text where it is text, else in hexadecimal.
    pub payload: String,
    /// The tags, in the order in which they were sent.
    pub tags: Vec<MappedTag>,
    /// What could not be read, and why.
    pub rejects: Vec<String>,
}

/// What becomes of one tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappedTag {
    /// The tag.
    pub tag: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Samples in the message; 0 where it says nothing about this tag.
    pub n: u64,
    /// The first 20 of them.
    pub readings: Vec<MappedReading>,
}

/// One sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappedReading {
    /// Its source time.
    pub at: String,
    /// `good`, `uncertain` or `bad`.
    pub quality: String,
    /// Why it is not good.
    pub why: Option<String>,
    /// Its value; null where it is bad.
    pub value: Option<Value>,
}

/// Maps a message to tags as they would be written.
///
/// # Errors
/// Everything that is wrong with connection and tags.
pub fn map(
    connection: &WrittenConnection,
    tags: &[Value],
    message: &Message,
    whose: &Whose,
    clock: Clock,
) -> Result<MappingPreview, FieldError> {
    let documents = connection.with_tags(tags)?;
    let codec = codec(&documents, whose)?;
    let (mut frames, mut rejects) = (Vec::new(), Vec::new());
    codec.decode(&message.topic, &message.payload, clock.wall(), clock.mono(), &mut frames, &mut rejects);
    let mut mapped: Vec<MappedTag> = documents.lines[0]
        .tags
        .iter()
        .map(|tag| MappedTag { tag: tag.id.to_string(), unit: tag.unit.clone(), n: 0, readings: Vec::new() })
        .collect();
    frames.iter().for_each(|frame| take(frame, &mut mapped));
    Ok(MappingPreview {
        topic: message.topic.clone(),
        n_bytes: message.payload.len() as u64,
        payload: printable(&message.payload[..message.payload.len().min(SHOWN_BYTES_MAX)]),
        tags: mapped,
        rejects: rejects.into_iter().map(|reject| reject.why).collect(),
    })
}

/// A topic that the tags listen to: their first one, with a word in place of each wildcard.
///
/// # Errors
/// Everything that is wrong with connection and tags.
pub fn sample_topic(connection: &WrittenConnection, tags: &[Value]) -> Result<String, FieldError> {
    let filter = first_filter(&connection.with_tags(tags)?)?;
    let rest = match filter.strip_prefix("$share/") {
        Some(shared) => shared.split_once('/').map_or(shared, |(_, rest)| rest),
        None => filter.as_str(),
    };
    let word = |level| if matches!(level, "+" | "#") { "any" } else { level };
    Ok(rest.split('/').map(word).collect::<Vec<_>>().join("/"))
}

impl WrittenConnection {
    /// The first topic filter of tags as they would be written.
    ///
    /// # Errors
    /// Everything that is wrong with connection and tags.
    pub fn filter_of(&self, tags: &[Value]) -> Result<String, FieldError> {
        first_filter(&self.with_tags(tags)?)
    }
}

fn first_filter(documents: &Resolved) -> Result<String, FieldError> {
    let tags = documents.lines.iter().flat_map(|line| &line.tags);
    let mut topics = tags.filter_map(|tag| match &tag.source {
        TagSource::Mqtt(source) => Some(source.topic.value.clone()),
        TagSource::Modbus(_) | TagSource::Replay(_) => None,
    });
    topics.next().ok_or_else(nothing)
}

fn nothing() -> FieldError {
    FieldError::wrong("there is no tag of an mqtt connection in it", "send at least one tag with a topic")
}

fn codec(documents: &Resolved, whose: &Whose) -> Result<Codec, FieldError> {
    if documents.lines.is_empty() {
        return Err(nothing());
    }
    let cells = provisional(documents, whose)?;
    let mut connections = cells.into_iter().flat_map(|cell| cell.connections);
    let found = connections.find_map(|connection| match connection.driver {
        DriverPlan::Mqtt { plan, .. } => Some(Codec::new(plan)),
        DriverPlan::Modbus(_) | DriverPlan::Replay(_) => None,
    });
    found.ok_or_else(nothing)
}

fn take(frame: &Frame, tags: &mut [MappedTag]) {
    for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
        let Some(tag) = tags.get_mut(slot.0 as usize) else { continue };
        tag.n += 1;
        if tag.readings.len() < READINGS_MAX {
            let (quality, why, value) = reading_parts(reading);
            tag.readings.push(MappedReading { at: time_text(frame.at), quality: quality.to_owned(), why, value });
        }
    }
}
