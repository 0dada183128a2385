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
    n_failures: u32,
}

impl Backoff {
    /// Delays by this rule, spread by this seed.
    pub fn new(retry: Retry, seed: u64) -> Self {
        Self { retry, spread: fastrand::Rng::with_seed(seed), n_failures: 0 }
    }

    /// The device answered: the next trouble is the first one again.
    pub fn answered(&mut self) {
        self.n_failures = 0;
    }

    /// The delay after a connection broke or was given up. The first time since an answer there is
    /// none: one lost answer must not cost a line its cycle.
    pub fn after_drop(&mut self) -> Duration {
        if self.n_failures == 0 {
            self.n_failures = 1;
            return Duration::ZERO;
        }
        self.after_refusal()
    }

    /// The delay after a connection could not be made.
    pub fn after_refusal(&mut self) -> Duration {
        let doublings = self.n_failures.saturating_sub(1).min(DOUBLINGS_MAX);
        self.n_failures = self.n_failures.max(1).saturating_add(1);
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
        let mut backoff = Backoff::new(RETRY, 7);
        for n in 0..40_u32 {
            let base = RETRY.first.saturating_mul(1 << n.min(20)).min(RETRY.max);
            let delay = backoff.after_refusal();
            assert!(delay >= base / 2 && delay <= base.mul_f64(1.5).min(RETRY.max), "{n}: {delay:?}");
        }
    }

    #[test]
    fn one_lost_answer_costs_no_delay_but_a_second_does() {
        let mut backoff = Backoff::new(RETRY, 7);
        assert_eq!(backoff.after_drop(), Duration::ZERO);
        assert!(backoff.after_drop() > Duration::ZERO);
        backoff.answered();
        assert_eq!(backoff.after_drop(), Duration::ZERO);
    }

    /// Fifty devices behind one switch: within the stated time (the longest delay) all have tried,
    /// and no tenth of that time sees more than a third of them.
    #[test]
    fn fifty_devices_come_back_spread_within_the_longest_delay() {
        let tries: Vec<Duration> = (0..50)
            .map(|seed| {
                let mut backoff = Backoff::new(RETRY, seed);
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
