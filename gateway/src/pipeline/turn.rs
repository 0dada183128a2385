//! One turn of a cell: what a check may use while it judges, and where it puts what it made.

use super::executor::{Executor, Reply};
use crate::board::CheckGauge;
use crate::record::VerdictRecord;
use crate::store::CheckSlot;
use crate::writeback::port::{Ended, Heard, Moment, OnItsWay};
use std::sync::Arc;
use takt_adapters::Clock;
use takt_plant::{MonoTime, OutputId};
use tokio::sync::mpsc;

/// A verdict that was given in a turn.
pub struct Given {
    /// Its check.
    pub check: CheckSlot,
    /// What was said.
    pub record: Arc<VerdictRecord>,
    /// When the sample arrived that closed its window.
    pub arrived: MonoTime,
    /// Where its check is shown.
    pub gauge: Arc<CheckGauge>,
}

/// Everything that one delivery, tick or result leads to.
pub struct Turn<'a> {
    clock: Clock,
    executor: Option<&'a Executor>,
    replies: &'a mpsc::Sender<Reply>,
    /// The verdicts, in the order in which they were given.
    pub verdicts: Vec<Given>,
    /// Writes that were handed to a driver.
    pub writes: Vec<(CheckSlot, OutputId, OnItsWay)>,
    /// Writes that ended before they were handed over.
    pub ended: Vec<(CheckSlot, OutputId, Ended)>,
}

impl<'a> Turn<'a> {
    /// An empty turn.
    pub fn new(clock: Clock, executor: Option<&'a Executor>, replies: &'a mpsc::Sender<Reply>) -> Self {
        Self { clock, executor, replies, verdicts: Vec::new(), writes: Vec::new(), ended: Vec::new() }
    }

    /// The shard's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Both clocks, read now.
    pub fn now(&self) -> Moment {
        Moment { mono: self.clock.mono(), wall: self.clock.wall() }
    }

    /// Where slow models run.
    pub fn executor(&self) -> Option<&'a Executor> {
        self.executor
    }

    /// The way back from the executor to a check.
    pub fn reply(&self, check: CheckSlot) -> (CheckSlot, mpsc::Sender<Reply>) {
        (check, self.replies.clone())
    }

    /// Takes a verdict.
    pub fn verdict(&mut self, given: Given) {
        self.verdicts.push(given);
    }

    /// Takes writes: those on their way, and those that ended at once.
    pub fn write(&mut self, check: CheckSlot, output: &OutputId, heard: Heard) {
        self.writes.extend(heard.writes.into_iter().map(|write| (check, output.clone(), write)));
        self.ended.extend(heard.ended.into_iter().map(|ended| (check, output.clone(), ended)));
    }
}
