//! From what a text source wrote to a reading: scale, offset, instrument range, texts.

use std::sync::Arc;
use takt_plant::{Fault, Reading, Value};

/// Longest text of a source that is kept inside a [`Fault::Text`]; the rest is cut off.
pub const FAULT_TEXT_BYTES_MAX: usize = 64;

/// Longest text that a tag may carry as its value. Longer ones are bad readings.
pub const VALUE_TEXT_BYTES_MAX: usize = 1_024;

/// How a tag's raw value becomes a reading: `value = raw × scale + offset`, then the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// Factor on the raw number.
    pub scale: f64,
    /// Added after the factor, in the tag's unit.
    pub offset: f64,
    /// Instrument range `[low, high]` in the tag's unit; outside it a reading is bad.
    pub range: Option<(f64, f64)>,
    /// Whether a text is a value of this tag (a part number) rather than a fault.
    pub text: bool,
}

impl Default for Conversion {
    fn default() -> Self {
        Self { scale: 1.0, offset: 0.0, range: None, text: false }
    }
}

impl Conversion {
    /// A signed integer; keeps all its bits where there is nothing to scale.
    #[expect(clippy::cast_precision_loss, reason = "scaling makes a real number of it")]
    pub fn integer(&self, v: i64) -> Reading {
        if self.is_plain() { self.ranged(Reading::Good(Value::Integer(v))) } else { self.scaled(v as f64) }
    }

    /// An unsigned integer; keeps all its bits where there is nothing to scale.
    #[expect(clippy::cast_precision_loss, reason = "scaling makes a real number of it")]
    pub fn unsigned(&self, v: u64) -> Reading {
        match i64::try_from(v) {
            Ok(v) => self.integer(v),
            Err(_) if self.is_plain() => self.ranged(Reading::Good(Value::Unsigned(v))),
            Err(_) => self.scaled(v as f64),
        }
    }

    /// A decimal number; NaN and infinities become [`Fault::NotFinite`].
    pub fn real(&self, v: f64) -> Reading {
        if self.is_plain() { self.ranged(Reading::number(v)) } else { self.scaled(v) }
    }

    /// A boolean.
    pub fn flag(&self, v: bool) -> Reading {
        if self.is_plain() { Reading::Good(Value::Flag(v)) } else { self.scaled(f64::from(u8::from(v))) }
    }

    /// A text: a number written as text, a text value where the tag allows one, else a fault that
    /// keeps the text. An empty text is [`Fault::Missing`].
    pub fn text(&self, text: &str) -> Reading {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Reading::Bad(Fault::Missing);
        }
        if self.text {
            return if text.len() <= VALUE_TEXT_BYTES_MAX {
                Reading::Good(Value::Text(Arc::from(text)))
            } else {
                text_fault(text)
            };
        }
        self.number_in(trimmed).unwrap_or_else(|| text_fault(trimmed))
    }

    fn number_in(&self, text: &str) -> Option<Reading> {
        if let Ok(v) = text.parse::<i64>() {
            return Some(self.integer(v));
        }
        if let Ok(v) = text.parse::<u64>() {
            return Some(self.unsigned(v));
        }
        if let Ok(v) = text.parse::<f64>() {
            return Some(self.real(v));
        }
        match text {
            "true" | "True" | "TRUE" => Some(self.flag(true)),
            "false" | "False" | "FALSE" => Some(self.flag(false)),
            _ => None,
        }
    }

    #[expect(clippy::float_cmp, reason = "exactly one and exactly zero mean that nothing is scaled")]
    fn is_plain(&self) -> bool {
        self.scale == 1.0 && self.offset == 0.0
    }

    fn scaled(&self, raw: f64) -> Reading {
        self.ranged(Reading::number(raw * self.scale + self.offset))
    }

    fn ranged(&self, reading: Reading) -> Reading {
        match self.range {
            Some((low, high)) => reading.within(low, high),
            None => reading,
        }
    }
}

/// A bad reading that keeps the first bytes of what the source said.
pub fn text_fault(text: &str) -> Reading {
    let mut end = text.len().min(FAULT_TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Reading::Bad(Fault::Text(Arc::from(&text[..end])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(conversion: Conversion, text: &str, expected: Reading) {
        assert_eq!(conversion.text(text), expected, "{conversion:?} of {text:?}");
    }

    fn good(value: Value) -> Reading {
        Reading::Good(value)
    }

    fn fault(text: &str) -> Reading {
        Reading::Bad(Fault::Text(Arc::from(text)))
    }

    #[test]
    fn texts_become_numbers_or_faults_never_both() {
        let plain = Conversion::default();
        for (text, expected) in [
            ("12", good(Value::Integer(12))),
            (" -7 ", good(Value::Integer(-7))),
            ("9223372036854775807", good(Value::Integer(i64::MAX))),
            ("18446744073709551615", good(Value::Unsigned(u64::MAX))),
            ("0.1", good(Value::Real(0.1))),
            ("1e3", good(Value::Real(1000.0))),
            ("true", good(Value::Flag(true))),
            ("", Reading::Bad(Fault::Missing)),
            ("  ", Reading::Bad(Fault::Missing)),
            ("NaN", Reading::Bad(Fault::NotFinite)),
            ("-inf", Reading::Bad(Fault::NotFinite)),
            ("1e999", Reading::Bad(Fault::NotFinite)),
            ("Bad", fault("Bad")),
            ("Inp OutRange", fault("Inp OutRange")),
            ("Scan Timeout", fault("Scan Timeout")),
            ("12,5", fault("12,5")),
            ("0x10", fault("0x10")),
        ] {
            check(plain, text, expected);
        }
    }

    #[test]
    fn scale_offset_and_range() {
        let scaled = Conversion { scale: 0.1, offset: -5.0, range: Some((-5.0, 5.0)), text: false };
        check(scaled, "50", good(Value::Real(0.0)));
        check(scaled, "101", Reading::Bad(Fault::OutOfRange));
        check(scaled, "-1", Reading::Bad(Fault::OutOfRange));
        let ranged = Conversion { range: Some((0.0, 10.0)), ..Conversion::default() };
        check(ranged, "10", good(Value::Integer(10)));
        check(ranged, "11", Reading::Bad(Fault::OutOfRange));
    }

    #[test]
    fn a_text_tag_keeps_its_text_as_it_stands() {
        let part = Conversion { text: true, ..Conversion::default() };
        check(part, "0815", good(Value::Text(Arc::from("0815"))));
        check(part, "", Reading::Bad(Fault::Missing));
    }

    #[test]
    fn a_long_fault_is_cut_at_a_character() {
        let long = "ü".repeat(100);
        check(Conversion::default(), &long, fault(&"ü".repeat(32)));
    }
}
