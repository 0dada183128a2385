//! The interlock: the only maker of write permits, and so the only way to a write.
//!
//! An adapter's write takes a [`Permit`], and a permit has no constructor outside this file.
//! The permit carries the value it was given for, so it cannot be spent on another one.
//!
//! ```compile_fail
//! // A permit cannot be forged.
//! let permit = takt_plant::Permit { slot: takt_plant::WriteSlot(0), value: takt_plant::WriteValue::Coil(true) };
//! ```
//!
//! Drive it so: [`Interlock::arm`] and [`Interlock::disarm`] follow the operator;
//! [`Interlock::permit`] is asked before each write; nothing else is needed.

use crate::{MonoTime, WallTime};
use std::sync::Arc;
use std::time::Duration;

/// A planned write's place in its connection: an index that `assemble` gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteSlot(pub u32);

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WriteValue {
    /// A coil.
    Coil(bool),
    /// A number, encoded by the write's register type.
    Number(f64),
    /// An integer, encoded by the write's register type without rounding.
    Integer(i64),
}

impl WriteValue {
    fn number(self) -> f64 {
        match self {
            Self::Coil(on) => f64::from(u8::from(on)),
            Self::Number(v) => v,
            #[expect(clippy::cast_precision_loss, reason = "limits are compared as numbers")]
            Self::Integer(v) => v as f64,
        }
    }
}

impl std::fmt::Display for WriteValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Coil(on) => write!(f, "{on}"),
            Self::Number(v) => write!(f, "{v}"),
            Self::Integer(v) => write!(f, "{v}"),
        }
    }
}

/// Why something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A verdict's value that lets a part pass.
    Pass,
    /// Any other value of a verdict, and the part number that answers for it.
    Verdict,
    /// The fail-safe value: the verdict is late, missing or the connection came back.
    FailSafe,
    /// The end of a pulse, or the clearing of a handshake.
    Release,
    /// The moving number that says that the gateway lives.
    Heartbeat,
}

impl Purpose {
    /// Whether a verdict's own value or answer is written.
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Pass | Self::Verdict)
    }
}

/// What may be written at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WriteLimits {
    /// Smallest number.
    pub min: f64,
    /// Largest number.
    pub max: f64,
    /// Shortest time between two verdict values that differ; `None` for no limit of rate.
    pub interval_min: Option<Duration>,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self { min: f64::NEG_INFINITY, max: f64::INFINITY, interval_min: None }
    }
}

/// Whether writes go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arming {
    /// Writes are logged only.
    DryRun,
    /// Writes go out, since `at`, by the will of `by`.
    Armed { by: Arc<str>, at: WallTime },
}

/// Why no permit was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The output is not armed.
    DryRun,
    /// Not a finite number.
    NotFinite,
    /// Below the output's minimum.
    BelowMinimum { value: f64, min: f64 },
    /// Above the output's maximum.
    AboveMaximum { value: f64, max: f64 },
    /// A pass sooner after the last verdict value than the output's rate allows.
    TooSoon { wait: Duration },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DryRun => write!(f, "dry run: the output is not armed"),
            Self::NotFinite => write!(f, "the value is not a finite number"),
            Self::BelowMinimum { value, min } => write!(f, "{value} is below the minimum {min}"),
            Self::AboveMaximum { value, max } => write!(f, "{value} is above the maximum {max}"),
            Self::TooSoon { wait } => write!(f, "rate limit: {} ms too soon", wait.as_millis()),
        }
    }
}

/// Proof, as a value, that the interlock allows this write now. Spent by writing.
#[derive(Debug, PartialEq)]
#[must_use = "a permit that is not spent writes nothing"]
pub struct Permit {
    slot: WriteSlot,
    value: WriteValue,
    purpose: Purpose,
}

impl Permit {
    /// Where it allows to write.
    pub fn slot(&self) -> WriteSlot {
        self.slot
    }

    /// What it allows to write.
    pub fn value(&self) -> WriteValue {
        self.value
    }

    /// Why.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// The interlock of one output. Starts as dry run.
#[derive(Debug)]
pub struct Interlock {
    slot: WriteSlot,
    limits: WriteLimits,
    arming: Arming,
    /// What was allowed last, and so what stands there as far as anybody knows.
    stands: Option<WriteValue>,
    /// When a verdict's value was allowed last that was another than the one that stood.
    moved: Option<MonoTime>,
}

impl Interlock {
    /// The interlock of a planned write, as dry run.
    pub fn new(slot: WriteSlot, limits: WriteLimits) -> Self {
        Self { slot, limits, arming: Arming::DryRun, stands: None, moved: None }
    }

    /// Lets writes go out from now on.
    pub fn arm(&mut self, by: &str, at: WallTime) {
        self.arming = Arming::Armed { by: Arc::from(by), at };
    }

