//! The two sides of a channel against each other: what each refuses, and what both count.

use takt_mesh_proto::egress::ClassOnWire;
use takt_mesh_proto::ids::{Digest, LogPlace, PeerId, Units};
use takt_mesh_proto::keys::{Keypair, Sealed};
use takt_mesh_proto::limits::EXPOSURE_REQUESTS;
use takt_mesh_proto::log::{Entry, ForkError, ForkProof};
use takt_mesh_proto::metering::{BorrowerSide, Checked, Closing, Leaf, LenderSide, Receipt, Voucher, VoucherError};
use takt_plant::MonoTime;

const NOW: MonoTime = MonoTime::from_ns(0);
const LIMIT: Units = Units(1_000_000);

struct Pair {
    lender: LenderSide,
    borrower: BorrowerSide,
    keys: (Keypair, Keypair),
    seq: u64,
}

fn pair() -> Pair {
    let keys = (Keypair::from_secret(&[1; 32]), Keypair::from_secret(&[2; 32]));
    Pair { lender: LenderSide::default(), borrower: BorrowerSide::new(77, NOW), keys, seq: 0 }
}

fn leaf(at: (u64, u32), output: u8) -> Leaf {
    let (what, input) = (Digest::ZERO, Digest::ZERO);
    Leaf::new(at, &what, &input, &Digest([output; 32]), (Units(10), 0, ClassOnWire::Mesh))
}

impl Pair {
    fn ids(&self) -> (Digest, PeerId, PeerId) {
        (Digest::ZERO, self.keys.0.id(), self.keys.1.id())
    }

    /// A run that both saw, with what each saw of the output.
    fn run(&mut self, lent: u8, got: Option<u8>) -> (u64, u32) {
        let at = self.borrower.number(NOW).expect("room");
        assert!(self.lender.admit(at, Units(10)));
        self.lender.executed(at, Some(leaf(at, lent)));
        self.borrower.close(at, got.map_or(Closing::Void, |output| Closing::InTime(leaf(at, output))));
        at
    }

    fn sign(&mut self) -> Sealed<Voucher> {
        self.seq += 1;
        let place = LogPlace { incarnation: 0, seq: self.seq, prev: Digest::ZERO };
        let voucher = self.borrower.draft(self.ids(), 1, place).expect("small numbers");
        let sealed = Sealed::seal(&voucher, &self.keys.1);
        self.borrower.signed(sealed.clone(), &voucher, NOW);
        sealed
    }

    fn countersign(&mut self, sealed: &Sealed<Voucher>) -> Result<bool, VoucherError> {
        let (voucher, attested) = self.lender.check(sealed, self.ids(), LIMIT)?;
        let place = LogPlace { incarnation: 0, seq: self.seq, prev: Digest::ZERO };
        let checked = Checked { voucher, voucher_hash: sealed.hash(), place, attested };
        let receipt = Receipt { voucher: sealed.clone(), lender: self.keys.0.id(), attested, place, wall_us: 0 };
        let receipt = Sealed::seal(&receipt, &self.keys.0);
        self.lender.signed(receipt.clone(), &checked);
        assert!(self.borrower.accept(receipt, &checked));
        Ok(attested)
    }
}

#[test]
fn both_count_what_came_in_time() {
    let mut pair = pair();
    pair.run(1, Some(1));
    pair.run(2, None);
    pair.run(3, Some(3));
    let voucher = pair.sign();
    assert_eq!(pair.countersign(&voucher), Ok(true));
    assert_eq!(pair.lender.totals(), pair.borrower.receipted());
    assert_eq!((pair.lender.totals().units, pair.lender.totals().n_requests), (Units(20), 2));
    assert_eq!(pair.lender.n_open(), 0);
    assert_eq!(pair.countersign(&voucher), Err(VoucherError::Older));
}

#[test]
fn a_root_over_other_outputs_is_refused() {
    let mut pair = pair();
    pair.run(1, Some(9));
    let voucher = pair.sign();
    assert_eq!(pair.countersign(&voucher), Err(VoucherError::Amounts));
}

#[test]
fn a_borrower_that_never_signs_gets_one_batch() {
    let mut pair = pair();
    let mut lender = LenderSide::default();
    let n = (0..2000).filter(|no| lender.admit((1, *no), Units(10))).count();
    assert_eq!(n, EXPOSURE_REQUESTS as usize);
    // A copy of a request is no second request, and a retired epoch does not come back.
    let at = pair.run(1, Some(1));
    assert!(pair.lender.knows(at) && !pair.lender.admit(at, Units(10)));
    assert!(pair.lender.admit((78, 0), Units(10)));
    assert!(!pair.lender.admit((77, 5), Units(10)));
}

#[test]
fn a_lender_that_lost_its_leaves_counts_and_attests_nothing() {
    let mut pair = pair();
    pair.run(1, Some(1));
    pair.lender = LenderSide::default();
    let voucher = pair.sign();
    assert_eq!(pair.countersign(&voucher), Ok(false));
    assert_eq!(pair.lender.totals(), pair.borrower.receipted());
}

#[test]
fn a_voucher_over_the_limit_is_refused() {
    let mut pair = pair();
    pair.run(1, Some(1));
    let voucher = pair.sign();
    let small = pair.lender.check(&voucher, pair.ids(), Units(9)).map(|_| ());
    assert_eq!(small, Err(VoucherError::Limit));
}

#[test]
fn two_histories_prove_a_fork_and_one_does_not() {
    let (mut one, mut other) = (pair(), pair());
    one.run(1, Some(1));
    other.run(2, Some(2));
    let (a, b) = (Entry::Voucher(one.sign()), Entry::Voucher(other.sign()));
    let author = one.keys.1.id();
    let proof = ForkProof::new(author, a.clone(), b.clone()).expect("two entries at one place");
    assert_eq!(proof.check(), Ok((author, 0)));
    assert_eq!(ForkProof::new(author, a.clone(), a.clone()), Err(ForkError::Consistent));
    let foreign = ForkProof::new(one.keys.0.id(), a, b);
    assert!(matches!(foreign, Err(ForkError::Seal(_))));
}
