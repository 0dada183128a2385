//! What came of the demo, for a person and for a test.

use crate::gateway::check_of;
use crate::plant::Tally;
use serde_json::{Value, json};
use std::fmt;

/// The whole demo in numbers.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// What became of the judged parts; `None` when it ended before the gateway had learned.
    pub(crate) tally: Option<Tally>,
    pub(crate) n_reject_writes: u64,
    pub(crate) n_verdict_messages: u64,
    pub(crate) n_verdict_messages_missing: u64,
    /// The gateway's last status.
    pub(crate) status: Value,
    /// The gateway's exit code; a signal has none.
    pub(crate) exit_code: Option<i32>,
}

impl Summary {
    /// Whether the books close and the gateway ended cleanly.
    pub(crate) fn is_clean(&self) -> bool {
        self.books_close() && self.exit_code == Some(0)
    }

    /// Whether every line says that its books close.
    pub(crate) fn books_close(&self) -> bool {
        let lines = self.status["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        !lines.is_empty() && lines.iter().all(|line| line["books"]["close"] == true)
    }

    /// The summary for programs.
    pub(crate) fn to_json(&self) -> Value {
        let Tally { n_parts, n_faulty, n_found, n_missed, n_false, n_fell_back } = self.tally.unwrap_or_default();
        json!({
            "parts": n_parts, "faulty": n_faulty, "found": n_found, "missed": n_missed,
            "false_rejects": n_false, "fell_back": n_fell_back, "reject_writes": self.n_reject_writes,
            "verdict_messages": { "n": self.n_verdict_messages, "missing": self.n_verdict_messages_missing },
            "books_close": self.books_close(), "gateway_exit_code": self.exit_code,
            "books": self.status["lines"][0]["books"], "check": check_of(&self.status),
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = check_of(&self.status).cloned().unwrap_or_default();
        let total = &check["latency_us"]["total"];
        let (n, n_missing) = (self.n_verdict_messages, self.n_verdict_messages_missing);
        match self.tally {
            Some(tally) => parts(f, tally)?,
            None => writeln!(f, "  parts judged        none: it ended before the gateway had learned")?,
        }
        writeln!(
            f,
            "  sample → verdict    p50 {}, p99 {}, longest {}",
            time(&total["p50"]),
            time(&total["p99"]),
            time(&total["max"])
        )?;
        writeln!(
            f,
            "  verdict messages    {n} heard, the learning phase included; {n_missing} missing in their sequence"
        )?;
        writeln!(f, "  reject coil         written {} times", self.n_reject_writes)?;
        writeln!(f, "  books               {}", books(&self.status, self.books_close()))?;
        let ended = match self.exit_code {
            Some(0) => "ended cleanly".to_owned(),
            Some(code) => format!("ended with exit code {code}"),
            None => "was killed by a signal".to_owned(),
        };
        write!(f, "  gateway             {ended}")
    }
}

fn parts(f: &mut fmt::Formatter<'_>, tally: Tally) -> fmt::Result {
    let Tally { n_parts, n_faulty, n_found, n_missed, n_false, n_fell_back } = tally;
    writeln!(f, "  parts judged        {n_parts}")?;
    writeln!(f, "  faulty parts        {n_faulty}: {n_found} found, {n_missed} missed")?;
    writeln!(f, "  false rejects       {n_false}, idle phases and product changes included")?;
    if n_fell_back > 0 {
        writeln!(f, "  fall-backs          {n_fell_back} parts were rejected by the PLC itself: no heartbeat")?;
    }
    Ok(())
}

fn time(us: &Value) -> String {
    match us.as_u64() {
        None => "unknown".to_owned(),
        Some(us) if us < 10_000 => format!("{us} µs"),
        Some(us) => format!("{} ms", us / 1_000),
    }
}

fn books(status: &Value, close: bool) -> String {
    let books = &status["lines"][0]["books"];
    let reasons = books["reasons"].as_object().into_iter().flatten();
    let reasons: Vec<String> = reasons.map(|(why, n)| format!("{n} {}", why.replace('_', " "))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let [received, judged, dropped, waiting] =
        ["received", "judged", "dropped", "waiting"].map(|key| books[key].as_u64().unwrap_or(0));
    let word = if close { "close" } else { "DO NOT CLOSE" };
    format!("{word}: {received} received = {judged} judged + {dropped} dropped{reasons} + {waiting} waiting")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(close: bool, exit_code: Option<i32>) -> Summary {
        let books = json!({ "received": 9, "judged": 5, "dropped": 3, "waiting": 1, "close": close,
            "reasons": { "not_in_production": 3 } });
        let check = json!({ "id": "stroke", "latency_us": { "total": { "p50": 420, "p99": 1500, "max": 20_000 } } });
        let status = json!({ "lines": [{ "id": "press-3", "books": books, "checks": [check] }] });
        let tally = Some(Tally { n_parts: 200, n_faulty: 9, n_found: 9, ..Tally::default() });
        let (n_verdict_messages, n_verdict_messages_missing) = (200, 0);
        Summary { tally, n_reject_writes: 18, n_verdict_messages, n_verdict_messages_missing, status, exit_code }
    }

    #[test]
    fn only_closed_books_and_a_clean_end_are_clean() {
        for (close, code, clean) in
            [(true, Some(0), true), (false, Some(0), false), (true, Some(1), false), (true, None, false)]
        {
            assert_eq!(summary(close, code).is_clean(), clean, "books close {close}, exit code {code:?}");
        }
        assert!(!Summary { status: json!({ "lines": [] }), ..summary(true, Some(0)) }.is_clean());
    }

    #[test]
    fn the_summary_says_what_was_asked() {
        let text = summary(true, Some(0)).to_string();
        for part in [
            "9: 9 found, 0 missed",
            "p50 420 µs, p99 1500 µs, longest 20 ms",
            "close: 9 received = 5 judged + 3 dropped (3 not in production) + 1 waiting",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }
}
