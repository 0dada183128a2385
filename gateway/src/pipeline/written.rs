//! What is kept of every write that ended (B15): with the verdict that led to it, or as an event.
//!
//! A write belongs to a verdict where one led to it: its value, the answer to its part, the end of its
//! pulse, or the fail-safe value in its place. What no verdict led to (the fail-safe value when a
//! connection goes or comes) becomes an event, at most one a minute for each way to end: a device that
//! comes and goes every second must not fill the store. How many were left out stands in the next one.

use crate::board::{WriteNote, WriteOutcome as Shown};
use crate::store::{CheckSlot, Entry, Event, WriteKind, WriteOutcome, WriteResult};
use crate::writeback::machine::Target;
use crate::writeback::port::{About, Ended};
use std::collections::HashMap;
use std::time::Duration;
use takt_plant::{LineId, MonoTime, OutputId, Purpose};

/// Time between two events of the same kind.
const EVENT_EVERY: Duration = Duration::from_secs(60);

/// An output, why it was written and what became of it: as many as outputs have ways to end.
type Way = (CheckSlot, OutputId, Purpose, &'static str);

/// What was kept lately.
#[derive(Debug, Default)]
pub struct Written {
    events: HashMap<Way, Lately>,
}

#[derive(Debug)]
struct Lately {
    at: MonoTime,
    n_left_out: u64,
}

impl Written {
    /// Puts the end of a write of an output into an entry.
    pub fn keep(
        &mut self,
        (check, output): (CheckSlot, &OutputId),
        line: Option<&LineId>,
        target: &str,
        ended: &Ended,
        now: MonoTime,
        entry: &mut Entry,
    ) {
        if let Some(seq) = ended.about.of {
            entry.writes.push(result((check, seq), output, target, ended));
            return;
        }
        let way = (check, output.clone(), ended.about.purpose, ended.note.outcome.word());
        let n_left_out = match self.events.get_mut(&way) {
            Some(lately) if now.since(lately.at) < EVENT_EVERY => {
                lately.n_left_out += 1;
                return;
            }
            Some(lately) => lately.n_left_out,
            None => 0,
        };
        self.events.insert(way, Lately { at: now, n_left_out: 0 });
        let text = sentence(output, &ended.about, &ended.note, n_left_out);
        let (at, who, what) = (ended.note.at, "gateway".to_owned(), what(ended.about.purpose).to_owned());
        entry.events.push(Event { at, who, what, line: line.cloned(), text });
    }
}

fn what(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Pass | Purpose::Verdict => "output.verdict",
        Purpose::FailSafe => "output.fail_safe",
        Purpose::Release => "output.release",
        Purpose::Heartbeat => "output.heartbeat",
    }
}

fn sentence(output: &OutputId, about: &About, note: &WriteNote, n_left_out: u64) -> String {
    let why = note.outcome.why().map(|why| format!(" ({why})")).unwrap_or_default();
    let others = match n_left_out {
        0 => String::new(),
        n => format!("; {n} more like it since the last line"),
    };
    format!("{output}: {} written: {}{why}{others}", about.value, note.outcome.word())
}

fn result((check, seq): (CheckSlot, u64), output: &OutputId, target: &str, ended: &Ended) -> WriteResult {
    let outcome = match &ended.note.outcome {
        Shown::Confirmed => WriteOutcome::Confirmed,
        Shown::DryRun => WriteOutcome::DryRun,
        Shown::Withheld { why } | Shown::Refused { why } => WriteOutcome::Refused(why.clone()),
        Shown::TimedOut => WriteOutcome::TimedOut,
        Shown::Differs { found } => WriteOutcome::Differs(found.clone()),
        Shown::Disconnected => WriteOutcome::Refused("the connection was down".to_owned()),
    };
    let kind = match (ended.about.purpose, ended.about.target) {
        (Purpose::FailSafe, _) => WriteKind::FailSafe,
        (Purpose::Release, _) => WriteKind::Release,
        (Purpose::Pass | Purpose::Verdict | Purpose::Heartbeat, Target::Verdict) => WriteKind::Verdict,
        (Purpose::Pass | Purpose::Verdict | Purpose::Heartbeat, Target::Answer) => WriteKind::Answer,
    };
    // The answer to a part goes to a register of its own.
    let target = if matches!(ended.about.target, Target::Answer) { "" } else { target }.to_owned();
    let (value, write_us) = (ended.about.value.to_string(), ended.note.took_us);
    WriteResult { check, seq, output: output.clone(), kind, outcome, write_us, value, target }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::{WallTime, WriteValue};

    fn ended(purpose: Purpose, target: Target, of: Option<u64>, outcome: Shown) -> Ended {
        let (value, begun) = (WriteValue::Integer(9), MonoTime::from_ns(0));
        let about = About { number: 1, target, value, purpose, seq: None, of, begun };
        let note = WriteNote { value, purpose, outcome, seq: None, took_us: 7, at: WallTime::from_ns(5) };
        Ended { about, note }
    }

    #[test]
    fn what_a_verdict_led_to_is_kept_with_it() {
        let output = OutputId::new("reject").unwrap();
        let mut entry = Entry::default();
        let mut written = Written::default();
        let story = [
            (Purpose::Verdict, Target::Verdict, Shown::DryRun, WriteKind::Verdict, WriteOutcome::DryRun),
            (Purpose::Verdict, Target::Answer, Shown::Confirmed, WriteKind::Answer, WriteOutcome::Confirmed),
            (Purpose::FailSafe, Target::Verdict, Shown::TimedOut, WriteKind::FailSafe, WriteOutcome::TimedOut),
            (Purpose::Release, Target::Answer, Shown::Confirmed, WriteKind::Release, WriteOutcome::Confirmed),
        ];
        for (purpose, target, outcome, ..) in &story {
            let ended = ended(*purpose, *target, Some(42), outcome.clone());
            written.keep((CheckSlot(3), &output), None, "coil:10", &ended, MonoTime::from_ns(0), &mut entry);
        }
        let found: Vec<_> = entry.writes.iter().map(|w| (w.seq, w.kind, w.outcome.clone())).collect();
        assert_eq!(found, story.map(|(.., kind, outcome)| (42, kind, outcome)));
        let what: Vec<_> = entry.writes.iter().map(|w| (w.value.as_str(), w.target.as_str())).collect();
        assert_eq!(what, [("9", "coil:10"), ("9", ""), ("9", "coil:10"), ("9", "")]);
        assert!(entry.events.is_empty());
    }

    #[test]
    fn what_no_verdict_led_to_is_an_event_once_a_minute() {
        let output = OutputId::new("reject").unwrap();
        let mut entry = Entry::default();
        let mut written = Written::default();
        let line = LineId::new("press").unwrap();
        let mut keep = |s: u64, outcome: Shown| {
            let (ended, now) = (ended(Purpose::FailSafe, Target::Verdict, None, outcome), s * 1_000_000_000);
            let place = (CheckSlot(3), &output);
            written.keep(place, Some(&line), "coil:10", &ended, MonoTime::from_ns(now), &mut entry);
        };
        (0..120).for_each(|s| keep(s, Shown::Confirmed));
        keep(120, Shown::Disconnected);
        keep(121, Shown::Confirmed);
        assert!(entry.writes.is_empty());
        let texts: Vec<&str> = entry.events.iter().map(|event| event.text.as_str()).collect();
        let again = "reject: 9 written: confirmed; 59 more like it since the last line";
        assert_eq!(texts, ["reject: 9 written: confirmed", again, "reject: 9 written: disconnected", again]);
        assert!(entry.events.iter().all(|event| event.what == "output.fail_safe"));
    }
}
