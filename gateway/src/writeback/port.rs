//! An output's port: verdicts in, permitted writes out, and what became of them.
//!
//! It runs inside the verdict, on the shard's thread: permit, intent, hand-over to the connection's
//! driver. The driver's report comes back through [`Port::ended`].
//!
//! A pass that the output's rate holds back waits here for its time, when that is within its deadline;
//! otherwise it is withheld, which is counted and raises an alarm, and the fail-safe value goes out. A newer
//! value takes its place. Whatever is no pass never waits ([`Interlock::permit`] says why).

use super::deaf::Deaf;
use super::intent::{Identity, IntentLog};
use super::machine::{Act, End, Machine, Mode, Options, Said, Target};
use crate::board::{OutputGauge, WriteNote, WriteOutcome};
use std::collections::VecDeque;
use std::sync::Arc;
use takt_adapters::modbus::{WriteOutcome as Sent, WriteQueue, WriteReport, WriteRequest};
use takt_plant::{Arming, Interlock, MonoTime, OutputId, Purpose, Refusal, WallTime, WriteValue};
use tokio::sync::oneshot;

/// What a port is made of.
pub struct PortParts {
    /// The output's name.
    pub id: OutputId,
    /// What it does with verdicts.
    pub machine: Machine,
    /// The interlock of the output's register.
    pub verdict: Interlock,
    /// The interlock of the handshake's answer register.
    pub answer: Option<Interlock>,
    /// The connection's write queue.
    pub queue: WriteQueue,
    /// What was sent before a crash.
    pub intents: IntentLog,
    /// Whether each write is read back.
    pub read_back: bool,
    /// Whether a write may be repeated after an unknown outcome or a crash.
    pub repeat_safe: bool,
    /// Spreads what is tried again.
    pub seed: u64,
    /// Where it is shown.
    pub gauge: Arc<OutputGauge>,
}

/// One output.
pub struct Port {
    parts: PortParts,
    /// The last verdict that it was told: releases belong to it.
    last: Option<u64>,
    deaf: Deaf,
    held: Option<Held>,
    /// Nothing is sent any more.
    has_ended: bool,
}

/// A write on its way to the driver.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    act: Act,
    about: About,
    cause: Option<Cause>,
}

/// A pass that waits for its time.
#[derive(Debug)]
struct Held {
    attempt: Attempt,
    due: MonoTime,
}

/// What came of an attempt.
enum Tried {
    Sent(oneshot::Receiver<WriteReport>),
    Waits(MonoTime),
    Ended(WriteOutcome),
}

/// What a write is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// Its number.
    pub number: u64,
    /// The register.
    pub target: Target,
    /// The value.
    pub value: WriteValue,
    /// Why.
    pub purpose: Purpose,
    /// The verdict's number, where it writes a verdict.
    pub seq: Option<u64>,
    /// The number of the verdict that led to it, be it by the end of its pulse or in its place.
    pub of: Option<u64>,
    /// When the verdict was given, or the attempt began.
    pub begun: MonoTime,
}

/// A write on its way to the device.
pub struct OnItsWay {
    /// What it is about.
    pub about: About,
    /// The driver's report.
    pub report: oneshot::Receiver<WriteReport>,
}

/// A write that ended, on its way to the store.
#[derive(Debug)]
pub struct Ended {
    /// What it was about.
    pub about: About,
    /// What became of it.
    pub note: WriteNote,
}

/// What hearing something led to.
#[derive(Default)]
pub struct Heard {
    /// Writes that were handed to the driver.
    pub writes: Vec<OnItsWay>,
    /// Writes that ended before they were handed over.
    pub ended: Vec<Ended>,
}

/// Which verdict a write belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// The verdict's number.
    pub seq: u64,
    /// The part or window that was judged.
    pub identity: Identity,
}

/// Both clocks at the moment of a call.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Says how long.
    pub mono: MonoTime,
    /// Says when.
    pub wall: WallTime,
}

impl Port {
    /// A port; dry run until it is armed.
    pub fn new(parts: PortParts) -> Self {
        let deaf = Deaf::new(parts.seed);
        Self { parts, last: None, deaf, held: None, has_ended: false }
    }

    /// The output's name.
    pub fn id(&self) -> &OutputId {
        &self.parts.id
    }

