//! The slow obvious model: keeps every frame for ever and works everything out again from the definitions.

use std::collections::BTreeMap;
use takt_models::windower::{Context, GAP_WINDOWS_MAX, Hole, HoleWhy, Window};
use takt_plant::{
    Align, Books, Closing, DropReason, Edge, Frame, Join, MonoTime, Reading, TagSlot, TriggerSpan, Value, WallTime,
    WindowKey, WindowSpec,
};

/// A frame's way to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Waiting,
    /// In this closed window first.
    In(usize),
    Judged,
    Dropped(DropReason),
}

#[derive(Debug, Clone)]
struct Kept {
    id: usize,
    at: i64,
    frame: Frame,
    is_released: bool,
}

pub struct Model {
    spec: WindowSpec,
    inputs: Vec<TagSlot>,
    lateness: i64,
    silence: u64,
    /// Of every frame that carries an input.
    fates: Vec<Option<Fate>>,
    pub windows: Vec<Window>,
    /// All frames of the segment, in order of source time and then arrival.
    rows: Vec<Kept>,
    context: Option<Context>,
    segment: u64,
    newest: Option<i64>,
    floor: i64,
    groups: BTreeMap<u32, i64>,
    suspect: Option<Kept>,
    last: u64,
    now: (MonoTime, Closing),
    // time
    next_end: Option<i64>,
    n_idle: u64,
    // trigger
    base: Option<Value>,
    open: Vec<(i64, Value)>,
    first: Option<i64>,
}

impl Model {
    pub fn new(spec: WindowSpec, inputs: Vec<TagSlot>, lateness: i64, silence: u64) -> Self {
        Self {
            spec,
            inputs,
            lateness,
            silence,
            fates: Vec::new(),
            windows: Vec::new(),
            rows: Vec::new(),
            context: None,
            segment: 0,
            newest: None,
            floor: i64::MIN / 2,
            groups: BTreeMap::new(),
            suspect: None,
            last: 0,
            now: (MonoTime::from_ns(0), Closing::Sample),
            next_end: None,
            n_idle: 0,
            base: None,
            open: Vec::new(),
            first: None,
        }
    }

    pub fn push(&mut self, frame: &Frame, context: Context) {
        self.now = (frame.arrived, Closing::Sample);
        let before = self.context;
        if before.is_some_and(|b| b.in_production) && before != Some(context) {
            self.end_segment();
        }
        self.context = Some(context);
        let carries_input = self.inputs.iter().any(|tag| frame.reading(*tag).is_some());
        let trigger = self.trigger_of(frame);
        if !carries_input && trigger.is_none() {
            return;
        }
        self.last = frame.arrived.as_ns();
        let id = self.fates.len();
        self.fates.push(carries_input.then_some(Fate::Waiting));
        let value = trigger.and_then(Reading::value).cloned();
        if !context.in_production {
            self.end(id, DropReason::NotInProduction);
            self.base = value.or(self.base.take());
            return;
        }
        let kept = Kept { id, at: frame.at.as_ns(), frame: frame.clone(), is_released: false };
        if self.spec == WindowSpec::Frame {
            let columns = self.inputs.iter().map(|tag| vec![number(frame.reading(*tag)).unwrap_or(f64::NAN)]).collect();
            let key = WindowKey { from: frame.at, to: frame.at, n: 1, part: None };
            let hole = self.frame_hole(frame);
            self.emit(key, columns, hole, None, &[id]);
        } else {
            self.place(kept);
        }
    }

    pub fn poll(&mut self, now: MonoTime) {
        if !self.context.is_some_and(|context| context.in_production) {
            return;
        }
        loop {
            let silent = now.as_ns() >= self.last + self.silence;
            let merged = self.last + u64::try_from(self.lateness).unwrap();
            let flush = match &self.spec {
                WindowSpec::Count { size, hop } => {
                    self.rows.len() >= self.n_windows_of_segment() * *hop as usize + *size as usize
                }
                WindowSpec::Time { .. } => self.next_end.is_none() && !self.rows.is_empty(),
                WindowSpec::Trigger { .. } => self.would_fire(),
                WindowSpec::Frame => false,
            };
            if flush && silent && now.as_ns() >= merged {
                self.now = (MonoTime::from_ns(merged), Closing::Silence);
                self.floor = self.floor.max(self.newest.unwrap());
                self.tick();
                continue;
            }
            if flush {
                return;
            }
            let end = match &self.spec {
                WindowSpec::Time { .. } => self.next_end,
                WindowSpec::Trigger { collect, .. } => self.open.first().map(|(at, _)| at + ns(collect.after)),
                _ => None,
            };
            let Some(end) = end else { return };
            let source_now = self.newest.unwrap() + i64::try_from(now.as_ns() - self.last).unwrap();
            if !silent || source_now - self.lateness < end {
                return;
            }
            // When the source's clock, running on since the last frame, is beyond the end by the lateness.
            let wait = end - self.newest.unwrap() + self.lateness;
            let due = self.last + u64::try_from(wait).unwrap_or(0);
            self.now = (MonoTime::from_ns(due), Closing::Silence);
            self.floor = self.floor.max(end);
            self.tick();
        }
    }

