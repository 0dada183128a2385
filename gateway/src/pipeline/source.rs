//! A connection as its cell sees it: whether it is up, what came lately, and what goes out on it.

use super::outbox::Outbox;
use crate::board::ConnectionGauge;
use crate::store::{ConnectionSlot, Digest};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// One connection of a cell.
pub struct Source {
    /// Its place in the store.
    pub slot: ConnectionSlot,
    /// Where it is shown.
    pub gauge: Arc<ConnectionGauge>,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether its last readings count for nothing once it is down. A device that is polled says so
    /// itself, reading by reading; a file that was replayed to its end has said all there is.
    pub withdraws: bool,
    /// Whether its messages are acknowledged by tickets.
    pub acknowledges: bool,
    /// Whether its driver says when a turn is over. Then the journal comes after the socket: what is
    /// judged goes out first, and the messages of one turn are one entry.
    pub turns: bool,
    /// Whether they wait also while the store cannot be written.
    pub holds: bool,
    /// Verdicts that go out on it.
    pub outbox: Option<Outbox>,
    /// What came lately.
    pub marks: Marks,
}

/// The last messages of a connection, to know a redelivery.
#[derive(Debug, Default)]
pub struct Marks {
    order: VecDeque<Digest>,
    known: HashSet<Digest>,
    n_max: usize,
}

impl Marks {
    /// At most `n_max` marks, beginning with those from the journal.
    pub fn new(n_max: usize, recovered: impl IntoIterator<Item = Digest>) -> Self {
        let mut marks = Self { n_max: n_max.max(1), ..Self::default() };
        recovered.into_iter().for_each(|digest| marks.put(digest));
        marks
    }

    /// Takes a message.
    pub fn put(&mut self, digest: Digest) {
        if !self.known.insert(digest) {
            return;
        }
        self.order.push_back(digest);
        if self.order.len() > self.n_max
            && let Some(old) = self.order.pop_front()
        {
            self.known.remove(&old);
        }
    }

    /// Whether a message came lately.
    pub fn has(&self, digest: &Digest) -> bool {
        self.known.contains(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_messages_are_known() {
        let mut marks = Marks::new(2, [[1; 16], [2; 16]]);
        marks.put([3; 16]);
        let known: Vec<bool> = [[1; 16], [2; 16], [3; 16]].iter().map(|digest| marks.has(digest)).collect();
        assert_eq!(known, [false, true, true]);
    }

    #[test]
    fn a_message_that_came_twice_counts_once() {
        let mut marks = Marks::new(2, [[1; 16], [1; 16], [2; 16]]);
        assert!(marks.has(&[1; 16]) && marks.has(&[2; 16]));
        marks.put([3; 16]);
        assert!(!marks.has(&[1; 16]));
    }
}
