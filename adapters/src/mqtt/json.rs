//! JSON payloads: the compiled mapping of one or more groups, and the frames it makes of a payload.

use crate::mqtt::fill::{At, Filler, READINGS_MAX, Row, Stop};
use crate::mqtt::mapping::{Field, JsonMapping, Layout, Scope, TimeSource};
use crate::mqtt::pointer::{InvalidPointer, Node, Target};
use crate::mqtt::sink::{FrameSink, Spacing, When};
use crate::mqtt::walk::Walk;
use serde::de::DeserializeSeed;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{Fault, GroupSlot, Reading, TagSlot};

/// How one payload is walked. Groups of [`Layout::One`] share a walker, so that a message that feeds
/// several lines is walked once; the other layouts have one each.
#[derive(Debug, Clone)]
pub(super) struct Walker {
    root: Node,
    groups: Vec<WalkedGroup>,
    layout: WalkedLayout,
}

#[derive(Debug, Clone)]
struct WalkedGroup {
    group: GroupSlot,
    tags: Arc<[TagSlot]>,
    pointers: Arc<[String]>,
    stamped: Option<Scope>,
    step: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WalkedLayout {
    One,
    Each,
    Columns,
}

/// With [`Layout::Each`], row 0 takes the sample's cells and row 1 those of the message.
const MESSAGE_ROW: u32 = 1;

impl Walker {
    /// A walker for groups of [`Layout::One`], to be filled by [`Walker::add`].
    pub fn one() -> Self {
        Self { root: Node::default(), groups: vec![], layout: WalkedLayout::One }
    }

    /// Adds a group of [`Layout::One`].
    pub fn add(&mut self, group: GroupSlot, tags: Arc<[TagSlot]>, mapping: &JsonMapping) -> Result<(), InvalidPointer> {
        let number = u32::try_from(self.groups.len()).expect("fewer than 2^32 groups");
        for (column, field) in numbered(&mapping.fields) {
            self.root.at(&field.pointer)?.targets.push(target(number, column, field));
        }
        if let TimeSource::Field { pointer, stamp, .. } = &mapping.time.source {
            let stamp = Target::Stamp { group: number, stamp: stamp.clone() };
            self.root.at(pointer)?.targets.push(stamp);
        }
        self.groups.push(WalkedGroup::new(group, tags, mapping));
        Ok(())
    }

    /// Whether groups of [`Layout::One`] can be added.
    pub fn is_one(&self) -> bool {
        self.layout == WalkedLayout::One
    }

    /// A walker for one group of another layout.
    pub fn alone(group: GroupSlot, tags: Arc<[TagSlot]>, mapping: &JsonMapping) -> Result<Self, InvalidPointer> {
        match &mapping.layout {
            Layout::One => {
                let mut walker = Self::one();
                walker.add(group, tags, mapping)?;
                Ok(walker)
            }
            Layout::Columns => {
                let mut walker = Self::one();
                walker.add(group, tags, mapping)?;
                walker.layout = WalkedLayout::Columns;
                Ok(walker)
            }
            Layout::Each { samples } => Self::each(group, tags, mapping, samples),
        }
    }

    fn each(
        group: GroupSlot,
        tags: Arc<[TagSlot]>,
        mapping: &JsonMapping,
        samples: &str,
    ) -> Result<Self, InvalidPointer> {
        let (mut root, mut element) = (Node::default(), Node::default());
        for (column, field) in numbered(&mapping.fields) {
            let (tree, row) = match field.scope {
                Scope::Sample => (&mut element, 0),
                Scope::Message => (&mut root, MESSAGE_ROW),
            };
            tree.at(&field.pointer)?.targets.push(target(row, column, field));
        }
        if let TimeSource::Field { pointer, scope, stamp } = &mapping.time.source {
            let (tree, row) = match scope {
                Scope::Sample => (&mut element, 0),
                Scope::Message => (&mut root, MESSAGE_ROW),
            };
            tree.at(pointer)?.targets.push(Target::Stamp { group: row, stamp: stamp.clone() });
        }
        root.at(samples)?.samples = Some(Box::new(element));
        Ok(Self { root, groups: vec![WalkedGroup::new(group, tags, mapping)], layout: WalkedLayout::Each })
    }

