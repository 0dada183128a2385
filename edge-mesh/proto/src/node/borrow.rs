//! Own windows: here if that is in time, else at a peer, else here after all, else late.

use super::gear::{Loan, LoanKey, Timer};
use super::{Alarm, Node, Outcome, Output, Work};
use crate::audit::{Finding, Sample};
use crate::egress::{Blob, ClassOnWire, Payload};
use crate::frame::{Ask, Control, Outgoing};
use crate::ids::{Digest, PeerId};
use crate::lending::{Admission, LoadView, Owner, Refusal, Task, Timing, Wanted, choose};
use crate::limits::{LOANS_MAX, PROBE_ABOVE_BYTES, REMAINING_MAX};
use crate::metering::{BorrowerSide, Closing, Leaf};
use std::time::Duration;
use takt_plant::ExportClass;

/// Only models slower than this are lent: a link costs more than a quick run.
const LENT_ABOVE_US: u64 = 200;

impl Node {
    pub(super) fn offer(&mut self, work: Work, out: &mut Vec<Output>) {
        let Some(timing) = self.models.get(&work.model).copied() else {
            self.verdict(work.ticket, Outcome::Overload, out);
            return;
        };
        let (mean_us, p95_us) = (timing.mean_us(), timing.p95_us());
        self.demand.saw(mean_us, self.now);
        let deadline = self.now.plus(work.remaining.min(REMAINING_MAX));
        let wait_us = self.queue.predict(true, deadline, self.now).wait_us;
        let left_us = work.remaining.as_micros() as u64;
        let lendable = self.options.lending.borrows && p95_us > LENT_ABOVE_US && self.list_holds();
        let near = wait_us + p95_us <= left_us * u64::from(self.options.lending.local_permille) / 1000;
        let Work { ticket, model, payload, .. } = work;
        let loan = Loan { ticket, model, payload, deadline, asked: Vec::new(), mean_us };
        if near || !lendable { self.run_here(loan, out) } else { self.borrow(loan, &timing, out) }
    }

    /// Asks a peer, or falls back to this box if that can still be in time.
    fn borrow(&mut self, mut loan: Loan, timing: &Timing, out: &mut Vec<Output>) {
        match self.pick(&loan, timing) {
            Some((peer, epoch, no)) => {
                loan.asked.push(peer);
                self.ask((peer, epoch, no), loan, out);
            }
            None => self.here_or_late(loan, out),
        }
    }

    fn here_or_late(&mut self, loan: Loan, out: &mut Vec<Output>) {
        let wait_us = self.queue.predict(true, loan.deadline, self.now).wait_us;
        let left_us = loan.deadline.since(self.now).as_micros() as u64;
        if wait_us + loan.mean_us <= left_us || !self.options.lending.borrows {
            self.run_here(loan, out);
        } else {
            self.verdict(loan.ticket, Outcome::Late, out);
        }
    }

    fn run_here(&mut self, loan: Loan, out: &mut Vec<Output>) {
        let Loan { ticket, model, payload, deadline, mean_us, .. } = loan;
        let task = Task { owner: Owner::Own(ticket), model, payload, deadline, mean_us };
        if !self.queue.push(task) {
            self.verdict(ticket, Outcome::Overload, out);
        }
    }

    /// A peer for a window and a number on its channel.
    fn pick(&mut self, loan: &Loan, timing: &Timing) -> Option<LoanKey> {
        let left = loan.deadline.since(self.now).saturating_sub(self.options.lending.margin);
        let tries_left = loan.asked.len() < self.options.lending.tries as usize;
        let priced = self.prices.run(&loan.model).is_some();
        if !tries_left || !priced || self.loans.len() >= LOANS_MAX || self.owes_the_mesh_too_much() {
            return None;
        }
        let wanted = Wanted {
            class: loan.payload.class(),
            model: loan.model.short(),
            mean_us: timing.mean_us(),
            p95_us: timing.p95_us(),
            left_us: left.as_micros() as u64,
            spare_only: self.options.lending.admission == Admission::Spare,
        };
        let (quarantine, asked) = (&self.quarantine, &loan.asked);
        let barred = |peer: &PeerId| quarantine.contains_key(peer) || asked.contains(peer);
        let how = self.options.lending.choice;
        let peer = choose(self.peers.iter(), &wanted, how, barred, &mut self.rng, self.now)?;
        let (epoch, no) = self.number(&peer)?;
        Some((peer, epoch, no))
    }