    pub fn judge(&mut self, window: usize, reason: Option<DropReason>) {
        for fate in self.fates.iter_mut().flatten().filter(|fate| **fate == Fate::In(window)) {
            *fate = reason.map_or(Fate::Judged, Fate::Dropped);
        }
    }

    pub fn books(&self) -> Books {
        let mut books = Books::default();
        for fate in self.fates.iter().flatten() {
            books.received += 1;
            match fate {
                Fate::Waiting | Fate::In(_) => books.waiting += 1,
                Fate::Judged => books.judged += 1,
                Fate::Dropped(reason) => books.drop_for(*reason, 1),
            }
        }
        books
    }

    fn place(&mut self, kept: Kept) {
        let group = kept.frame.group.0;
        let greatest = self.groups.get(&group).copied();
        if greatest.is_some_and(|greatest| kept.at < greatest - self.lateness) {
            if let Some(first) = self.suspect.take() {
                self.end_segment();
                self.newest = None;
                self.floor = i64::MIN / 2;
                self.groups.clear();
                self.place(first);
                self.place(kept);
            } else {
                self.suspect = Some(kept);
            }
            return;
        }
        if self.suspect.as_ref().is_some_and(|suspect| suspect.frame.group.0 == group) {
            let suspect = self.suspect.take().unwrap();
            self.end(suspect.id, DropReason::Late);
        }
        self.groups.insert(group, greatest.map_or(kept.at, |greatest| greatest.max(kept.at)));
        if kept.at < self.watermark() {
            self.end(kept.id, DropReason::Late);
            return;
        }
        self.newest = Some(self.newest.map_or(kept.at, |newest| newest.max(kept.at)));
        self.rows.push(kept);
        self.rows.sort_by_key(|row| (row.at, row.id));
        self.tick();
    }

    fn watermark(&self) -> i64 {
        self.newest.map_or(self.floor, |newest| self.floor.max(newest - self.lateness))
    }

    fn tick(&mut self) {
        let watermark = self.watermark();
        while let Some(i) = self.rows.iter().position(|row| !row.is_released && row.at <= watermark) {
            let at = self.rows[i].at;
            self.close_time(at - 1);
            let i = self.rows.iter().position(|row| !row.is_released).unwrap();
            assert!(self.rows[..i].iter().all(|row| row.at <= at), "released in order");
            self.rows[i].is_released = true;
            self.first.get_or_insert(at);
            self.n_idle = 0;
            self.release(i);
        }
        self.close_time(watermark);
        self.close_triggers(watermark);
    }

    fn release(&mut self, i: usize) {
        let row = self.rows[i].clone();
        match self.spec.clone() {
            WindowSpec::Count { size, hop } => self.close_count(size as usize, hop as usize),
            WindowSpec::Time { span, hop, step, align, .. } if self.next_end.is_none() => {
                let whole = row.at + ns(span) - ns(step);
                self.next_end = match align {
                    Align::First => Some(whole),
                    Align::Epoch => (whole..).find(|end| end.rem_euclid(ns(hop)) == 0),
                };
                self.settle_time();
            }
            WindowSpec::Time { .. } => self.settle_time(),
            WindowSpec::Trigger { edge, .. } => {
                if let Some(value) = self.trigger_of(&row.frame).and_then(Reading::value).cloned() {
                    if self.base.as_ref().is_some_and(|base| fires(edge, base, &value)) {
                        self.open.push((row.at, value.clone()));
                    }
                    self.base = Some(value);
                }
            }
            WindowSpec::Frame => unreachable!(),
        }
    }

    fn n_windows_of_segment(&self) -> usize {
        self.windows.iter().filter(|window| window.segment == self.segment).count()
    }

    fn close_count(&mut self, size: usize, hop: usize) {
        let n = self.rows.iter().filter(|row| row.is_released).count();
        if (n - 1) % hop >= size {
            let id = self.rows[n - 1].id;
            self.end(id, DropReason::OutsideWindow);
        }
        if n < size || !(n - size).is_multiple_of(hop) {
            return;
        }
        let rows = self.rows[n - size..n].to_vec();
        let columns = self
            .inputs
            .iter()
            .map(|tag| rows.iter().map(|row| number(row.frame.reading(*tag)).unwrap_or(f64::NAN)).collect());
        let columns = columns.collect();
        let holes = self.inputs.iter().zip(0..).find_map(|(tag, input)| {
            let why = rows.iter().find_map(|row| number(row.frame.reading(*tag)).err())?;
            Some(Hole { input, why })
        });
        let [from, to] = [rows[0].at, rows[size - 1].at].map(WallTime::from_ns);
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        self.emit(WindowKey { from, to, n: size as u32, part: None }, columns, holes, None, &ids);
    }

