//! One alarm over time: on- and off-delay around the state diagram, and the end of shelving.

use super::{AlarmEvent, AlarmState, NotNow, SHELVE_MAX, next};
use crate::MonoTime;
use std::time::Duration;

/// How long a condition must last before it counts, either way. Without delays a value at its limit
/// chatters; ISA-18.2 recommends both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmDelays {
    /// It must hold this long before the alarm is raised.
    pub on: Duration,
    /// It must be gone this long before the alarm returns to normal.
    pub off: Duration,
}

/// One alarm.
#[derive(Debug, Clone)]
pub struct Alarm {
    delays: AlarmDelays,
    state: AlarmState,
    /// What the condition is, without delay.
    is_true: bool,
    /// What it is with its delays.
    holds: bool,
    turns_at: Option<MonoTime>,
    shelved_until: Option<MonoTime>,
}

impl Alarm {
    /// An alarm whose condition does not hold.
    pub fn new(delays: AlarmDelays) -> Self {
        Self { delays, state: AlarmState::Normal, is_true: false, holds: false, turns_at: None, shelved_until: None }
    }

    /// An alarm as it stood before a restart; `shelved_for` is what was left of its shelving.
    pub fn resumed(delays: AlarmDelays, state: AlarmState, shelved_for: Duration, now: MonoTime) -> Self {
        let holds = matches!(state, AlarmState::Active | AlarmState::Acknowledged);
        let shelved_until = (state == AlarmState::Shelved).then(|| now.plus(shelved_for.min(SHELVE_MAX)));
        Self { state, is_true: holds, holds, shelved_until, ..Self::new(delays) }
    }

    /// Where it stands.
    pub fn state(&self) -> AlarmState {
        self.state
    }

    /// Whether its condition holds, with its delays.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// Until when it is shelved.
    pub fn shelved_until(&self) -> Option<MonoTime> {
        self.shelved_until
    }

    /// When [`Self::tick`] has something to do.
    pub fn next_wake(&self) -> Option<MonoTime> {
        self.turns_at.into_iter().chain(self.shelved_until).min()
    }

    /// Takes what the condition is now; gives the new state when it changed.
    pub fn condition(&mut self, is_true: bool, now: MonoTime) -> Option<AlarmState> {
        if is_true != self.is_true {
            self.is_true = is_true;
            let delay = if is_true { self.delays.on } else { self.delays.off };
            // Back before its delay had passed: as if nothing had been.
            self.turns_at = (is_true != self.holds).then(|| now.plus(delay));
        }
        self.tick(now)
    }

    /// Lets time pass; gives the new state when it changed.
    pub fn tick(&mut self, now: MonoTime) -> Option<AlarmState> {
        let before = self.state;
        if self.turns_at.is_some_and(|at| at <= now) {
            self.turns_at = None;
            self.holds = self.is_true;
            self.hear(if self.holds { AlarmEvent::Raised } else { AlarmEvent::Cleared });
        }
        if self.shelved_until.is_some_and(|until| until <= now) {
            self.shelved_until = None;
            self.hear(AlarmEvent::Unshelve);
        }
        (self.state != before).then_some(self.state)
    }

    /// Carries out what an operator, maintenance or the design wants; `span` is for shelving, and at
    /// most [`SHELVE_MAX`].
    ///
    /// # Errors
    /// When it has no meaning where the alarm stands: nothing changes.
    pub fn order(&mut self, event: AlarmEvent, span: Duration, now: MonoTime) -> Result<AlarmState, NotNow> {
        self.state = next(self.state, event, self.holds)?;
        self.shelved_until = match (self.state, event) {
            (AlarmState::Shelved, AlarmEvent::Shelve) => Some(now.plus(span.min(SHELVE_MAX))),
            (AlarmState::Shelved, _) => self.shelved_until,
            _ => None,
        };
        Ok(self.state)
    }

    fn hear(&mut self, event: AlarmEvent) {
        // Raised and cleared have a meaning everywhere; the end of shelving only where it is shelved.
        self.state = next(self.state, event, self.holds).unwrap_or(self.state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlarmState as S;

    const DELAYS: AlarmDelays = AlarmDelays { on: Duration::from_secs(2), off: Duration::from_secs(5) };

    fn at(s: u64) -> MonoTime {
        MonoTime::from_ns(s * 1_000_000_000)
    }

    #[test]
    fn a_condition_counts_after_its_delay_and_chatter_does_not() {
        let mut alarm = Alarm::new(DELAYS);
        // (second, condition, state after)
        let story = [
            (0, true, S::Normal),
            (1, false, S::Normal),
            (2, true, S::Normal),
            (3, true, S::Normal),
            (4, true, S::Active),
            (5, false, S::Active),
            (9, true, S::Active),
            (10, false, S::Active),
            (14, false, S::Active),
            (15, false, S::Returned),
            (16, true, S::Returned),
            (18, true, S::Active),
        ];
        for (second, is_true, expected) in story {
            alarm.condition(is_true, at(second));
            assert_eq!(alarm.state(), expected, "at {second} s");
        }
    }

    #[test]
    fn it_is_woken_when_a_delay_ends() {
        let mut alarm = Alarm::new(DELAYS);
        assert_eq!(alarm.condition(true, at(0)), None);
        assert_eq!(alarm.next_wake(), Some(at(2)));
        assert_eq!(alarm.tick(at(1)), None);
        assert_eq!(alarm.tick(at(2)), Some(S::Active));
        assert_eq!(alarm.next_wake(), None);
    }

    #[test]
    fn shelving_ends_by_itself_and_what_still_holds_is_active_again() {
        let mut alarm = Alarm::new(DELAYS);
        alarm.condition(true, at(0));
        alarm.tick(at(2));
        let wanted = Duration::from_secs(60);
        assert_eq!(alarm.order(AlarmEvent::Shelve, wanted, at(3)), Ok(S::Shelved));
        assert_eq!(alarm.tick(at(62)), None);
        assert_eq!(alarm.tick(at(63)), Some(S::Active));
        assert_eq!(alarm.order(AlarmEvent::Acknowledge, Duration::ZERO, at(64)), Ok(S::Acknowledged));
        assert_eq!(alarm.order(AlarmEvent::Shelve, wanted, at(65)), Ok(S::Shelved));
        alarm.condition(false, at(66));
        assert_eq!(alarm.tick(at(71)), None, "cleared while shelved, unseen");
        assert_eq!(alarm.tick(at(125)), Some(S::Normal));
    }

    #[test]
    fn nothing_is_shelved_for_ever() {
        let mut alarm = Alarm::new(DELAYS);
        alarm.order(AlarmEvent::Shelve, Duration::MAX, at(0)).expect("a normal alarm can be shelved");
        assert_eq!(alarm.shelved_until(), Some(at(0).plus(SHELVE_MAX)));
        alarm.order(AlarmEvent::TakeOut, Duration::ZERO, at(1)).expect("maintenance may");
        assert_eq!((alarm.state(), alarm.next_wake()), (S::OutOfService, None));
    }

    #[test]
    fn a_restart_keeps_where_it_stood() {
        let mut alarm = Alarm::resumed(DELAYS, S::Acknowledged, Duration::ZERO, at(0));
        assert_eq!(alarm.condition(true, at(1)), None, "still wrong, and somebody knows");
        alarm.condition(false, at(2));
        assert_eq!(alarm.tick(at(7)), Some(S::Normal));
        let mut shelved = Alarm::resumed(DELAYS, S::Shelved, Duration::from_secs(10), at(0));
        assert_eq!(shelved.tick(at(10)), Some(S::Normal));
    }
}
