//! The JSON of a verdict: what goes out by MQTT, over HTTP and to the live page.
//!
//! The fields and their order are the contract of `takt/v1/{site}/{gateway}/{line}/{check}/verdict`:
//!
//! ```json
//! {"epoch":1,"seq":42,"verdict":"fail","reason":null,"part":4711,
//!  "at":"2026-01-02T03:04:05.000006Z",
//!  "scores":{"t2":{"value":71.5,"limit":30.1}},
//!  "contributions":[{"tag":"ram_force","share":0.61}],
//!  "model":{"name":"press-a","version":"3","digest":"b3:…"},
//!  "window":{"key":"1767323045000000000/4711","from":"…","to":"…","n":120},
//!  "latency_us":{"queue":3,"features":5,"inference":7,"write":0,"total":21},
//!  "executed_by":"box-1"}
//! ```
//!
//! Every field is always there. `reason` is `null` for pass and fail, and for inconclusive the
//! reason's stable word with its particulars after a colon; `part` is `null` where the window has
//! none; `model` is `null` where none judged. A number that is not finite is `null`, because JSON
//! has no other word for it. Times are RFC 3339, UTC, with six digits, rounded towards the past.
//! `latency_us.write` is zero here: the PLC's write is handed over before the verdict is published,
//! but publishing does not wait for its end; a verdict read back by the API has it.
//! `window.key` is the window's identity in one text: last source time in ns, then the part.
//!
//! Written by hand rather than through serde: a verdict goes out for every part, and this costs a
//! quarter of the budget.

use crate::record::{ModelStamp, VerdictRecord};
use takt_plant::{CheckId, GatewayId, LineId, Outcome, Score, SiteId, Value, WallTime, WindowKey};

/// The topic on which a check's verdicts go out.
pub fn verdict_topic(site: &SiteId, gateway: &GatewayId, line: &LineId, check: &CheckId) -> String {
    format!("takt/v1/{site}/{gateway}/{line}/{check}/verdict")
}

/// The retained topic that says whether this gateway is there, with last will.
pub fn state_topic(site: &SiteId, gateway: &GatewayId) -> String {
    format!("takt/v1/{site}/{gateway}/state")
}

/// Whether a gateway is there, as its retained `state` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Connected and running.
    Online,
    /// Ended cleanly.
    Offline,
    /// The broker lost it: the last will.
    Lost,
}

/// Appends the payload of the `state` topic: `{"state":"online","at":"…","version":"…"}`.
///
/// The last will is composed when the connection is made, so its `at` says when the connection
/// began, not when it was lost.
pub fn state_json(presence: Presence, at: WallTime, version: &str, out: &mut Vec<u8>) {
    let word: &[u8] = match presence {
        Presence::Online => b"{\"state\":\"online\",\"at\":",
        Presence::Offline => b"{\"state\":\"offline\",\"at\":",
        Presence::Lost => b"{\"state\":\"lost\",\"at\":",
    };
    out.extend_from_slice(word);
    time(at, out);
    out.extend_from_slice(b",\"version\":");
    text(version, out);
    out.push(b'}');
}

/// Appends the JSON of a verdict. All contributions of the record are written; how many there are
/// is the caller's choice.
pub fn verdict_json(record: &VerdictRecord, out: &mut Vec<u8>) {
    out.push(b'{');
    verdict_fields(record, out);
    out.push(b'}');
}

/// Appends the JSON of a verdict with its line and check first: over HTTP no topic names them.
pub fn named_verdict_json(record: &VerdictRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"line\":\"");
    out.extend_from_slice(record.key.line.as_str().as_bytes());
    out.extend_from_slice(b"\",\"check\":\"");
    out.extend_from_slice(record.key.check.as_str().as_bytes());
    out.extend_from_slice(b"\",");
    verdict_fields(record, out);
    out.push(b'}');
}

/// Appends a time as a JSON text: RFC 3339, UTC, microseconds.
pub fn time(at: WallTime, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(&rfc3339(at));
    out.push(b'"');
}

/// A time as RFC 3339, UTC, microseconds.
pub fn time_text(at: WallTime) -> String {
    rfc3339(at).iter().map(|b| char::from(*b)).collect()
}

/// The window's identity in one text: last source time in nanoseconds, then the part after `/`.
pub fn window_key(window: &WindowKey) -> String {
    match &window.part {
        Some(part) => format!("{}/{part}", window.to.as_ns()),
        None => window.to.as_ns().to_string(),
    }
}

fn verdict_fields(record: &VerdictRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"epoch\":");
    integer(record.key.epoch, out);
    out.extend_from_slice(b",\"seq\":");
    integer(record.key.seq, out);
    outcome(&record.outcome, out);
    out.extend_from_slice(b",\"part\":");
    part(record.key.window.part.as_ref(), out);
    out.extend_from_slice(b",\"at\":");
    time(record.at, out);
    scores(&record.scores, out);
    contributions(record, out);
    model(record.model.as_deref(), out);
    window(&record.key.window, out);
    latency(record, out);
    out.extend_from_slice(b",\"executed_by\":\"");
    out.extend_from_slice(record.executed_by.as_str().as_bytes());
    out.push(b'"');
}

