//! Plans of faults and bad manners, drawn from the seed.

use super::{Event, World};
use crate::faults::Fault;
use crate::gateway::Behaviour;
use std::time::Duration;

const TEN_YEARS_S: i64 = 10 * 365 * 86_400;

impl World {
    /// Draws a plan of faults between two moments; everything is whole again at `end`.
    pub fn plan_faults(&mut self, from: Duration, end: Duration) {
        let n = self.gateways.len();
        let span = u64::try_from((end - from).as_millis()).expect("short");
        let at = |rng: &mut fastrand::Rng| from + Duration::from_millis(rng.u64(0..span));
        for _ in 0..n / 20 {
            let (g, when) = (self.rng.usize(0..n), at(&mut self.rng));
            let crash =
                if self.rng.bool() { Fault::CrashAtWrite } else { Fault::Crash { durable: self.rng.usize(0..3) } };
            self.after(when, g, Event::Fault(crash));
        }
        for _ in 0..n / 40 {
            let stall = Fault::Stall(Duration::from_millis(self.rng.u64(10..1500)));
            let (g, when) = (self.rng.usize(0..n), at(&mut self.rng));
            self.after(when, g, Event::Fault(stall));
            let off = if self.rng.bool() { TEN_YEARS_S } else { -TEN_YEARS_S };
            let (g, when) = (self.rng.usize(0..n), at(&mut self.rng));
            self.after(when, g, Event::Fault(Fault::Clock(off)));
        }
        // One restored disk and sometimes one cloned key in a run: two restored disks that witness for
        // each other are a loss of data, not a fault that a quorum of four can carry.
        let restored = self.load.hot(&mut self.rng);
        let backup = from + Duration::from_millis(self.rng.u64(0..span / 2));
        self.after(backup, restored, Event::Fault(Fault::Backup));
        let restore = backup + Duration::from_millis(self.rng.u64(0..span / 2));
        self.after(restore, restored, Event::Fault(Fault::Restore));
        let cloned = self.load.hot(&mut self.rng);
        if self.rng.bool() && cloned != restored {
            let when = at(&mut self.rng);
            self.after(when, cloned, Event::Fault(Fault::Clone));
        }
        if self.rng.bool() {
            let when = at(&mut self.rng);
            self.after(when, 0, Event::Fault(Fault::Part));
        }
        let weather = Fault::Weather(self.rng.u32(0..100), self.rng.u32(0..50));
        self.after(from, 0, Event::Fault(weather));
        self.after(end, 0, Event::Fault(Fault::Weather(0, 0)));
        self.after(end, 0, Event::Fault(Fault::Heal));
    }

    /// Gives some gateways bad manners.
    pub fn plan_manners(&mut self) {
        let n = self.gateways.len();
        let manners = [
            Behaviour { lies: true, ..Behaviour::default() },
            Behaviour { never_signs: true, ..Behaviour::default() },
            Behaviour { sends_garbage: true, ..Behaviour::default() },
            Behaviour { spoils_chunks: true, ..Behaviour::default() },
            Behaviour { withholds_chunks: true, ..Behaviour::default() },
        ];
        for manner in manners {
            for _ in 0..(n / 100).max(1) {
                // Who spoils or withholds chunks stands next to the release's source, where it is asked.
                let carries = manner.spoils_chunks || manner.withholds_chunks;
                let near = &self.gateways[0].peers;
                let g = match near.get(self.rng.usize(0..near.len().max(1))) {
                    Some(peer) if carries => *peer,
                    _ if manner.never_signs => self.load.hot(&mut self.rng),
                    _ => self.rng.usize(1..n),
                };
                self.gateways[g].behaviour = manner;
            }
        }
    }
}
