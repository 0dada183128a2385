//! One walk through a JSON payload that fills the readings of every mapped field on its way.

use crate::convert::{Conversion, text_fault};
use crate::mqtt::pointer::{Node, Target};
use crate::stamp::StampReader;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use takt_plant::{Fault, Reading, WallTime};

/// Most readings that one message may lead to. Bounds what a hostile `[{},{},…]` can allocate.
pub const READINGS_MAX: usize = 262_144;

/// What stops a walk besides broken JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A mapped field stands twice.
    Twice,
    /// More than [`READINGS_MAX`] readings.
    TooMany,
}

/// What was found of a source time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum At {
    /// Nothing.
    #[default]
    Absent,
    /// Something that is no stamp of the stated format.
    Unreadable,
    /// A stamp.
    Read(WallTime),
}

/// One sample on its way. A cell is `None` until its field is met.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub cells: Vec<Option<Reading>>,
    pub at: At,
}

impl Row {
    pub fn new(n_cells: usize) -> Self {
        Self { cells: vec![None; n_cells], at: At::Absent }
    }

    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Option::is_none)
    }
}

/// What a walk fills.
#[derive(Debug, Default)]
pub(super) struct Filler {
    /// One row per group of the walker. With samples, row 0 is the sample being walked.
    pub rows: Vec<Row>,
    /// The samples that are complete.
    pub samples: Vec<Row>,
    /// Whether an array at a target is a column of samples; one entry per column of row 0.
    pub columns: Option<Vec<Vec<Reading>>>,
    /// The stamps of such a column.
    pub stamps: Vec<At>,
    /// Why the walk stopped.
    pub stop: Option<Stop>,
    n_readings: usize,
}

impl Filler {
    fn put(&mut self, target: &Target, raw: Raw<'_>, in_column: bool) {
        match target {
            Target::Field { group, column, conversion } => {
                self.field(*group as usize, *column as usize, raw.reading(conversion), in_column);
            }
            Target::Stamp { stamp, .. } if in_column => {
                self.count(1);
                self.stamps.push(raw.at(stamp));
            }
            Target::Stamp { group, stamp } => {
                let row = &mut self.rows[*group as usize];
                if row.at != At::Absent {
                    self.stop = Some(Stop::Twice);
                }
                row.at = raw.at(stamp);
            }
        }
    }

    fn field(&mut self, group: usize, column: usize, reading: Reading, in_column: bool) {
        if let (true, Some(columns)) = (in_column, &mut self.columns) {
            columns[column].push(reading);
            return self.count(1);
        }
        let cell = &mut self.rows[group].cells[column];
        if cell.is_some() {
            self.stop = Some(Stop::Twice);
        }
        *cell = Some(reading);
    }

    fn end_sample(&mut self) {
        let n_cells = self.rows[0].cells.len();
        self.count(n_cells.max(1));
        let row = std::mem::replace(&mut self.rows[0], Row::new(n_cells));
        self.samples.push(row);
    }

    fn begin_column(&mut self, node: &Node) {
        for target in &node.targets {
            let begun = match target {
                Target::Field { column, .. } => self.columns.as_ref().is_some_and(|c| !c[*column as usize].is_empty()),
                Target::Stamp { .. } => !self.stamps.is_empty(),
            };
            if begun {
                self.stop = Some(Stop::Twice);
            }
        }
    }

    fn count(&mut self, n: usize) {
        self.n_readings += n;
        if self.n_readings > READINGS_MAX {
            self.stop = Some(Stop::TooMany);
        }
    }
}

/// A value as it stands in the document.
#[derive(Debug, Clone, Copy)]
enum Raw<'a> {
    Null,
    Flag(bool),
    Integer(i64),
    Unsigned(u64),
    Real(f64),
    Text(&'a str),
    Object,
    Array,
}

