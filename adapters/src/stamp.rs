//! Source times as sources write them: ISO texts, epoch numbers, own patterns with a stated zone.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use takt_plant::WallTime;

/// The unit of an epoch number, counted from 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl EpochUnit {
    const fn ns(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    /// Decimal places that reach down to one nanosecond.
    const fn places(self) -> usize {
        match self {
            Self::Seconds => 9,
            Self::Millis => 6,
            Self::Micros => 3,
            Self::Nanos => 0,
        }
    }
}

/// How a time stamp is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StampFormat {
    /// RFC 3339, or the same with a space for the `T` or without an offset (then in the stated zone).
    Iso,
    /// A number, or a text that holds one; decimals allowed.
    Epoch(EpochUnit),
    /// A strptime pattern such as `%d.%m.%Y %H:%M:%S%.f`.
    Pattern(String),
}

/// Why a stamp format cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidStampFormat {
    /// The zone is not in the system's time zone database.
    #[error("the time zone '{zone}' is unknown; write a name such as Europe/Berlin, or leave it out for UTC")]
    Zone {
        /// The name as written.
        zone: String,
        #[source]
        /// What the database says.
        source: jiff::Error,
    },
    /// The pattern is no strptime pattern, or does not name a whole date and time.
    #[error("the time pattern '{pattern}' does not name a date and time; write one such as %Y-%m-%d %H:%M:%S%.f")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        #[source]
        /// What the parser says.
        source: jiff::Error,
    },
}

/// Why a stamp could not be read. The reading then carries the arrival time and a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableStamp {
    /// The text does not fit the format.
    #[error("the time stamp does not fit its format")]
    Format,
    /// A number where the format wants a text.
    #[error("the time stamp is a number, but its format is a text")]
    Kind,
    /// Outside the years 1677 to 2262.
    #[error("the time stamp lies outside the years 1677 to 2262")]
    Range,
}

/// Reads the time stamps of one source. Built once, then pure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampReader {
    format: StampFormat,
    zone: TimeZone,
}

impl StampReader {
    /// A reader for a format, in UTC or in the named zone where a text carries no offset.
    ///
    /// A named zone is looked up in the system's time zone database here, and nowhere later.
    pub fn new(format: StampFormat, zone: Option<&str>) -> Result<Self, InvalidStampFormat> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => {
                TimeZone::get(name).map_err(|source| InvalidStampFormat::Zone { zone: name.to_owned(), source })?
            }
        };
        let reader = Self { format, zone };
        if let StampFormat::Pattern(pattern) = &reader.format {
            reader
                .try_pattern(pattern)
                .map_err(|source| InvalidStampFormat::Pattern { pattern: pattern.clone(), source })?;
        }
        Ok(reader)
    }

    /// Reads a text.
    pub fn text(&self, text: &str) -> Result<WallTime, UnreadableStamp> {
        let text = text.trim();
        match &self.format {
            StampFormat::Iso => self.iso(text),
            StampFormat::Epoch(unit) => epoch_text(text, *unit),
            StampFormat::Pattern(pattern) => {
                self.by_pattern(pattern, text).map_err(|_| UnreadableStamp::Format).and_then(wall)
            }
        }
    }

    /// Reads an integer.
    pub fn integer(&self, v: i64) -> Result<WallTime, UnreadableStamp> {
        let StampFormat::Epoch(unit) = &self.format else { return Err(UnreadableStamp::Kind) };
        v.checked_mul(unit.ns()).map(WallTime::from_ns).ok_or(UnreadableStamp::Range)
    }

    /// Reads a decimal number. Seconds and milliseconds are rounded to the microsecond, because a
    /// 64-bit float near today's epoch cannot hold more.
    pub fn real(&self, v: f64) -> Result<WallTime, UnreadableStamp> {
        let StampFormat::Epoch(unit) = &self.format else { return Err(UnreadableStamp::Kind) };
        let ns = match unit {
            EpochUnit::Seconds => (v * 1e6).round() * 1e3,
            EpochUnit::Millis => (v * 1e3).round() * 1e3,
            EpochUnit::Micros => (v * 1e3).round(),
            EpochUnit::Nanos => v.round(),
        };
        // 2^63 as a float; NaN compares false and is refused with the rest.
        if ns.abs() < 9_223_372_036_854_775_808.0 {
            #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
            Ok(WallTime::from_ns(ns as i64))
        } else {
            Err(UnreadableStamp::Range)
        }
    }

    fn iso(&self, text: &str) -> Result<WallTime, UnreadableStamp> {
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return wall(stamp);
        }
        let civil: DateTime = text.parse().map_err(|_| UnreadableStamp::Format)?;
        let zoned = civil.to_zoned(self.zone.clone()).map_err(|_| UnreadableStamp::Range)?;
        wall(zoned.timestamp())
    }

    fn by_pattern(&self, pattern: &str, text: &str) -> Result<jiff::Timestamp, jiff::Error> {
        let fields = strtime::parse(pattern, text)?;
        if fields.offset().is_some() || fields.iana_time_zone().is_some() {
            return fields.to_timestamp();
        }
        Ok(fields.to_datetime()?.to_zoned(self.zone.clone())?.timestamp())
    }

    /// Writes a known instant with the pattern and reads it back: a pattern that lacks a field fails.
    fn try_pattern(&self, pattern: &str) -> Result<(), jiff::Error> {
        let known = jiff::Timestamp::from_second(1_700_000_000)?.to_zoned(self.zone.clone());
        let text = strtime::format(pattern, &known)?;
        self.by_pattern(pattern, &text).map(|_| ())
    }
}

