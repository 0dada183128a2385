//! An output's port: verdicts in, permitted writes out, and what became of them.
//!
//! It runs inside the verdict, on the shard's thread: permit, intent, hand-over to the connection's
//! driver. The driver's report comes back through [`Port::ended`].

use super::intent::{Identity, IntentLog};
use super::machine::{Act, Machine, Said, Target};
use crate::board::{OutputGauge, WriteNote, WriteOutcome};
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
}

/// What a write is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// The register.
    pub target: Target,
    /// The value.
    pub value: WriteValue,
    /// Why.
    pub purpose: Purpose,
    /// The verdict's number, where a verdict led to it.
    pub seq: Option<u64>,
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
        Self { parts }
    }

    /// The output's name.
    pub fn id(&self) -> &OutputId {
        &self.parts.id
    }

    /// Whether writes go out.
    pub fn is_armed(&self) -> bool {
        *self.parts.verdict.arming() != Arming::DryRun
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
        self.parts.gauge.armed(Arming::DryRun);
    }

    /// When the machine wants [`Said::Tick`].
    pub fn next_wake(&self) -> Option<MonoTime> {
        self.parts.machine.next_wake()
    }

    /// Tells the machine what happened and sends what it wants written.
    pub fn hear(&mut self, said: &Said, cause: Option<Cause>, now: Moment) -> Vec<OnItsWay> {
        let acts = self.parts.machine.hear(said, now.mono);
        let mut writes = Vec::new();
        for act in acts {
            match self.send(act, cause, now) {
                Some(write) => writes.push(write),
                // What was not sent never ends: the machine learns it here, and then writes nothing.
                None => drop(self.parts.machine.hear(&Said::Outcome { target: act.target, done: false }, now.mono)),
            }
        }
        writes
    }

    /// Takes the end of a write. `report` is `None` when the driver ended without one.
    pub fn ended(&mut self, about: &About, report: Option<WriteReport>, now: Moment) -> (WriteNote, Vec<OnItsWay>) {
        let outcome = report.map_or(WriteOutcome::Disconnected, |report| outcome_of(&report));
        let done = outcome == WriteOutcome::Confirmed;
        let note = self.note(about, outcome, now);
        let said = Said::Outcome { target: about.target, done };
        (note, self.hear(&said, None, now))
    }

    fn send(&mut self, act: Act, cause: Option<Cause>, now: Moment) -> Option<OnItsWay> {
        let cause = cause.filter(|_| act.purpose == Purpose::Verdict);
        let seq = cause.map(|cause| cause.seq);
        let about = About { target: act.target, value: act.value, purpose: act.purpose, seq, begun: now.mono };
        let sent = self.try_send(act, cause, now.mono);
        match sent {
            Ok(report) => Some(OnItsWay { about, report }),
            Err(outcome) => {
                self.note(&about, outcome, now);
                None
            }
        }
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