    /// Walks a payload and hands its frames to the sink.
    pub fn read(&self, payload: &[u8], sink: &mut FrameSink<'_>) {
        let walked = self.walk(payload).or_else(|error| match quote_non_finite(payload) {
            Some(quoted) => self.walk(&quoted),
            None => Err(error),
        });
        match walked {
            Err(why) => sink.reject(why),
            Ok(fill) => match self.layout {
                WalkedLayout::One => self.emit_one(fill, sink),
                WalkedLayout::Each => self.emit_each(fill, sink),
                WalkedLayout::Columns => self.emit_columns(fill, sink),
            },
        }
    }

    /// The pointers that are looked for, for the message that says that none was there.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|g| g.pointers.iter().map(String::as_str))
    }

    fn walk(&self, payload: &[u8]) -> Result<Filler, String> {
        let mut fill = Filler::default();
        for group in &self.groups {
            fill.rows.push(Row::new(group.pointers.len()));
        }
        match self.layout {
            WalkedLayout::One => {}
            WalkedLayout::Each => fill.rows.push(Row::new(self.groups[0].pointers.len())),
            WalkedLayout::Columns => fill.columns = Some(vec![vec![]; self.groups[0].pointers.len()]),
        }
        let mut json = serde_json::Deserializer::from_slice(payload);
        let walked = Walk { node: &self.root, fill: &mut fill, in_column: false }
            .deserialize(&mut json)
            .and_then(|()| json.end());
        match (fill.stop, walked) {
            (None, Ok(())) => Ok(fill),
            (Some(Stop::Twice), _) => {
                Err("a mapped field stands twice in one sample; the publisher must send each name once".into())
            }
            (Some(Stop::TooMany), _) => {
                Err(format!("more than {READINGS_MAX} readings in one message; send fewer samples at once"))
            }
            (None, Err(error)) => {
                Err(format!("not JSON: {error}; check what the publisher sends, or map the topic as text or raw"))
            }
        }
    }

    fn emit_one(&self, fill: Filler, sink: &mut FrameSink<'_>) {
        for (group, row) in self.groups.iter().zip(fill.rows) {
            if !row.is_empty() {
                let when = group.when(row.at, Spacing::Alone);
                sink.frame(group.group, &group.tags, readings(row), when);
            }
        }
    }

    fn emit_each(&self, mut fill: Filler, sink: &mut FrameSink<'_>) {
        let group = &self.groups[0];
        let message = fill.rows.swap_remove(MESSAGE_ROW as usize);
        let n = fill.samples.len();
        let mut n_empty = 0_usize;
        for (i, mut row) in fill.samples.into_iter().enumerate() {
            if row.is_empty() {
                n_empty += 1;
                continue;
            }
            for (cell, shared) in row.cells.iter_mut().zip(&message.cells) {
                if cell.is_none() {
                    cell.clone_from(shared);
                }
            }
            let spacing = Spacing::of(i, n, group.step);
            let when = match group.stamped {
                Some(Scope::Message) => group.when(message.at, spacing),
                _ => group.when(row.at, if group.stamped.is_some() { Spacing::Alone } else { spacing }),
            };
            sink.frame(group.group, &group.tags, readings(row), when);
        }
        if n_empty > 0 {
            sink.reject(format!("{n_empty} of {n} samples hold none of the mapped fields"));
        }
    }

