//! The executor's queue: own and borrowed work, ordered, predicted, and dropped before it runs late.

use crate::egress::Payload;
use crate::ids::{Digest, PeerId};
use crate::limits::OWN_WAITING_MAX;
use std::collections::BTreeMap;
use std::time::Duration;
use takt_plant::MonoTime;

/// Names a run between the core and its driver.
pub type TaskId = u64;

/// In which order waiting work runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// As it came.
    Arrival,
    /// Earliest deadline first over all.
    Deadline,
    /// Own before borrowed, earliest deadline first in each.
    OwnFirst,
}

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A window of this gateway, by the driver's ticket.
    Own(u64),
    /// A peer's request, by epoch and number.
    Borrowed(PeerId, u64, u32),
}

/// One run.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose.
    pub owner: Owner,
    /// Which model.
    pub model: Digest,
    /// What goes in.
    pub payload: Payload,
    /// Until when, on this box's clock.
    pub deadline: MonoTime,
    /// Typical run.
    pub mean_us: u64,
}

/// When something asked for now would begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predicted {
    /// Wait in µs.
    pub wait_us: u64,
}

type Key = (u8, u64, u64);

/// The waiting and running work of one executor.
#[derive(Debug)]
pub struct Queue {
    rank: Rank,
    waiting: BTreeMap<Key, Task>,
    running: Option<(TaskId, MonoTime, Task)>,
    next: u64,
    n_borrowed: usize,
    borrowed_max: usize,
}

impl Queue {
    /// Empty, with room for [`OWN_WAITING_MAX`] own and `borrowed_max` borrowed.
    pub fn new(rank: Rank, borrowed_max: usize) -> Self {
        Self { rank, waiting: BTreeMap::new(), running: None, next: 0, n_borrowed: 0, borrowed_max }
    }

    fn key(&self, own: bool, deadline: MonoTime) -> Key {
        match self.rank {
            Rank::Arrival => (0, self.next, 0),
            Rank::Deadline => (0, deadline.as_ns(), self.next),
            Rank::OwnFirst => (u8::from(!own), deadline.as_ns(), self.next),
        }
    }

    /// What stands before work with this deadline, as time.
    pub fn predict(&self, own: bool, deadline: MonoTime, now: MonoTime) -> Predicted {
        let rest = self.running.as_ref().map_or(0, |(_, began, task)| {
            // A run that is already longer than typical is taken to need half as long again.
            let ran = u64::try_from(now.since(*began).as_micros()).unwrap_or(u64::MAX);
            task.mean_us.saturating_sub(ran).max(task.mean_us / 2)
        });
        let before = self.waiting.range(..self.key(own, deadline)).map(|(_, task)| task.mean_us).sum::<u64>();
        Predicted { wait_us: rest + before }
    }

    /// Takes work in; `false` when the queue is full.
    pub fn push(&mut self, task: Task) -> bool {
        let own = matches!(task.owner, Owner::Own(_));
        let full = if own { self.n_own() >= OWN_WAITING_MAX } else { self.n_borrowed >= self.borrowed_max };
        if full {
            return false;
        }
        self.n_borrowed += usize::from(!own);
        self.next += 1;
        self.waiting.insert(self.key(own, task.deadline), task);
        true
    }

    /// The next run if the executor is free, and what is dropped on the way to it because less than
    /// `hopeless_permille` of a typical run remains.
    pub fn start(&mut self, hopeless_permille: u32, now: MonoTime, dropped: &mut Vec<Task>) -> Option<(TaskId, &Task)> {
        if self.running.is_some() {
            return None;
        }
        while let Some((_, task)) = self.waiting.pop_first() {
            self.n_borrowed -= usize::from(!matches!(task.owner, Owner::Own(_)));
            let least = Duration::from_micros(task.mean_us * u64::from(hopeless_permille) / 1000);
            if now.plus(least) > task.deadline {
                dropped.push(task);
                continue;
            }
            self.next += 1;
            let id = self.next;
            let (_, _, task) = self.running.insert((id, now, task));
            return Some((id, task));
        }
        None
    }

    /// The run ended; gives what ran and when it began. `None` for a run that is not known.
    pub fn done(&mut self, id: TaskId) -> Option<(MonoTime, Task)> {
        self.running.take_if(|(running, _, _)| *running == id).map(|(_, began, task)| (began, task))
    }

    /// Own work that waits.
    pub fn n_own(&self) -> usize {
        self.waiting.len() - self.n_borrowed
    }

    /// Borrowed work that waits.
    pub fn n_borrowed(&self) -> usize {
        self.n_borrowed
    }

    /// Nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Blob;

    fn task(owner: Owner, deadline_ms: u64) -> Task {
        let deadline = MonoTime::from_ns(deadline_ms * 1_000_000);
        Task { owner, model: Digest::ZERO, payload: Payload::Kept(Blob::default()), deadline, mean_us: 8_000 }
    }

    fn order(rank: Rank) -> Vec<Owner> {
        let mut queue = Queue::new(rank, 4);
        let peer = PeerId([1; 32]);
        for work in [task(Owner::Borrowed(peer, 0, 0), 20), task(Owner::Own(1), 60), task(Owner::Own(2), 40)] {
            assert!(queue.push(work));
        }
        let mut ran = Vec::new();
        while let Some((id, task)) = queue.start(0, MonoTime::from_ns(0), &mut Vec::new()) {
            ran.push(task.owner);
            queue.done(id).expect("it ran");
        }
        ran
    }

    #[test]
    fn each_rank_has_its_order() {
        let lent = Owner::Borrowed(PeerId([1; 32]), 0, 0);
        assert_eq!(order(Rank::Arrival), vec![lent, Owner::Own(1), Owner::Own(2)]);
        assert_eq!(order(Rank::Deadline), vec![lent, Owner::Own(2), Owner::Own(1)]);
        assert_eq!(order(Rank::OwnFirst), vec![Owner::Own(2), Owner::Own(1), lent]);
    }

    #[test]
    fn hopeless_work_is_dropped_before_it_runs() {
        let mut queue = Queue::new(Rank::OwnFirst, 4);
        assert!(queue.push(task(Owner::Own(1), 3)) && queue.push(task(Owner::Own(2), 30)));
        let mut dropped = Vec::new();
        let (_, ran) = queue.start(500, MonoTime::from_ns(0), &mut dropped).expect("one is in time");
        assert_eq!((ran.owner, dropped.len()), (Owner::Own(2), 1));
    }
}