    /// Whether writes go out.
    pub fn is_armed(&self) -> bool {
        *self.parts.verdict.arming() != Arming::DryRun
    }

    /// Whether it is armed and the device does not take what it writes: then the last value on the device is
    /// no answer to the last part, and a PLC must not trust it.
    pub fn is_deaf(&self) -> bool {
        self.is_armed() && self.deaf.is_deaf()
    }

    /// Lets writes go out.
    pub fn arm(&mut self, by: &str, at: WallTime) {
        for lock in std::iter::once(&mut self.parts.verdict).chain(self.parts.answer.as_mut()) {
            lock.arm(by, at);
        }
        self.parts.gauge.armed(self.parts.verdict.arming().clone());
    }

    /// Back to dry run.
    pub fn disarm(&mut self) {
        for lock in std::iter::once(&mut self.parts.verdict).chain(self.parts.answer.as_mut()) {
            lock.disarm();
        }
        self.deaf.forget();
        self.parts.gauge.armed(Arming::DryRun);
    }

    /// When it wants [`Said::Tick`].
    pub fn next_wake(&self) -> Option<MonoTime> {
        let held = self.held.as_ref().map(|held| held.due);
        let again = self.deaf.next().filter(|_| self.is_armed());
        let all = self.parts.machine.next_wake().into_iter().chain(held).chain(again);
        all.min().filter(|_| !self.has_ended)
    }

    /// A pass comes after the verdict on a newer part was written: what that one wrote stands. The record of
    /// the verdict says so; for the output nothing happened.
    pub fn overtaken(&mut self, cause: Cause, now: Moment) -> Heard {
        let Options { mode, values, .. } = self.parts.machine.options();
        let (value, purpose) = (values.pass, Purpose::Pass);
        if matches!(mode, Mode::Pulse { .. }) && value == values.rest {
            return Heard::default();
        }
        // No write of the machine's, which counts from 1.
        let (number, target, seq) = (0, Target::Verdict, Some(cause.seq));
        let about = About { number, target, value, purpose, seq, of: seq, begun: now.mono };
        let outcome = match self.is_armed() {
            true => WriteOutcome::Withheld { why: "the verdict on a newer part was written before".to_owned() },
            false => WriteOutcome::DryRun,
        };
        let note = note_of(&about, outcome, now);
        Heard { writes: Vec::new(), ended: vec![Ended { about, note }] }
    }

    /// The end: the fail-safe value goes out, and nothing after it. A PLC must not find the verdict on the
    /// last part on a register that nobody keeps any more.
    pub fn end(&mut self, now: Moment) -> Heard {
        let heard = if self.has_ended { Heard::default() } else { self.hear_of(&Said::FailSafe, None, None, now) };
        self.has_ended = true;
        heard
    }

    /// Tells the machine what happened and sends what it wants written.
    pub fn hear(&mut self, said: &Said, cause: Option<Cause>, now: Moment) -> Heard {
        let of = cause.map(|cause| cause.seq);
        self.last = of.or(self.last);
        let mut heard = self.hear_of(said, of, cause, now);
        if *said == Said::Tick {
            self.go_on(now, &mut heard);
        }
        heard
    }

    /// Takes the end of a write. `report` is `None` when the driver ended without one.
    pub fn ended(&mut self, about: About, report: Option<WriteReport>, now: Moment) -> (Ended, Heard) {
        let outcome = report.map_or(WriteOutcome::Disconnected, |report| outcome_of(&report));
        self.deaf.ended(&outcome, about.target, about.purpose, now.mono);
        let said = Said::Outcome { number: about.number, end: end(&outcome) };
        let note = self.note(&about, outcome, now);
        (Ended { about, note }, self.hear_of(&said, about.of, None, now))
    }

    fn hear_of(&mut self, said: &Said, of: Option<u64>, cause: Option<Cause>, now: Moment) -> Heard {
        let mut heard = Heard::default();
        let acts = self.parts.machine.hear(said, now.mono);
        self.carry_out(acts, of, cause, now, &mut heard);
        heard
    }

