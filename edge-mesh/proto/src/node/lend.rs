//! Peers' windows: taken in only if there is credit, capacity to spare and time; refused at once else.

use super::borrow::span_us;
use super::{Node, Outcome, Output};
use crate::egress::{Blob, Payload};
use crate::frame::{Ask, Control, LoanRequest};
use crate::ids::{PeerId, Units};
use crate::lending::{Admission, Advert, LoadView, Owner, Rank, Refusal, Task, TaskId};
use crate::limits::{REMAINING_MAX, WARM_MAX};
use crate::log::Standing;
use takt_plant::MonoTime;

/// Own share, in thousandths, above which the wait of borrowed work is not told apart any more.
const OWN_SHARE_MAX: u64 = 900;

impl Node {
    pub(super) fn asked(&mut self, from: PeerId, request: &LoanRequest, out: &mut Vec<Output>) {
        let ask = request.ask();
        let side = self.pairs.get(&from).and_then(|pair| pair.lends.as_ref());
        if side.is_some_and(|side| side.knows((ask.epoch, ask.no))) {
            return;
        }
        match self.admit(from, ask, true) {
            Ok((mean_us, _)) => {
                let owner = Owner::Borrowed(from, ask.epoch, ask.no);
                let deadline = self.now.plus(span_us(ask.remaining_us).min(REMAINING_MAX));
                let task = Task { owner, model: ask.model, payload: request.payload(), deadline, mean_us };
                if !self.queue.push(task) {
                    self.close_lent(from, (ask.epoch, ask.no));
                    self.refuse(from, ask, Refusal::NoSpare, out);
                }
            }
            Err(why) => self.refuse(from, ask, why, out),
        }
    }

    pub(super) fn probed(&mut self, from: PeerId, ask: &Ask, out: &mut Vec<Output>) {
        match self.admit(from, ask, false) {
            Ok(_) => self.send(from, Control::Welcome { epoch: ask.epoch, no: ask.no }, out),
            Err(why) => self.refuse(from, ask, why, out),
        }
    }

    /// Whether to take a request in. With `book` its tokens and its credit are taken at once.
    fn admit(&mut self, from: PeerId, ask: &Ask, book: bool) -> Result<(u64, Units), Refusal> {
        if self.quarantine.contains_key(&from) || self.chain.standing() != Standing::Ready {
            return Err(Refusal::Quarantine);
        }
        let timing = self.models.get(&ask.model).copied().ok_or(Refusal::NoModel)?;
        let units = self.prices.run(&ask.model).ok_or(Refusal::NoModel)?;
        if !self.options.lending.lends {
            return Err(Refusal::NoSpare);
        }
        if !self.has_credit(&from, units) {
            return Err(Refusal::Credit);
        }
        let mean_us = timing.mean_us();
        if self.options.lending.admission != Admission::All {
            let deadline = self.now.plus(span_us(ask.remaining_us).min(REMAINING_MAX));
            let wait_us = self.lent_wait_us(deadline);
            let limit_us = u64::from(ask.remaining_us) * u64::from(self.options.lending.admit_permille) / 1000;
            if wait_us + timing.p95_us() > limit_us {
                return Err(Refusal::TooLate);
            }
            if self.queue.n_borrowed() >= self.options.lending.borrowed_max {
                return Err(Refusal::NoSpare);
            }
        }
        if self.options.lending.admission == Admission::Spare {
            self.spare.fill(&self.demand, &self.options.lending, mean_us, self.now);
            let enough = u64::from(self.spare.us()) >= mean_us;
            let busy = self.is_borrowing() && !self.options.lending.lends_while_borrowing;
            if busy || !enough {
                return Err(Refusal::NoSpare);
            }
        }
        if book {
            if !self.book_lent(from, (ask.epoch, ask.no), units) {
                return Err(Refusal::Credit);
            }
            if self.options.lending.admission == Admission::Spare {
                self.spare.take(mean_us);
            }
        }
        Ok((mean_us, units))
    }

    /// Takes a request number into the lender's books.
    pub(super) fn book_lent(&mut self, from: PeerId, at: (u64, u32), units: Units) -> bool {
        if !self.may_pair(&from) {
            return false;
        }
        let pair = self.pairs.entry(from).or_default();
        pair.lends.get_or_insert_default().admit(at, units)
    }

    /// Takes it out again: it was not run.
    pub(super) fn close_lent(&mut self, from: PeerId, at: (u64, u32)) {
        if let Some(side) = self.pairs.get_mut(&from).and_then(|pair| pair.lends.as_mut()) {
            side.executed(at, None);
        }
    }

    /// Whether a peer may owe this much more.
    pub(super) fn has_credit(&self, from: &PeerId, more: Units) -> bool {
        let Some(pair) = self.pairs.get(from) else { return more <= self.prices.pair_limit };
        let owed = pair.lends.as_ref().map_or(Ok(Units(0)), |side| side.owed());
        let owing = pair.borrows.as_ref().map_or(Units(0), |side| side.receipted().units);
        let limit = self.prices.pair_limit.plus(owing);
        matches!((owed.and_then(|owed| owed.plus(more)), limit), (Ok(debt), Ok(limit)) if debt <= limit)
    }

    pub(super) fn refuse(&mut self, to: PeerId, ask: &Ask, why: Refusal, out: &mut Vec<Output>) {
        self.counts.n_refused[why as usize] += 1;
        let view = self.view();
        self.send(to, Control::Refused { epoch: ask.epoch, no: ask.no, why, view }, out);
    }