    /// Back to dry run, at once.
    pub fn disarm(&mut self) {
        self.arming = Arming::DryRun;
    }

    /// Whether writes go out, and since when by whose will.
    pub fn arming(&self) -> &Arming {
        &self.arming
    }

    /// Allows one write now, or says why not.
    ///
    /// A limit of rate exists to spare the actuator, and a worn actuator costs less than a bad part that
    /// passes. So it holds back one thing only: a pass. A reject, an inconclusive verdict, the fail-safe value,
    /// the end of a pulse and the heartbeat never wait behind it. A pass whose value stands there already
    /// moves nothing, and does not wait either: else every second good part of a fast line would be rejected.
    pub fn permit(&mut self, value: WriteValue, purpose: Purpose, now: MonoTime) -> Result<Permit, Refusal> {
        self.within_limits(value)?;
        if purpose == Purpose::Pass {
            self.within_rate(value, now)?;
        }
        if self.arming == Arming::DryRun {
            return Err(Refusal::DryRun);
        }
        if self.stands.replace(value) != Some(value) && purpose.is_verdict() {
            self.moved = Some(now);
        }
        Ok(Permit { slot: self.slot, value, purpose })
    }

    fn within_limits(&self, value: WriteValue) -> Result<(), Refusal> {
        let v = value.number();
        if !v.is_finite() {
            return Err(Refusal::NotFinite);
        }
        if v < self.limits.min {
            return Err(Refusal::BelowMinimum { value: v, min: self.limits.min });
        }
        if v > self.limits.max {
            return Err(Refusal::AboveMaximum { value: v, max: self.limits.max });
        }
        Ok(())
    }

    fn within_rate(&self, value: WriteValue, now: MonoTime) -> Result<(), Refusal> {
        let (Some(interval), Some(last)) = (self.limits.interval_min, self.moved) else {
            return Ok(());
        };
        if self.stands == Some(value) {
            return Ok(());
        }
        match interval.checked_sub(now.since(last)) {
            Some(wait) if !wait.is_zero() => Err(Refusal::TooSoon { wait }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    fn armed(limits: WriteLimits) -> Interlock {
        let mut interlock = Interlock::new(WriteSlot(3), limits);
        interlock.arm("anna", WallTime::from_ns(0));
        interlock
    }

    #[test]
    fn nothing_is_allowed_until_armed() {
        let mut interlock = Interlock::new(WriteSlot(0), WriteLimits::default());
        let ask = |i: &mut Interlock| i.permit(WriteValue::Coil(true), Purpose::FailSafe, at(0));
        assert_eq!(ask(&mut interlock), Err(Refusal::DryRun));
        interlock.arm("anna", WallTime::from_ns(0));
        assert_eq!(ask(&mut interlock).map(|p| p.value()), Ok(WriteValue::Coil(true)));
        interlock.disarm();
        assert_eq!(ask(&mut interlock), Err(Refusal::DryRun));
    }

    #[test]
    fn limits_hold_and_are_closed() {
        let mut interlock = armed(WriteLimits { min: 0.0, max: 10.0, interval_min: None });
        for (value, ok) in [(0.0, true), (10.0, true), (-0.1, false), (10.1, false), (f64::NAN, false)] {
            assert_eq!(interlock.permit(WriteValue::Number(value), Purpose::Verdict, at(0)).is_ok(), ok);
        }
    }

    #[test]
    fn the_rate_holds_back_passes_and_nothing_else() {
        let limits = WriteLimits { interval_min: Some(Duration::from_millis(100)), ..WriteLimits::default() };
        let mut interlock = armed(limits);
        // (purpose, value, at ms, how long it must wait)
        let story = [
            (Purpose::Pass, false, 0, None),
            (Purpose::Pass, false, 10, None),
            (Purpose::Verdict, true, 40, None),
            (Purpose::Verdict, true, 45, None),
            (Purpose::Pass, false, 50, Some(90)),
            (Purpose::FailSafe, true, 60, None),
            (Purpose::Release, false, 70, None),
            (Purpose::Pass, false, 71, None),
            (Purpose::Verdict, true, 80, None),
            (Purpose::Pass, false, 179, Some(1)),
            (Purpose::Verdict, true, 179, None),
            (Purpose::Pass, false, 180, None),
        ];
        for (purpose, value, ms, wait) in story {
            let found = interlock.permit(WriteValue::Coil(value), purpose, at(ms)).map(drop);
            let expected = wait.map_or(Ok(()), |ms| Err(Refusal::TooSoon { wait: Duration::from_millis(ms) }));
            assert_eq!(found, expected, "{purpose:?} {value} at {ms} ms");
        }
    }
}
