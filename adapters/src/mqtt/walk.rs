//! One walk through a JSON payload that meets every mapped field on its way.

use crate::mqtt::fill::{Filler, Raw};
use crate::mqtt::pointer::Node;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

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
