//! One check: frames in, verdicts out.

use super::bench::{Said, Seat};
use super::executor::{Executor, Job};
use super::gate::{Gate, Gated};
use super::handshake::Handshake;
use super::missed::PartNumbers;
use super::newest::{Newest, Place};
use super::turn::{Given, Turn};
use crate::board::{CheckGauge, Production};
use crate::record::{LatencySplit, VerdictRecord};
use crate::store::CheckSlot;
use crate::writeback::intent;
use crate::writeback::machine;
use crate::writeback::port::{Cause, Heard, Moment, Port};
use std::sync::Arc;
use std::time::Duration;
use takt_models::judge::unjudgeable;
use takt_models::onnx::ScoreError;
use takt_models::windower::{Context, Fate, Window, Windower};
use takt_plant::{
    Books, CheckId, Frame, GatewayId, Inconclusive, LineId, MonoTime, Outcome, Reading, TagId, VerdictKey, WallTime,
};

/// What a check is made of.
pub struct CheckParts {
    /// Its line.
    pub line: LineId,
    /// Its name.
    pub id: CheckId,
    /// This gateway.
    pub gateway: GatewayId,
    /// Its place in the store.
    pub slot: CheckSlot,
    /// Its inputs' roles and tags, in the order of writing.
    pub inputs: Vec<(String, TagId)>,
    /// From the arrival of the closing sample to the write's confirmation.
    pub deadline: Duration,
    /// When it judges, and by which model.
    pub gate: Gate,
    /// Its windows.
    pub windower: Windower,
    /// One seat per recipe; `None` where no model is loaded.
    pub seats: Vec<Option<Seat>>,
    /// Its outputs.
    pub outputs: Vec<Port>,
    /// Its outputs' handshakes.
    pub handshakes: Vec<Handshake>,
    /// The part numbers of its windows, where they may count parts.
    pub numbers: Option<PartNumbers>,
    /// Where it is shown.
    pub gauge: Arc<CheckGauge>,
    /// The epoch of its verdicts.
    pub epoch: u32,
    /// The number of the last verdict.
    pub seq: u64,
    /// Verdicts up to this number were committed before the restart: judged again, not given again.
    pub given: u64,
    /// How many of the frames that were read back its position has seen: later ones are pushed again.
    pub seen: usize,
}

/// One check.
pub struct Check {
    parts: CheckParts,
    shown: Option<Gated>,
    roles: Vec<String>,
    in_flight: Vec<Flight>,
    n_jobs: u64,
    /// The last verdict came after its deadline.
    is_behind: bool,
    /// When a source last went or came: verdicts on windows that closed before are not written.
    broken_off: Option<MonoTime>,
    /// The newest part whose verdict was written.
    newest: Newest,
    /// The number of the next verdict, where it had one before the restart.
    reserved: Option<u64>,
}

/// A window whose model runs on the executor.
struct Flight {
    number: u64,
    window: Window,
    due: MonoTime,
    /// Its verdict's number, where the window is judged again after a restart.
    seq: Option<u64>,
}

/// Windows of one check that may be with the executor. Beyond it the oldest is given up: newest wins.
pub const FLIGHTS_MAX: usize = 4;

/// A verdict's making, before it has a number.
struct Making {
    outcome: Outcome,
    said: Option<Said>,
    begun: MonoTime,
}

impl Check {
    /// A check that has given no verdict since the start.
    pub fn new(parts: CheckParts) -> Self {
        let roles = parts.inputs.iter().map(|(role, _)| role.clone()).collect();
        Self {
            parts,
            shown: None,
            roles,
            in_flight: Vec::new(),
            n_jobs: 0,
            is_behind: false,
            broken_off: None,
            newest: Newest::default(),
            reserved: None,
        }
    }

    /// Its parts.
    pub fn parts(&self) -> &CheckParts {
        &self.parts
    }

    /// Its parts, to arm outputs and take models' seats.
    pub fn parts_mut(&mut self) -> &mut CheckParts {
        &mut self.parts
    }

    /// Takes a frame of its line; `latest` holds the line's newest readings, this frame's included.
    pub fn push(&mut self, frame: &Frame, latest: &[Reading], turn: &mut Turn<'_>) {
        let context = self.gate(latest);
        self.parts.windower.push(frame, context);
        self.handshake(frame.at, latest, turn);
        self.settle(turn);
    }