    /// Starts the next run if the executor is free, and ends what is hopeless.
    pub(super) fn run_next(&mut self, out: &mut Vec<Output>) {
        let mut dropped = Vec::new();
        if let Some((task, run)) = self.queue.start(self.options.lending.hopeless_permille, self.now, &mut dropped) {
            let (owner, model, payload) = (run.owner, run.model, run.payload.clone());
            out.push(Output::Execute { task, owner, model, payload });
        }
        for task in dropped {
            match task.owner {
                Owner::Own(ticket) => self.verdict(ticket, Outcome::Late, out),
                Owner::Borrowed(peer, epoch, no) => self.turn_away(peer, (epoch, no), Refusal::TooLate, out),
            }
        }
    }

    pub(super) fn done(&mut self, id: TaskId, output: Blob, out: &mut Vec<Output>) {
        let Some((began, task)) = self.queue.done(id) else { return };
        if let Some(timing) = self.models.get_mut(&task.model) {
            timing.saw(self.now.since(began));
        }
        match task.owner {
            Owner::Own(ticket) if self.now <= task.deadline => self.verdict(ticket, Outcome::Local(output), out),
            Owner::Own(ticket) => self.verdict(ticket, Outcome::Late, out),
            Owner::Borrowed(peer, epoch, no) => self.lent(peer, (epoch, no), &task.payload, task.model, output, out),
        }
    }

    /// A run failed. A borrower hears it at once and may still find another lender; nothing is owed.
    pub(super) fn failed(&mut self, id: TaskId, out: &mut Vec<Output>) {
        let Some((_, task)) = self.queue.done(id) else { return };
        match task.owner {
            Owner::Own(ticket) => self.verdict(ticket, Outcome::Failed, out),
            Owner::Borrowed(peer, epoch, no) => self.turn_away(peer, (epoch, no), Refusal::NoModel, out),
        }
    }

    /// Borrowed work that was taken in is not done after all.
    fn turn_away(&mut self, peer: PeerId, (epoch, no): (u64, u32), why: Refusal, out: &mut Vec<Output>) {
        self.counts.n_lent_dropped += 1;
        self.close_lent(peer, (epoch, no));
        let view = self.view();
        self.send(peer, Control::Refused { epoch, no, why, view }, out);
    }

    fn lent(
        &mut self,
        peer: PeerId,
        (epoch, no): (u64, u32),
        payload: &Payload,
        model: crate::ids::Digest,
        output: Blob,
        out: &mut Vec<Output>,
    ) {
        self.counts.n_lent += 1;
        let leaf = self.run_leaf((epoch, no), &model, payload, &output);
        if let Some(side) = self.pairs.get_mut(&peer).and_then(|pair| pair.lends.as_mut()) {
            side.executed((epoch, no), leaf);
        }
        let view = self.view();
        self.send(peer, Control::Result { epoch, no, output, view }, out);
    }

    /// When a borrowed run would begin. Where own work goes first, own windows that close in the
    /// meantime go before it too: a wait of `w` becomes `w / (1 - own share)`.
    fn lent_wait_us(&self, deadline: MonoTime) -> u64 {
        let wait_us = self.queue.predict(false, deadline, self.now).wait_us;
        if self.options.lending.rank != Rank::OwnFirst {
            return wait_us;
        }
        let own = u64::from(self.demand.permille(self.now).unwrap_or(0)).min(OWN_SHARE_MAX);
        wait_us * 1000 / (1000 - own)
    }

    /// What peers are told of this box.
    pub(super) fn view(&mut self) -> LoadView {
        let mean_us = self.models.values().map(|t| t.mean_us()).max().unwrap_or(0);
        let spare_rate = self.spare.fill(&self.demand, &self.options.lending, mean_us, self.now);
        let horizon = self.now.plus(REMAINING_MAX);
        let wait_us = self.lent_wait_us(horizon);
        LoadView {
            wait_us: u32::try_from(wait_us).unwrap_or(u32::MAX),
            spare_us: self.spare.us(),
            spare_rate: if self.options.lending.lends { spare_rate } else { 0 },
            borrowing: self.is_borrowing() && !self.options.lending.lends_while_borrowing,
        }
    }

    /// Tells every peer, and remembers when.
    pub(super) fn advertise(&mut self, out: &mut Vec<Output>) {
        self.advert_seq += 1;
        self.advert_at = self.now;
        let view = self.view();
        self.was_free = is_free(&view);
        let warm = self.models.keys().take(WARM_MAX).map(|model| model.short()).collect();
        let advert = Advert { seq: self.advert_seq, view, warm };
        let connected = self.peers.iter().filter(|(_, peer)| peer.connected).map(|(peer, _)| *peer);
        for peer in connected.collect::<Vec<_>>() {
            self.send(peer, Control::Advert(advert.clone()), out);
        }
    }

    /// Whether the load has crossed between full and free since peers were told, long enough ago.
    pub(super) fn has_crossed(&mut self) -> bool {
        let rested = self.now.since(self.advert_at) >= self.options.lending.advert_gap;
        rested && is_free(&self.view()) != self.was_free
    }

    pub(super) fn advert(&mut self, from: PeerId, advert: Advert) {
        let now = self.now;
        if let Some(view) = self.peers.get_mut(&from).filter(|view| advert.seq > view.advert_seq) {
            view.advert_seq = advert.seq;
            view.warm = advert.warm;
            view.tell(advert.view, now);
        }
    }
}

fn is_free(view: &LoadView) -> bool {
    view.spare_rate > 0 && !view.borrowing
}