fn wall(stamp: jiff::Timestamp) -> Result<WallTime, UnreadableStamp> {
    i64::try_from(stamp.as_nanosecond()).map(WallTime::from_ns).map_err(|_| UnreadableStamp::Range)
}

/// Reads `[-]digits[.digits]` exactly, without going through a float; digits beyond the nanosecond
/// are cut. Exponents are read as a float.
fn epoch_text(text: &str, unit: EpochUnit) -> Result<WallTime, UnreadableStamp> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        let v: f64 = text.parse().map_err(|_| UnreadableStamp::Format)?;
        let reader = StampReader { format: StampFormat::Epoch(unit), zone: TimeZone::UTC };
        return reader.real(v);
    }
    let mut ns = whole.parse::<i64>().ok().and_then(|w| w.checked_mul(unit.ns())).ok_or(UnreadableStamp::Range)?;
    let mut place = unit.ns();
    for digit in fraction.bytes().take(unit.places()) {
        place /= 10;
        ns = ns.checked_add(i64::from(digit - b'0') * place).ok_or(UnreadableStamp::Range)?;
    }
    Ok(WallTime::from_ns(if negative { -ns } else { ns }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: i64 = 1_583_835_153; // 2020-03-10T10:12:33Z
    const S: i64 = 1_000_000_000;

    fn check(format: StampFormat, zone: Option<&str>, text: &str, expected: Result<i64, UnreadableStamp>) {
        let reader = StampReader::new(format, zone).unwrap();
        assert_eq!(reader.text(text).map(WallTime::as_ns), expected, "{text:?} by {reader:?}");
    }

    #[test]
    fn iso_texts() {
        for (text, zone, expected) in [
            ("2020-03-10T10:12:33Z", None, Ok(T * S)),
            ("2020-03-10T11:12:33.25+01:00", None, Ok(T * S + S / 4)),
            ("2020-03-10 10:12:33", None, Ok(T * S)),
            ("2020-03-10T11:12:33", Some("Europe/Berlin"), Ok(T * S)),
            ("1969-12-31T23:59:59Z", None, Ok(-S)),
            ("10.03.2020", None, Err(UnreadableStamp::Format)),
            ("", None, Err(UnreadableStamp::Format)),
            ("3000-01-01T00:00:00Z", None, Err(UnreadableStamp::Range)),
        ] {
            check(StampFormat::Iso, zone, text, expected);
        }
    }

    #[test]
    fn epoch_texts_keep_every_digit() {
        for (text, unit, expected) in [
            ("1583835153", EpochUnit::Seconds, Ok(T * S)),
            ("1583835153.123456789", EpochUnit::Seconds, Ok(T * S + 123_456_789)),
            ("1583835153123.5", EpochUnit::Millis, Ok(T * S + 123_500_000)),
            ("1583835153123456", EpochUnit::Micros, Ok(T * S + 123_456_000)),
            ("1583835153123456789", EpochUnit::Nanos, Ok(T * S + 123_456_789)),
            ("-1.5", EpochUnit::Seconds, Ok(-S - S / 2)),
            ("1.583835153e9", EpochUnit::Seconds, Ok(T * S)),
            ("9999999999999", EpochUnit::Seconds, Err(UnreadableStamp::Range)),
            ("soon", EpochUnit::Seconds, Err(UnreadableStamp::Format)),
            ("NaN", EpochUnit::Seconds, Err(UnreadableStamp::Range)),
        ] {
            check(StampFormat::Epoch(unit), None, text, expected);
        }
    }

    #[test]
    fn patterns_with_and_without_a_zone() {
        let german = StampFormat::Pattern("%d.%m.%Y %H:%M:%S%.f".into());
        check(german.clone(), None, "10.03.2020 10:12:33.5", Ok(T * S + S / 2));
        check(german.clone(), Some("Europe/Berlin"), "10.03.2020 11:12:33", Ok(T * S));
        check(german, None, "2020-03-10", Err(UnreadableStamp::Format));
        let offset = StampFormat::Pattern("%d/%m/%Y %H:%M:%S %z".into());
        check(offset, Some("Asia/Tokyo"), "10/03/2020 11:12:33 +0100", Ok(T * S));
    }

    #[test]
    fn a_pattern_without_a_date_is_refused() {
        for pattern in ["%H:%M", "%Q!", "no fields"] {
            let format = StampFormat::Pattern(pattern.into());
            assert!(StampReader::new(format, None).is_err(), "{pattern}");
        }
        assert!(StampReader::new(StampFormat::Iso, Some("Mars/Base")).is_err());
    }

    #[test]
    fn numbers_need_an_epoch_format() {
        let iso = StampReader::new(StampFormat::Iso, None).unwrap();
        assert_eq!(iso.integer(T), Err(UnreadableStamp::Kind));
        assert_eq!(iso.real(1.0), Err(UnreadableStamp::Kind));
        let seconds = StampReader::new(StampFormat::Epoch(EpochUnit::Seconds), None).unwrap();
        assert_eq!(seconds.real(1_583_835_153.123_456).map(WallTime::as_ns), Ok(T * S + 123_456_000));
        assert_eq!(seconds.integer(i64::MAX), Err(UnreadableStamp::Range));
        for v in [f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(seconds.real(v), Err(UnreadableStamp::Range));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            for format in [
                StampFormat::Iso,
                StampFormat::Epoch(EpochUnit::Seconds),
                StampFormat::Epoch(EpochUnit::Nanos),
                StampFormat::Pattern("%Y-%m-%d %H:%M:%S".into()),
            ] {
                let _ = StampReader::new(format, None).unwrap().text(&text);
            }
        }

        #[test]
        fn what_is_written_as_epoch_is_read_back(ns in any::<i64>()) {
            let reader = StampReader::new(StampFormat::Epoch(EpochUnit::Nanos), None).unwrap();
            prop_assert_eq!(reader.text(&ns.to_string()).map(WallTime::as_ns).ok(), (ns != i64::MIN).then_some(ns));
            prop_assert_eq!(reader.integer(ns).map(WallTime::as_ns), Ok(ns));
        }

        #[test]
        fn what_is_written_as_iso_is_read_back(us in -9_000_000_000_000_000_i64..9_000_000_000_000_000) {
            let text = jiff::Timestamp::from_microsecond(us).unwrap().to_string();
            let reader = StampReader::new(StampFormat::Iso, None).unwrap();
            prop_assert_eq!(reader.text(&text).map(WallTime::as_us), Ok(us));
        }
    }
}
