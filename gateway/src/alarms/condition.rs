//! What alarms are raised for, and how urgent each is.
//!
//! An alarm asks for a response (ISA-18.2), so only what somebody can do something about is one:
//! starting, draining and a model that loads are shown in the status and raise nothing.

use crate::board::Status;
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::AlarmDelays;

/// Fails in a row that ask for a response: one is a part, three are a process.
const FAILS_IN_A_ROW: u64 = 3;

/// How soon somebody must respond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// When there is time.
    Low,
    /// Within the shift.
    Medium,
    /// Now: the line gives no verdicts, or parts fail.
    High,
}

impl Priority {
    /// A short stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What kind of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Part after part fails.
    Fails,
    /// Window after window cannot be judged.
    Inconclusive,
    /// A check in production gives no verdicts.
    Silent,
    /// A check has no model that judges.
    Model,
    /// A model runs on another device than asked for.
    Device,
    /// A connection is down.
    Connection,
    /// A unit behind a connection does not answer.
    Unit,
    /// An armed output's last write did not arrive.
    Write,
    /// A restart would arm an output again that was disarmed.
    Arming,
    /// The store cannot be written.
    Store,
    /// The books do not close.
    Books,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Fails,
        Self::Inconclusive,
        Self::Silent,
        Self::Model,
        Self::Device,
        Self::Connection,
        Self::Unit,
        Self::Write,
        Self::Arming,
        Self::Store,
        Self::Books,
    ];

    /// A short stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Inconclusive => "inconclusive",
            Self::Silent => "silent",
            Self::Model => "model",
            Self::Device => "device",
            Self::Connection => "connection",
            Self::Unit => "unit",
            Self::Write => "write",
            Self::Arming => "arming",
            Self::Store => "store",
            Self::Books => "books",
        }
    }

    /// The kind of a word: of a problem's kind, or as it was kept.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// How urgent it is.
    pub fn priority(self) -> Priority {
        match self {
            Self::Fails
            | Self::Silent
            | Self::Inconclusive
            | Self::Model
            | Self::Connection
            | Self::Write
            | Self::Arming => Priority::High,
            Self::Store | Self::Books => Priority::Medium,
            Self::Device | Self::Unit => Priority::Low,
        }
    }

    /// How long it must last either way. A link that is back within two seconds, or a streak that one
    /// good part ends, wakes nobody twice.
    pub fn delays(self) -> AlarmDelays {
        let (on_s, off_s) = match self {
            Self::Connection | Self::Unit => (2, 5),
            Self::Fails | Self::Inconclusive => (0, 10),
            Self::Silent | Self::Write | Self::Arming => (0, 5),
            Self::Model | Self::Device | Self::Store | Self::Books => (1, 5),
        };
        AlarmDelays { on: Duration::from_secs(on_s), off: Duration::from_secs(off_s) }
    }

    /// Whether it follows from a connection that is down: then that one is answered, and this one is
    /// put aside by design.
    pub fn follows_connection(self) -> bool {
        matches!(self, Self::Inconclusive | Self::Silent | Self::Unit | Self::Write)
    }
}

/// A condition that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// What is wrong and what to do.
    pub(super) text: String,
    /// Whether it follows from something that has its own alarm.
    pub(super) is_consequence: bool,
}

/// Place and kind: what an alarm is known by.
pub(super) type Key = (String, Kind);

/// All conditions that hold.
pub(super) fn conditions(status: &Status) -> BTreeMap<Key, Condition> {
    let mut found = BTreeMap::new();
    for problem in &status.problems {
        if let Some(kind) = Kind::of_word(&problem.kind) {
            put(&mut found, &problem.place, kind, &problem.why);
        }
    }
    for check in status.lines.iter().flat_map(|line| &line.checks) {
        if check.in_a_row.fail >= FAILS_IN_A_ROW {
            let text =
                format!("{FAILS_IN_A_ROW} parts or more failed in a row; look at the last one and at the process");
            put(&mut found, &format!("{}/{}", check.line, check.id), Kind::Fails, &text);
        }
    }
    let down: Vec<String> =
        found.keys().filter(|(_, kind)| *kind == Kind::Connection).map(|(p, _)| p.clone()).collect();
    if !down.is_empty() {
        for ((place, kind), condition) in &mut found {
            condition.is_consequence = kind.follows_connection() && depends(status, place, &down);
        }
    }
    found
}

fn put(found: &mut BTreeMap<Key, Condition>, place: &str, kind: Kind, text: &str) {
    let new = || Condition { text: text.to_owned(), is_consequence: false };
    found.entry((place.to_owned(), kind)).or_insert_with(new);
}

/// Whether a place hangs on a connection that is down.
fn depends(status: &Status, place: &str, down: &[String]) -> bool {
    if down.iter().any(|connection| connection == place) {
        return true;
    }
    let line = place.split('/').next().unwrap_or(place);
    let line = status.lines.iter().find(|shown| shown.id == line);
    line.is_some_and(|line| {
        line.connections.iter().any(|id| down.iter().any(|d| d.strip_prefix("connection ") == Some(id.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_their_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::of_word("gateway"), None, "what nobody can respond to raises nothing");
    }
}