    fn close_time(&mut self, to: i64) {
        let WindowSpec::Time { span, hop, max_age, .. } = self.spec.clone() else { return };
        let n_idle_max = GAP_WINDOWS_MAX + ((ns(span) + ns(max_age)) / ns(hop)) as u64;
        let Some(next) = self.next_end else { return };
        let ends: Vec<i64> = (0..).map(|i| next + i * ns(hop)).take_while(|end| *end <= to).take(10_000).collect();
        if self.n_idle + ends.len() as u64 > n_idle_max {
            self.abandon();
            return;
        }
        for end in ends {
            let (columns, hole, n) = self.resampled(end);
            let ids: Vec<_> =
                self.rows.iter().filter(|row| row.at > end - ns(span) && row.at <= end).map(|row| row.id).collect();
            let [from, to] = [end - ns(span) + self.step(), end].map(WallTime::from_ns);
            self.emit(WindowKey { from, to, n, part: None }, columns, hole, None, &ids);
            self.n_idle += 1;
            self.next_end = Some(end + ns(hop));
            self.settle_time();
        }
    }

    fn settle_time(&mut self) {
        let WindowSpec::Time { span, .. } = self.spec else { return };
        let start = self.next_end.unwrap() - ns(span);
        let outside: Vec<_> =
            self.rows.iter().filter(|row| row.is_released && row.at <= start).map(|row| row.id).collect();
        outside.into_iter().for_each(|id| self.end(id, DropReason::OutsideWindow));
    }

    fn step(&self) -> i64 {
        let WindowSpec::Time { step, .. } = self.spec else { unreachable!() };
        ns(step)
    }

    fn resampled(&self, end: i64) -> (Vec<Vec<f64>>, Option<Hole>, u32) {
        let WindowSpec::Time { span, step, join, max_age, .. } = self.spec else { unreachable!() };
        let n = (ns(span) / ns(step)) as u32;
        let instants: Vec<i64> = (0..i64::from(n)).map(|i| end - ns(span) + ns(step) * (i + 1)).collect();
        let mut hole = None;
        let mut columns = Vec::new();
        for (input, tag) in self.inputs.iter().enumerate() {
            let cells: Vec<_> = instants.iter().map(|at| self.value_at(*tag, *at, join, ns(max_age))).collect();
            let why = cells.iter().find_map(|cell| cell.clone().err());
            hole = hole.or(why.map(|why| Hole { input: input as u32, why }));
            columns.push(cells.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect());
        }
        (columns, hole, n)
    }

    fn value_at(&self, tag: TagSlot, at: i64, join: Join, max_age: i64) -> Result<f64, HoleWhy> {
        let carrying = || self.rows.iter().filter_map(|row| Some((row.at, row.frame.reading(tag)?)));
        let (near_at, near) = carrying().rfind(|(t, _)| *t <= at).ok_or(HoleWhy::NoSample)?;
        if at - near_at > max_age {
            return Err(HoleWhy::NoSample);
        }
        let near = number(Some(near))?;
        let far = carrying().find(|(t, _)| *t > at).filter(|(t, _)| t - at <= max_age);
        match far.map(|(t, reading)| (t, number(Some(reading)))) {
            Some((far_at, Ok(far))) if join == Join::Linear => {
                Ok(near + (at - near_at) as f64 / (far_at - near_at) as f64 * (far - near))
            }
            _ => Ok(near),
        }
    }

    fn close_triggers(&mut self, watermark: i64) {
        let WindowSpec::Trigger { collect, .. } = self.spec.clone() else { return };
        while let Some((at, part)) = self.open.first().cloned().filter(|(at, _)| at + ns(collect.after) <= watermark) {
            self.open.remove(0);
            self.close_trigger(at, part, collect, None);
        }
        let earliest = self.open.first().map_or(watermark, |(at, _)| watermark.min(*at)) - ns(collect.before);
        let outside: Vec<_> =
            self.rows.iter().filter(|row| row.is_released && row.at < earliest).map(|row| row.id).collect();
        outside.into_iter().for_each(|id| self.end(id, DropReason::OutsideWindow));
    }

