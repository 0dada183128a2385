//! How long to wait before the next attempt, and when a loss means that the client id is taken.

use crate::mqtt::options::RetryDelays;
use std::time::Duration;

/// A connection that ends sooner than this was no success: the delay goes on growing.
pub(super) const SHORT_LIFE: Duration = Duration::from_secs(10);

/// So many short lives in a row, each ended by the broker right after it had accepted us, mean that
/// another client uses the client id. MQTT 3.1.1 has no word for it; two clients that throw each
/// other out show exactly this, and a broker that restarts in a loop does not accept us each time.
const SHORT_LIVES: u32 = 3;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It never came to be, or ended for a reason of its own.
    Failed,
    /// The broker closed it without a word after this long.
    Closed { lived: Duration },
    /// The broker said that another client took the client id.
    TakenOver,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub delay: Duration,
    pub taken_over: bool,
}

/// Counts attempts.
#[derive(Debug)]
pub(super) struct Backoff {
    delays: RetryDelays,
    rng: fastrand::Rng,
    n_failures: u32,
    n_short_lives: u32,
}

impl Backoff {
    pub fn new(delays: RetryDelays) -> Self {
        Self { delays, rng: fastrand::Rng::with_seed(delays.seed), n_failures: 0, n_short_lives: 0 }
    }

    /// A connection has lived long enough to count as a success.
    pub fn succeeded(&mut self) {
        self.n_failures = 0;
        self.n_short_lives = 0;
    }

    /// What follows the end of a connection.
    pub fn after(&mut self, end: End) -> Next {
        match end {
            End::Closed { lived } if lived < SHORT_LIFE => self.n_short_lives += 1,
            End::Closed { .. } => self.n_short_lives = 0,
            End::Failed | End::TakenOver => {}
        }
        let taken_over = end == End::TakenOver || self.n_short_lives >= SHORT_LIVES;
        if taken_over {
            self.n_short_lives = 0;
            return Next { delay: self.spread(self.delays.taken_over), taken_over };
        }
        let doubled = self.delays.first.saturating_mul(1_u32.checked_shl(self.n_failures).unwrap_or(u32::MAX));
        self.n_failures = self.n_failures.saturating_add(1).min(30);
        Next { delay: self.spread(doubled.min(self.delays.longest)), taken_over }
    }

    /// Somewhere in the upper half of a delay.
    fn spread(&mut self, delay: Duration) -> Duration {
        delay.mul_f64(0.5 + 0.5 * self.rng.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(seed: u64) -> Backoff {
        Backoff::new(RetryDelays {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(2),
            taken_over: Duration::from_secs(60),
            seed,
        })
    }

    #[test]
    fn delays_double_up_to_the_longest_and_are_spread_by_seed() {
        let (mut a, mut b, mut c) = (backoff(1), backoff(2), backoff(1));
        for i in 0..40 {
            let full = Duration::from_millis(100 * (1 << i.min(5))).min(Duration::from_secs(2));
            let [x, y, z] = [&mut a, &mut b, &mut c].map(|b| b.after(End::Failed));
            for next in [x, y] {
                assert!(next.delay >= full / 2 && next.delay <= full && !next.taken_over, "{i}: {next:?}");
            }
            assert_eq!(x, z);
            assert_ne!(x, y);
        }
        a.succeeded();
        assert!(a.after(End::Failed).delay <= Duration::from_millis(100));
    }

    #[test]
    fn three_short_lives_in_a_row_mean_that_the_client_id_is_taken() {
        let short = End::Closed { lived: Duration::from_secs(1) };
        let long = End::Closed { lived: Duration::from_secs(100) };
        for (ends, expected) in [
            (vec![short, short, short], true),
            (vec![short, short, long, short], false),
            (vec![short, End::Failed, short, short], true),
            (vec![End::Failed; 9], false),
            (vec![End::TakenOver], true),
        ] {
            let mut backoff = backoff(1);
            let last = ends.iter().map(|end| backoff.after(*end)).last().unwrap();
            assert_eq!(last.taken_over, expected, "{ends:?}");
            assert_eq!(last.delay >= Duration::from_secs(30), expected, "{ends:?}");
        }
    }
}
