//! How many verdicts of one outcome came in a row, read off the counts of the status.
//!
//! The status is looked at twice a second, so of a fast check only the ends of a look are known: when
//! everything since the last look failed, all of it belongs to the streak; otherwise the last verdict
//! begins a new one. A streak is therefore never longer than the true one.

use crate::board::Status;
use std::collections::BTreeMap;

/// The streaks of one check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Streak {
    /// Fails in a row, at least.
    pub(super) n_fail: u64,
    /// Inconclusive verdicts in a row, at least.
    pub(super) n_inconclusive: u64,
    /// Why the last one was inconclusive.
    pub(super) reason: String,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    total: u64,
    fail: u64,
    inconclusive: u64,
}

/// The streaks of all checks, by place.
#[derive(Debug, Default)]
pub(super) struct Streaks(BTreeMap<String, Streak>);

impl Streaks {
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Streak)> {
        self.0.iter().map(|(place, streak)| (place.as_str(), streak))
    }

    /// Takes a status. Checks that are gone are forgotten.
    pub(super) fn take(&mut self, status: &Status) {
        let mut before = std::mem::take(&mut self.0);
        for check in status.lines.iter().flat_map(|line| &line.checks) {
            let place = format!("{}/{}", check.line, check.id);
            let mut streak = before.remove(&place).unwrap_or_default();
            let counts = &check.verdicts;
            let now = Seen { total: counts.total, fail: counts.fail, inconclusive: counts.inconclusive };
            let last = check.last.as_ref();
            streak.take(now, last.map_or("", |verdict| verdict.verdict.as_str()));
            if let Some(reason) = last.and_then(|verdict| verdict.reason.as_ref()) {
                streak.reason.clone_from(reason);
            }
            self.0.insert(place, streak);
        }
    }
}

impl Streak {
    fn take(&mut self, now: Seen, last: &str) {
        let before = std::mem::replace(&mut self.seen, now);
        // Counts begin anew when a line is replaced.
        let before = if now.total < before.total { Seen::default() } else { before };
        let n_new = now.total - before.total;
        if n_new == 0 {
            return;
        }
        let grow = |n: u64, n_of_it: u64, word: &str| match n_of_it == n_new {
            true => n + n_new,
            false => u64::from(last == word),
        };
        self.n_fail = grow(self.n_fail, now.fail.saturating_sub(before.fail), "fail");
        self.n_inconclusive =
            grow(self.n_inconclusive, now.inconclusive.saturating_sub(before.inconclusive), "inconclusive");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_grows_while_everything_fails_and_ends_with_a_pass() {
        let mut streak = Streak::default();
        // (all, failed, last, fails in a row)
        let story = [
            (2, 0, "pass", 0),
            (3, 1, "fail", 1),
            (5, 3, "fail", 3),
            (5, 3, "fail", 3),
            (9, 6, "fail", 1),
            (10, 6, "pass", 0),
        ];
        for (total, fail, last, expected) in story {
            streak.take(Seen { total, fail, inconclusive: 0 }, last);
            assert_eq!(streak.n_fail, expected, "after {total} verdicts");
        }
    }

    #[test]
    fn counts_that_begin_anew_do_not_underflow() {
        let mut streak = Streak::default();
        streak.take(Seen { total: 100, fail: 100, inconclusive: 0 }, "fail");
        streak.take(Seen { total: 2, fail: 0, inconclusive: 2 }, "inconclusive");
        assert_eq!((streak.n_fail, streak.n_inconclusive), (0, 2));
    }
}
