//! Three gateways' parts over real UDP: borrowing with real receipts, a peer that dies, strangers, garbage.

mod boxes;

use boxes::{PRICE, Part, RUN, connected, id, roster, tell, wait};
use iroh::endpoint::{ConnectionError, VarInt, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey, TransportAddr};
use std::time::Duration;
use takt_mesh::ledger::Ledger;
use takt_mesh_proto::ids::PeerId;
use takt_mesh_proto::keys::Sealed;
use takt_mesh_proto::log::Entry;
use takt_mesh_proto::metering::{Receipt, Totals};
use takt_mesh_proto::node::{Outcome, Record};

/// Long enough that a busy machine keeps it; what waits behind half of it is lent all the same.
const DEADLINE: Duration = Duration::from_millis(400);
/// Some that several peers have run.
const N_BORROWED: u64 = 30;
/// A lender watches its own demand for a second before it lends.
const FLOOR: Duration = Duration::from_millis(1500);

fn totals(part: &Part, peer: &PeerId) -> (Totals, Totals) {
    let status = part.status();
    let found = status.peers.iter().find(|p| p.peer == *peer).expect("a member");
    (found.lent, found.borrowed)
}

/// The newest receipt on each side's disk: where `part` lent to `peer`, and where it borrowed.
fn receipts(part: &Part, peer: PeerId) -> (Option<Sealed<Receipt>>, Option<Sealed<Receipt>>) {
    let (mut lent, mut borrowed) = (None, None);
    for record in part.store.records() {
        match record {
            Record::Entry { with, entry: Entry::Receipt(receipt), .. } if with == peer => lent = Some(receipt),
            Record::Borrowed { lender, receipt } if lender == peer => borrowed = Some(receipt),
            _ => {}
        }
    }
    (lent, borrowed)
}

#[test]
fn a_box_that_is_late_borrows_and_both_count_the_same() {
    let mut parts = connected(&[1, 2, 3]);
    std::thread::sleep(FLOOR);
    let (borrower, lenders) = parts.split_first_mut().expect("three");
    let count = |outcomes: &[Outcome]| outcomes.iter().filter(|o| matches!(o, Outcome::Borrowed { .. })).count() as u64;
    // Twice what one box can do, until enough came from the others.
    let mut outcomes = Vec::new();
    while count(&outcomes) < N_BORROWED {
        outcomes.extend(borrower.judge(100, RUN / 2, DEADLINE));
        assert!(outcomes.len() < 5_000, "{} borrowed of {}", count(&outcomes), outcomes.len());
    }
    let n_borrowed = count(&outcomes);
    for (ticket, outcome) in outcomes.iter().enumerate() {
        if let Outcome::Borrowed { output, .. } | Outcome::Local(output) = outcome {
            let input = (ticket as u64).to_le_bytes().repeat(1024);
            assert_eq!(output.bytes(), blake3::hash(&input).as_bytes(), "window {ticket}");
        }
    }
    borrower.block(borrower.mesh.settle());
    wait("everything is receipted", || {
        let counted: u64 = lenders.iter().map(|lender| totals(borrower, &lender.id).1.n_requests).sum();
        (borrower.status().settled && counted == n_borrowed).then_some(())
    });
    for lender in lenders.iter() {
        let owed = totals(borrower, &lender.id).1;
        wait("the lender shows the same", || (totals(lender, &borrower.id).0 == owed).then_some(()));
        assert_eq!(owed.units.0, owed.n_requests * PRICE.0);
        let (lent, _) = receipts(lender, borrower.id);
        let (_, borrowed) = receipts(borrower, lender.id);
        assert_eq!(lent, borrowed, "the same receipt lies on both disks");
        assert_eq!(lent.is_some(), owed.n_requests > 0);
    }
    for part in std::iter::once(&*borrower).chain(lenders.iter()) {
        check_ledger(part);
    }
    let balance: i128 = lenders.iter().map(|l| l.status().balance).sum::<i128>() + borrower.status().balance;
    assert_eq!(balance, 0);
}

/// What lies on the disk says the same as the running core, and says so only as long as it is whole.
fn check_ledger(part: &Part) {
    let records = part.store.records();
    let ledger = Ledger::read(&part.id, &records);
    assert_eq!(ledger.wrong, Vec::<String>::new());
    assert_eq!(ledger.balance(), part.status().balance);
    for (peer, (lent, borrowed)) in &ledger.pairs {
        assert_eq!((*lent, *borrowed), totals(part, peer));
    }
    let entries = |records: &[Record]| records.iter().filter(|r| matches!(r, Record::Entry { .. })).count();
    let first = records.iter().position(|r| matches!(r, Record::Entry { .. }));
    if let Some(first) = first.filter(|_| entries(&records) > 1) {
        let mut cut = records.clone();
        cut.remove(first);
        assert!(!Ledger::read(&part.id, &cut).wrong.is_empty(), "an entry that was taken out is found");
    }
    let stranger = id(200);
    assert_eq!(Ledger::read(&stranger, &records).wrong.is_empty(), ledger.lines.is_empty(), "and a foreign one");
}

