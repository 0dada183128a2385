//! Registers to readings and back: types, orders, scale, sentinels and the instrument range (B1, B3).
//!
//! Nothing here can panic on what a device sends: registers that are too few are
//! [`Fault::Missing`], NaN and infinities are [`Fault::NotFinite`], a raw value that the device uses
//! for "no value" is [`Fault::Sentinel`].

use super::kind::ValueType;
use super::order::Order;
use std::sync::Arc;
use takt_plant::{Fault, Reading, Value, WriteValue};

/// A straight line from the raw number to the value: `value = raw × factor + offset`, in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Engineering units for one raw step. Never zero.
    pub factor: f64,
    /// Value at raw zero.
    pub offset: f64,
}

impl Scale {
    /// The raw number is the value.
    pub const IDENTITY: Self = Self { factor: 1.0, offset: 0.0 };

    /// Whether the raw number is the value: integers then stay integers.
    pub fn is_identity(self) -> bool {
        self == Self::IDENTITY
    }

    /// Whether values can be scaled there and back.
    pub fn is_usable(self) -> bool {
        self.factor.is_finite() && self.factor != 0.0 && self.offset.is_finite()
    }
}

impl Default for Scale {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// A raw value by which the device says "no value".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sentinel {
    /// An integer, compared with the registers' bits; 32768 and −32768 name the same 16 bits.
    Integer(i128),
    /// A number, compared with floats at their own width and with integers by value.
    Real(f64),
}

/// How one tag's registers are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Codec {
    /// What the registers hold.
    pub kind: ValueType,
    /// How the bytes lie in them.
    pub order: Order,
    /// From raw to value; numbers only.
    pub scale: Scale,
    /// Raw values that stand for none.
    pub sentinels: Arc<[Sentinel]>,
    /// Instrument range `[low, high]` in scaled units; outside it a value is Bad.
    pub range: Option<(f64, f64)>,
}

/// Why a value cannot be written as these registers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unencodable {
    /// Beyond the register type.
    #[error("{value} does not fit into {kind}; it takes {}", kind.in_words())]
    Range {
        /// The raw value, after scaling.
        value: String,
        /// The register type.
        kind: ValueType,
    },
    /// The type would hold another number.
    #[error("{value} would become {held} in {kind}")]
    Rounded {
        /// As written.
        value: String,
        /// What the device would hold.
        held: String,
        /// The register type.
        kind: ValueType,
    },
    /// A coil or boolean takes only two values.
    #[error("{0} is neither true nor false; a coil takes true, false, 1 or 0")]
    NotBoolean(String),
    /// A single bit or a text cannot be written.
    #[error("a value of type {0} cannot be written; write the whole register or use a coil")]
    Type(ValueType),
}

enum Raw {
    Integer(i128),
    Single(f32),
    Double(f64),
}

impl Codec {
    /// A plain codec: no scale, no sentinels, no range.
    pub fn plain(kind: ValueType, order: Order) -> Self {
        Self { kind, order, scale: Scale::IDENTITY, sentinels: Arc::from([]), range: None }
    }

    /// Reads a tag's registers, in the order in which they came over the wire.
    pub fn decode(&self, registers: &[u16]) -> Reading {
        let n = usize::from(self.kind.n_registers());
        let Some(registers) = registers.get(..n).filter(|r| !r.is_empty()) else {
            return Reading::Bad(Fault::Missing);
        };
        let bits = || self.order.join(registers);
        match self.kind {
            ValueType::Bool => Reading::Good(Value::Flag(registers[0] != 0)),
            ValueType::Bit(bit) => {
                Reading::Good(Value::Flag(bits().checked_shr(bit.into()).is_some_and(|b| b & 1 == 1)))
            }
            ValueType::Text(n_bytes) => self.text(registers, n_bytes.into()),
            _ => self.number(raw(self.kind, bits())),
        }
    }

    /// Reads a coil or discrete input.
    pub fn decode_bit(bit: bool) -> Reading {
        Reading::Good(Value::Flag(bit))
    }

    /// The registers that carry a value, for the wire: the inverse of [`Codec::decode`].
    ///
    /// A number is scaled back and, for an integer type, rounded to the nearest step (half away
    /// from zero). An integer without scale keeps all its bits.
    pub fn encode(&self, value: WriteValue) -> Result<Vec<u16>, Unencodable> {
        let n = usize::from(self.kind.n_registers());
        let bits = match self.kind {
            ValueType::Bit(_) | ValueType::Text(_) => return Err(Unencodable::Type(self.kind)),
            ValueType::Bool => u64::from(boolean(value)?),
            ValueType::F32 => self.single(value)?,
            ValueType::F64 => self.finite(self.unscaled(value))?.to_bits(),
            _ => self.integer(value)?,
        };
        Ok(self.order.part(bits, n))
    }

    /// Whether the registers hold a value as what it is: neither out of range nor rounded to another
    /// number. A float type takes the nearest number to one with a fraction.
    pub fn carries(&self, value: WriteValue) -> Result<(), Unencodable> {
        let registers = self.encode(value)?;
        let reading = self.decode(&registers);
        let is_same = match (value, reading.value()) {
            (WriteValue::Integer(v), Some(Value::Integer(held))) => v == *held,
            (WriteValue::Integer(v), Some(Value::Unsigned(held))) => u64::try_from(v) == Ok(*held),
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and comes from 64 bits")]
            (WriteValue::Integer(v), Some(Value::Real(held))) => i128::from(v) == *held as i128,
            (WriteValue::Number(v), Some(Value::Integer(_) | Value::Unsigned(_))) => v.fract() == 0.0,
            _ => true,
        };
        if is_same {
            return Ok(());
        }
        let held = match reading.value() {
            Some(Value::Integer(held)) => held.to_string(),
            Some(Value::Unsigned(held)) => held.to_string(),
            Some(Value::Real(held)) => held.to_string(),
            _ => String::new(),
        };
        Err(Unencodable::Rounded { value: value.to_string(), held, kind: self.kind })
    }

