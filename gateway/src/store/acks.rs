//! What drivers may acknowledge: one watch per shard, and one per connection of a shard.

use super::entry::ConnectionSlot;
use super::layout::WhenUnwritable;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use takt_adapters::Ticket;
use tokio::sync::watch;

/// All watches. The writer advances them; drivers hold the receivers.
#[derive(Debug, Default)]
pub(super) struct Acks {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shards: HashMap<u32, ShardAcks>,
    rules: HashMap<ConnectionSlot, WhenUnwritable>,
}

#[derive(Debug, Default)]
struct ShardAcks {
    all: watch::Sender<Ticket>,
    connections: HashMap<ConnectionSlot, watch::Sender<Ticket>>,
}

/// An entry that cannot be committed now, as far as acknowledgements are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stuck {
    pub shard: u32,
    pub ticket: Ticket,
    pub acknowledges: Option<ConnectionSlot>,
}

impl Acks {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection's rule.
    pub fn set_rule(&self, connection: ConnectionSlot, rule: WhenUnwritable) {
        self.lock().rules.insert(connection, rule);
    }

    /// A connection's rule; `judge` where none was registered.
    pub fn rule(&self, connection: Option<ConnectionSlot>) -> WhenUnwritable {
        connection.and_then(|c| self.lock().rules.get(&c).copied()).unwrap_or_default()
    }

    /// The watch of a shard.
    pub fn shard(&self, shard: u32) -> watch::Receiver<Ticket> {
        self.lock().shards.entry(shard).or_default().all.subscribe()
    }

    /// The watch of one connection of a shard.
    pub fn connection(&self, shard: u32, connection: ConnectionSlot) -> watch::Receiver<Ticket> {
        let mut inner = self.lock();
        let acks = inner.shards.entry(shard).or_default();
        let now = *acks.all.borrow();
        acks.connections.entry(connection).or_insert_with(|| watch::Sender::new(now)).subscribe()
    }

    /// Everything of these shards up to these tickets is durable.
    pub fn durable(&self, upto: &[(u32, Ticket)]) {
        let mut inner = self.lock();
        for (shard, ticket) in upto {
            let acks = inner.shards.entry(*shard).or_default();
            advance(&acks.all, *ticket);
            acks.connections.values().for_each(|c| advance(c, *ticket));
        }
    }

    /// Lets go, undurably, what the connections' rules allow. `stuck` is everything that could not
    /// be committed, oldest first: a shard's own watch stops before its first held entry.
    pub fn let_go(&self, stuck: impl Iterator<Item = Stuck>) {
        let mut inner = self.lock();
        let mut held: Vec<u32> = Vec::new();
        for Stuck { shard, ticket, acknowledges } in stuck {
            let hold = |c: &ConnectionSlot| inner.rules.get(c) == Some(&WhenUnwritable::Hold);
            if acknowledges.as_ref().is_some_and(hold) && !held.contains(&shard) {
                held.push(shard);
            }
            let going: Vec<ConnectionSlot> = inner
                .shards
                .get(&shard)
                .map(|acks| acks.connections.keys().filter(|c| !hold(c)).copied().collect())
                .unwrap_or_default();
            let acks = inner.shards.entry(shard).or_default();
            if !held.contains(&shard) {
                advance(&acks.all, ticket);
            }
            for connection in going {
                advance(&acks.connections[&connection], ticket);
            }
        }
    }
}

fn advance(sender: &watch::Sender<Ticket>, ticket: Ticket) {
    sender.send_if_modified(|now| {
        let later = ticket > *now;
        if later {
            *now = ticket;
        }
        later
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_connection_waits_and_the_others_go_on() {
        let (a, b) = (ConnectionSlot(1), ConnectionSlot(2));
        let acks = Acks::default();
        acks.set_rule(b, WhenUnwritable::Hold);
        let (all, of_a, of_b) = (acks.shard(0), acks.connection(0, a), acks.connection(0, b));
        let stuck = |ticket, c| Stuck { shard: 0, ticket: Ticket(ticket), acknowledges: Some(c) };
        acks.let_go([stuck(1, a), stuck(2, b), stuck(3, a)].into_iter());
        assert_eq!((all.borrow().0, of_a.borrow().0, of_b.borrow().0), (1, 3, 0));
        acks.durable(&[(0, Ticket(3))]);
        assert_eq!((all.borrow().0, of_a.borrow().0, of_b.borrow().0), (3, 3, 3));
        acks.durable(&[(0, Ticket(2))]);
        assert_eq!(all.borrow().0, 3, "a watch never goes back");
    }
}