#[test]
fn a_dead_peer_is_noticed_and_the_line_goes_on() {
    let mut parts = connected(&[1, 2, 3]);
    std::thread::sleep(FLOOR);
    let dead = parts[1].id;
    parts[1].kill();
    parts[2].kill();
    // Windows that fit this box are judged here all the while.
    let outcomes = parts[0].judge(100, RUN * 2, DEADLINE);
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Local(_))), "{outcomes:?}");
    wait("the peer is known to be gone", || (!parts[0].sees(&dead)).then_some(()));
    // And what would have been borrowed ends in time, one way or the other.
    let outcomes = parts[0].judge(100, RUN / 2, DEADLINE);
    assert!(outcomes.iter().any(|o| matches!(o, Outcome::Local(_))));
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Local(_) | Outcome::Late)), "{outcomes:?}");
}

#[test]
fn a_stranger_is_refused() {
    let parts = connected(&[1, 2]);
    // Of two gateways the smaller key calls: this one must be the stranger's.
    let key = (9..).find(|key| id(*key) < parts[0].id).expect("half of all keys are smaller");
    let stranger = Part::start(key, roster(1, &[1, key], &[]));
    stranger.block(stranger.mesh.set_roster(roster(2, &[1, key], &[&parts[0], &stranger]).into()));
    wait("the handshake is refused", || (parts[0].status().n_refused > 0).then_some(()));
    assert!(!stranger.sees(&parts[0].id));
    assert!(parts[0].sees(&parts[1].id));
    assert_eq!(parts[0].status().peers.len(), 1);
}

#[test]
fn a_removed_member_is_dropped_at_once() {
    let parts = connected(&[1, 2, 3]);
    let all: Vec<&Part> = parts.iter().collect();
    // The removed one does not hear of it: it calls again, and is refused.
    tell(&parts[..2], &roster(3, &[1, 2], &all[..2]));
    wait("the connection is gone", || (!parts[2].sees(&parts[0].id) && !parts[2].sees(&parts[1].id)).then_some(()));
    assert!(parts[0].sees(&parts[1].id));
    assert_eq!(parts[0].status().list_version, 3);
    // An older list does not bring it back.
    tell(&parts[..1], &roster(2, &[1, 2, 3], &all));
    assert_eq!(parts[0].status().list_version, 3);
}

async fn raw(key: [u8; 32]) -> Endpoint {
    Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&key))
        .relay_mode(RelayMode::Disabled)
        .clear_relay_transports()
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .expect("an address")
        .bind()
        .await
        .expect("a socket")
}

/// Sends bytes on one stream and gives the code with which the connection is ended for them.
async fn sent(endpoint: &Endpoint, to: &Part, bytes: &[u8]) -> Option<VarInt> {
    let to_id = EndpointId::from_bytes(&to.id.0).expect("a key");
    let address = EndpointAddr::from_parts(to_id, to.mesh.addresses().iter().map(|a| TransportAddr::Ip(*a)));
    let connection = endpoint.connect(address, b"takt/mesh/1").await.expect("a member is let in");
    let mut stream = connection.open_uni().await.expect("a stream");
    stream.write_all(bytes).await.expect("it is sent");
    match tokio::time::timeout(Duration::from_secs(5), connection.closed()).await {
        Ok(ConnectionError::ApplicationClosed(close)) => Some(close.error_code),
        _ => None,
    }
}

#[test]
fn garbage_ends_that_connection_only() {
    let parts = connected(&[1, 2]);
    tell(&parts, &roster(3, &[1, 2, 3], &parts.iter().collect::<Vec<_>>()));
    let garbage: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\n", b"T\x01\x09", b"T\x01\x02\x05\x00\x00\x00hello", b"T\x01\x01\xff\xff\xff\xff"];
    parts[0].block(async {
        let endpoint = raw([3; 32]).await;
        for bytes in garbage {
            assert_eq!(sent(&endpoint, &parts[0], bytes).await, Some(VarInt::from_u32(2)), "{bytes:?}");
        }
    });
    wait("each is counted", || (parts[0].status().counts.n_garbage == 4).then_some(()));
    assert!(parts[0].sees(&parts[1].id) && !parts[0].sees(&id(3)));
}
