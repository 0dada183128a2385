//! Register types: what the bits of one or more registers mean.

use std::fmt;
use std::str::FromStr;

/// Longest text in bytes: what one read of 125 registers can carry.
pub const TEXT_BYTES_MAX: u16 = 250;

/// What a tag's registers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A coil or discrete input; over a register, whether it is anything but zero.
    Bool,
    /// One bit of a register; 0 is the least significant.
    Bit(u8),
    /// Signed 16 bits.
    I16,
    /// Unsigned 16 bits.
    U16,
    /// Signed 32 bits.
    I32,
    /// Unsigned 32 bits.
    U32,
    /// Signed 64 bits.
    I64,
    /// Unsigned 64 bits.
    U64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// A text of so many bytes, two in a register.
    Text(u16),
}

impl ValueType {
    /// All numeric types.
    pub const NUMBERS: [Self; 8] =
        [Self::I16, Self::U16, Self::I32, Self::U32, Self::I64, Self::U64, Self::F32, Self::F64];

    /// How many registers it takes (of a bit table: how many bits).
    pub fn n_registers(self) -> u16 {
        match self {
            Self::Bool | Self::Bit(_) | Self::I16 | Self::U16 => 1,
            Self::I32 | Self::U32 | Self::F32 => 2,
            Self::I64 | Self::U64 | Self::F64 => 4,
            Self::Text(n_bytes) => n_bytes.div_ceil(2),
        }
    }

    /// Whether scale and offset make sense.
    pub fn is_number(self) -> bool {
        Self::NUMBERS.contains(&self)
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Smallest and largest whole number between which every whole number keeps its value; `None` for a text.
    fn whole_numbers(self) -> Option<(i128, i128)> {
        match self {
            Self::Bool | Self::Bit(_) => Some((0, 1)),
            Self::F32 => Some((-(1 << f32::MANTISSA_DIGITS), 1 << f32::MANTISSA_DIGITS)),
            Self::F64 => Some((-(1 << f64::MANTISSA_DIGITS), 1 << f64::MANTISSA_DIGITS)),
            Self::Text(_) => None,
            _ => self.integer_range(),
        }
    }

    /// Whether every whole number that `other` can hold can be written as this type. What a text says is
    /// not known before it is read.
    pub fn holds_all_of(self, other: Self) -> bool {
        let (Some(own), Some(others)) = (self.whole_numbers(), other.whole_numbers()) else { return true };
        own.0 <= others.0 && others.1 <= own.1
    }

    /// What can be written as this type, in words.
    pub fn in_words(self) -> String {
        match (self, self.whole_numbers()) {
            (Self::Bool | Self::Bit(_), _) => "true, false, 1 or 0".to_owned(),
            (Self::F32 | Self::F64, Some((_, high))) => {
                format!("numbers, whole ones exactly up to {high}")
            }
            (_, Some((low, high))) => format!("whole numbers from {low} to {high}"),
            (_, None) => "texts".to_owned(),
        }
    }

    /// Smallest and largest value of an integer type; `None` for the others.
    pub(crate) fn integer_range(self) -> Option<(i128, i128)> {
        match self {
            Self::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            Self::U16 => Some((0, u16::MAX.into())),
            Self::I32 => Some((i32::MIN.into(), i32::MAX.into())),
            Self::U32 => Some((0, u32::MAX.into())),
            Self::I64 => Some((i64::MIN.into(), i64::MAX.into())),
            Self::U64 => Some((0, u64::MAX.into())),
            Self::Bool | Self::Bit(_) | Self::F32 | Self::F64 | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Bit(bit) => write!(f, "bit({bit})"),
            Self::I16 => f.write_str("i16"),
            Self::U16 => f.write_str("u16"),
            Self::I32 => f.write_str("i32"),
            Self::U32 => f.write_str("u32"),
            Self::I64 => f.write_str("i64"),
            Self::U64 => f.write_str("u64"),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Text(n_bytes) => write!(f, "string({n_bytes})"),
        }
    }
}

/// A text that names no register type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidType {
    /// No such word.
    #[error("'{0}' is no register type; write bool, bit(N), i16, u16, i32, u32, i64, u64, f32, f64 or string(N)")]
    Word(String),
    /// A bit outside the register.
    #[error("'{0}' names no bit of a register; write bit(0) to bit(15)")]
    Bit(String),
    /// A text of no length, or too long.
    #[error("'{0}' has no usable length; write string(1) to string({TEXT_BYTES_MAX})")]
    Length(String),
}

impl FromStr for ValueType {
    type Err = InvalidType;

    fn from_str(text: &str) -> Result<Self, InvalidType> {
        let lower = text.trim().to_ascii_lowercase();
        if let Some(bit) = argument(&lower, "bit") {
            let bit = bit.parse().ok().filter(|bit| *bit < 16);
            return bit.map(Self::Bit).ok_or_else(|| InvalidType::Bit(text.to_owned()));
        }
        if let Some(length) = argument(&lower, "string") {
            let length = length.parse().ok().filter(|n| (1..=TEXT_BYTES_MAX).contains(n));
            return length.map(Self::Text).ok_or_else(|| InvalidType::Length(text.to_owned()));
        }
        let plain = [Self::Bool].into_iter().chain(Self::NUMBERS);
        plain.into_iter().find(|t| t.to_string() == lower).ok_or_else(|| InvalidType::Word(text.to_owned()))
    }
}

/// `name(argument)` or `name:argument`.
fn argument<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(name)?;
    let inside = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')'));
    inside.or_else(|| rest.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_shown() {
        let more = [ValueType::Bool, ValueType::Bit(0), ValueType::Bit(15), ValueType::Text(1), ValueType::Text(250)];
        for kind in more.into_iter().chain(ValueType::NUMBERS) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("bit:3".parse(), Ok(ValueType::Bit(3)));
        assert_eq!(" String( 7 )".parse(), Ok(ValueType::Text(7)));
    }

    #[test]
    fn a_type_holds_what_a_narrower_one_can_say() {
        let check = |wide: ValueType, narrow: ValueType, is: bool| {
            assert_eq!(wide.holds_all_of(narrow), is, "{wide} {narrow}");
        };
        check(ValueType::U32, ValueType::U16, true);
        check(ValueType::U16, ValueType::U32, false);
        check(ValueType::U16, ValueType::I16, false);
        check(ValueType::I32, ValueType::U16, true);
        check(ValueType::Bool, ValueType::U16, false);
        check(ValueType::F32, ValueType::U16, true);
        check(ValueType::F32, ValueType::U32, false);
        check(ValueType::F64, ValueType::U32, true);
        check(ValueType::U16, ValueType::Text(4), true);
    }

    #[test]
    fn errors_list_what_can_be_written() {
        for (text, part) in [
            ("int", "u16"),
            ("bit(16)", "bit(15)"),
            ("bit", "bit(N)"),
            ("string(0)", "string(1)"),
            ("string(251)", "string(250)"),
        ] {
            let said = text.parse::<ValueType>().expect_err(text).to_string();
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