    fn close_trigger(&mut self, at: i64, part: Value, collect: TriggerSpan, closing: Option<Closing>) {
        let [start, end] = [at - ns(collect.before), at + ns(collect.after)];
        let outside: Vec<_> = self.rows.iter().filter(|row| row.at < start).map(|row| row.id).collect();
        outside.into_iter().for_each(|id| self.end(id, DropReason::OutsideWindow));
        let rows: Vec<_> =
            self.rows.iter().filter(|row| row.is_released && row.at >= start && row.at <= end).cloned().collect();
        let counted: Vec<_> = rows.iter().filter(|row| self.fates[row.id].is_some()).collect();
        let from = counted.first().map_or(start, |row| row.at);
        let [from, to] = [from, end].map(WallTime::from_ns);
        let key = WindowKey { from, to, n: counted.len() as u32, part: Some(part) };
        let mut hole = None;
        let mut columns = Vec::new();
        for (input, tag) in self.inputs.iter().enumerate() {
            let cells: Vec<_> = rows.iter().filter_map(|row| Some(number(Some(row.frame.reading(*tag)?)))).collect();
            let bad = cells.iter().find_map(|cell| cell.clone().err());
            let why = if cells.is_empty() { Some(HoleWhy::NoSample) } else { bad };
            hole = hole.or(why.map(|why| Hole { input: input as u32, why }));
            columns.push(cells.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect());
        }
        let is_whole = self.first.is_some_and(|first| first <= start);
        let closing = closing.or((!is_whole).then_some(Closing::Segment));
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        self.emit(key, columns, hole, closing, &ids);
    }

    fn would_fire(&self) -> bool {
        let WindowSpec::Trigger { edge, .. } = self.spec else { return false };
        let mut base = self.base.clone();
        let pending = self.rows.iter().filter(|row| !row.is_released);
        pending.filter_map(|row| self.trigger_of(&row.frame)?.value().cloned()).any(|value| {
            let before = base.replace(value.clone());
            before.is_some_and(|before| fires(edge, &before, &value))
        })
    }

    fn end_segment(&mut self) {
        if let Some(suspect) = self.suspect.take() {
            self.end(suspect.id, DropReason::Late);
        }
        if let Some(newest) = self.newest {
            self.floor = self.floor.max(newest);
        }
        self.tick();
        self.abandon();
    }

    fn abandon(&mut self) {
        if let WindowSpec::Trigger { collect, .. } = self.spec {
            for (at, part) in std::mem::take(&mut self.open) {
                self.close_trigger(at, part, collect, Some(Closing::Segment));
            }
        }
        let gone: Vec<_> = self.rows.iter().filter(|row| row.is_released).map(|row| row.id).collect();
        gone.into_iter().for_each(|id| self.end(id, DropReason::Abandoned));
        self.rows.retain(|row| !row.is_released);
        self.segment += 1;
        self.next_end = None;
        self.n_idle = 0;
        self.first = None;
    }

    /// Ends a frame that waits; one that already lies in a window stays there.
    fn end(&mut self, id: usize, reason: DropReason) {
        if self.fates[id] == Some(Fate::Waiting) {
            self.fates[id] = Some(Fate::Dropped(reason));
        }
    }

    fn emit(
        &mut self,
        key: WindowKey,
        columns: Vec<Vec<f64>>,
        hole: Option<Hole>,
        closing: Option<Closing>,
        ids: &[usize],
    ) {
        for id in ids {
            if self.fates[*id] == Some(Fate::Waiting) {
                self.fates[*id] = Some(Fate::In(self.windows.len()));
            }
        }
        let recipe = self.context.and_then(|context| context.recipe);
        let closing = closing.unwrap_or(self.now.1);
        self.windows.push(Window { key, segment: self.segment, closing, arrived: self.now.0, recipe, columns, hole });
    }

    fn frame_hole(&self, frame: &Frame) -> Option<Hole> {
        let readings = self.inputs.iter().map(|tag| number(frame.reading(*tag)));
        readings.zip(0..).find_map(|(reading, input)| Some(Hole { input, why: reading.err()? }))
    }

    fn trigger_of<'a>(&self, frame: &'a Frame) -> Option<&'a Reading> {
        let WindowSpec::Trigger { tag, .. } = self.spec else { return None };
        frame.reading(tag)
    }
}

fn number(reading: Option<&Reading>) -> Result<f64, HoleWhy> {
    match reading {
        None => Err(HoleWhy::NoSample),
        Some(Reading::Bad(fault)) => Err(HoleWhy::Bad(fault.clone())),
        Some(reading) => Ok(reading.as_f64().expect("the tests give numbers")),
    }
}

fn fires(edge: Edge, before: &Value, now: &Value) -> bool {
    let is_zero = |value: &Value| value.as_f64() == Some(0.0);
    match edge {
        Edge::Rising => is_zero(before) && !is_zero(now),
        Edge::Falling => !is_zero(before) && is_zero(now),
        Edge::Change => before != now,
    }
}

fn ns(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap()
}
