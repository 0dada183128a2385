//! How times are written.

use crate::place::At;
use crate::resolved::TimeFormat;
use crate::written::tag::TimeText;

/// A written format of times; RFC 3339 where none is written.
pub(crate) fn time_format(written: Option<&At<TimeText>>) -> TimeFormat {
    match written.map(|at| (at, at.value.0.as_str())) {
        None | Some((_, "rfc3339")) => TimeFormat::Rfc3339,
        Some((_, "s")) => TimeFormat::Seconds,
        Some((_, "ms")) => TimeFormat::Millis,
        Some((_, "us")) => TimeFormat::Micros,
        Some((_, "ns")) => TimeFormat::Nanos,
        Some((at, pattern)) => TimeFormat::Pattern(At::new(pattern.to_owned(), at.place.clone())),
    }
}
