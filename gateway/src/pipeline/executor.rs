//! The executor of queued models: earliest deadline first, on threads of its own.
//!
//! A model whose run takes longer than 200 µs would hold up every line of its shard, so its windows
//! come here. Work whose deadline has passed is not begun. The queue is bounded; when it is full, new
//! work is refused, and its check gives inconclusive(overload) at once.

use super::bench::{Said, run_shared};
use crate::store::CheckSlot;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use takt_adapters::Clock;
use takt_models::onnx::{ScoreError, Scorer};
use takt_models::windower::Window;
use takt_plant::MonoTime;
use tokio::sync::mpsc;

/// Windows that may wait. At 5 ms a run and one thread this is more than a second of work, and no
/// deadline of an edge box is that long.
pub const JOBS_MAX: usize = 256;

/// One window to be scored.
pub struct Job {
    /// When its verdict is of no use any more.
    pub due: MonoTime,
    /// The model.
    pub scorer: Arc<Mutex<Scorer>>,
    /// The window, in the model's order.
    pub window: Window,
    /// The check's own number of the job.
    pub number: u64,
    /// Who wants to know.
    pub reply: (CheckSlot, mpsc::Sender<Reply>),
}

/// A result on its way back.
pub struct Reply {
    /// Whose.
    pub check: CheckSlot,
    /// The check's own number of the job.
    pub number: u64,
    /// What the model said.
    pub said: Result<Said, ScoreError>,
}

/// The executor's threads, shared by all shards.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

struct Inner {
    clock: Clock,
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: BinaryHeap<ByDeadline>,
    ended: bool,
}

struct ByDeadline(Job);

/// What is taken first is the greatest: the earliest deadline, and of what one read of a socket brought, which is
/// due at once, what was handed over first.
fn urgency(due: MonoTime, number: u64) -> Reverse<(MonoTime, u64)> {
    Reverse((due, number))
}

impl Ord for ByDeadline {
    fn cmp(&self, other: &Self) -> Ordering {
        urgency(self.0.due, self.0.number).cmp(&urgency(other.0.due, other.0.number))
    }
}

impl PartialOrd for ByDeadline {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByDeadline {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByDeadline {}

impl Executor {
    /// Starts `n_threads` threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(n_threads: usize, clock: Clock) -> std::io::Result<Self> {
        let inner = Arc::new(Inner { clock, queue: Mutex::default(), wake: Condvar::new() });
        for i in 0..n_threads.max(1) {
            let inner = Arc::clone(&inner);
            std::thread::Builder::new().name(format!("executor-{i}")).spawn(move || inner.run())?;
        }
        Ok(Self(inner))
    }

    /// Hands a window over, without waiting. `false`: the queue is full, or the executor has ended.
    pub fn submit(&self, job: Job) -> bool {
        let mut queue = self.0.lock();
        if queue.ended || queue.jobs.len() >= JOBS_MAX {
            return false;
        }
        queue.jobs.push(ByDeadline(job));
        self.0.wake.notify_one();
        true
    }

    /// Windows that wait.
    pub fn n_waiting(&self) -> usize {
        self.0.lock().jobs.len()
    }

    /// Ends the threads after the run that goes on; waiting work is dropped.
    pub fn end(&self) {
        let mut queue = self.0.lock();
        queue.ended = true;
        queue.jobs.clear();
        self.0.wake.notify_all();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.ended {
                return None;
            }
            if let Some(ByDeadline(job)) = queue.jobs.pop() {
                return Some(job);
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            // Its check gives inconclusive(deadline) by its own timer.
            if self.clock.mono() >= job.due {
                continue;
            }
            let clock = self.clock;
            let said = run_shared(&job.scorer, &job.window, &|| clock.mono());
            let (check, to) = job.reply;
            let number = job.number;
            // A shard that is gone or that does not keep up needs no result: the deadline speaks.
            if to.try_send(Reply { check, number, said }).is_err() {
                tracing::debug!(number, "a result found its shard busy");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_goes_first_and_of_one_read_the_first() {
        let at = MonoTime::from_ns;
        let mut waiting = BinaryHeap::from([(20, 1), (10, 4), (10, 3), (30, 2)].map(|(due, n)| urgency(at(due), n)));
        let taken: Vec<u64> = std::iter::from_fn(|| waiting.pop().map(|Reverse((_, number))| number)).collect();
        assert_eq!(taken, [3, 4, 1, 2]);
    }
}