    /// What waited for its time: a pass, and the fail-safe value for a device that takes nothing.
    fn go_on(&mut self, now: Moment, heard: &mut Heard) {
        if let Some(Held { attempt, .. }) = self.held.take_if(|held| held.due <= now.mono) {
            let acts = self.attempt(attempt, now, heard);
            self.carry_out(acts, attempt.about.of, None, now, heard);
        }
        if self.is_armed() && self.deaf.is_due(now.mono) {
            let acts = self.parts.machine.hear(&Said::FailSafe, now.mono);
            self.carry_out(acts, None, None, now, heard);
        }
    }

    fn carry_out(&mut self, acts: Vec<Act>, of: Option<u64>, cause: Option<Cause>, now: Moment, heard: &mut Heard) {
        let mut acts = VecDeque::from(acts);
        while let Some(act) = acts.pop_front() {
            let of = if act.purpose == Purpose::Release { of.or(self.last) } else { of };
            let cause = cause.filter(|_| act.purpose.is_verdict());
            let (number, target, value, purpose) = (act.number, act.target, act.value, act.purpose);
            let about = About { number, target, value, purpose, seq: cause.map(|c| c.seq), of, begun: now.mono };
            if target == Target::Verdict
                && let Some(Held { attempt, .. }) = self.held.take()
            {
                let why = "the rate held it back until a newer value took its place".to_owned();
                acts.extend(self.unsent(&attempt.about, WriteOutcome::Withheld { why }, now, heard));
            }
            acts.extend(self.attempt(Attempt { act, about, cause }, now, heard));
        }
    }

    /// Tries to send; gives what follows when that fails.
    fn attempt(&mut self, attempt: Attempt, now: Moment, heard: &mut Heard) -> Vec<Act> {
        match self.try_send(&attempt, now.mono) {
            Tried::Sent(report) => {
                self.deaf.sent();
                heard.writes.push(OnItsWay { about: attempt.about, report });
                Vec::new()
            }
            Tried::Waits(due) => {
                self.held = Some(Held { attempt, due });
                Vec::new()
            }
            Tried::Ended(outcome) => self.unsent(&attempt.about, outcome, now, heard),
        }
    }

    /// What was not sent never ends by itself: the machine learns it here.
    fn unsent(&mut self, about: &About, outcome: WriteOutcome, now: Moment, heard: &mut Heard) -> Vec<Act> {
        let said = Said::Outcome { number: about.number, end: end(&outcome) };
        let acts = self.parts.machine.hear(&said, now.mono);
        heard.ended.push(Ended { about: *about, note: self.note(about, outcome, now) });
        acts
    }

    fn try_send(&mut self, attempt: &Attempt, now: MonoTime) -> Tried {
        let Attempt { act, cause, .. } = attempt;
        let withheld = |why: String| Tried::Ended(WriteOutcome::Withheld { why });
        if self.has_ended {
            return withheld("the gateway ends, or the line is changed".into());
        }
        let parts = &mut self.parts;
        let lock = match (act.target, parts.answer.as_mut()) {
            (Target::Verdict, _) => &mut parts.verdict,
            (Target::Answer, Some(lock)) => lock,
            (Target::Answer, None) => return withheld("the output has no answer register".into()),
        };
        let permit = match lock.permit(act.value, act.purpose, now) {
            Ok(permit) => permit,
            Err(Refusal::DryRun) => return Tried::Ended(WriteOutcome::DryRun),
            Err(Refusal::TooSoon { wait }) if now.plus(wait) <= act.not_after => return Tried::Waits(now.plus(wait)),
            Err(other) => return withheld(other.to_string()),
        };
        if let Some(cause) = cause {
            if !parts.repeat_safe && parts.intents.was_sent(cause.seq, &cause.identity) {
                return withheld("written before the restart; a write is not repeated".into());
            }
            // Without its intent the write goes out all the same; the log's text argues why.
            let kept = parts.intents.put(cause.seq, cause.identity);
            parts.gauge.intent(kept.err().map(|error| error.to_string()));
        }
        let (mut request, report) = WriteRequest::new(permit, act.not_after);
        request.read_back = parts.read_back;
        request.repeat_safe = parts.repeat_safe || !act.purpose.is_verdict();
        match parts.queue.submit(request) {
            Ok(()) => Tried::Sent(report),
            Err(refusal) => withheld(refusal.to_string()),
        }
    }