    fn text(&self, registers: &[u16], n_bytes: usize) -> Reading {
        let swapped = self.order.bytes_swapped();
        let bytes = registers.iter().flat_map(|r| if swapped { r.to_le_bytes() } else { r.to_be_bytes() });
        let bytes: Vec<u8> = bytes.take(n_bytes).take_while(|b| *b != 0).collect();
        // Controllers write UTF-8 or Latin-1; every byte has a meaning in the latter.
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().map(|b| char::from(*b)).collect());
        Reading::Good(Value::Text(Arc::from(text.trim_end())))
    }

    fn number(&self, raw: Raw) -> Reading {
        if self.sentinels.iter().any(|s| self.is_sentinel(&raw, *s)) {
            return Reading::Bad(Fault::Sentinel);
        }
        let reading = match raw {
            Raw::Integer(v) if self.scale.is_identity() => Reading::Good(integer_value(v)),
            #[expect(clippy::cast_precision_loss, reason = "documented: scaling is done in 64-bit floats")]
            Raw::Integer(v) => self.scaled(v as f64),
            Raw::Single(v) => self.scaled(f64::from(v)),
            Raw::Double(v) => self.scaled(v),
        };
        match self.range {
            Some((low, high)) => reading.within(low, high),
            None => reading,
        }
    }

    fn scaled(&self, raw: f64) -> Reading {
        if self.scale.is_identity() {
            return Reading::number(raw);
        }
        Reading::number(raw * self.scale.factor + self.scale.offset)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "compared at the raw value's width"
    )]
    fn is_sentinel(&self, raw: &Raw, sentinel: Sentinel) -> bool {
        match (raw, sentinel) {
            (Raw::Integer(v), Sentinel::Integer(s)) => {
                let n_bits = 16 * u32::from(self.kind.n_registers());
                let pattern = |x: i128| x & ((1_i128 << n_bits) - 1);
                let fits = s >= -(1_i128 << (n_bits - 1)) && s < (1_i128 << n_bits);
                fits && pattern(*v) == pattern(s)
            }
            (Raw::Integer(v), Sentinel::Real(s)) => *v as f64 == s,
            (Raw::Single(v), Sentinel::Integer(s)) => *v == s as f32,
            (Raw::Single(v), Sentinel::Real(s)) => *v == s as f32,
            (Raw::Double(v), Sentinel::Integer(s)) => *v == s as f64,
            (Raw::Double(v), Sentinel::Real(s)) => *v == s,
        }
    }

    fn unscaled(&self, value: WriteValue) -> f64 {
        let value = match value {
            WriteValue::Coil(on) => f64::from(u8::from(on)),
            WriteValue::Number(v) => v,
            #[expect(clippy::cast_precision_loss, reason = "the target is a float or scaled; stated in the docs")]
            WriteValue::Integer(v) => v as f64,
        };
        if self.scale.is_identity() { value } else { (value - self.scale.offset) / self.scale.factor }
    }

    fn single(&self, value: WriteValue) -> Result<u64, Unencodable> {
        let wide = self.unscaled(value);
        #[expect(clippy::cast_possible_truncation, reason = "narrowing is what the register type asks for")]
        let narrow = wide as f32;
        if narrow.is_finite() { Ok(narrow.to_bits().into()) } else { Err(self.beyond(wide)) }
    }

    fn finite(&self, value: f64) -> Result<f64, Unencodable> {
        if value.is_finite() { Ok(value) } else { Err(self.beyond(value)) }
    }

    fn integer(&self, value: WriteValue) -> Result<u64, Unencodable> {
        let (low, high) = self.kind.integer_range().ok_or(Unencodable::Type(self.kind))?;
        let raw = match value {
            WriteValue::Integer(v) if self.scale.is_identity() => i128::from(v),
            // A cast from float to integer saturates; what is beyond i128 is beyond every range below.
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and checked against the range below")]
            other => self.finite(self.unscaled(other))?.round() as i128,
        };
        if raw < low || raw > high {
            return Err(self.beyond(raw));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "two's complement bits are meant")]
        Ok(raw as u64)
    }

    fn beyond(&self, value: impl std::fmt::Display) -> Unencodable {
        Unencodable::Range { value: value.to_string(), kind: self.kind }
    }
}

/// A coil's value: true, false, 1 or 0.
pub(crate) fn boolean(value: WriteValue) -> Result<bool, Unencodable> {
    match value {
        WriteValue::Coil(on) => Ok(on),
        WriteValue::Integer(0) => Ok(false),
        WriteValue::Integer(1) => Ok(true),
        WriteValue::Number(0.0) => Ok(false),
        WriteValue::Number(1.0) => Ok(true),
        other => Err(Unencodable::NotBoolean(other.to_string())),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the low bits of the type's width are meant"
)]
fn raw(kind: ValueType, bits: u64) -> Raw {
    match kind {
        ValueType::I16 => Raw::Integer((bits as i16).into()),
        ValueType::I32 => Raw::Integer((bits as i32).into()),
        ValueType::I64 => Raw::Integer((bits as i64).into()),
        ValueType::F32 => Raw::Single(f32::from_bits(bits as u32)),
        ValueType::F64 => Raw::Double(f64::from_bits(bits)),
        _ => Raw::Integer(bits.into()),
    }
}

fn integer_value(v: i128) -> Value {
    match i64::try_from(v) {
        Ok(v) => Value::Integer(v),
        Err(_) => Value::Unsigned(u64::try_from(v).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
