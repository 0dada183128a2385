//! Trigger windows: the samples around an edge of a trigger tag, usually one part.
//!
//! **Edges.** The first value only sets the base: whether it differs from what was before the
//! gateway looked, nobody knows. A bad reading is no value and so no edge; the base stays, and a
//! part number that changed while the reading was bad still fires when it is good again. While the
//! check is not in production the base follows, so coming back into production is not itself an edge.
//!
//! **Whole or not.** A part that triggered is owed an answer: the PLC waits for it. But a window is
//! only judged when its span lies inside one segment, that is one run of production with one recipe
//! and one clock. A span that began before the segment did (a warm-up, the part before a product
//! change) or was cut by its end is closed with [`Closing::Segment`], which makes it inconclusive
//! and never a false fail (B48). The samples of the segment itself are still in it.
//!
//! **Overlap.** Each trigger has its own window; a frame in two of them is judged by the first.

use super::outlet::Outlet;
use super::reading_plan::index;
use super::ring::{Cell, Ring};
use super::time::ns;
use super::value_kept::ValueKept;
use super::window::{Hole, HoleWhy, Window};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use takt_plant::{Closing, DropReason, Edge, Value, WallTime, WindowKey, WindowSpec};

/// Most triggers that wait for their span to end. Beyond it the oldest is closed as it stands, inconclusive.
const OPEN_MAX: usize = 256;

/// A trigger that fired and waits for the end of its span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    at: i64,
    part: ValueKept,
}

/// What the rule remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TriggerProgress {
    base: Option<ValueKept>,
    open: VecDeque<Open>,
    /// Source time of the segment's first row.
    first: Option<i64>,
    /// Source time of the last row that was lost to the bound on samples.
    cut: Option<i64>,
}

#[derive(Debug)]
pub(super) struct TriggerRule {
    edge: Edge,
    before: i64,
    after: i64,
    max_age: i64,
    pub progress: TriggerProgress,
}

impl TriggerRule {
    /// The rule of a checked specification; `None` for another kind of window.
    pub fn new(spec: &WindowSpec) -> Option<Self> {
        let WindowSpec::Trigger { edge, collect, max_age, .. } = spec else {
            return None;
        };
        let [before, after, max_age] = [collect.before, collect.after, *max_age].map(ns);
        Some(Self { edge: *edge, before, after, max_age, progress: TriggerProgress::default() })
    }

    /// A value outside production: it moves the base and opens nothing.
    pub fn follow(&mut self, value: &Value) {
        self.progress.base = Some(value.into());
    }

    /// The next pending row was released.
    pub fn released(&mut self, i: usize, ring: &mut Ring, outlet: &mut Outlet) {
        let row = ring.row(i);
        self.progress.first.get_or_insert(row.at);
        let Some(value) = &row.trigger else { return };
        let at = row.at;
        let part = ValueKept::from(value);
        let fires = self.progress.base.as_ref().is_some_and(|base| fires(self.edge, base, &part));
        self.progress.base = Some(part.clone());
        if fires {
            if self.progress.open.len() >= OPEN_MAX {
                self.close_oldest(Some(Closing::Segment), ring, outlet);
            }
            self.progress.open.push_back(Open { at, part });
        }
    }

    /// Closes the spans that end at `to` or before, and forgets rows that no span can reach any more.
    pub fn reach(&mut self, to: i64, ring: &mut Ring, outlet: &mut Outlet) {
        while self.next_end().is_some_and(|end| end <= to) {
            self.close_oldest(None, ring, outlet);
        }
        let earliest = self.progress.open.front().map_or(to, |open| open.at.min(to)).saturating_sub(self.before);
        let n = n_rows_before(ring, earliest);
        if n > 0 {
            let n_outside = ring.forget(n);
            outlet.drop_for(DropReason::OutsideWindow, n_outside);
        }
    }

    /// The end of the oldest open span.
    pub fn next_end(&self) -> Option<i64> {
        self.progress.open.front().map(|open| open.at.saturating_add(self.after))
    }

