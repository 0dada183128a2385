//! Which verdicts a broker has confirmed: one cursor per connection and check, and what came early.

use super::entry::{CheckSlot, Confirmation, ConnectionSlot};
use std::collections::{BTreeMap, BTreeSet};

/// Confirmations that may lie above a cursor. Far above any broker's in-flight window; beyond it the
/// gap is a verdict that was never stored, and the cursor passes it.
const EARLY_MAX: usize = 4_096;

/// Everything up to `seq` is confirmed, of the numbers that began with `epoch`. An epoch that follows one whose
/// numbers were spent goes on with them, and the cursor too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The epoch with which the numbers began.
    pub epoch: u32,
    /// The last number without a gap before it.
    pub seq: u64,
    early: BTreeSet<u64>,
}

/// All cursors, and which of them changed since the last fold.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    cursors: BTreeMap<(ConnectionSlot, CheckSlot), Cursor>,
    dirty: BTreeSet<(ConnectionSlot, CheckSlot)>,
    unsaved: BTreeSet<(ConnectionSlot, CheckSlot)>,
}

impl Outbox {
    /// Takes a cursor from the table.
    pub fn load(&mut self, connection: ConnectionSlot, check: CheckSlot, epoch: u32, seq: u64) {
        self.cursors.insert((connection, check), Cursor { epoch, seq, early: BTreeSet::new() });
    }

    /// A connection publishes a check. A new pair begins after the check's last verdict.
    pub fn open(&mut self, connection: ConnectionSlot, check: CheckSlot, epoch: u32, last_seq: u64) {
        if !self.cursors.contains_key(&(connection, check)) {
            self.load(connection, check, epoch, last_seq);
            self.dirty.insert((connection, check));
            self.unsaved.insert((connection, check));
        }
    }

    /// Cursors of pairs that were opened and have no row yet. Without one a restart would open them anew, behind
    /// verdicts that nobody has confirmed.
    pub fn unsaved(&self) -> Vec<(ConnectionSlot, CheckSlot, u32, u64)> {
        self.unsaved.iter().filter_map(|key| self.row(*key)).collect()
    }

    /// All of those have their row.
    pub fn saved(&mut self) {
        self.unsaved.clear();
    }

    /// A check is published by exactly these connections; gives the cursors of others, which go.
    pub fn close_others(&mut self, check: CheckSlot, connections: &[ConnectionSlot]) -> Vec<ConnectionSlot> {
        let others = |key: &&(ConnectionSlot, CheckSlot)| key.1 == check && !connections.contains(&key.0);
        let gone: Vec<ConnectionSlot> = self.cursors.keys().filter(others).map(|key| key.0).collect();
        for connection in &gone {
            self.cursors.remove(&(*connection, check));
            self.dirty.remove(&(*connection, check));
            self.unsaved.remove(&(*connection, check));
        }
        gone
    }

    /// A new epoch: its numbers begin again, and nothing of it is confirmed.
    pub fn restart(&mut self, epoch: u32) {
        for cursor in self.cursors.values_mut() {
            *cursor = Cursor { epoch, ..Cursor::default() };
        }
    }

    /// Takes a confirmation.
    pub fn confirm(&mut self, c: &Confirmation) {
        let Some(cursor) = self.cursors.get_mut(&(c.connection, c.check)) else { return };
        if c.epoch < cursor.epoch || c.seq <= cursor.seq {
            return;
        }
        cursor.early.insert(c.seq);
        if cursor.early.len() > EARLY_MAX {
            cursor.seq = cursor.early.first().map_or(cursor.seq, |s| s - 1);
        }
        let before = cursor.seq;
        while cursor.early.remove(&(cursor.seq + 1)) {
            cursor.seq += 1;
        }
        if cursor.seq != before {
            self.dirty.insert((c.connection, c.check));
        }
    }

    /// The first stored verdict after the cursor is `first`: what lies between was never stored.
    pub fn skip_to(&mut self, connection: ConnectionSlot, check: CheckSlot, first: u64) {
        if let Some(cursor) = self.cursors.get_mut(&(connection, check))
            && first > cursor.seq + 1
        {
            cursor.seq = first - 1;
            while cursor.early.remove(&(cursor.seq + 1)) {
                cursor.seq += 1;
            }
            let seq = cursor.seq;
            cursor.early.retain(|s| *s > seq);
            self.dirty.insert((connection, check));
        }
    }

    /// A connection's cursors.
    pub fn of(&self, connection: ConnectionSlot) -> impl Iterator<Item = (CheckSlot, &Cursor)> {
        let all = (connection, CheckSlot(0))..=(connection, CheckSlot(u32::MAX));
        self.cursors.range(all).map(|((_, check), cursor)| (*check, cursor))
    }

    /// Cursors that changed since the last time, for their table.
    pub fn take_dirty(&mut self) -> Vec<(ConnectionSlot, CheckSlot, u32, u64)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().filter_map(|key| self.row(key)).collect()
    }

    fn row(&self, key: (ConnectionSlot, CheckSlot)) -> Option<(ConnectionSlot, CheckSlot, u32, u64)> {
        self.cursors.get(&key).map(|cursor| (key.0, key.1, cursor.epoch, cursor.seq))
    }

    /// Marks cursors as changed again, when their table could not be written.
    pub fn again(&mut self, rows: &[(ConnectionSlot, CheckSlot, u32, u64)]) {
        self.dirty.extend(rows.iter().map(|r| (r.0, r.1)));
    }

    /// Whether nothing waits for its table.
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty()
    }
}

impl Cursor {
    /// Whether a verdict is confirmed.
    pub fn has(&self, seq: u64) -> bool {
        seq <= self.seq || self.early.contains(&seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: (ConnectionSlot, CheckSlot) = (ConnectionSlot(1), CheckSlot(2));

    fn confirm(outbox: &mut Outbox, seqs: impl IntoIterator<Item = u64>) -> u64 {
        for seq in seqs {
            outbox.confirm(&Confirmation { connection: PAIR.0, check: PAIR.1, epoch: 1, seq });
        }
        outbox.of(PAIR.0).next().expect("the pair is open").1.seq
    }

    #[test]
    fn the_cursor_follows_without_gaps_and_in_any_order() {
        let mut outbox = Outbox::default();
        outbox.open(PAIR.0, PAIR.1, 1, 10);
        assert_eq!(confirm(&mut outbox, [12, 13]), 10);
        assert_eq!(confirm(&mut outbox, [11]), 13);
        assert_eq!(confirm(&mut outbox, [5, 13]), 13, "repeated and old ones change nothing");
        assert_eq!(outbox.unsaved(), [(PAIR.0, PAIR.1, 1, 13)]);
        outbox.saved();
        assert_eq!(outbox.take_dirty(), [(PAIR.0, PAIR.1, 1, 13)]);
        outbox.open(PAIR.0, PAIR.1, 1, 99);
        assert_eq!(confirm(&mut outbox, []), 13, "opening again keeps the cursor");
        assert_eq!(outbox.unsaved(), [], "and its row");
    }

    #[test]
    fn a_verdict_that_was_never_stored_does_not_hold_the_cursor() {
        let mut outbox = Outbox::default();
        outbox.open(PAIR.0, PAIR.1, 1, 0);
        assert_eq!(confirm(&mut outbox, [3]), 0);
        outbox.skip_to(PAIR.0, PAIR.1, 3);
        assert_eq!(confirm(&mut outbox, []), 3);
        let n = EARLY_MAX as u64;
        assert_eq!(confirm(&mut outbox, 5..=n + 5), n + 5, "the set of early ones is bounded");
    }
}
