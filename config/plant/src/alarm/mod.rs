//! Alarms: what asks an operator for a response, with the states of ISA-18.2 (IEC 62682).
//!
//! [`AlarmState`] and [`next`] are the standard's state diagram as a pure function. An [`Alarm`] puts
//! on- and off-delay and the end of shelving around it. Drive it so: tell it [`Alarm::condition`]
//! whenever the condition was looked at and [`Alarm::order`] when an operator wants something; wake
//! it at [`Alarm::next_wake`] with [`Alarm::tick`]. [`Flood`] says when there are more alarms than
//! anybody can answer.

mod flood;
mod machine;

pub use flood::Flood;
pub use machine::{Alarm, AlarmDelays};

use std::time::Duration;

/// Where an alarm stands (ISA-18.2-2016, figure 9; the letters are the standard's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// A: nothing is wrong.
    Normal,
    /// B: it is wrong and nobody has said that they know.
    Active,
    /// C: it is wrong and somebody knows.
    Acknowledged,
    /// D: it was wrong, is right again, and nobody has said that they know.
    Returned,
    /// G: an operator has put it aside for a while.
    Shelved,
    /// H: put aside by design, such as the alarms of a line that does not produce.
    Suppressed,
    /// I: taken out of service for maintenance.
    OutOfService,
}

/// What happens to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmEvent {
    /// The condition holds, after its on-delay.
    Raised,
    /// The condition no longer holds, after its off-delay.
    Cleared,
    /// An operator knows.
    Acknowledge,
    /// An operator puts it aside for a while.
    Shelve,
    /// The while is over, or an operator takes it back.
    Unshelve,
    /// The design puts it aside.
    Suppress,
    /// The design takes it back.
    Unsuppress,
    /// Maintenance takes it out of service.
    TakeOut,
    /// Maintenance puts it back into service.
    PutBack,
}

/// Why an event has no meaning where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotNow {
    /// Where it stands.
    pub state: AlarmState,
    /// What was asked of it.
    pub event: AlarmEvent,
}

/// The longest that an alarm may be shelved: a shift and its handover. What is to be quiet for longer
/// is out of service, which is a decision of maintenance and not of an operator.
pub const SHELVE_MAX: Duration = Duration::from_secs(12 * 3_600);

impl AlarmState {
    /// All states, in the standard's order.
    pub const ALL: [Self; 7] = [
        Self::Normal,
        Self::Active,
        Self::Acknowledged,
        Self::Returned,
        Self::Shelved,
        Self::Suppressed,
        Self::OutOfService,
    ];

    /// A short stable word for the API and the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Active => "active",
            Self::Acknowledged => "acknowledged",
            Self::Returned => "returned",
            Self::Shelved => "shelved",
            Self::Suppressed => "suppressed",
            Self::OutOfService => "out_of_service",
        }
    }

    /// The state of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether it is to be seen and heard.
    pub fn is_announced(self) -> bool {
        matches!(self, Self::Active | Self::Acknowledged | Self::Returned)
    }

    /// Whether it waits for an operator to acknowledge it.
    pub fn wants_acknowledgement(self) -> bool {
        matches!(self, Self::Active | Self::Returned)
    }

    /// Whether it was put aside, by whomever.
    pub fn is_aside(self) -> bool {
        matches!(self, Self::Shelved | Self::Suppressed | Self::OutOfService)
    }
}

impl AlarmEvent {
    /// All events.
    pub const ALL: [Self; 9] = [
        Self::Raised,
        Self::Cleared,
        Self::Acknowledge,
        Self::Shelve,
        Self::Unshelve,
        Self::Suppress,
        Self::Unsuppress,
        Self::TakeOut,
        Self::PutBack,
    ];

    /// A short stable word for the API and the audit log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Cleared => "cleared",
            Self::Acknowledge => "acknowledge",
            Self::Shelve => "shelve",
            Self::Unshelve => "unshelve",
            Self::Suppress => "suppress",
            Self::Unsuppress => "unsuppress",
            Self::TakeOut => "out-of-service",
            Self::PutBack => "in-service",
        }
    }
}

impl std::fmt::Display for NotNow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (state, event) = (self.state.word().replace('_', " "), self.event.word().replace('-', " "));
        write!(f, "an alarm that is {state} takes no '{event}'")
    }
}

impl std::error::Error for NotNow {}

