//! A reading as a code and at most one payload, so that runs of equal codes cost almost nothing.
//!
//! Codes 0–17: quality × type (good, uncertain by the source, uncertain by arrival time; real,
//! integer, unsigned, false, true, text). Codes 18–24: the faults. Codes from 64: Modbus exceptions.

use super::bytes::{Corrupt, Cursor, put_part, put_uint};
use std::sync::Arc;
use takt_plant::{Doubt, Fault, Reading, Value};

/// Which payload follows a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// An `f64`.
    Real,
    /// An `i64`.
    Integer,
    /// A `u64`.
    Unsigned,
    /// A text.
    Text,
}

const TYPES: u16 = 6;
const BAD: u16 = 3 * TYPES;
const BAD_TEXT: u16 = BAD + 1;
const EXCEPTION: u16 = 64;

/// Code and payload of one reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coded<'a> {
    /// A code alone.
    Bare(u16),
    /// A code with a float.
    Real(u16, f64),
    /// A code with a signed integer.
    Integer(u16, i64),
    /// A code with an unsigned integer.
    Unsigned(u16, u64),
    /// A code with a text.
    Text(u16, &'a Arc<str>),
}

impl Coded<'_> {
    /// The code.
    pub fn code(&self) -> u16 {
        match *self {
            Self::Bare(c) | Self::Real(c, _) | Self::Integer(c, _) | Self::Unsigned(c, _) | Self::Text(c, _) => c,
        }
    }
}

/// Takes a reading apart.
pub fn coded(reading: &Reading) -> Coded<'_> {
    match reading {
        Reading::Good(value) => coded_value(value, 0),
        Reading::Uncertain(value, Doubt::Source) => coded_value(value, TYPES),
        Reading::Uncertain(value, Doubt::ArrivalTime) => coded_value(value, 2 * TYPES),
        Reading::Bad(fault) => coded_fault(fault),
    }
}

fn coded_value(value: &Value, base: u16) -> Coded<'_> {
    match value {
        Value::Real(v) => Coded::Real(base, *v),
        Value::Integer(v) => Coded::Integer(base + 1, *v),
        Value::Unsigned(v) => Coded::Unsigned(base + 2, *v),
        Value::Flag(v) => Coded::Bare(base + 3 + u16::from(*v)),
        Value::Text(v) => Coded::Text(base + 5, v),
    }
}

fn coded_fault(fault: &Fault) -> Coded<'_> {
    match fault {
        Fault::Missing => Coded::Bare(BAD),
        Fault::Text(text) => Coded::Text(BAD_TEXT, text),
        Fault::NotFinite => Coded::Bare(BAD + 2),
        Fault::Sentinel => Coded::Bare(BAD + 3),
        Fault::OutOfRange => Coded::Bare(BAD + 4),
        Fault::Timeout => Coded::Bare(BAD + 5),
        Fault::Disconnected => Coded::Bare(BAD + 6),
        Fault::Exception(code) => Coded::Bare(EXCEPTION + u16::from(*code)),
    }
}

/// Which payload a code needs.
///
/// # Errors
/// [`Corrupt`] for a code that no reading has.
pub fn payload(code: u16) -> Result<Payload, Corrupt> {
    match code {
        0..BAD => Ok(match code % TYPES {
            0 => Payload::Real,
            1 => Payload::Integer,
            2 => Payload::Unsigned,
            5 => Payload::Text,
            _ => Payload::None,
        }),
        BAD_TEXT => Ok(Payload::Text),
        BAD..=24 => Ok(Payload::None),
        EXCEPTION..=319 => Ok(Payload::None),
        _ => Err(Corrupt("reading code")),
    }
}

/// Puts a reading together again.
///
/// # Errors
/// [`Corrupt`] for a code that no reading has.
pub fn uncoded(coded: Coded<'_>) -> Result<Reading, Corrupt> {
    let value = match coded {
        Coded::Real(_, v) => Value::Real(v),
        Coded::Integer(_, v) => Value::Integer(v),
        Coded::Unsigned(_, v) => Value::Unsigned(v),
        Coded::Text(BAD_TEXT, text) => return Ok(Reading::Bad(Fault::Text(Arc::clone(text)))),
        Coded::Text(_, text) => Value::Text(Arc::clone(text)),
        Coded::Bare(code) if code < BAD => Value::Flag(code % TYPES == 4),
        Coded::Bare(code) => return fault(code).map(Reading::Bad),
    };
    match coded.code() / TYPES {
        0 => Ok(Reading::Good(value)),
        1 => Ok(Reading::Uncertain(value, Doubt::Source)),
        2 => Ok(Reading::Uncertain(value, Doubt::ArrivalTime)),
        _ => Err(Corrupt("reading code")),
    }
}