impl Raw<'_> {
    fn reading(self, conversion: &Conversion) -> Reading {
        match self {
            Self::Null => Reading::Bad(Fault::Missing),
            Self::Flag(v) => conversion.flag(v),
            Self::Integer(v) => conversion.integer(v),
            Self::Unsigned(v) => conversion.unsigned(v),
            Self::Real(v) => conversion.real(v),
            Self::Text(v) => conversion.text(v),
            Self::Object => text_fault("{object}"),
            Self::Array => text_fault("[array]"),
        }
    }

    fn at(self, stamp: &StampReader) -> At {
        let read = match self {
            Self::Integer(v) => stamp.integer(v),
            Self::Unsigned(v) => stamp.integer(i64::try_from(v).unwrap_or(i64::MAX)),
            Self::Real(v) => stamp.real(v),
            Self::Text(v) => stamp.text(v),
            Self::Null => return At::Absent,
            Self::Flag(_) | Self::Object | Self::Array => return At::Unreadable,
        };
        read.map_or(At::Unreadable, At::Read)
    }
}

/// Walks one value of the document at its place in the tree.
pub(super) struct Walk<'n, 'f> {
    pub node: &'n Node,
    pub fill: &'f mut Filler,
    /// Whether the value is an element of a column.
    pub in_column: bool,
}

impl Walk<'_, '_> {
    fn put<E: Error>(&mut self, raw: Raw<'_>) -> Result<(), E> {
        for target in &self.node.targets {
            self.fill.put(target, raw, self.in_column);
        }
        self.go_on()
    }

    fn go_on<E: Error>(&self) -> Result<(), E> {
        if self.fill.stop.is_some() { Err(E::custom("stopped")) } else { Ok(()) }
    }

    fn samples<'de, A: SeqAccess<'de>>(self, element: &Node, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Walk { node: element, fill: self.fill, in_column: false })?.is_some() {
            self.fill.end_sample();
            self.go_on()?;
        }
        Ok(())
    }

    fn column<'de, A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.fill.begin_column(self.node);
        self.go_on()?;
        while seq.next_element_seed(Walk { node: self.node, fill: self.fill, in_column: true })?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.put(Raw::Null)
    }

    fn visit_bool<E: Error>(mut self, v: bool) -> Result<(), E> {
        self.put(Raw::Flag(v))
    }

    fn visit_i64<E: Error>(mut self, v: i64) -> Result<(), E> {
        self.put(Raw::Integer(v))
    }

    fn visit_u64<E: Error>(mut self, v: u64) -> Result<(), E> {
        self.put(Raw::Unsigned(v))
    }

    fn visit_f64<E: Error>(mut self, v: f64) -> Result<(), E> {
        self.put(Raw::Real(v))
    }

    fn visit_str<E: Error>(mut self, v: &str) -> Result<(), E> {
        self.put(Raw::Text(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        if self.in_column {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return self.put(Raw::Array);
        }
        if let Some(element) = &self.node.samples {
            return self.samples(element, seq);
        }
        if self.fill.columns.is_some() && !self.node.targets.is_empty() {
            return self.column(seq);
        }
        self.put(Raw::Array)?;
        let (mut index, mut guess) = (0, 0);
        loop {
            let more = match self.node.child_at(index, guess) {
                Some(number) => {
                    guess = number + 1;
                    let walk = Walk { node: self.node.child(number), fill: &mut *self.fill, in_column: false };
                    seq.next_element_seed(walk)?.is_some()
                }
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.put(Raw::Object)?;
        let mut before = None;
        while let Some(found) = map.next_key_seed(Key { node: self.node, before })? {
            match found {
                Some(number) if !self.in_column => {
                    before = found;
                    map.next_value_seed(Walk {
                        node: self.node.child(number),
                        fill: &mut *self.fill,
                        in_column: false,
                    })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Finds the child that a key names, without copying the key.
struct Key<'n> {
    node: &'n Node,
    before: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.node.child_number(name, self.before))
    }
}