    /// Reads the gate again without a frame. Windows that are open under what it said before end
    /// with their segment: inconclusive.
    pub fn gate_again(&mut self, now: MonoTime, latest: &[Reading], turn: &mut Turn<'_>) {
        let context = self.gate(latest);
        self.parts.windower.change_context(context, now);
        self.settle(turn);
    }

    fn gate(&mut self, latest: &[Reading]) -> Context {
        let gated = self.parts.gate.read(latest);
        if self.shown != Some(gated) {
            self.show(gated);
        }
        Context { in_production: gated.in_production, recipe: gated.recipe }
    }

    /// Lets time pass: silent sources, pulses, deadlines.
    pub fn tick(&mut self, now: Moment, turn: &mut Turn<'_>) {
        self.parts.windower.poll(now.mono);
        self.settle(turn);
        while let Some(i) = self.in_flight.iter().position(|flight| flight.due <= now.mono) {
            let flight = self.in_flight.remove(i);
            self.give_up(flight, Inconclusive::Deadline, turn);
        }
        for output in &mut self.parts.outputs {
            if output.next_wake().is_some_and(|at| at <= now.mono) {
                let id = output.id().clone();
                let writes = output.hear(&machine::Said::Tick, None, now);
                turn.write(self.parts.slot, &id, writes);
            }
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn next_wake(&self) -> Option<MonoTime> {
        let flights = self.in_flight.iter().map(|flight| flight.due);
        let outputs = self.parts.outputs.iter().filter_map(Port::next_wake);
        self.parts.windower.next_wake().into_iter().chain(flights).chain(outputs).min()
    }

    /// Writes the fail-safe value on every output: a source is gone, or the link came back. It stands
    /// until a window is judged that closed after this moment.
    pub fn fail_safe(&mut self, now: Moment, turn: &mut Turn<'_>) {
        self.broken_off = Some(now.mono);
        for output in &mut self.parts.outputs {
            let id = output.id().clone();
            let writes = output.hear(&machine::Said::FailSafe, None, now);
            turn.write(self.parts.slot, &id, writes);
        }
    }

    /// The end: the fail-safe value on every output, and nothing after it.
    pub fn end(&mut self, now: Moment, turn: &mut Turn<'_>) {
        for output in &mut self.parts.outputs {
            let id = output.id().clone();
            let writes = output.end(now);
            turn.write(self.parts.slot, &id, writes);
        }
    }

    /// Takes what the executor found out. A result that comes after its deadline finds no flight.
    pub fn scored(&mut self, number: u64, said: Result<Said, ScoreError>, turn: &mut Turn<'_>) {
        let Some(i) = self.in_flight.iter().position(|flight| flight.number == number) else { return };
        let flight = self.in_flight.remove(i);
        let begun = turn.now().mono;
        self.reserved = flight.seq;
        self.conclude(flight.window, said, begun, turn);
    }

    /// Everything that came after the position was pushed again. Windows that still wait for their
    /// model keep the numbers that they had; what comes now gets numbers above all that were given.
    pub fn caught_up(&mut self) {
        for flight in &mut self.in_flight {
            self.parts.seq += 1;
            flight.seq = Some(self.parts.seq);
        }
        self.parts.seq = self.parts.seq.max(self.parts.given);
    }

    /// Whether every recipe has its model.
    pub fn is_ready(&self) -> bool {
        self.parts.seats.iter().all(Option::is_some)
    }

    /// Whether a PLC may trust it: its models are ready, its last verdict was not late (B16), and the device
    /// took what was written last.
    pub fn is_well(&self) -> bool {
        let is_late = self.is_behind && !self.parts.outputs.is_empty();
        self.is_ready() && !is_late && !self.parts.outputs.iter().any(Port::is_deaf)
    }

    /// How many frames its open windows hold.
    pub fn n_waiting(&self) -> u64 {
        self.parts.windower.books().waiting
    }

    /// Its books, as they stand.
    pub fn books(&self) -> Books {
        self.parts.windower.books()
    }

    fn show(&mut self, gated: Gated) {
        self.shown = Some(gated);
        let production = if gated.in_production {
            let recipe = gated.recipe.filter(|_| self.parts.seats.len() > 1);
            Production::On { recipe: recipe.map(|place| place.to_string()) }
        } else {
            Production::Off { why: "the production condition does not hold".to_owned() }
        };
        self.parts.gauge.production(production);
    }

    fn handshake(&mut self, at: WallTime, latest: &[Reading], turn: &mut Turn<'_>) {
        for handshake in &mut self.parts.handshakes {
            let Some(ready) = handshake.see(at, latest) else { continue };
            if let Some(output) = self.parts.outputs.get_mut(handshake.output) {
                let id = output.id().clone();
                let writes = output.hear(&machine::Said::Ready(ready), None, turn.now());
                turn.write(self.parts.slot, &id, writes);
            }
        }
    }

    fn settle(&mut self, turn: &mut Turn<'_>) {
        let mut judged = false;
        while let Some(window) = self.parts.windower.take() {
            judged = true;
            if let Some(n) = self.parts.numbers.as_mut().and_then(|n| n.see(&window.key, window.segment)) {
                self.parts.gauge.missed_parts(n);
            }
            self.judge(window, turn);
        }
        if !judged {
            self.parts.gauge.books(&self.parts.windower.books());
        }
    }

    fn judge(&mut self, mut window: Window, turn: &mut Turn<'_>) {
        let begun = turn.now().mono;
        let Some(place) = window.recipe else {
            return self.inconclusive(window, Inconclusive::UnknownRecipe, turn);
        };
        // What the data lacks comes before what the box lacks: a hole stays a hole whatever is installed.
        let lacking = unjudgeable(&window, &self.roles);
        let Some(seat) = self.parts.seats.get_mut(place as usize).and_then(Option::as_mut) else {
            return self.inconclusive(window, lacking.unwrap_or(Inconclusive::NoModel), turn);
        };
        if let Some(why) = lacking {
            seat.pass_over(&window);
            return self.inconclusive(window, why, turn);
        }
        seat.arrange(&mut window);
        let clock = turn.clock();
        match seat.score(&window, &|| clock.mono()) {
            Some(said) => self.conclude(window, said, begun, turn),
            None => self.launch(window, turn),
        }
    }

    fn launch(&mut self, window: Window, turn: &mut Turn<'_>) {
        if self.in_flight.len() >= FLIGHTS_MAX {
            let oldest = self.in_flight.remove(0);
            self.give_up(oldest, Inconclusive::Overload, turn);
        }
        self.n_jobs += 1;
        let due = window.arrived.plus(self.parts.deadline);
        let scorer = window.recipe.and_then(|place| self.parts.seats[place as usize].as_ref()?.queued());
        let accepted = scorer.is_some_and(|scorer| {
            let job =
                Job { due, scorer, window: window.clone(), number: self.n_jobs, reply: turn.reply(self.parts.slot) };
            turn.executor().is_some_and(|executor: &Executor| executor.submit(job))
        });
        if accepted {
            self.in_flight.push(Flight { number: self.n_jobs, window, due, seq: None });
        } else {
            self.inconclusive(window, Inconclusive::Overload, turn);
        }
    }

    fn conclude(&mut self, window: Window, said: Result<Said, ScoreError>, begun: MonoTime, turn: &mut Turn<'_>) {
        let seat = window.recipe.and_then(|place| self.parts.seats.get_mut(place as usize)?.as_mut());
        let (outcome, said) = match (said, seat) {
            (Ok(said), Some(seat)) => (seat.judge(&said.scores, &window), Some(said)),
            (Err(error), Some(seat)) => {
                seat.pass_over(&window);
                (Outcome::Inconclusive(error.reason()), None)
            }
            (_, None) => (Outcome::Inconclusive(Inconclusive::NoModel), None),
        };
        self.give(window, Making { outcome, said, begun }, turn);
    }

    fn give_up(&mut self, flight: Flight, why: Inconclusive, turn: &mut Turn<'_>) {
        self.reserved = flight.seq;
        self.inconclusive(flight.window, why, turn);
    }

    fn inconclusive(&mut self, window: Window, why: Inconclusive, turn: &mut Turn<'_>) {
        let begun = turn.now().mono;
        self.give(window, Making { outcome: Outcome::Inconclusive(why), said: None, begun }, turn);
    }

    fn give(&mut self, window: Window, mut making: Making, turn: &mut Turn<'_>) {
        let now = turn.now();
        if now.mono.since(window.arrived) > self.parts.deadline {
            making.outcome = Outcome::Inconclusive(Inconclusive::Deadline);
        }
        let seq = self.number();
        self.parts.windower.judged(&window.key, Fate::Judged);
        let books = self.parts.windower.books();
        if seq <= self.parts.given {
            self.parts.windower.recycle(window);
            return;
        }
        self.is_behind = making.outcome == Outcome::Inconclusive(Inconclusive::Deadline);
        let record = Arc::new(self.record(seq, &window, making, now));
        let writes = self.write(&record, &window, now);
        for (output, writes) in writes {
            let id = self.parts.outputs[output].id().clone();
            turn.write(self.parts.slot, &id, writes);
        }
        turn.verdict(Given {
            check: self.parts.slot,
            record: Arc::clone(&record),
            arrived: window.arrived,
            gauge: Arc::clone(&self.parts.gauge),
        });
        self.parts.gauge.verdict(&record, &books, now.mono);
        self.parts.windower.recycle(window);
    }

    fn number(&mut self) -> u64 {
        self.reserved.take().unwrap_or_else(|| {
            self.parts.seq += 1;
            self.parts.seq
        })
    }

    fn record(&self, seq: u64, window: &Window, making: Making, now: Moment) -> VerdictRecord {
        let parts = &self.parts;
        let seat = window.recipe.and_then(|place| parts.seats.get(place as usize)?.as_ref());
        let us = |span: Duration| u32::try_from(span.as_micros()).unwrap_or(u32::MAX);
        let said = making.said.as_ref();
        let tag = |place: usize| parts.inputs.get(seat?.input(place)).map(|(_, tag)| tag.clone());
        let shares = said.map(|said| said.shares.as_slice()).unwrap_or_default();
        VerdictRecord {
            key: VerdictKey {
                line: parts.line.clone(),
                check: parts.id.clone(),
                epoch: parts.epoch,
                seq,
                window: window.key.clone(),
            },
            outcome: making.outcome,
            at: now.wall,
            scores: seat.zip(said).map(|(seat, said)| seat.named(&said.scores)).unwrap_or_default(),
            contributions: shares.iter().filter_map(|(place, share)| Some((tag(*place)?, *share))).collect(),
            model: seat.map(|seat| Arc::clone(&seat.stamp)),
            latency: LatencySplit {
                queue_us: us(making.begun.since(window.arrived)),
                features_us: said.map_or(0, |said| said.features_us),
                inference_us: said.map_or(0, |said| said.inference_us),
                write_us: 0,
                total_us: us(now.mono.since(window.arrived)),
            },
            executed_by: parts.gateway.clone(),
        }
    }

    fn write(&mut self, record: &VerdictRecord, window: &Window, now: Moment) -> Vec<(usize, Heard)> {
        let identity = intent::identity(&window.key);
        let handshakes = &self.parts.handshakes;
        let part = |output| handshakes.iter().find(|h| h.output == output)?.part_of(&window.key);
        // Late, from before a source went or came, or nobody to ask: that is no verdict to act on (B16).
        let falls_back = self.broken_off.is_some_and(|at| window.arrived <= at)
            || matches!(record.outcome, Outcome::Inconclusive(Inconclusive::Deadline | Inconclusive::NoModel));
        let is_overtaken = self.newest.is_overtaken(Place::of(window));
        let is_stale = is_overtaken && record.outcome == Outcome::Pass && !falls_back;
        let outputs = self.parts.outputs.iter_mut().enumerate();
        let written = outputs.map(|(index, output)| {
            let part = part(index);
            // A trigger often only knows "on"; the number of the handshake tells parts apart.
            let identity = part.map_or(identity, intent::of_part);
            let cause = Cause { seq: record.key.seq, identity };
            let outcome = record.outcome.clone();
            if is_stale {
                return (index, output.overtaken(cause, now));
            }
            let said = match falls_back {
                true => machine::Said::FailSafe,
                false => machine::Said::Verdict { outcome, closed: window.arrived, part },
            };
            (index, output.hear(&said, Some(cause), now))
        });
        written.collect()
    }
}
