//! Reconnect delays that grow and are spread at random, so that fifty devices behind one restarted
//! switch do not come back all at once (B8). Pure: the delay is the result, the seed the argument.

use super::options::Retry;
use std::time::Duration;

/// Doublings after which the longest delay is reached whatever the first one was.
const DOUBLINGS_MAX: u32 = 30;

/// The reconnect delays of one socket.
#[derive(Debug, Clone)]
pub struct Backoff {
    retry: Retry,
    spread: fastrand::Rng,
    n_free_drops: u32,
    n_drops: u32,
    n_failures: u32,
}

impl Backoff {
    /// Delays by this rule, spread by this seed, for a socket with so many units behind it.
    pub fn new(retry: Retry, seed: u64, n_units: usize) -> Self {
        let n_free_drops = u32::try_from(n_units).unwrap_or(u32::MAX).max(1);
        Self { retry, spread: fastrand::Rng::with_seed(seed), n_free_drops, n_drops: 0, n_failures: 0 }
    }

    /// The device answered: the next trouble is the first one again.
    pub fn answered(&mut self) {
        self.n_drops = 0;
        self.n_failures = 0;
    }

    /// The delay after a connection broke or was given up. There is none for as many times in a row
    /// as there are units: one lost answer must not cost a line its cycle, nor several silent units
    /// the one that answers (B6).
    pub fn after_drop(&mut self) -> Duration {
        self.n_drops = self.n_drops.saturating_add(1);
        if self.n_drops <= self.n_free_drops { Duration::ZERO } else { self.after_refusal() }
    }

    /// The delay after a connection could not be made.
    pub fn after_refusal(&mut self) -> Duration {
        let doublings = self.n_failures.min(DOUBLINGS_MAX);
        self.n_failures = self.n_failures.saturating_add(1);
        let base = self.retry.first.saturating_mul(1 << doublings).min(self.retry.max);
        base.mul_f64(0.5 + self.spread.f64()).min(self.retry.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry { first: Duration::from_millis(100), max: Duration::from_secs(5) };

    #[test]
    fn delays_grow_up_to_the_longest() {
        let mut backoff = Backoff::new(RETRY, 7, 1);
        for n in 0..40_u32 {
            let base = RETRY.first.saturating_mul(1 << n.min(20)).min(RETRY.max);
            let delay = backoff.after_refusal();
            assert!(delay >= base / 2 && delay <= base.mul_f64(1.5).min(RETRY.max), "{n}: {delay:?}");
        }
    }

    #[test]
    fn one_lost_answer_costs_no_delay_but_a_second_does() {
        let mut backoff = Backoff::new(RETRY, 7, 1);
        assert_eq!(backoff.after_drop(), Duration::ZERO);
        assert!(backoff.after_drop() > Duration::ZERO);
        backoff.answered();
        assert_eq!(backoff.after_drop(), Duration::ZERO);
    }

    #[test]
    fn as_many_silent_units_as_there_are_cost_no_delay() {
        let mut backoff = Backoff::new(RETRY, 7, 3);
        assert_eq!([0; 4].map(|_| backoff.after_drop().is_zero()), [true, true, true, false]);
    }

    /// Fifty devices behind one switch: within the stated time (the longest delay) all have tried,
    /// and no tenth of that time sees more than a third of them.
    #[test]
    fn fifty_devices_come_back_spread_within_the_longest_delay() {
        let tries: Vec<Duration> = (0..50)
            .map(|seed| {
                let mut backoff = Backoff::new(RETRY, seed, 1);
                for _ in 0..10 {
                    backoff.after_refusal();
                }
                backoff.after_refusal()
            })
            .collect();
        assert!(tries.iter().all(|d| *d <= RETRY.max));
        let in_tenth =
            |i: u32| tries.iter().filter(|d| **d >= RETRY.max * i / 10 && **d < RETRY.max * (i + 1) / 10).count();
        assert!((0..10).all(|i| in_tenth(i) <= 17), "{tries:?}");
    }
}
