//! What a gateway measures of itself: run times of a model, its own demand, and what it can spare.

use crate::lending::LendingOptions;
use std::time::Duration;
use takt_plant::MonoTime;

/// Memory of the demand estimate: long against a run, short against a change of product.
const DEMAND_MEMORY: Duration = Duration::from_secs(2);

/// A gateway lends nothing before it has watched its own demand for this long.
const DEMAND_FLOOR: Duration = Duration::from_secs(1);

/// One run in 1/16: the mean follows a changed machine within some 30 runs.
const MEAN_SHARE: i64 = 16;

/// Run times of one model on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    mean_us: i64,
    p95_us: i64,
}

impl Timing {
    /// From what was measured when the model was loaded.
    pub fn new(mean: Duration, p95: Duration) -> Self {
        let us = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2).max(1);
        Self { mean_us: us(mean), p95_us: us(p95.max(mean)) }
    }

    /// One more run. The p95 moves up by 19 steps for a run above it and down by one for a run below,
    /// which balances where one in twenty lies above.
    pub fn saw(&mut self, run: Duration) {
        let us = i64::try_from(run.as_micros()).unwrap_or(i64::MAX / 2);
        self.mean_us = (self.mean_us + (us - self.mean_us) / MEAN_SHARE).max(1);
        let step = (self.mean_us / 100).max(1);
        self.p95_us += if us > self.p95_us { 19 * step } else { -step };
        self.p95_us = self.p95_us.max(self.mean_us);
    }

    /// Typical run.
    pub fn mean_us(&self) -> u64 {
        self.mean_us.unsigned_abs()
    }

    /// Long run.
    pub fn p95_us(&self) -> u64 {
        self.p95_us.unsigned_abs()
    }
}

/// How much work the own lines ask for, as an exponentially forgotten mean.
#[derive(Debug, Clone, Copy)]
pub struct Demand {
    first: MonoTime,
    at: MonoTime,
    /// Work inside the memory, in µs.
    sum_us: f64,
}

impl Demand {
    /// Starts to watch.
    pub fn new(now: MonoTime) -> Self {
        Self { first: now, at: now, sum_us: 0.0 }
    }

    /// An own window came that takes `work_us` on this machine.
    pub fn saw(&mut self, work_us: u64, now: MonoTime) {
        self.sum_us = self.kept(now) + work_us as f64;
        self.at = now;
    }

    fn kept(&self, now: MonoTime) -> f64 {
        self.sum_us * (-now.since(self.at).as_secs_f64() / DEMAND_MEMORY.as_secs_f64()).exp()
    }

    /// Share of one executor, in thousandths; `None` before there is evidence.
    pub fn permille(&self, now: MonoTime) -> Option<u32> {
        let watched = now.since(self.first);
        if watched < DEMAND_FLOOR {
            return None;
        }
        let memory = DEMAND_MEMORY.as_secs_f64();
        let seen = memory * (1.0 - (-watched.as_secs_f64() / memory).exp());
        Some((self.kept(now) / (seen * 1e6) * 1000.0) as u32)
    }
}

/// A bucket of work that may be lent, in µs.
#[derive(Debug, Clone, Copy)]
pub struct Spare {
    at: MonoTime,
    us: f64,
}

impl Spare {
    /// Empty.
    pub fn new(now: MonoTime) -> Self {
        Self { at: now, us: 0.0 }
    }

    /// Fills up at the rate that the own demand leaves. Gives the rate in µs for each ms.
    pub fn fill(&mut self, demand: &Demand, options: &LendingOptions, mean_us: u64, now: MonoTime) -> u16 {
        let rate = demand.permille(now).map_or(0, |own| options.fill_permille.saturating_sub(own));
        let burst = (mean_us * u64::from(options.burst_runs)) as f64;
        let gained = now.since(self.at).as_secs_f64() * 1e6 * f64::from(rate) / 1000.0;
        self.us = (self.us + gained).min(burst);
        self.at = now;
        u16::try_from(rate).unwrap_or(1000)
    }

    /// Takes `work_us` if there is a whole run's worth.
    pub fn take(&mut self, work_us: u64) -> bool {
        let enough = self.us >= work_us as f64;
        if enough {
            self.us -= work_us as f64;
        }
        enough
    }

    /// At hand.
    pub fn us(&self) -> u32 {
        self.us as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_is_found_and_needs_evidence() {
        let mut now = MonoTime::from_ns(0);
        let mut demand = Demand::new(now);
        assert_eq!(demand.permille(now), None);
        for _ in 0..1000 {
            now = now.plus(Duration::from_millis(10));
            demand.saw(6_000, now);
        }
        let found = demand.permille(now).expect("ten seconds are evidence");
        assert!((570..=630).contains(&found), "{found}");
    }

    #[test]
    fn the_p95_settles_where_one_in_twenty_lies_above() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut timing = Timing::new(Duration::from_micros(500), Duration::from_micros(500));
        for _ in 0..20_000 {
            timing.saw(Duration::from_micros(rng.u64(0..1000)));
        }
        assert!((850..=1000).contains(&timing.p95_us()), "{}", timing.p95_us());
        assert!((400..=600).contains(&timing.mean_us()), "{}", timing.mean_us());
    }

    #[test]
    fn a_busy_gateway_has_nothing_to_spare() {
        let options = LendingOptions::default();
        let mut now = MonoTime::from_ns(0);
        let (mut demand, mut spare) = (Demand::new(now), Spare::new(now));
        for _ in 0..1000 {
            now = now.plus(Duration::from_millis(10));
            demand.saw(11_000, now);
        }
        assert_eq!(spare.fill(&demand, &options, 8_000, now), 0);
        assert!(!spare.take(8_000));
    }
}
