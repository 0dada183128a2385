//! Verdicts wait for their broker's confirmation.

use crate::support::*;
use takt::store::{Confirmation, Entry};
use takt_adapters::Ticket;

#[tokio::test]
async fn what_a_broker_did_not_confirm_is_pending_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (store, first, slots) = open(dir.path(), options(), &[3]);
    let (mut journal, _) = store.journal(0);
    let connection = slots.connections[0];
    let confirm = |seq| Confirmation { connection, check: slots.checks[0], epoch: first.epoch, seq };
    let seqs = |pending: Vec<takt::store::StoredVerdict>| pending.iter().map(|v| v.record.key.seq).collect::<Vec<_>>();
    for n in 1..=10 {
        journal.submit(delivery(n, first.epoch, &slots, 3)).unwrap();
    }
    assert_eq!(seqs(store.outbox_pending(connection, 4).await.unwrap()), [1, 2, 3, 4]);
    let confirmed = [1, 2, 3, 5, 8].map(confirm).to_vec();
    journal.submit(Entry { ticket: Ticket(10), confirmed, ..Entry::default() }).unwrap();
    assert_eq!(seqs(store.outbox_pending(connection, 100).await.unwrap()), [4, 6, 7, 9, 10]);
    assert!(store.outbox_pending(slots.connections[1], 100).await.unwrap().is_empty(), "publishes nothing");
    store.close().unwrap();

    let (store, _, _) = open(dir.path(), options(), &[3]);
    let pending = seqs(store.outbox_pending(connection, 100).await.unwrap());
    assert_eq!(pending, [4, 5, 6, 7, 8, 9, 10], "what was confirmed out of order comes again, with the same key");
    let (mut journal, _) = store.journal(0);
    let confirmed = (4..=10).map(confirm).collect();
    journal.submit(Entry { ticket: Ticket(1), confirmed, ..Entry::default() }).unwrap();
    assert!(store.outbox_pending(connection, 100).await.unwrap().is_empty());
    store.close().unwrap();
}
