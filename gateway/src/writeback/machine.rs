//! What an output does with verdicts: a pure machine, from verdicts and replies to writes.
//!
//! Drive it so: tell it each [`Said`] with the time; send every [`Act`] that it returns, in order;
//! when a write's outcome is known, tell it [`Said::Outcome`]; wake it at [`Machine::next_wake`]
//! with [`Said::Tick`]. It never repeats a write on its own.
//!
//! A verdict's write that did not succeed leaves the old value on the output, so the fail-safe value
//! follows, once (B16): a fail-safe value that fails as well leads to nothing here, and is said again by
//! whoever drives the machine ([`super::deaf`]). In dry run nothing was meant to be written, and nothing
//! follows. Writes are numbered: a newer verdict's write takes the place of an older one, and what became
//! of the older is then no matter.
//!
//! * *level*: the verdict's value stays until the next verdict.
//! * *pulse*: a value other than the rest value is taken back after the pulse's duration. A second
//!   verdict inside the pulse prolongs it: two rejects that touch must not become one short pulse.
//!   Where nobody knows that the rest value stands there (after a start, a fail-safe value, a dry
//!   run, an end of a pulse that did not arrive), the next verdict's value is written whatever it is:
//!   a fail-safe value must not stand for ever on a line whose parts all pass.
//! * *handshake* (B17): verdict first, then the part number as the answer, so that a PLC that sees
//!   its own number finds the verdict valid; both are cleared when the PLC takes "ready" back.
//!   Where nobody knows what the answer register holds (after a start, a fail-safe value, an unknown
//!   outcome), it is cleared all the same when "ready" is down: a PLC that waits for the zero before
//!   its next part must not wait for ever. The verdict's register then keeps the fail-safe value.

use std::time::Duration;
use takt_plant::{MonoTime, Outcome, Purpose, WriteValue};

/// How an output behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// The value stays.
    Level,
    /// The value is taken back after a while.
    Pulse {
        /// How long the value stays.
        duration: Duration,
    },
    /// The PLC asks, the gateway answers, the PLC confirms.
    Handshake,
}

/// The values of the three outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// For a pass.
    pub pass: WriteValue,
    /// For a fail.
    pub fail: WriteValue,
    /// For an inconclusive verdict.
    pub inconclusive: WriteValue,
    /// Written when a verdict is late or its source is gone.
    pub fail_safe: WriteValue,
    /// What a pulse or a handshake returns to.
    pub rest: WriteValue,
}

impl Values {
    fn of(&self, outcome: &Outcome) -> WriteValue {
        match outcome {
            Outcome::Pass => self.pass,
            Outcome::Fail => self.fail,
            Outcome::Inconclusive(_) => self.inconclusive,
        }
    }
}

/// How one output is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How it behaves.
    pub mode: Mode,
    /// What it writes.
    pub values: Values,
    /// From the arrival of the closing sample to the write's confirmation.
    pub deadline: Duration,
}

/// Which register a write goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The output itself.
    Verdict,
    /// The handshake's answer register.
    Answer,
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A verdict on a window whose closing sample arrived at `closed`, for this part number.
    Verdict {
        /// What was judged.
        outcome: Outcome,
        /// Arrival of the closing sample.
        closed: MonoTime,
        /// The part number of a handshake.
        part: Option<i64>,
    },
    /// A window's verdict did not come in time, or its source is gone, or the link came back.
    FailSafe,
    /// The handshake's ready flag, whenever it was read well. A bad reading is not "down".
    Ready(bool),
    /// The end of a write.
    Outcome {
        /// Its number.
        number: u64,
        /// What became of it.
        end: End,
    },
    /// Time has come.
    Tick,
}

/// What became of a write, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Known to be done.
    Done,
    /// Not sent, because the output is not armed.
    DryRun,
    /// Refused, unknown, too late or never sent.
    Failed,
}

/// A write to be sent now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Act {
    /// Names it: rises by one per write of the output since the start.
    pub number: u64,
    /// Where to.
    pub target: Target,
    /// What.
    pub value: WriteValue,
    /// Why.
    pub purpose: Purpose,
    /// Not to be sent any more after this.
    pub not_after: MonoTime,
}

/// One output's machine.
#[derive(Debug)]
pub struct Machine {
    options: Options,
    phase: Phase,
    /// The number of the last write.
    n_acts: u64,
    /// The write of the newest verdict, or of its answer, while its end is not known and no fail-safe
    /// value was written since.
    owed: Option<u64>,
    /// The last end of a pulse, while its end is not known.
    released: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Rest,
    Pulsing {
        until: MonoTime,
    },
    /// The verdict is on its way; its part number follows when it is known to have arrived.
    Answering {
        part: Option<i64>,
        not_after: MonoTime,
    },
    /// The part number is on its way.
    Confirming,
    Answered,
    /// A pulse's register may hold something else than the rest value; a handshake's answer register
    /// may hold an old number.
    Unclear,
}

