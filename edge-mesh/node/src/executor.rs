//! What runs models for the core, and hears how own windows ended.

use takt_mesh_proto::audit::Finding;
use takt_mesh_proto::egress::{Blob, Payload};
use takt_mesh_proto::ids::Digest;
use takt_mesh_proto::lending::{Owner, TaskId};
use takt_mesh_proto::node::{Alarm, Outcome};
use tokio::sync::mpsc;

/// Answers that can be on their way: the core has one run at a time, and one audit beside it.
pub(crate) const ANSWERS_MAX: usize = 4;

/// Runs models. Every function returns at once; the work is done elsewhere.
///
/// The core gives one run and one audit at a time, so an implementation needs room for two.
pub trait Executor: Send + Sync + 'static {
    /// Begins a run. It is answered through [`Run::answer`]; a run that is dropped has failed.
    fn run(&self, run: Run);

    /// How an own window ended.
    fn ended(&self, ticket: u64, outcome: Outcome);

    /// Compares what a lender said with an own run, by the manifest's tolerance and the decision.
    fn compare(&self, model: Digest, claimed: &Blob, own: &Blob) -> Finding;

    /// Something that an operator must hear.
    fn alarmed(&self, alarm: &Alarm);
}

/// One run.
#[derive(Debug)]
pub struct Run {
    /// Whose window it is; `None` for an audit.
    pub owner: Option<Owner>,
    /// Which model.
    pub model: Digest,
    /// What goes in.
    pub payload: Payload,
    answer: Answer,
}

impl Run {
    pub(crate) fn new(owner: Option<Owner>, model: Digest, payload: Payload, answer: Answer) -> Self {
        Self { owner, model, payload, answer }
    }

    /// What the model said.
    pub fn answer(mut self, output: Blob) {
        self.answer.give(Some(output));
    }
}

/// Carries a run's output back, and says that it failed when it is dropped without one.
#[derive(Debug)]
pub struct Answer {
    which: Which,
    to: Option<mpsc::Sender<Ran>>,
}

/// Which run an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Task(TaskId),
    Audit,
}

/// A run's end; without an output it failed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) which: Which,
    pub(crate) output: Option<Blob>,
}

impl Answer {
    pub(crate) fn new(which: Which, to: mpsc::Sender<Ran>) -> Self {
        Self { which, to: Some(to) }
    }

    fn give(&mut self, output: Option<Blob>) {
        if let Some(to) = self.to.take() {
            // There is room for every run that was given out; only a mesh that has ended takes none.
            let _ended = to.try_send(Ran { which: self.which, output });
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.give(None);
    }
}