    /// Whether a pending row fires.
    pub fn would_fire(&self, ring: &Ring) -> bool {
        let mut base = self.progress.base.clone();
        ring.pending().filter_map(|row| row.trigger.as_ref()).any(|value| {
            let value = ValueKept::from(value);
            let fires = base.as_ref().is_some_and(|base| fires(self.edge, base, &value));
            base = Some(value);
            fires
        })
    }

    /// The oldest row is about to be lost to the bound on samples.
    pub fn cut(&mut self, at: i64) {
        self.progress.cut = Some(at);
    }

    /// The segment ends: every open span is answered as it stands.
    pub fn finish(&mut self, ring: &mut Ring, outlet: &mut Outlet) {
        while !self.progress.open.is_empty() {
            self.close_oldest(Some(Closing::Segment), ring, outlet);
        }
        self.progress.first = None;
        self.progress.cut = None;
    }

    /// Spans whose rows were lost at a restart are gone too.
    pub fn forget_open(&mut self) {
        self.progress.open.clear();
        self.progress.first = None;
        self.progress.cut = None;
    }

    fn close_oldest(&mut self, closing: Option<Closing>, ring: &mut Ring, outlet: &mut Outlet) {
        let Some(open) = self.progress.open.pop_front() else { return };
        let [start, end] = [open.at.saturating_sub(self.before), open.at.saturating_add(self.after)];
        let n_before = n_rows_before(ring, start);
        let n_until = (n_before..ring.n_released()).find(|i| ring.row(*i).at > end).unwrap_or(ring.n_released());
        let n_outside = ring.settle_to(n_before);
        outlet.drop_for(DropReason::OutsideWindow, n_outside);

        let mut window = outlet.blank(ring.n_inputs());
        let is_whole = self.progress.first.is_some_and(|first| first <= start);
        if let Some(closing) = closing.or((!is_whole).then_some(Closing::Segment)) {
            window.closing = closing;
        }
        let span = Span { start, end, max_age: self.max_age };
        let mut hole = gather(ring, n_before..n_until, span, &mut window);
        if self.progress.cut.is_some_and(|cut| cut >= start) {
            hole = hole.or(Some(Hole { input: 0, why: HoleWhy::NoSample }));
        }
        let counted = || (n_before..n_until).filter(|i| ring.row(*i).is_counted);
        let from = counted().next().map_or(start, |i| ring.row(i).at);
        let [from, to] = [from, end].map(WallTime::from_ns);
        let key = WindowKey { from, to, n: index(counted().count()), part: Some(open.part.into()) };
        let n_first = ring.settle_to(n_until);
        outlet.close(window, key, hole, n_first);
    }
}

/// What a window spans, and how long an input may say nothing in it.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    max_age: i64,
}

/// Each input's own samples of some rows; the first input without one, with a bad one, or silent for longer
/// than the greatest age, is the hole (B26).
fn gather(ring: &Ring, rows: std::ops::Range<usize>, span: Span, window: &mut Window) -> Option<Hole> {
    let mut hole = None;
    for (input, out) in window.columns.iter_mut().enumerate() {
        let mut why = None;
        let mut last = span.start;
        for i in rows.clone() {
            let cell = ring.cell(i, input);
            if cell == Cell::Absent {
                continue;
            }
            let at = ring.row(i).at;
            if at.saturating_sub(last) > span.max_age {
                why = why.or(Some(HoleWhy::NoSample));
            }
            last = at;
            match cell {
                Cell::Value(value) => out.push(value),
                Cell::Absent | Cell::Bad(_) => {
                    why = why.or_else(|| Some(cell.why()));
                    out.push(f64::NAN);
                }
            }
        }
        if out.is_empty() || span.end.saturating_sub(last) > span.max_age {
            why = why.or(Some(HoleWhy::NoSample));
        }
        hole = hole.or(why.map(|why| Hole { input: index(input), why }));
    }
    hole
}

fn n_rows_before(ring: &Ring, at: i64) -> usize {
    ring.rows().take(ring.n_released()).take_while(|row| row.at < at).count()
}

fn fires(edge: Edge, before: &ValueKept, now: &ValueKept) -> bool {
    match edge {
        Edge::Rising => before.is_zero() && !now.is_zero(),
        Edge::Falling => !before.is_zero() && now.is_zero(),
        Edge::Change => before != now,
    }
}