/// How long a fail-safe value or the end of a pulse is worth sending: as long as it takes.
const NO_END: MonoTime = MonoTime::from_ns(u64::MAX);

impl Machine {
    /// A machine at rest; a handshake's registers may hold what a run before left there.
    pub fn new(options: Options) -> Self {
        let mut machine = Self { options, phase: Phase::Rest, n_acts: 0, owed: None, released: None };
        machine.phase = machine.broken_off();
        machine
    }

    /// How it is set up.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// When it wants [`Said::Tick`].
    pub fn next_wake(&self) -> Option<MonoTime> {
        match self.phase {
            Phase::Pulsing { until } => Some(until),
            _ => None,
        }
    }

    /// Takes what happened and says what to write.
    pub fn hear(&mut self, said: &Said, now: MonoTime) -> Vec<Act> {
        match said {
            Said::Verdict { outcome, closed, part } => self.verdict(outcome, *closed, *part, now),
            Said::FailSafe => self.fail_safe(),
            Said::Ready(ready) => self.ready(*ready),
            Said::Outcome { number, end } => self.outcome(*number, *end),
            Said::Tick => self.tick(now),
        }
    }

    fn verdict(&mut self, outcome: &Outcome, closed: MonoTime, part: Option<i64>, now: MonoTime) -> Vec<Act> {
        let not_after = closed.plus(self.options.deadline);
        if now > not_after {
            return self.fail_safe();
        }
        let value = self.options.values.of(outcome);
        match self.options.mode {
            Mode::Level => {}
            Mode::Pulse { .. } if value == self.options.values.rest => match self.phase {
                Phase::Unclear => self.phase = Phase::Rest,
                _ => return Vec::new(),
            },
            Mode::Pulse { duration } => self.phase = Phase::Pulsing { until: now.plus(duration) },
            Mode::Handshake => self.phase = Phase::Answering { part, not_after },
        }
        let purpose = if *outcome == Outcome::Pass { Purpose::Pass } else { Purpose::Verdict };
        vec![self.owe(Target::Verdict, value, purpose, not_after)]
    }

    fn fail_safe(&mut self) -> Vec<Act> {
        let value = self.options.values.fail_safe;
        // A handshake's part stays without answer: the PLC's own time-out must see that.
        self.phase = self.broken_off();
        self.owed = None;
        vec![self.act(Target::Verdict, value, Purpose::FailSafe, NO_END)]
    }

    fn ready(&mut self, ready: bool) -> Vec<Act> {
        if ready || !matches!(self.phase, Phase::Answered | Phase::Unclear) {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.phase, Phase::Rest);
        let mut acts = vec![self.release(Target::Answer, WriteValue::Integer(0))];
        if before == Phase::Answered {
            acts.push(self.release(Target::Verdict, self.options.values.rest));
        }
        acts
    }

    /// The phase after something was given up.
    fn broken_off(&self) -> Phase {
        if self.options.mode == Mode::Level { Phase::Rest } else { Phase::Unclear }
    }

    fn outcome(&mut self, number: u64, end: End) -> Vec<Act> {
        if self.released == Some(number) {
            self.released = None;
            // A new pulse ends by itself; without one the register may hold the old one.
            if end != End::Done && self.phase == Phase::Rest {
                self.phase = self.broken_off();
            }
        }
        if self.owed != Some(number) {
            return Vec::new();
        }
        self.owed = None;
        match (end, self.phase) {
            (End::Failed, _) => return self.fail_safe(),
            (End::DryRun, _) => self.phase = self.broken_off(),
            (End::Done, Phase::Answering { part: Some(part), not_after }) => {
                self.phase = Phase::Confirming;
                return vec![self.owe(Target::Answer, WriteValue::Integer(part), Purpose::Verdict, not_after)];
            }
            // Nobody knows the part's number: no answer.
            (End::Done, Phase::Answering { part: None, .. }) => self.phase = Phase::Unclear,
            (End::Done, Phase::Confirming) => self.phase = Phase::Answered,
            (End::Done, _) => {}
        }
        Vec::new()
    }

    fn tick(&mut self, now: MonoTime) -> Vec<Act> {
        match self.phase {
            Phase::Pulsing { until } if now >= until => {
                self.phase = Phase::Rest;
                let release = self.release(Target::Verdict, self.options.values.rest);
                self.released = Some(release.number);
                vec![release]
            }
            _ => Vec::new(),
        }
    }

    fn release(&mut self, target: Target, value: WriteValue) -> Act {
        self.act(target, value, Purpose::Release, NO_END)
    }

