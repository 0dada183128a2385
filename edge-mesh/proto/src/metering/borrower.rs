//! The borrower's side of a channel: numbers requests, decides which count, and signs for them.

use crate::egress::ClassOnWire;
use crate::ids::{Digest, LogPlace, Overflow, PeerId};
use crate::keys::Sealed;
use crate::limits::{BATCH_SPAN_MAX, IN_FLIGHT_MAX};
use crate::metering::voucher::{Checked, Receipt, Totals, VERSION, Voucher};
use crate::metering::{Leaf, Span, merkle};
use std::collections::VecDeque;
use takt_plant::MonoTime;

/// What became of a request number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slot {
    /// No answer yet.
    Open,
    /// Came in time.
    Counts(Leaf),
    /// Refused, late or lost: counts nothing.
    Void,
}

/// How a request ended for the books.
#[derive(Debug, Clone, Copy)]
pub enum Closing {
    /// The result came in time.
    InTime(Leaf),
    /// It did not.
    Void,
}

/// One channel, seen by who borrows.
#[derive(Debug)]
pub struct BorrowerSide {
    epoch: u64,
    from: u32,
    slots: VecDeque<Slot>,
    n_counted: u32,
    since: MonoTime,
    seq: u64,
    totals: Totals,
    outstanding: Option<(Digest, Sealed<Voucher>)>,
    receipted: Totals,
    receipt: Option<Sealed<Receipt>>,
}

impl BorrowerSide {
    /// A channel that starts, under an epoch drawn at random.
    pub fn new(epoch: u64, now: MonoTime) -> Self {
        Self {
            epoch,
            from: 0,
            slots: VecDeque::new(),
            n_counted: 0,
            since: now,
            seq: 0,
            totals: Totals::default(),
            outstanding: None,
            receipted: Totals::default(),
            receipt: None,
        }
    }

    /// The voucher last signed, from the store: it is sent again until its receipt comes.
    pub fn resume_voucher(&mut self, sealed: Sealed<Voucher>, voucher: &Voucher) {
        if voucher.seq > self.seq {
            self.seq = voucher.seq;
            self.totals = voucher.totals;
            self.outstanding = Some((sealed.hash(), sealed));
        }
    }

    /// A number for a new request; `None` while the span is full.
    pub fn number(&mut self, now: MonoTime) -> Option<(u64, u32)> {
        let n_waiting = self.slots.len();
        let room = BATCH_SPAN_MAX as usize - IN_FLIGHT_MAX as usize;
        if n_waiting >= room {
            return None;
        }
        if self.slots.is_empty() {
            self.since = now;
        }
        let no = self.from.checked_add(u32::try_from(n_waiting).ok()?)?;
        self.slots.push_back(Slot::Open);
        Some((self.epoch, no))
    }

    /// Says how a request ended. Only the first word counts; `false` if there was one already.
    pub fn close(&mut self, (epoch, no): (u64, u32), how: Closing) -> bool {
        let Some(i) = no.checked_sub(self.from).filter(|_| epoch == self.epoch) else { return false };
        let Some(slot @ Slot::Open) = self.slots.get_mut(i as usize) else { return false };
        *slot = match how {
            Closing::InTime(leaf) => {
                self.n_counted += 1;
                Slot::Counts(leaf)
            }
            Closing::Void => Slot::Void,
        };
        true
    }

    /// Whether a voucher is due: enough counts, the oldest waits for too long, or the numbers run out.
    pub fn is_due(&self, now: MonoTime, batch: u32, every: std::time::Duration) -> bool {
        let decided = self.slots.front().is_some_and(|slot| *slot != Slot::Open);
        let full = self.slots.len() >= (BATCH_SPAN_MAX / 2) as usize;
        let old = now.since(self.since) >= every;
        self.outstanding.is_none() && decided && (self.n_counted >= batch || old || full)
    }

    /// Whether anything waits to be signed for or countersigned.
    pub fn is_settled(&self) -> bool {
        self.outstanding.is_none() && self.n_counted == 0
    }

    /// Writes the next voucher over everything decided so far. The caller seals it, logs it, and gives
    /// it back with [`Self::signed`].
    pub fn draft(&self, who: (Digest, PeerId, PeerId), prices: u32, place: LogPlace) -> Result<Voucher, Overflow> {
        let decided: Vec<Slot> = self.slots.iter().copied().take_while(|slot| *slot != Slot::Open).collect();
        let mut totals = self.totals;
        let mut leaves = Vec::new();
        let mut class = ClassOnWire::Mesh;
        for slot in &decided {
            if let Slot::Counts(leaf) = slot {
                totals = totals.plus(leaf)?;
                leaves.push(leaf.digest);
                class = if (leaf.class as u8) < class as u8 { leaf.class } else { class };
            }
        }
        let counted: Vec<bool> = decided.iter().map(|slot| matches!(slot, Slot::Counts(_))).collect();
        let (mesh, lender, borrower) = who;
        Ok(Voucher {
            version: VERSION,
            mesh,
            lender,
            borrower,
            seq: self.seq + 1,
            prices,
            span: Span::new(self.epoch, self.from, &counted),
            totals,
            batch_root: merkle::root(&leaves),
            class,
            place,
            wall_us: 0,
        })
    }

    /// The drafted voucher is signed and in the log: its span is closed.
    pub fn signed(&mut self, sealed: Sealed<Voucher>, voucher: &Voucher, now: MonoTime) {
        let n = (voucher.span.to - voucher.span.from) as usize;
        self.slots.drain(..n.min(self.slots.len()));
        self.n_counted = u32::try_from(self.slots.iter().filter(|s| matches!(s, Slot::Counts(_))).count()).unwrap_or(0);
        self.from = voucher.span.to;
        self.since = now;
        self.seq = voucher.seq;
        self.totals = voucher.totals;
        self.outstanding = Some((sealed.hash(), sealed));
    }

    /// The voucher that waits for its receipt.
    pub fn outstanding(&self) -> Option<&Sealed<Voucher>> {
        self.outstanding.as_ref().map(|(_, sealed)| sealed)
    }

    /// Takes a checked receipt: for the outstanding voucher, or a newer one that a restored disk has
    /// forgotten. `false` for anything older.
    pub fn accept(&mut self, sealed: Sealed<Receipt>, checked: &Checked) -> bool {
        let voucher = &checked.voucher;
        let expected = self.outstanding.as_ref().is_some_and(|(hash, _)| *hash == checked.voucher_hash);
        let forgotten = voucher.seq > self.seq;
        if !(expected || forgotten) || !voucher.totals.covers(&self.receipted) {
            return false;
        }
        if forgotten {
            self.seq = voucher.seq;
            self.totals = voucher.totals;
        }
        self.outstanding = None;
        self.receipted = voucher.totals;
        self.receipt = Some(sealed);
        true
    }

    /// What both signed for.
    pub fn receipted(&self) -> Totals {
        self.receipted
    }

    /// The newest receipt.
    pub fn receipt(&self) -> Option<&Sealed<Receipt>> {
        self.receipt.as_ref()
    }

    /// Request numbers that are not settled; bounded by [`BATCH_SPAN_MAX`].
    pub fn n_waiting(&self) -> usize {
        self.slots.len()
    }
}
