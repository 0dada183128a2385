//! How long a commit waits for company.
//!
//! A commit costs about the same whatever it holds: two hops between threads, a write, a sync. So
//! while messages keep coming their acknowledgements wait longer for each other; nobody but the
//! broker's window waits for those. A broker whose window is used up sends no more until it is
//! acknowledged, and then waiting on would only slow it down: the wait goes on only when more came
//! during its last step, and a stall is remembered as the broker's window until the next fold.

use std::time::Duration;

/// Ends of the steps of a wait, in lingers. Few, because each wakes the writer.
const STEPS: [u32; 3] = [1, 3, 6];
/// Longest wait, unless the linger itself is set longer: a full group at 1,000 messages a second.
const WAIT_MAX: Duration = Duration::from_millis(12);
/// Acknowledgements in the first step that are no company.
const ALONE: usize = 1;

/// The wait of one group after the other.
#[derive(Debug)]
pub(super) struct Linger {
    first: Duration,
    step: usize,
    n_seen: usize,
    /// So many waited when a stream stalled.
    window: usize,
}

impl Linger {
    /// Waits that begin with a step of this length.
    pub fn new(first: Duration) -> Self {
        Self { first, step: 0, n_seen: ALONE, window: usize::MAX }
    }

    /// The longest wait.
    pub fn longest(first: Duration) -> Duration {
        (first * STEPS[STEPS.len() - 1]).min(first.max(WAIT_MAX))
    }

    /// A commit began.
    pub fn begin(&mut self) {
        self.step = 0;
        self.n_seen = ALONE;
    }

    /// Tries again how much the broker sends at once.
    pub fn forget(&mut self) {
        self.window = usize::MAX;
    }

    /// From the last commit to the end of the current step.
    pub fn wait(&self) -> Duration {
        (self.first * STEPS[self.step]).min(Self::longest(self.first))
    }

    /// A step ended with so many acknowledgements waiting: whether the wait goes on.
    pub fn goes_on(&mut self, n: usize) -> bool {
        let more_came = n > self.n_seen;
        if n > self.window {
            self.window = usize::MAX;
        }
        if self.step > 0 && !more_came {
            self.window = n;
        }
        let goes_on = more_came && n < self.window && self.step + 1 < STEPS.len();
        if goes_on {
            self.step += 1;
            self.n_seen = n;
        }
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How long a group waits when so many acknowledgements wait at the end of each step.
    fn waited(linger: &mut Linger, waiting: &[usize]) -> Duration {
        linger.begin();
        for n in waiting {
            if !linger.goes_on(*n) {
                break;
            }
        }
        linger.wait()
    }

    #[test]
    fn a_stream_is_waited_for_and_a_lone_message_is_not() {
        let mut linger = Linger::new(2 * MS);
        assert_eq!(waited(&mut linger, &[1]), 2 * MS);
        assert_eq!(waited(&mut linger, &[2, 6, 11]), 12 * MS);
        assert_eq!(waited(&mut linger, &[2, 6, 11]), 12 * MS);
    }

    #[test]
    fn a_stall_is_remembered_until_more_comes_or_it_is_forgotten() {
        let mut linger = Linger::new(2 * MS);
        assert_eq!(waited(&mut linger, &[3, 3]), 6 * MS);
        assert_eq!(waited(&mut linger, &[3]), 2 * MS);
        assert_eq!(waited(&mut linger, &[2, 4, 4]), 12 * MS);
        assert_eq!(waited(&mut linger, &[3, 3]), 6 * MS);
        linger.forget();
        assert_eq!(waited(&mut linger, &[3, 3]), 6 * MS);
    }

    #[test]
    fn a_longer_linger_is_not_lengthened_and_none_stays_none() {
        assert_eq!(Linger::longest(2 * MS), 12 * MS);
        assert_eq!(Linger::longest(50 * MS), 50 * MS);
        assert_eq!(waited(&mut Linger::new(50 * MS), &[2, 6]), 50 * MS);
        assert_eq!(waited(&mut Linger::new(Duration::ZERO), &[2, 6]), Duration::ZERO);
    }
}