    /// A write that must arrive.
    fn owe(&mut self, target: Target, value: WriteValue, purpose: Purpose, not_after: MonoTime) -> Act {
        let act = self.act(target, value, purpose, not_after);
        self.owed = Some(act.number);
        act
    }

    fn act(&mut self, target: Target, value: WriteValue, purpose: Purpose, not_after: MonoTime) -> Act {
        self.n_acts += 1;
        Act { number: self.n_acts, target, value, purpose, not_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_plant::Inconclusive;

    const ON: WriteValue = WriteValue::Coil(true);
    const OFF: WriteValue = WriteValue::Coil(false);

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    fn machine(mode: Mode) -> Machine {
        let values = Values { pass: OFF, fail: ON, inconclusive: ON, fail_safe: ON, rest: OFF };
        Machine::new(Options { mode, values, deadline: Duration::from_millis(20) })
    }

    fn verdict(outcome: Outcome, closed_ms: u64, part: Option<i64>) -> Said {
        Said::Verdict { outcome, closed: at(closed_ms), part }
    }

    /// The end of a write, by its number in the story.
    fn ended(number: u64, end: End) -> Said {
        Said::Outcome { number, end }
    }

    type Written = (Target, WriteValue, Purpose);

    /// Tells the machine each thing at its time and compares the writes.
    fn check(mode: Mode, story: &[(u64, Said, &[Written])]) {
        let mut machine = machine(mode);
        for (ms, said, expected) in story {
            let acts = machine.hear(said, at(*ms));
            let acts: Vec<_> = acts.iter().map(|a| (a.target, a.value, a.purpose)).collect();
            assert_eq!(acts, *expected, "at {ms} ms, told {said:?}");
        }
    }

    #[test]
    fn level_follows_the_verdict() {
        let inconclusive = Outcome::Inconclusive(Inconclusive::NoModel);
        check(
            Mode::Level,
            &[
                (1, verdict(Outcome::Fail, 0, None), &[(Target::Verdict, ON, Purpose::Verdict)]),
                (2, verdict(Outcome::Pass, 1, None), &[(Target::Verdict, OFF, Purpose::Pass)]),
                (3, verdict(inconclusive, 2, None), &[(Target::Verdict, ON, Purpose::Verdict)]),
            ],
        );
    }

    #[test]
    fn a_late_verdict_is_never_written() {
        check(
            Mode::Level,
            &[
                (21, verdict(Outcome::Pass, 0, None), &[(Target::Verdict, ON, Purpose::FailSafe)]),
                (30, Said::FailSafe, &[(Target::Verdict, ON, Purpose::FailSafe)]),
            ],
        );
    }

    #[test]
    fn a_verdict_that_did_not_arrive_gives_the_fail_safe_value_once() {
        let fail_safe = [(Target::Verdict, ON, Purpose::FailSafe)];
        for mode in [Mode::Level, Mode::Pulse { duration: Duration::from_millis(1) }, Mode::Handshake] {
            check(
                mode,
                &[
                    (1, verdict(Outcome::Fail, 0, Some(1)), &[(Target::Verdict, ON, Purpose::Verdict)]),
                    (2, ended(1, End::Failed), &fail_safe),
                    // A device that refuses everything is not asked for ever.
                    (3, ended(2, End::Failed), &[]),
                    (4, ended(1, End::Failed), &[]),
                    (5, verdict(Outcome::Fail, 4, Some(2)), &[(Target::Verdict, ON, Purpose::Verdict)]),
                    (6, ended(3, End::DryRun), &[]),
                    (7, ended(3, End::Failed), &[]),
                ],
            );
        }
    }

    #[test]
    fn the_end_of_another_write_is_no_matter() {
        let on = [(Target::Verdict, ON, Purpose::Verdict)];
        check(
            Mode::Level,
            &[
                (1, verdict(Outcome::Fail, 0, None), &on),
                (2, verdict(Outcome::Fail, 1, None), &on),
                (3, ended(1, End::Failed), &[]),
                (4, ended(1, End::Done), &[]),
                (5, ended(2, End::Failed), &[(Target::Verdict, ON, Purpose::FailSafe)]),
            ],
        );
        check(
            Mode::Handshake,
            &[
                (1, verdict(Outcome::Fail, 0, Some(7)), &on),
                (2, Said::FailSafe, &[(Target::Verdict, ON, Purpose::FailSafe)]),
                (3, verdict(Outcome::Fail, 2, Some(8)), &on),
                // The verdict of part 7 arrived at last, and then the fail-safe value: no answer for part 8.
                (4, ended(1, End::Done), &[]),
                (5, ended(2, End::Done), &[]),
                (6, ended(3, End::Done), &[(Target::Answer, WriteValue::Integer(8), Purpose::Verdict)]),
                (7, ended(3, End::Done), &[]),
                (8, ended(4, End::Done), &[]),
            ],
        );
    }

    #[test]
    fn a_pulse_ends_by_itself_and_is_prolonged() {
        let pulse = Mode::Pulse { duration: Duration::from_millis(50) };
        check(
            pulse,
            &[
                (0, verdict(Outcome::Pass, 0, None), &[(Target::Verdict, OFF, Purpose::Pass)]),
                (0, ended(1, End::Done), &[]),
                (0, verdict(Outcome::Pass, 0, None), &[]),
                (1, verdict(Outcome::Fail, 0, None), &[(Target::Verdict, ON, Purpose::Verdict)]),
                (40, verdict(Outcome::Fail, 40, None), &[(Target::Verdict, ON, Purpose::Verdict)]),
                (51, Said::Tick, &[]),
                (90, Said::Tick, &[(Target::Verdict, OFF, Purpose::Release)]),
                (91, Said::Tick, &[]),
            ],
        );
    }

    #[test]
    fn a_pulse_leaves_the_fail_safe_value_with_the_next_verdict_on_time() {
        let (off, on) = ([(Target::Verdict, OFF, Purpose::Pass)], [(Target::Verdict, ON, Purpose::Verdict)]);
        let fail_safe = [(Target::Verdict, ON, Purpose::FailSafe)];
        check(
            Mode::Pulse { duration: Duration::from_millis(50) },
            &[
                (0, Said::FailSafe, &fail_safe),
                // A late one is none to leave it with.
                (30, verdict(Outcome::Pass, 1, None), &fail_safe),
                (40, verdict(Outcome::Pass, 39, None), &off),
                (41, ended(3, End::Done), &[]),
                (42, verdict(Outcome::Pass, 41, None), &[]),
                (43, Said::FailSafe, &fail_safe),
                (44, verdict(Outcome::Fail, 43, None), &on),
                (45, ended(5, End::Done), &[]),
                (94, Said::Tick, &[(Target::Verdict, OFF, Purpose::Release)]),
                // The end of the pulse did not arrive either.
                (95, ended(6, End::Failed), &[]),
                (96, verdict(Outcome::Pass, 95, None), &off),
                // Not armed: the register still holds what it held.
                (97, ended(7, End::DryRun), &[]),
                (98, verdict(Outcome::Pass, 97, None), &off),
            ],
        );
    }

    #[test]
    fn a_handshake_answers_with_the_part_number_then_clears() {
        let clear =
            [(Target::Answer, WriteValue::Integer(0), Purpose::Release), (Target::Verdict, OFF, Purpose::Release)];
        check(
            Mode::Handshake,
            &[
                (0, Said::Ready(false), &[(Target::Answer, WriteValue::Integer(0), Purpose::Release)]),
                (0, Said::Ready(false), &[]),
                (0, Said::Ready(true), &[]),
                (1, verdict(Outcome::Fail, 0, Some(4711)), &[(Target::Verdict, ON, Purpose::Verdict)]),
                (2, ended(2, End::Done), &[(Target::Answer, WriteValue::Integer(4711), Purpose::Verdict)]),
                (3, ended(3, End::Done), &[]),
                (4, Said::Ready(true), &[]),
                (5, Said::Ready(false), &clear),
                (6, Said::Ready(false), &[]),
            ],
        );
    }

    #[test]
    fn an_unknown_outcome_gives_no_answer() {
        let lost = ended(1, End::Failed);
        check(
            Mode::Handshake,
            &[
                (1, verdict(Outcome::Pass, 0, Some(1)), &[(Target::Verdict, OFF, Purpose::Pass)]),
                (2, lost, &[(Target::Verdict, ON, Purpose::FailSafe)]),
                (3, Said::Ready(true), &[]),
                (4, Said::Ready(false), &[(Target::Answer, WriteValue::Integer(0), Purpose::Release)]),
                (5, Said::Ready(false), &[]),
            ],
        );
    }

    #[test]
    fn an_answer_from_before_a_fail_safe_value_is_cleared() {
        check(
            Mode::Handshake,
            &[
                (1, verdict(Outcome::Pass, 0, Some(7)), &[(Target::Verdict, OFF, Purpose::Pass)]),
                (2, ended(1, End::Done), &[(Target::Answer, WriteValue::Integer(7), Purpose::Verdict)]),
                (3, ended(2, End::Done), &[]),
                (4, Said::FailSafe, &[(Target::Verdict, ON, Purpose::FailSafe)]),
                (5, Said::Ready(true), &[]),
                (6, Said::Ready(false), &[(Target::Answer, WriteValue::Integer(0), Purpose::Release)]),
            ],
        );
    }
}