    fn note(&self, about: &About, outcome: WriteOutcome, now: Moment) -> WriteNote {
        let note = note_of(about, outcome, now);
        self.parts.gauge.wrote(note.clone());
        note
    }
}

fn note_of(about: &About, outcome: WriteOutcome, now: Moment) -> WriteNote {
    let took_us = u32::try_from(now.mono.since(about.begun).as_micros()).unwrap_or(u32::MAX);
    let (value, purpose, seq) = (about.value, about.purpose, about.seq);
    WriteNote { value, purpose, outcome, seq, took_us, at: now.wall }
}

fn end(outcome: &WriteOutcome) -> End {
    match outcome {
        WriteOutcome::Confirmed => End::Done,
        WriteOutcome::DryRun => End::DryRun,
        WriteOutcome::Withheld { .. }
        | WriteOutcome::Refused { .. }
        | WriteOutcome::TimedOut
        | WriteOutcome::Differs { .. }
        | WriteOutcome::Disconnected => End::Failed,
    }
}

fn outcome_of(report: &WriteReport) -> WriteOutcome {
    match &report.outcome {
        Sent::Done => WriteOutcome::Confirmed,
        Sent::Refused(code) => WriteOutcome::Refused { why: format!("Modbus exception {code:02}") },
        Sent::TimedOut => WriteOutcome::TimedOut,
        Sent::Differs { read } => WriteOutcome::Differs { found: format!("{read:?}") },
        Sent::Unread { fault } => WriteOutcome::Differs { found: format!("nothing: {fault}") },
        Sent::Expired => WriteOutcome::Withheld { why: "its deadline had passed before it could be sent".into() },
        Sent::Disconnected => WriteOutcome::Disconnected,
        Sent::Invalid { why } => WriteOutcome::Withheld { why: why.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Mode, Options, Values};
    use super::*;
    use crate::board::OutputPlan;
    use crate::writeback::intent;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;
    use takt_adapters::modbus::{ModbusDriver, ModbusOptions, Plan, modbus};
    use takt_adapters::{Clock, Delivery, Intake, Link, MessageMark, Ticket};
    use takt_plant::{ConnectionId, Outcome, WriteLimits, WriteSlot};

    struct Nobody;

    impl Intake for Nobody {
        fn is_duplicate(&mut self, _: &MessageMark) -> bool {
            false
        }
        fn deliver(&mut self, _: Delivery) -> Ticket {
            Ticket(0)
        }
        fn link(&mut self, _: Link) {}
        fn published(&mut self, _: u64) {}
    }

    /// A level output, and the driver that holds its queue and never runs.
    fn port(folder: &std::path::Path, limits: WriteLimits) -> (Port, ModbusDriver<Nobody>) {
        patient_port(folder, limits, Duration::from_secs(5))
    }

    fn patient_port(folder: &std::path::Path, limits: WriteLimits, deadline: Duration) -> (Port, ModbusDriver<Nobody>) {
        let plan = Plan::new(ModbusOptions::new("127.0.0.1:9")).unwrap();
        let (driver, ends) = modbus(plan, Rc::new(RefCell::new(Nobody)), Clock::new());
        let [pass, fail, inconclusive, fail_safe, rest] = [1, 2, 3, 9, 0].map(WriteValue::Integer);
        let values = Values { pass, fail, inconclusive, fail_safe, rest };
        let id = OutputId::new("reject").unwrap();
        let connection = ConnectionId::new("plc").unwrap();
        let plan = OutputPlan { id: id.clone(), connection, target: "holding:1".into() };
        let parts = PortParts {
            id,
            machine: Machine::new(Options { mode: Mode::Level, values, deadline }),
            verdict: Interlock::new(WriteSlot(0), limits),
            answer: None,
            queue: ends.writes,
            intents: IntentLog::open(&folder.join("reject.intent"), 0),
            read_back: false,
            repeat_safe: false,
            seed: 7,
            gauge: Arc::new(OutputGauge::new(plan)),
        };
        (Port::new(parts), driver)
    }

    fn at(ms: u64) -> Moment {
        Moment { mono: MonoTime::from_ns(ms * 1_000_000), wall: WallTime::from_ns(0) }
    }

    type DeviceSaid = takt_adapters::modbus::WriteOutcome;
    type Sent = Vec<(Purpose, WriteValue)>;
    type EndedAtOnce = Vec<(Option<u64>, &'static str)>;

    /// Tells a passing verdict; gives what was sent, and what ended at once: whose, and how.
    fn pass(port: &mut Port, seq: u64, ms: u64) -> (Sent, EndedAtOnce) {
        told(port, Outcome::Pass, seq, ms)
    }

    fn told(port: &mut Port, outcome: Outcome, seq: u64, ms: u64) -> (Sent, EndedAtOnce) {
        let said = Said::Verdict { outcome, closed: at(ms).mono, part: None };
        shown(&port.hear(&said, Some(Cause { seq, identity: intent::of_part(7) }), at(ms)))
    }

    fn shown(heard: &Heard) -> (Sent, EndedAtOnce) {
        let sent = heard.writes.iter().map(|write| (write.about.purpose, write.about.value)).collect();
        (sent, heard.ended.iter().map(|ended| (ended.about.of, ended.note.outcome.word())).collect())
    }

    const VERDICT: (Purpose, WriteValue) = (Purpose::Pass, WriteValue::Integer(1));
    const FAIL: (Purpose, WriteValue) = (Purpose::Verdict, WriteValue::Integer(2));
    const FAIL_SAFE: (Purpose, WriteValue) = (Purpose::FailSafe, WriteValue::Integer(9));

    fn once_a_second() -> WriteLimits {
        WriteLimits { interval_min: Some(Duration::from_secs(1)), ..WriteLimits::default() }
    }

    #[test]
    fn a_pass_that_cannot_wait_for_the_rate_gives_the_fail_safe_value() {
        let folder = tempfile::tempdir().unwrap();
        let (mut port, _driver) = patient_port(folder.path(), once_a_second(), Duration::from_millis(500));
        assert_eq!(pass(&mut port, 1, 0), (vec![], vec![(Some(1), "dry_run")]), "nothing was meant to be written");
        port.arm("anna", WallTime::from_ns(0));
        assert_eq!(told(&mut port, Outcome::Fail, 2, 10), (vec![FAIL], vec![]));
        assert_eq!(pass(&mut port, 3, 20), (vec![FAIL_SAFE], vec![(Some(3), "withheld")]), "too soon");
        assert_eq!(told(&mut port, Outcome::Fail, 4, 30), (vec![FAIL], vec![]), "a reject is never held back");
        assert_eq!(pass(&mut port, 5, 600), (vec![], vec![]), "it waits");
        assert_eq!(port.next_wake(), Some(at(1_030).mono));
    }

    #[test]
    fn a_pass_waits_for_the_rate_and_a_newer_value_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (mut port, _driver) = port(folder.path(), once_a_second());
        port.arm("anna", WallTime::from_ns(0));
        assert_eq!(told(&mut port, Outcome::Fail, 1, 0), (vec![FAIL], vec![]));
        assert_eq!(pass(&mut port, 2, 10), (vec![], vec![]), "it waits");
        assert_eq!(told(&mut port, Outcome::Fail, 3, 20), (vec![FAIL], vec![(Some(2), "withheld")]));
        assert_eq!(pass(&mut port, 4, 30), (vec![], vec![]), "it waits");
        assert_eq!(port.next_wake(), Some(at(1_000).mono));
        assert_eq!(shown(&port.hear(&Said::Tick, None, at(999))), (vec![], vec![]));
        assert_eq!(shown(&port.hear(&Said::Tick, None, at(1_000))), (vec![VERDICT], vec![]));
        assert_eq!(port.next_wake(), None);
        assert_eq!(pass(&mut port, 5, 1_001), (vec![VERDICT], vec![]), "what stands there moves nothing");
        assert_eq!(told(&mut port, Outcome::Fail, 6, 1_002), (vec![FAIL], vec![]));
        assert_eq!(pass(&mut port, 7, 1_003), (vec![], vec![]), "it waits");
        let gone = port.hear(&Said::FailSafe, None, at(1_004));
        assert_eq!(shown(&gone), (vec![FAIL_SAFE], vec![(Some(7), "withheld")]), "a source went: no stale verdict");
        assert_eq!(port.next_wake(), None);
    }

    /// Ends every write that was handed over as the device says.
    fn end_all(port: &mut Port, heard: Heard, outcome: &DeviceSaid, ms: u64) -> Vec<(Purpose, WriteValue)> {
        let mut sent = Vec::new();
        let mut writes = VecDeque::from(heard.writes);
        while let Some(OnItsWay { about, .. }) = writes.pop_front() {
            sent.push((about.purpose, about.value));
            let (slot, sent_at) = (WriteSlot(0), Some(at(ms).mono));
            let (value, purpose, outcome) = (about.value, about.purpose, outcome.clone());
            let report = WriteReport { slot, value, purpose, outcome, sent_at, confirmed_at: sent_at };
            writes.extend(port.ended(about, Some(report), at(ms)).1.writes);
        }
        sent
    }

    #[test]
    fn a_deaf_device_is_offered_the_fail_safe_value_until_it_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut port, _driver) = port(folder.path(), WriteLimits::default());
        port.arm("anna", WallTime::from_ns(0));
        let said = Said::Verdict { outcome: Outcome::Pass, closed: at(0).mono, part: None };
        let first = port.hear(&said, Some(Cause { seq: 1, identity: intent::of_part(7) }), at(0));
        assert_eq!(end_all(&mut port, first, &DeviceSaid::Refused(4), 1), [VERDICT, FAIL_SAFE]);
        assert!(port.is_deaf());
        for _ in 0..5 {
            let due = port.next_wake().expect("it is tried again");
            let ms = due.as_ns() / 1_000_000 + 1;
            let again = port.hear(&Said::Tick, None, at(ms));
            assert_eq!(port.next_wake(), None, "not beside the one that is out");
            assert_eq!(end_all(&mut port, again, &DeviceSaid::TimedOut, ms), [FAIL_SAFE]);
        }
        let ms = port.next_wake().expect("it is tried again").as_ns() / 1_000_000 + 1;
        let taken = port.hear(&Said::Tick, None, at(ms));
        assert_eq!(end_all(&mut port, taken, &DeviceSaid::Done, ms), [FAIL_SAFE]);
        assert_eq!((port.is_deaf(), port.next_wake()), (false, None));
    }

    #[test]
    fn after_the_end_nothing_follows_the_fail_safe_value() {
        let folder = tempfile::tempdir().unwrap();
        let (mut port, _driver) = port(folder.path(), once_a_second());
        port.arm("anna", WallTime::from_ns(0));
        assert_eq!(told(&mut port, Outcome::Fail, 1, 0).0, [FAIL]);
        assert_eq!(pass(&mut port, 2, 1), (vec![], vec![]), "it waits");
        assert_eq!(shown(&port.end(at(2))), (vec![FAIL_SAFE], vec![(Some(2), "withheld")]));
        assert_eq!(port.next_wake(), None);
        let (sent, ended) = pass(&mut port, 3, 3);
        assert!(sent.is_empty() && ended.iter().all(|(_, word)| *word == "withheld"), "{ended:?}");
        assert!(shown(&port.end(at(4))).0.is_empty());
    }

    #[test]
    fn a_full_queue_is_not_tried_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let (mut port, driver) = port(folder.path(), WriteLimits::default());
        port.arm("anna", WallTime::from_ns(0));
        let full = (1..100).map(|seq| pass(&mut port, seq, seq)).find(|(sent, _)| sent.is_empty());
        let (_, ended) = full.expect("the queue is bounded");
        assert_eq!(ended.len(), 2, "the verdict and the fail-safe value, each once: {ended:?}");
        drop(driver);
        let (sent, ended) = pass(&mut port, 100, 100);
        assert!(sent.is_empty() && ended.len() == 2, "a driver that ended takes nothing: {ended:?}");
    }

    #[test]
    fn a_verdict_from_before_a_crash_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut first, _driver) = port(folder.path(), WriteLimits::default());
        first.arm("anna", WallTime::from_ns(0));
        assert_eq!(pass(&mut first, 1, 0), (vec![VERDICT], vec![]));
        let (mut again, _driver) = port(folder.path(), WriteLimits::default());
        again.arm("anna", WallTime::from_ns(0));
        assert_eq!(pass(&mut again, 1, 0), (vec![FAIL_SAFE], vec![(Some(1), "withheld")]));
    }
}