    fn emit_columns(&self, fill: Filler, sink: &mut FrameSink<'_>) {
        let (group, mut columns) = (&self.groups[0], fill.columns.unwrap_or_default());
        let shared = &fill.rows[0];
        let lengths = columns.iter().map(Vec::len).chain([fill.stamps.len()]).filter(|n| *n > 0);
        let n = match (lengths.clone().min(), lengths.max()) {
            (None, _) if shared.is_empty() => return,
            (Some(least), Some(most)) if least != most => {
                return sink.reject(uneven(&group.pointers, &columns, fill.stamps.len()));
            }
            (n, _) => n.unwrap_or(1),
        };
        let mut columns: Vec<_> = columns.iter_mut().map(|c| c.drain(..)).collect();
        for i in 0..n {
            let cells = columns.iter_mut().zip(&shared.cells);
            let row = cells.map(|(column, shared)| column.next().or_else(|| shared.clone())).collect();
            let (at, spacing) = match fill.stamps.get(i) {
                Some(at) => (*at, Spacing::Alone),
                None => (shared.at, Spacing::of(i, n, group.step)),
            };
            let row = Row { cells: row, at };
            if !row.is_empty() {
                sink.frame(group.group, &group.tags, readings(row), group.when(at, spacing));
            }
        }
    }
}

impl WalkedGroup {
    fn new(group: GroupSlot, tags: Arc<[TagSlot]>, mapping: &JsonMapping) -> Self {
        let stamped = match &mapping.time.source {
            TimeSource::Arrival => None,
            TimeSource::Field { scope, .. } => Some(*scope),
        };
        let pointers = mapping.fields.iter().map(|f| f.pointer.clone()).collect();
        Self { group, tags, pointers, stamped, step: mapping.time.step }
    }

    fn when(&self, at: At, spacing: Spacing) -> When {
        match (self.stamped, at) {
            (None, _) => When::Arrival(spacing),
            (Some(_), At::Read(at)) => When::Stamped(at, spacing),
            (Some(_), At::Absent | At::Unreadable) => When::Doubtful(spacing),
        }
    }
}

fn numbered(fields: &[Field]) -> impl Iterator<Item = (u32, &Field)> {
    (0_u32..).zip(fields)
}

fn target(group: u32, column: u32, field: &Field) -> Target {
    Target::Field { group, column, conversion: field.conversion }
}

fn readings(row: Row) -> Box<[Reading]> {
    row.cells.into_iter().map(|cell| cell.unwrap_or(Reading::Bad(Fault::Missing))).collect()
}

fn uneven(pointers: &[String], columns: &[Vec<Reading>], n_stamps: usize) -> String {
    let mut why = String::from("the columns have different lengths:");
    for (pointer, column) in pointers.iter().zip(columns).take(8) {
        let _ = write!(why, " {pointer} {},", column.len());
    }
    let _ = write!(why, " times {n_stamps}; the publisher must send arrays of one length");
    why
}

/// Puts quotes around bare `NaN`, `Infinity` and `-Infinity`, which some publishers (Python's
/// `json.dumps` among them) write although JSON has no such words. `None` where there is none.
fn quote_non_finite(payload: &[u8]) -> Option<Vec<u8>> {
    let (mut quoted, mut n_quoted) = (Vec::with_capacity(payload.len() + 16), 0);
    let (mut i, mut in_text) = (0, false);
    while let Some(byte) = payload.get(i) {
        let word =
            [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|w| !in_text && payload[i..].starts_with(w));
        if let Some(word) = word {
            quoted.push(b'"');
            quoted.extend_from_slice(word);
            quoted.push(b'"');
            n_quoted += 1;
            i += word.len();
            continue;
        }
        let escaped = in_text && *byte == b'\\';
        let n = if escaped { 2 } else { 1 };
        in_text ^= *byte == b'"';
        quoted.extend_from_slice(&payload[i..payload.len().min(i + n)]);
        i += n;
    }
    (n_quoted > 0).then_some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_words_are_quoted() {
        for (text, expected) in [
            (r#"{"a":NaN,"b":[-Infinity,Infinity]}"#, Some(r#"{"a":"NaN","b":["-Infinity","Infinity"]}"#)),
            (r#"{"a":"NaN \" NaN"}"#, None),
            (r#"{"a\\":NaN}"#, Some(r#"{"a\\":"NaN"}"#)),
            ("\"\\", None),
        ] {
            let quoted = quote_non_finite(text.as_bytes());
            assert_eq!(quoted.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }
}