/// The state after an event; `holds` says whether the condition holds, for the way back from aside.
///
/// The condition goes on while an alarm is aside, unseen: when it comes back and the condition holds,
/// it is active and wants to be acknowledged, however it stood before.
///
/// # Errors
/// When the event has no meaning in this state: nothing changes.
pub fn next(state: AlarmState, event: AlarmEvent, holds: bool) -> Result<AlarmState, NotNow> {
    use AlarmEvent as E;
    use AlarmState as S;
    let back = if holds { S::Active } else { S::Normal };
    let after = match (state, event) {
        (S::Normal | S::Returned, E::Raised) => S::Active,
        (S::Active | S::Acknowledged, E::Raised) => state,
        (S::Active, E::Cleared) => S::Returned,
        (S::Acknowledged, E::Cleared) => S::Normal,
        (S::Normal | S::Returned, E::Cleared) => state,
        (S::Shelved | S::Suppressed | S::OutOfService, E::Raised | E::Cleared) => state,
        (S::Active, E::Acknowledge) => S::Acknowledged,
        (S::Returned, E::Acknowledge) => S::Normal,
        (S::Normal | S::Active | S::Acknowledged | S::Returned | S::Shelved, E::Shelve) => S::Shelved,
        (S::Shelved, E::Unshelve) => back,
        (S::Suppressed, E::Unsuppress) => back,
        (S::OutOfService, E::PutBack) => back,
        // What maintenance or an operator has put aside, the design neither suppresses nor takes back.
        (S::Shelved | S::OutOfService, E::Suppress | E::Unsuppress) => state,
        (_, E::Suppress) => S::Suppressed,
        (_, E::TakeOut) => S::OutOfService,
        (S::Normal | S::Acknowledged | S::Shelved | S::Suppressed | S::OutOfService, E::Acknowledge)
        | (S::Suppressed | S::OutOfService, E::Shelve)
        | (_, E::Unshelve | E::PutBack) => return Err(NotNow { state, event }),
        (S::Normal | S::Active | S::Acknowledged | S::Returned, E::Unsuppress) => state,
    };
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlarmEvent as E;
    use AlarmState as S;

    /// The whole diagram: a row an event, a column a state. `.` changes nothing, `!` is refused, `*` is
    /// active where the condition holds and normal where not.
    const DIAGRAM: [(E, [&str; 7]); 9] = [
        // event             normal active ackn. returned shelved suppr. out
        (E::Raised, ["active", ".", ".", "active", ".", ".", "."]),
        (E::Cleared, [".", "returned", "normal", ".", ".", ".", "."]),
        (E::Acknowledge, ["!", "acknowledged", "!", "normal", "!", "!", "!"]),
        (E::Shelve, ["shelved", "shelved", "shelved", "shelved", ".", "!", "!"]),
        (E::Unshelve, ["!", "!", "!", "!", "*", "!", "!"]),
        (E::Suppress, ["suppressed", "suppressed", "suppressed", "suppressed", ".", ".", "."]),
        (E::Unsuppress, [".", ".", ".", ".", ".", "*", "."]),
        (
            E::TakeOut,
            [
                "out_of_service",
                "out_of_service",
                "out_of_service",
                "out_of_service",
                "out_of_service",
                "out_of_service",
                ".",
            ],
        ),
        (E::PutBack, ["!", "!", "!", "!", "!", "!", "*"]),
    ];

    #[test]
    fn every_state_meets_every_event() {
        assert_eq!(DIAGRAM.map(|(event, _)| event), E::ALL);
        for (event, row) in DIAGRAM {
            for (state, wanted) in S::ALL.into_iter().zip(row) {
                for holds in [false, true] {
                    let expected = match wanted {
                        "." => Ok(state),
                        "!" => Err(NotNow { state, event }),
                        "*" if holds => Ok(S::Active),
                        "*" => Ok(S::Normal),
                        word => Ok(S::of_word(word).expect("a state")),
                    };
                    assert_eq!(next(state, event, holds), expected, "{state:?} {event:?} holds {holds}");
                }
            }
        }
    }

    #[test]
    fn an_alarm_is_never_lost_unseen() {
        // From any state, once the condition holds and nothing keeps it aside, it is announced.
        for state in S::ALL {
            let mut after = state;
            for event in [E::Raised, E::Unshelve, E::Unsuppress, E::PutBack] {
                after = next(after, event, true).unwrap_or(after);
            }
            assert!(after.is_announced(), "{state:?} ends as {after:?}");
        }
    }

    #[test]
    fn a_refusal_names_state_and_event() {
        let refused = next(S::OutOfService, E::Shelve, true).unwrap_err();
        assert_eq!(refused.to_string(), "an alarm that is out of service takes no 'shelve'");
    }
}