fn fault(code: u16) -> Result<Fault, Corrupt> {
    Ok(match code {
        BAD => Fault::Missing,
        20 => Fault::NotFinite,
        21 => Fault::Sentinel,
        22 => Fault::OutOfRange,
        23 => Fault::Timeout,
        24 => Fault::Disconnected,
        _ => {
            let exception = code.checked_sub(EXCEPTION).and_then(|c| u8::try_from(c).ok());
            Fault::Exception(exception.ok_or(Corrupt("reading code"))?)
        }
    })
}

/// Appends readings as runs of one code with their payloads.
pub fn put_readings(out: &mut Vec<u8>, readings: &[Reading]) {
    let mut rest = readings;
    while let Some(first) = rest.first() {
        let code = coded(first).code();
        let n = rest.iter().take_while(|r| coded(r).code() == code).count();
        let (run, after) = rest.split_at(n);
        put_uint(out, u64::from(code));
        put_uint(out, n as u64);
        for reading in run {
            match coded(reading) {
                Coded::Bare(_) => {}
                Coded::Real(_, v) => out.extend_from_slice(&v.to_le_bytes()),
                Coded::Integer(_, v) => out.extend_from_slice(&v.to_le_bytes()),
                Coded::Unsigned(_, v) => out.extend_from_slice(&v.to_le_bytes()),
                Coded::Text(_, text) => put_part(out, text.as_bytes()),
            }
        }
        rest = after;
    }
}

/// Reads `n` readings that [`put_readings`] wrote.
///
/// # Errors
/// [`Corrupt`] when the bytes are not such readings.
pub fn get_readings(cursor: &mut Cursor<'_>, n: usize) -> Result<Box<[Reading]>, Corrupt> {
    let mut readings = Vec::new();
    while readings.len() < n {
        let code: u16 = cursor.small("reading code")?;
        let run: usize = cursor.small("reading run")?;
        if run == 0 || run > n - readings.len() {
            return Err(Corrupt("reading run"));
        }
        let payload = payload(code)?;
        for _ in 0..run {
            let text;
            let coded = match payload {
                Payload::None => Coded::Bare(code),
                Payload::Real => Coded::Real(code, cursor.f64("float")?),
                Payload::Integer => Coded::Integer(code, i64::from_le_bytes(cursor.word("integer")?)),
                Payload::Unsigned => Coded::Unsigned(code, u64::from_le_bytes(cursor.word("integer")?)),
                Payload::Text => {
                    text = cursor.shared_text("text")?;
                    Coded::Text(code, &text)
                }
            };
            readings.push(uncoded(coded)?);
        }
    }
    Ok(readings.into_boxed_slice())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any value, with bit patterns that only exact storage keeps.
    pub fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => any::<f64>().prop_map(Value::Real),
            4 => (-100_000_i32..100_000).prop_map(|v| Value::Real(f64::from(v) / 1000.0)),
            2 => any::<i64>().prop_map(Value::Integer),
            1 => any::<u64>().prop_map(Value::Unsigned),
            1 => any::<bool>().prop_map(Value::Flag),
            1 => "[a-zß ]{0,6}".prop_map(|t| Value::Text(Arc::from(t))),
        ]
    }

    /// Any reading.
    pub fn any_reading() -> impl Strategy<Value = Reading> {
        prop_oneof![
            6 => any_value().prop_map(Reading::Good),
            1 => any_value().prop_map(|v| Reading::Uncertain(v, Doubt::Source)),
            1 => any_value().prop_map(|v| Reading::Uncertain(v, Doubt::ArrivalTime)),
            1 => any_fault().prop_map(Reading::Bad),
        ]
    }

    fn any_fault() -> impl Strategy<Value = Fault> {
        prop_oneof![
            Just(Fault::Missing),
            "[A-Z a-z]{0,8}".prop_map(|t| Fault::Text(Arc::from(t))),
            Just(Fault::NotFinite),
            Just(Fault::Sentinel),
            Just(Fault::OutOfRange),
            any::<u8>().prop_map(Fault::Exception),
            Just(Fault::Timeout),
            Just(Fault::Disconnected),
        ]
    }

    /// Equality of all bits, so that NaN equals itself and −0 differs from 0.
    pub fn bits(reading: &Reading) -> String {
        match reading {
            Reading::Good(Value::Real(v)) => format!("good {:x}", v.to_bits()),
            Reading::Uncertain(Value::Real(v), doubt) => format!("{doubt:?} {:x}", v.to_bits()),
            other => format!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn readings_come_back_bit_by_bit(readings in prop::collection::vec(any_reading(), 0..40)) {
            let mut out = Vec::new();
            put_readings(&mut out, &readings);
            let mut cursor = Cursor::new(&out);
            let back = get_readings(&mut cursor, readings.len()).unwrap();
            prop_assert!(cursor.is_empty());
            let (want, got): (Vec<_>, Vec<_>) = (readings.iter().map(bits).collect(), back.iter().map(bits).collect());
            prop_assert_eq!(want, got);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64), n in 0_usize..100) {
            let _ = get_readings(&mut Cursor::new(&bytes), n).map(|r| assert_eq!(r.len(), n));
        }
    }
}
