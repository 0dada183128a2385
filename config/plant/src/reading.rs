//! One reading: a value with its quality. A bad reading has no value, so nobody can judge on it.

use std::sync::Arc;

/// What a tag can carry. Integers keep all their bits; decimals are never narrowed to 32 bits.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A finite IEEE 754 number. NaN and infinities are [`Fault::NotFinite`], never a value.
    Real(f64),
    /// A signed integer as it stood in the device.
    Integer(i64),
    /// An unsigned integer above `i64::MAX`.
    Unsigned(u64),
    /// A bit or boolean.
    Flag(bool),
    /// A text, for example a part number.
    Text(Arc<str>),
}

impl Value {
    /// The value as a number for windows and models; `None` for a text.
    ///
    /// Integers beyond 2^53 are rounded to the nearest representable number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Real(v) => Some(*v),
            #[expect(clippy::cast_precision_loss, reason = "documented rounding beyond 2^53")]
            Self::Integer(v) => Some(*v as f64),
            #[expect(clippy::cast_precision_loss, reason = "documented rounding beyond 2^53")]
            Self::Unsigned(v) => Some(*v as f64),
            Self::Flag(v) => Some(f64::from(u8::from(*v))),
            Self::Text(_) => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Real(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Unsigned(v) => write!(f, "{v}"),
            Self::Flag(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
        }
    }
}

/// Why a value is there but should be doubted (OPC UA *Uncertain*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// The source said so.
    Source,
    /// The time stamp was missing or unreadable; the arrival time stands in for it.
    ArrivalTime,
}

/// Why there is no value (OPC UA *Bad*).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The payload held no such field, or JSON `null`.
    Missing,
    /// The source delivered a text where a number belongs, kept here (`Bad`, `Scan Timeout`, …).
    Text(Arc<str>),
    /// NaN or an infinity.
    NotFinite,
    /// A raw value that the device uses to say "no value".
    Sentinel,
    /// Outside the instrument range.
    OutOfRange,
    /// The device refused the read with this Modbus exception code.
    Exception(u8),
    /// The device did not answer in time.
    Timeout,
    /// The connection is down.
    Disconnected,
}

impl Fault {
    /// A short stable word for counters, documents and the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Text(_) => "text",
            Self::NotFinite => "not_finite",
            Self::Sentinel => "sentinel",
            Self::OutOfRange => "out_of_range",
            Self::Exception(_) => "exception",
            Self::Timeout => "timeout",
            Self::Disconnected => "disconnected",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "the source says '{text}'"),
            Self::Exception(code) => write!(f, "Modbus exception {code:02}"),
            other => f.write_str(other.word()),
        }
    }
}

/// A value with its quality.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Trust it.
    Good(Value),
    /// Use it with care.
    Uncertain(Value, Doubt),
    /// There is no value, for this reason.
    Bad(Fault),
}

impl Reading {
    /// A good number, or [`Fault::NotFinite`] when it is none.
    pub fn number(v: f64) -> Self {
        if v.is_finite() { Self::Good(Value::Real(v)) } else { Self::Bad(Fault::NotFinite) }
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Good(v) | Self::Uncertain(v, _) => Some(v),
            Self::Bad(_) => None,
        }
    }

    /// The value as a number, where there is one.
    pub fn as_f64(&self) -> Option<f64> {
        self.value().and_then(Value::as_f64)
    }

    /// The same reading, or [`Fault::OutOfRange`] when its number lies outside `[low, high]`.
    pub fn within(self, low: f64, high: f64) -> Self {
        match self.as_f64() {
            Some(v) if v < low || v > high => Self::Bad(Fault::OutOfRange),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_never_values() {
        for v in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Reading::number(v), Reading::Bad(Fault::NotFinite));
        }
    }

    #[test]
    fn the_instrument_range_is_closed() {
        assert_eq!(Reading::number(5.0).within(0.0, 5.0), Reading::number(5.0));
        assert_eq!(Reading::number(5.1).within(0.0, 5.0), Reading::Bad(Fault::OutOfRange));
    }
}
