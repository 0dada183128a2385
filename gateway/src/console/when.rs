//! Instants and spans as people write them: RFC 3339, a local time, "2h ago", "90min".

use super::exit;
use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned, civil};
use takt_plant::WallTime;

/// What may be written, for messages.
const EXPECTED: &str = "write 2026-01-31T12:00:00Z, '2026-01-31 12:00' in local time, '2h ago' or now";

/// Reads an instant. `now` is what "ago" counts from.
pub(super) fn instant(text: &str, now: WallTime) -> Result<WallTime> {
    let here = zoned(now)?;
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return wall(&at);
    }
    if let Ok(local) = text.parse::<civil::DateTime>() {
        let there = local.to_zoned(here.time_zone().clone()).with_context(|| format!("'{text}' is no local time"))?;
        return wall(&there.timestamp());
    }
    let refuse = |_| exit::usage(format!("'{text}' is no time; {EXPECTED}"));
    let span: Span = text.parse().map_err(refuse)?;
    let there = here.checked_add(span).map_err(refuse)?;
    wall(&there.timestamp())
}

/// The instant so long before now.
pub(super) fn before(span: &str, now: WallTime) -> Result<WallTime> {
    let refuse = |_| exit::usage(format!("'{span}' is no span; write 1h, 90min or 2d"));
    let parsed: Span = span.parse().map_err(refuse)?;
    let there = zoned(now)?.checked_sub(parsed.abs()).map_err(refuse)?;
    wall(&there.timestamp())
}

fn zoned(now: WallTime) -> Result<Zoned> {
    let at = Timestamp::from_nanosecond(i128::from(now.as_ns())).context("the clock is out of range; set it")?;
    Ok(at.to_zoned(TimeZone::system()))
}

fn wall(at: &Timestamp) -> Result<WallTime> {
    let ns = i64::try_from(at.as_nanosecond()).context("this time lies more than 200 years away; check the year")?;
    Ok(WallTime::from_ns(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T12:00:00Z.
    const NOW: WallTime = WallTime::from_ns(1_769_860_800_000_000_000);

    #[test]
    fn instants_are_read_in_every_form() {
        let s = |s: i64| WallTime::from_ns(NOW.as_ns() + s * 1_000_000_000);
        let cases = [
            ("now", Some(s(0))),
            ("2026-01-31T12:00:00Z", Some(s(0))),
            ("2026-01-31T13:30:00+01:00", Some(s(1_800))),
            ("2h ago", Some(s(-7_200))),
            ("90 min ago", Some(s(-5_400))),
            ("1d ago", Some(s(-86_400))),
            ("yesterday", None),
            ("9999-12-31T00:00:00Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(instant(text, NOW).ok(), expected, "{text}");
        }
        assert_eq!(before("1h", NOW).ok(), Some(s(-3_600)));
        assert!(before("soon", NOW).is_err());
    }
}
