//! An output's port: verdicts in, permitted writes out, and what became of them.
//!
//! It runs inside the verdict, on the shard's thread: permit, intent, hand-over to the connection's
//! driver. The driver's report comes back through [`Port::ended`].

use super::intent::{Identity, IntentLog};
use super::machine::{Act, End, Machine, Said, Target};
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
    /// Where it is shown.
    pub gauge: Arc<OutputGauge>,
}

/// One output.
pub struct Port {
    parts: PortParts,
    /// The last verdict that it was told: releases belong to it.
    last: Option<u64>,
    /// The device did not take the last write that was sent.
    is_refused: bool,
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
        Self { parts, last: None, is_refused: false }
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
        self.is_armed() && self.is_refused
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
        self.is_refused = false;
        self.parts.gauge.armed(Arming::DryRun);
    }

    /// When the machine wants [`Said::Tick`].
    pub fn next_wake(&self) -> Option<MonoTime> {
        self.parts.machine.next_wake()
    }

    /// Tells the machine what happened and sends what it wants written.
    pub fn hear(&mut self, said: &Said, cause: Option<Cause>, now: Moment) -> Heard {
        let of = cause.map(|cause| cause.seq);
        self.last = of.or(self.last);
        self.hear_of(said, of, cause, now)
    }

    /// Takes the end of a write. `report` is `None` when the driver ended without one.
    pub fn ended(&mut self, about: About, report: Option<WriteReport>, now: Moment) -> (Ended, Heard) {
        let outcome = report.map_or(WriteOutcome::Disconnected, |report| outcome_of(&report));
        self.is_refused = match &outcome {
            WriteOutcome::Refused { .. }
            | WriteOutcome::TimedOut
            | WriteOutcome::Differs { .. }
            | WriteOutcome::Disconnected => true,
            WriteOutcome::Confirmed | WriteOutcome::DryRun => false,
            WriteOutcome::Withheld { .. } => self.is_refused,
        };
        let said = Said::Outcome { number: about.number, end: end(&outcome) };
        let note = self.note(&about, outcome, now);
        (Ended { about, note }, self.hear_of(&said, about.of, None, now))
    }

    fn hear_of(&mut self, said: &Said, of: Option<u64>, cause: Option<Cause>, now: Moment) -> Heard {
        let mut acts = VecDeque::from(self.parts.machine.hear(said, now.mono));
        let mut heard = Heard::default();
        while let Some(act) = acts.pop_front() {
            let of = if act.purpose == Purpose::Release { of.or(self.last) } else { of };
            let cause = cause.filter(|_| act.purpose == Purpose::Verdict);
            let (number, target, value, purpose) = (act.number, act.target, act.value, act.purpose);
            let about = About { number, target, value, purpose, seq: cause.map(|c| c.seq), of, begun: now.mono };
            match self.try_send(act, cause, now.mono) {
                Ok(report) => heard.writes.push(OnItsWay { about, report }),
                Err(outcome) => {
                    // What was not sent never ends: the machine learns it here.
                    let said = Said::Outcome { number, end: end(&outcome) };
                    acts.extend(self.parts.machine.hear(&said, now.mono));
                    heard.ended.push(Ended { about, note: self.note(&about, outcome, now) });
                }
            }
        }
        heard
    }

    fn try_send(
        &mut self,
        act: Act,
        cause: Option<Cause>,
        now: MonoTime,
    ) -> Result<oneshot::Receiver<WriteReport>, WriteOutcome> {
        let parts = &mut self.parts;
        let withheld = |why: String| WriteOutcome::Withheld { why };
        let lock = match (act.target, parts.answer.as_mut()) {
            (Target::Verdict, _) => &mut parts.verdict,
            (Target::Answer, Some(lock)) => lock,
            (Target::Answer, None) => return Err(withheld("the output has no answer register".into())),
        };
        let permit = lock.permit(act.value, act.purpose, now).map_err(|refusal| match refusal {
            Refusal::DryRun => WriteOutcome::DryRun,
            other => withheld(other.to_string()),
        })?;
        if let Some(cause) = cause {
            if !parts.repeat_safe && parts.intents.was_sent(cause.seq, &cause.identity) {
                return Err(withheld("written before the restart; a write is not repeated".into()));
            }
            // Without its intent the write goes out all the same; the log's text argues why.
            let kept = parts.intents.put(cause.seq, cause.identity);
            parts.gauge.intent(kept.err().map(|error| error.to_string()));
        }
        let (mut request, report) = WriteRequest::new(permit, act.not_after);
        request.read_back = parts.read_back;
        request.repeat_safe = parts.repeat_safe || act.purpose != Purpose::Verdict;
        parts.queue.submit(request).map_err(|refusal| withheld(refusal.to_string()))?;
        Ok(report)
    }

    fn note(&self, about: &About, outcome: WriteOutcome, now: Moment) -> WriteNote {
        let took_us = u32::try_from(now.mono.since(about.begun).as_micros()).unwrap_or(u32::MAX);
        let (value, purpose, seq) = (about.value, about.purpose, about.seq);
        let note = WriteNote { value, purpose, outcome, seq, took_us, at: now.wall };
        self.parts.gauge.wrote(note.clone());
        note
    }
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
        let plan = Plan::new(ModbusOptions::new("127.0.0.1:9")).unwrap();
        let (driver, ends) = modbus(plan, Rc::new(RefCell::new(Nobody)), Clock::new());
        let [pass, fail, inconclusive, fail_safe, rest] = [1, 2, 3, 9, 0].map(WriteValue::Integer);
        let values = Values { pass, fail, inconclusive, fail_safe, rest };
        let id = OutputId::new("reject").unwrap();
        let connection = ConnectionId::new("plc").unwrap();
        let plan = OutputPlan { id: id.clone(), connection, target: "holding:1".into() };
        let parts = PortParts {
            id,
            machine: Machine::new(Options { mode: Mode::Level, values, deadline: Duration::from_secs(5) }),
            verdict: Interlock::new(WriteSlot(0), limits),
            answer: None,
            queue: ends.writes,
            intents: IntentLog::open(&folder.join("reject.intent"), 0),
            read_back: false,
            repeat_safe: false,
            gauge: Arc::new(OutputGauge::new(plan)),
        };
        (Port::new(parts), driver)
    }

    fn at(ms: u64) -> Moment {
        Moment { mono: MonoTime::from_ns(ms * 1_000_000), wall: WallTime::from_ns(0) }
    }

    type Sent = Vec<(Purpose, WriteValue)>;
    type EndedAtOnce = Vec<(Option<u64>, &'static str)>;

    /// Tells a passing verdict; gives what was sent, and what ended at once: whose, and how.
    fn pass(port: &mut Port, seq: u64, ms: u64) -> (Sent, EndedAtOnce) {
        let said = Said::Verdict { outcome: Outcome::Pass, closed: at(ms).mono, part: None };
        let heard = port.hear(&said, Some(Cause { seq, identity: intent::of_part(7) }), at(ms));
        let sent = heard.writes.iter().map(|write| (write.about.purpose, write.about.value)).collect();
        (sent, heard.ended.iter().map(|ended| (ended.about.of, ended.note.outcome.word())).collect())
    }

    const VERDICT: (Purpose, WriteValue) = (Purpose::Verdict, WriteValue::Integer(1));
    const FAIL_SAFE: (Purpose, WriteValue) = (Purpose::FailSafe, WriteValue::Integer(9));

    #[test]
    fn a_verdict_that_is_withheld_gives_the_fail_safe_value() {
        let folder = tempfile::tempdir().unwrap();
        let limits = WriteLimits { interval_min: Some(Duration::from_secs(1)), ..WriteLimits::default() };
        let (mut port, _driver) = port(folder.path(), limits);
        assert_eq!(pass(&mut port, 1, 0), (vec![], vec![(Some(1), "dry_run")]), "nothing was meant to be written");
        port.arm("anna", WallTime::from_ns(0));
        assert_eq!(pass(&mut port, 2, 10), (vec![VERDICT], vec![]));
        assert_eq!(pass(&mut port, 3, 20), (vec![FAIL_SAFE], vec![(Some(3), "withheld")]), "too soon");
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
