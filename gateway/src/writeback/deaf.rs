//! A device that takes nothing: when the fail-safe value is tried again.
//!
//! While a device does not take what is written, its last value is no answer to the last part, so the
//! heartbeat stops. A machine that halts on that gives no next part, and so no next write that could end
//! it: left alone, both would wait for ever. So the fail-safe value, which is safe at any time, is
//! written again until the device takes it, and then the heartbeat goes on. The delays grow and are
//! spread, so that a device that is only slow is not kept slow by it, and many gateways do not ask at once.
//!
//! Never beside another write: it would follow a verdict that may yet arrive, and take its place.

use super::machine::Target;
use crate::board::WriteOutcome;
use std::time::Duration;
use takt_adapters::modbus::Retry;
use takt_adapters::modbus::retry::Backoff;
use takt_plant::{MonoTime, Purpose};

/// The first delay is below what a PLC waits for a heartbeat; the longest is what an operator bears after
/// the device was mended.
const RETRY: Retry = Retry { first: Duration::from_millis(250), max: Duration::from_secs(10) };

/// What is known of a device by the writes of one output.
#[derive(Debug)]
pub struct Deaf {
    is_deaf: bool,
    n_out: usize,
    due: Option<MonoTime>,
    delays: Backoff,
}

impl Deaf {
    /// Nothing was refused yet.
    pub fn new(seed: u64) -> Self {
        Self { is_deaf: false, n_out: 0, due: None, delays: Backoff::new(RETRY, seed, 1) }
    }

    /// Whether the device did not take the last write that was sent.
    pub fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// A write was handed over.
    pub fn sent(&mut self) {
        self.n_out += 1;
    }

    /// A write that was handed over ended. What the answer register took says nothing of what stands on the
    /// verdict's.
    pub fn ended(&mut self, outcome: &WriteOutcome, on: Target, purpose: Purpose, now: MonoTime) {
        self.n_out = self.n_out.saturating_sub(1);
        match outcome {
            WriteOutcome::Refused { .. }
            | WriteOutcome::TimedOut
            | WriteOutcome::Differs { .. }
            | WriteOutcome::Disconnected => {
                self.is_deaf = true;
                self.due = Some(now.plus(self.delays.after_refusal()));
            }
            WriteOutcome::Confirmed | WriteOutcome::DryRun if on == Target::Verdict => {
                self.forget();
                // A device that takes one value and refuses the next is not asked faster for it.
                if purpose.is_verdict() {
                    self.delays.answered();
                }
            }
            WriteOutcome::Confirmed | WriteOutcome::DryRun | WriteOutcome::Withheld { .. } => {}
        }
    }

    /// It is not written to any more, or takes what is written.
    pub fn forget(&mut self) {
        self.is_deaf = false;
        self.due = None;
    }

    /// When the fail-safe value is due; not while another write is out.
    pub fn next(&self) -> Option<MonoTime> {
        self.due.filter(|_| self.n_out == 0)
    }

    /// Whether it is due now. Should it not even be sent, it is due again after the longest delay.
    pub fn is_due(&mut self, now: MonoTime) -> bool {
        let is_due = self.next().is_some_and(|due| due <= now);
        if is_due {
            self.due = Some(now.plus(RETRY.max));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_until_a_verdict_is_taken_and_waits_for_what_is_out() {
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let refused = || WriteOutcome::Refused { why: String::new() };
        let mut deaf = Deaf::new(7);
        let wait_ms = |deaf: &Deaf, now: u64| deaf.next().expect("it is due").since(at(now)).as_millis();
        deaf.sent();
        deaf.sent();
        deaf.ended(&refused(), Target::Verdict, Purpose::Verdict, at(0));
        assert_eq!((deaf.is_deaf(), deaf.next()), (true, None), "another one is out");
        deaf.ended(&refused(), Target::Verdict, Purpose::FailSafe, at(0));
        assert!(!deaf.is_due(at(0)));
        let mut longest = 0;
        for n in 0..20 {
            longest = longest.max(wait_ms(&deaf, n));
            deaf.sent();
            deaf.ended(&refused(), Target::Verdict, Purpose::FailSafe, at(n + 1));
        }
        assert!((5_000..=10_000).contains(&longest), "{longest} ms");
        deaf.sent();
        deaf.ended(&WriteOutcome::Confirmed, Target::Verdict, Purpose::FailSafe, at(30));
        assert_eq!((deaf.is_deaf(), deaf.next()), (false, None));
        for (purpose, waits_long) in [(Purpose::FailSafe, true), (Purpose::Verdict, false)] {
            deaf.sent();
            deaf.ended(&WriteOutcome::Confirmed, Target::Verdict, purpose, at(40));
            deaf.sent();
            deaf.ended(&refused(), Target::Verdict, Purpose::Release, at(40));
            assert_eq!(wait_ms(&deaf, 40) >= 5_000, waits_long, "after a {purpose:?} was taken");
        }
    }

    #[test]
    fn an_answer_that_is_taken_does_not_end_it() {
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let mut deaf = Deaf::new(7);
        for (outcome, on) in [(WriteOutcome::TimedOut, Target::Verdict), (WriteOutcome::Confirmed, Target::Answer)] {
            deaf.sent();
            deaf.ended(&outcome, on, Purpose::Release, at(0));
            assert!(deaf.is_deaf() && deaf.next().is_some(), "{on:?}");
        }
    }

    #[test]
    fn one_that_is_not_even_sent_is_not_tried_at_once_again() {
        let at = |ms: u64| MonoTime::from_ns(ms * 1_000_000);
        let mut deaf = Deaf::new(7);
        deaf.sent();
        deaf.ended(&WriteOutcome::TimedOut, Target::Verdict, Purpose::FailSafe, at(0));
        let due = deaf.next().expect("it is due");
        assert!(deaf.is_due(due) && !deaf.is_due(due));
        assert!(deaf.next() > Some(due));
    }
}
