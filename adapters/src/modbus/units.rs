//! Silent units: set aside after repeated time-outs and asked again ever more slowly (B6).
//!
//! Several units often share one connection, behind a converter. A silent one costs a time-out
//! each time it is asked, and the others wait for it. So after some time-outs in a row it is asked
//! only now and then, until it answers. Pure: time is an argument.

use super::options::SettingAside;
use std::time::Duration;
use takt_plant::MonoTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Answering { n_timeouts: u32 },
    Aside { pause: Duration, probe_at: MonoTime },
}

/// The health of the units behind one connection.
#[derive(Debug)]
pub struct Units {
    rule: SettingAside,
    units: Vec<(u8, Health)>,
}

impl Units {
    /// All units as answering.
    pub fn new(rule: SettingAside, units: &[u8]) -> Self {
        Self { rule, units: units.iter().map(|unit| (*unit, Health::Answering { n_timeouts: 0 })).collect() }
    }

    /// Whether the unit may be asked now: it answers, or it is time to try it again.
    pub fn may_ask(&self, unit: u8, now: MonoTime) -> bool {
        match self.units.iter().find(|(u, _)| *u == unit) {
            Some((_, Health::Aside { probe_at, .. })) => *probe_at <= now,
            _ => true,
        }
    }

    /// The unit answered, be it with an exception. True when it comes back from being set aside.
    pub fn answered(&mut self, unit: u8) -> bool {
        let Some(health) = self.health(unit) else { return false };
        let back = matches!(health, Health::Aside { .. });
        *health = Health::Answering { n_timeouts: 0 };
        back
    }

    /// The unit kept silent. True when it is set aside because of that.
    pub fn timed_out(&mut self, unit: u8, now: MonoTime) -> bool {
        let (rule, alone) = (self.rule, self.units.len() < 2);
        let Some(health) = self.health(unit) else { return false };
        match *health {
            Health::Answering { n_timeouts } if !alone && n_timeouts + 1 >= rule.after_timeouts => {
                *health = Health::Aside { pause: rule.probe_first, probe_at: now.plus(rule.probe_first) };
                true
            }
            Health::Answering { n_timeouts } => {
                *health = Health::Answering { n_timeouts: n_timeouts.saturating_add(1) };
                false
            }
            Health::Aside { pause, .. } => {
                let pause = pause.saturating_mul(2).min(rule.probe_max);
                *health = Health::Aside { pause, probe_at: now.plus(pause) };
                false
            }
        }
    }

    fn health(&mut self, unit: u8) -> Option<&mut Health> {
        self.units.iter_mut().find(|(u, _)| *u == unit).map(|(_, health)| health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: SettingAside =
        SettingAside { after_timeouts: 3, probe_first: Duration::from_secs(1), probe_max: Duration::from_secs(3) };

    fn at(s: u64) -> MonoTime {
        MonoTime::from_ns(s * 1_000_000_000)
    }

    #[test]
    fn a_silent_unit_is_set_aside_and_probed_ever_more_slowly() {
        let mut units = Units::new(RULE, &[1, 2]);
        assert_eq!([0, 1, 2].map(|s| units.timed_out(2, at(s))), [false, false, true]);
        assert!(units.may_ask(1, at(2)) && !units.may_ask(2, at(2)));
        for (asked_at, next) in [(3, 5), (5, 8), (8, 11)] {
            assert!(units.may_ask(2, at(asked_at)) && !units.timed_out(2, at(asked_at)));
            assert!(!units.may_ask(2, at(next - 1)) && units.may_ask(2, at(next)));
        }
        assert!(units.answered(2));
        assert!(units.may_ask(2, at(12)) && !units.answered(2));
    }

    #[test]
    fn an_answer_in_between_starts_the_count_again() {
        let mut units = Units::new(RULE, &[1, 2]);
        units.timed_out(2, at(0));
        units.timed_out(2, at(1));
        units.answered(2);
        assert!(!units.timed_out(2, at(2)) && !units.timed_out(2, at(3)) && units.timed_out(2, at(4)));
    }

    #[test]
    fn a_unit_alone_is_never_set_aside() {
        let mut units = Units::new(RULE, &[1]);
        assert!((0..10).all(|s| !units.timed_out(1, at(s)) && units.may_ask(1, at(s))));
    }
}