fn outcome(outcome: &Outcome, out: &mut Vec<u8>) {
    match outcome {
        Outcome::Pass => out.extend_from_slice(b",\"verdict\":\"pass\",\"reason\":null"),
        Outcome::Fail => out.extend_from_slice(b",\"verdict\":\"fail\",\"reason\":null"),
        Outcome::Inconclusive(why) => {
            out.extend_from_slice(b",\"verdict\":\"inconclusive\",\"reason\":");
            text(&why.to_string(), out);
        }
    }
}

fn part(part: Option<&Value>, out: &mut Vec<u8>) {
    match part {
        None => out.extend_from_slice(b"null"),
        Some(Value::Real(v)) => number(*v, out),
        Some(Value::Integer(v)) => integer(*v, out),
        Some(Value::Unsigned(v)) => integer(*v, out),
        Some(Value::Flag(true)) => out.extend_from_slice(b"true"),
        Some(Value::Flag(false)) => out.extend_from_slice(b"false"),
        Some(Value::Text(v)) => text(v, out),
    }
}

fn scores(scores: &[Score], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"scores\":{");
    for (i, score) in scores.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        text(&score.name, out);
        out.extend_from_slice(b":{\"value\":");
        number(score.value, out);
        out.extend_from_slice(b",\"limit\":");
        number(score.limit, out);
        out.push(b'}');
    }
    out.push(b'}');
}

fn contributions(record: &VerdictRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"contributions\":[");
    for (i, (tag, share)) in record.contributions.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",{\"tag\":\"" } else { b"{\"tag\":\"" });
        out.extend_from_slice(tag.as_str().as_bytes());
        out.extend_from_slice(b"\",\"share\":");
        number(*share, out);
        out.push(b'}');
    }
    out.push(b']');
}

fn model(stamp: Option<&ModelStamp>, out: &mut Vec<u8>) {
    let Some(stamp) = stamp else {
        out.extend_from_slice(b",\"model\":null");
        return;
    };
    out.extend_from_slice(b",\"model\":{\"name\":");
    text(&stamp.name, out);
    out.extend_from_slice(b",\"version\":");
    text(&stamp.version, out);
    out.extend_from_slice(b",\"digest\":");
    text(&stamp.digest, out);
    out.push(b'}');
}

fn window(window: &WindowKey, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"window\":{\"key\":");
    match &window.part {
        None => {
            out.push(b'"');
            integer(window.to.as_ns(), out);
            out.push(b'"');
        }
        Some(_) => text(&window_key(window), out),
    }
    out.extend_from_slice(b",\"from\":");
    time(window.from, out);
    out.extend_from_slice(b",\"to\":");
    time(window.to, out);
    out.extend_from_slice(b",\"n\":");
    integer(window.n, out);
    out.push(b'}');
}

fn latency(record: &VerdictRecord, out: &mut Vec<u8>) {
    let split = &record.latency;
    let fields: [(&[u8], u32); 5] = [
        (b",\"latency_us\":{\"queue\":", split.queue_us),
        (b",\"features\":", split.features_us),
        (b",\"inference\":", split.inference_us),
        (b",\"write\":", split.write_us),
        (b",\"total\":", split.total_us),
    ];
    for (name, us) in fields {
        out.extend_from_slice(name);
        integer(us, out);
    }
    out.push(b'}');
}

fn integer(v: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes());
}

fn number(v: f64, out: &mut Vec<u8>) {
    if v.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A text with the escapes of RFC 8259.
fn text(v: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in v.bytes() {
        match c {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', c]),
            0x00..0x20 => out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(c >> 4), hex(c & 15)]),
            _ => out.push(c),
        }
    }
    out.push(b'"');
}

fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble)]
}

/// Proleptic Gregorian date of the time, by Howard Hinnant's `civil_from_days`
/// (*chrono-Compatible Low-Level Date Algorithms*), then the time of day.
/// Nanoseconds in an `i64` reach from 1677 to 2262, so a year has four digits.
fn rfc3339(at: WallTime) -> [u8; 27] {
    let us = at.as_us();
    let (days, us_of_day) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);

    let s = us_of_day / 1_000_000;
    let mut out = *b"0000-00-00T00:00:00.000000Z";
    digits(&mut out[0..4], year);
    digits(&mut out[5..7], month);
    digits(&mut out[8..10], day);
    digits(&mut out[11..13], s / 3_600);
    digits(&mut out[14..16], s / 60 % 60);
    digits(&mut out[17..19], s % 60);
    digits(&mut out[20..26], us_of_day % 1_000_000);
    out
}

fn digits(place: &mut [u8], mut v: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(v % 10).expect("a digit of a non-negative number");
        v /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_those_of_jiff(ns in any::<i64>()) {
            let at = WallTime::from_ns(ns);
            let stamp = jiff::Timestamp::from_microsecond(at.as_us()).expect("in range");
            prop_assert_eq!(time_text(at), format!("{stamp:.6}"));
        }

        #[test]
        fn texts_come_back(v in any::<String>()) {
            let mut out = Vec::new();
            text(&v, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("valid JSON"), v);
        }

        #[test]
        fn numbers_come_back(v in any::<f64>()) {
            let mut out = Vec::new();
            number(v, &mut out);
            let back: Option<f64> = serde_json::from_slice(&out).expect("valid JSON");
            prop_assert_eq!(back, v.is_finite().then_some(v));
        }
    }
}
