//! Which reading of a frame feeds which input, worked out once per group.

use super::ring::{Incoming, Row};
use super::window::{Hole, HoleWhy};
use std::sync::Arc;
use takt_plant::{Fault, Frame, GroupSlot, Reading, TagSlot, Value};

/// Where a group's frames keep this check's inputs.
#[derive(Debug)]
struct GroupPlan {
    group: GroupSlot,
    tags: Arc<[TagSlot]>,
    /// For every input its place among the readings.
    inputs: Box<[Option<u32>]>,
    trigger: Option<u32>,
    is_counted: bool,
}

/// Turns frames into rows.
#[derive(Debug)]
pub(super) struct ReadingPlan {
    inputs: Vec<TagSlot>,
    trigger: Option<TagSlot>,
    groups: Vec<GroupPlan>,
}

impl ReadingPlan {
    pub fn new(inputs: Vec<TagSlot>, trigger: Option<TagSlot>) -> Self {
        Self { inputs, trigger, groups: Vec::new() }
    }

    /// Whether the frame carries an input, and whether it concerns the check at all.
    pub fn concerns(&mut self, frame: &Frame) -> (bool, bool) {
        let plan = self.group(frame);
        (plan.is_counted, plan.is_counted || plan.trigger.is_some())
    }

    /// The trigger tag's value, where the frame carries a usable one. A bad reading is none.
    pub fn trigger(&mut self, frame: &Frame) -> Option<Value> {
        let at = self.group(frame).trigger?;
        match frame.readings.get(at as usize)?.value()? {
            Value::Real(v) if v.is_nan() => None,
            value => Some(value.clone()),
        }
    }

    /// Writes the frame down as a row of this check.
    pub fn fill(&mut self, frame: &Frame, ordinal: u64, incoming: &mut Incoming) {
        let trigger = self.trigger(frame);
        let plan = self.group(frame);
        incoming.cells.clear();
        incoming.bad.clear();
        for (input, at) in plan.inputs.iter().enumerate() {
            incoming.cells.push(match cell(frame, *at) {
                Ok(value) => value,
                Err(why) => {
                    if let HoleWhy::Bad(fault) = why {
                        incoming.bad.push((index(input), fault));
                    }
                    f64::NAN
                }
            });
        }
        incoming.row = Row {
            at: frame.at.as_ns(),
            ordinal,
            arrived_at: frame.arrived_at.as_ns(),
            trigger,
            is_counted: plan.is_counted,
            n_bad: index(incoming.bad.len()),
        };
    }

    /// Gives each input's cell, NaN where there is no value; returns the first hole.
    pub fn cells(&mut self, frame: &Frame, mut put: impl FnMut(usize, f64)) -> Option<Hole> {
        let mut hole = None;
        for (input, at) in self.group(frame).inputs.iter().enumerate() {
            match cell(frame, *at) {
                Ok(value) => put(input, value),
                Err(why) => {
                    hole = hole.or(Some(Hole { input: index(input), why }));
                    put(input, f64::NAN);
                }
            }
        }
        hole
    }

    fn group(&mut self, frame: &Frame) -> &GroupPlan {
        let known = self.groups.iter().position(|plan| plan.group == frame.group);
        let i = match known {
            Some(i) if Arc::ptr_eq(&self.groups[i].tags, &frame.tags) => i,
            Some(i) => {
                self.groups[i] = GroupPlan::new(frame, &self.inputs, self.trigger);
                i
            }
            None => {
                self.groups.push(GroupPlan::new(frame, &self.inputs, self.trigger));
                self.groups.len() - 1
            }
        };
        &self.groups[i]
    }
}

impl GroupPlan {
    fn new(frame: &Frame, inputs: &[TagSlot], trigger: Option<TagSlot>) -> Self {
        let place = |tag: TagSlot| frame.tags.iter().position(|t| *t == tag).and_then(|i| u32::try_from(i).ok());
        let inputs: Box<[_]> = inputs.iter().map(|tag| place(*tag)).collect();
        Self {
            group: frame.group,
            tags: Arc::clone(&frame.tags),
            is_counted: inputs.iter().any(Option::is_some),
            inputs,
            trigger: trigger.and_then(place),
        }
    }
}

/// A frame's reading as a finite number, or why there is none. A text is no number even with good quality.
fn cell(frame: &Frame, at: Option<u32>) -> Result<f64, HoleWhy> {
    let reading = at.and_then(|at| frame.readings.get(at as usize)).ok_or(HoleWhy::NoSample)?;
    match reading {
        Reading::Bad(fault) => Err(HoleWhy::Bad(fault.clone())),
        Reading::Good(value) | Reading::Uncertain(value, _) => match value {
            Value::Text(text) => Err(HoleWhy::Bad(Fault::Text(Arc::clone(text)))),
            value => value.as_f64().filter(|v| v.is_finite()).ok_or(HoleWhy::Bad(Fault::NotFinite)),
        },
    }
}

/// An input's place as the number that windows carry.
pub(super) fn index(input: usize) -> u32 {
    u32::try_from(input).expect("a model has fewer than 2^32 inputs")
}