    /// A request number on the channel to a lender; none while too much is unsigned.
    pub(super) fn number(&mut self, peer: &PeerId) -> Option<(u64, u32)> {
        if !self.may_pair(peer) {
            return None;
        }
        let (now, rng) = (self.now, &mut self.rng);
        let pair = self.pairs.entry(*peer).or_default();
        let side = pair.borrows.get_or_insert_with(|| Box::new(BorrowerSide::new(rng.u64(1..), now)));
        let number = side.number(now);
        self.want_upkeep();
        number
    }

    fn ask(&mut self, key: LoanKey, loan: Loan, out: &mut Vec<Output>) {
        let (peer, epoch, no) = key;
        let left = loan.deadline.since(self.now).saturating_sub(self.options.lending.margin);
        let Some(class) = ClassOnWire::of(loan.payload.class()) else { return };
        let remaining_us = u32::try_from(left.as_micros()).unwrap_or(u32::MAX);
        let ask = Ask { epoch, no, model: loan.model, remaining_us, class };
        let reach = self.reach(&peer).unwrap_or(ExportClass::Never);
        let message = if loan.payload.blob().bytes().len() > PROBE_ABOVE_BYTES {
            Some(Outgoing::control(reach, Control::Probe(ask)))
        } else {
            Outgoing::request(reach, ask, &loan.payload)
        };
        let Some(message) = message else {
            self.close(key, Closing::Void);
            self.here_or_late(loan, out);
            return;
        };
        if let Some(view) = self.peers.get_mut(&peer) {
            view.in_flight += 1;
            view.sent_us += loan.mean_us;
        }
        self.timers.insert((loan.deadline, Timer::Deadline(key)));
        self.loans.insert(key, loan);
        out.push(Output::Send { to: peer, message });
    }

    /// The lender takes a large tensor: now it is sent.
    pub(super) fn welcome(&mut self, key: LoanKey, out: &mut Vec<Output>) {
        let (peer, epoch, no) = key;
        let Some(loan) = self.loans.get(&key) else { return };
        let Some(class) = ClassOnWire::of(loan.payload.class()) else { return };
        let left = loan.deadline.since(self.now).saturating_sub(self.options.lending.margin);
        let remaining_us = u32::try_from(left.as_micros()).unwrap_or(u32::MAX);
        let ask = Ask { epoch, no, model: loan.model, remaining_us, class };
        let reach = self.reach(&peer).unwrap_or(ExportClass::Never);
        if let Some(message) = Outgoing::request(reach, ask, &loan.payload) {
            out.push(Output::Send { to: peer, message });
        }
    }

    pub(super) fn refused(&mut self, key: LoanKey, why: Refusal, view: LoadView, out: &mut Vec<Output>) {
        self.told(&key.0, view);
        let Some(loan) = self.end_loan(&key) else { return };
        self.counts.n_told_no += 1;
        self.close(key, Closing::Void);
        if why == Refusal::NoModel {
            // Its advert is out of date; the next one says what is warm.
            self.peers.entry(key.0).and_modify(|view| view.warm.clear());
        }
        self.again(loan, out);
    }

    pub(super) fn result(&mut self, key: LoanKey, output: Blob, view: LoadView, out: &mut Vec<Output>) {
        self.told(&key.0, view);
        let Some(loan) = self.end_loan(&key) else { return };
        let (peer, epoch, no) = key;
        if self.now > loan.deadline {
            self.close(key, Closing::Void);
            self.verdict(loan.ticket, Outcome::Late, out);
            return;
        }
        if let Some(leaf) = self.run_leaf((epoch, no), &loan.model, &loan.payload, &output) {
            self.close(key, Closing::InTime(leaf));
        }
        self.verdict(loan.ticket, Outcome::Borrowed { peer, epoch, no, output }, out);
    }

    /// The leaf of a run, as both sides compute it.
    pub(super) fn run_leaf(&self, at: (u64, u32), model: &Digest, input: &Payload, output: &Blob) -> Option<Leaf> {
        let units = self.prices.run(model)?;
        let class = ClassOnWire::of(input.class())?;
        let (input, output) = (Self::digest_of(input.blob()), Self::digest_of(output));
        Some(Leaf::new(at, model, &input, &output, (units, 0, class)))
    }

    /// The deadline of a loan has come without an answer.
    pub(super) fn overdue(&mut self, key: LoanKey, out: &mut Vec<Output>) {
        let Some(loan) = self.end_loan(&key) else { return };
        self.counts.n_lost += 1;
        self.close(key, Closing::Void);
        // Nothing came back: until it says something again, nothing is known of it.
        self.peers.entry(key.0).and_modify(|view| view.told = None);
        self.verdict(loan.ticket, Outcome::Late, out);
    }

    /// A connection broke: its loans go elsewhere while there is time.
    pub(super) fn lose_loans(&mut self, peer: &PeerId, out: &mut Vec<Output>) {
        let lost: Vec<LoanKey> = self.loans.keys().filter(|(at, _, _)| at == peer).copied().collect();
        for key in lost {
            let Some(loan) = self.end_loan(&key) else { continue };
            self.counts.n_lost += 1;
            self.close(key, Closing::Void);
            self.again(loan, out);
        }
    }

    fn again(&mut self, loan: Loan, out: &mut Vec<Output>) {
        match self.models.get(&loan.model).copied() {
            Some(timing) => self.borrow(loan, &timing, out),
            None => self.verdict(loan.ticket, Outcome::Late, out),
        }
    }

    fn end_loan(&mut self, key: &LoanKey) -> Option<Loan> {
        let loan = self.loans.remove(key)?;
        self.timers.remove(&(loan.deadline, Timer::Deadline(*key)));
        self.peers.entry(key.0).and_modify(|view| view.in_flight = view.in_flight.saturating_sub(1));
        Some(loan)
    }

    pub(super) fn close(&mut self, (peer, epoch, no): LoanKey, how: Closing) {
        if let Some(side) = self.pairs.get_mut(&peer).and_then(|pair| pair.borrows.as_mut()) {
            side.close((epoch, no), how);
        }
    }

    pub(super) fn told(&mut self, peer: &PeerId, view: LoadView) {
        let now = self.now;
        self.peers.entry(*peer).and_modify(|known| known.tell(view, now));
    }

    pub(super) fn verdict(&mut self, ticket: u64, outcome: Outcome, out: &mut Vec<Output>) {
        let count = match outcome {
            Outcome::Local(_) => &mut self.counts.n_local,
            Outcome::Borrowed { .. } => &mut self.counts.n_borrowed,
            Outcome::Late => &mut self.counts.n_late,
            Outcome::Overload => &mut self.counts.n_overload,
            Outcome::Failed => &mut self.counts.n_failed,
        };
        *count += 1;
        out.push(Output::Verdict { ticket, outcome });
    }

    pub(super) fn audited(&mut self, sample: Sample, finding: Finding, out: &mut Vec<Output>) {
        if !self.auditor.judged(&sample, finding) {
            self.counts.n_wrong_results += 1;
            self.peers.entry(sample.lender).and_modify(|view| view.distrusted = true);
            out.push(Output::Alarm(Alarm::WrongResult(sample.lender)));
        }
        self.audit_when_idle(out);
    }

    /// Runs a sample again while nothing else is to do.
    pub(super) fn audit_when_idle(&mut self, out: &mut Vec<Output>) {
        if self.queue.is_idle() {
            out.extend(self.auditor.take().map(Output::Reexecute));
        }
    }

    /// Whether this gateway asks peers just now, and so does not lend.
    pub(super) fn is_borrowing(&self) -> bool {
        !self.loans.is_empty()
    }

    fn owes_the_mesh_too_much(&self) -> bool {
        let limit = i128::from(self.prices.mesh_limit.0);
        self.balance() < -limit
    }
}

/// A span of time as the wire has it.
pub(super) fn span_us(us: u32) -> Duration {
    Duration::from_micros(u64::from(us))
}
