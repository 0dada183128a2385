//! Starting and stopping a cell: drivers, pipeline, and the tasks beside them.

use super::catch_up::CatchUp;
use super::{CellName, Probes, Seats};
use crate::assemble::{self, CellPlan, ConnectionPlan, DriverPlan, LinePlan, Whose};
use crate::board::{ConnectionGauge, LineGauge, QueueGauge};
use crate::payload::verdict_topic;
use crate::pipeline::bench::Seat;
use crate::pipeline::cell::{Cell, CellParts};
use crate::pipeline::check::{Check, CheckParts};
use crate::pipeline::executor::{Executor, Reply};
use crate::pipeline::gate::Gate;
use crate::pipeline::handshake::Handshake;
use crate::pipeline::line::{Again, Heartbeat, Line};
use crate::pipeline::missed::PartNumbers;
use crate::pipeline::order::ArmOrder;
use crate::pipeline::outbox::{Outbox, Route};
use crate::pipeline::port::CellPort;
use crate::pipeline::source::{Marks, Source};
use crate::store::{CheckSlot, Digest, Journal, Store};
use crate::writeback::intent::IntentLog;
use crate::writeback::machine::{Machine, Mode, Options, Values};
use crate::writeback::port::{Port, PortParts};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::modbus::{WriteQueue, modbus};
use takt_adapters::mqtt::{self, Command, Outlet, OutletLimits, Ports};
use takt_adapters::replay;
use takt_adapters::{Clock, Ticket};
use takt_config::resolved::{Mqtt, Output, OutputMode};
use takt_models::windower::Windower;
use takt_plant::{Interlock, Reading, TagSlot, WallTime, WriteLimits, WriteValue};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_local};
use tokio_util::sync::CancellationToken;

/// What a cell is started with: plain values and handles that may cross threads.
pub struct CellStart {
    /// Its name.
    pub name: CellName,
    /// What it is.
    pub plan: CellPlan,
    /// Who the gateway is, and where the secrets of its connections lie.
    pub whose: Whose,
    /// The process's clock.
    pub clock: Clock,
    /// The store.
    pub store: Store,
    /// Its way into the journal.
    pub journal: Journal,
    /// What its connections may acknowledge, in the order of the plan.
    pub durable: Vec<watch::Receiver<Ticket>>,
    /// What the whole cell has made durable.
    pub durable_all: watch::Receiver<Ticket>,
    /// The last ticket before the start.
    pub ticket: Ticket,
    /// Where slow models run.
    pub executor: Executor,
    /// Per line, in the order of the plan: what a restart brings along.
    pub begun: Vec<LineStart>,
    /// Frames that came after the positions, in the order in which they came, to be pushed again.
    pub again: Vec<Again>,
    /// Messages that came lately, by connection in the order of the plan.
    pub marks: Vec<Vec<Digest>>,
    /// Where connections are shown, in the order of the plan.
    pub connections: Vec<Arc<ConnectionGauge>>,
    /// Where lines are shown, in the order of the plan.
    pub lines: Vec<Arc<LineGauge>>,
    /// How full the journal's queue is.
    pub queue: Arc<QueueGauge>,
    /// Outputs that are armed.
    pub armed: Vec<ArmOrder>,
    /// The folder of the intent logs.
    pub intents: PathBuf,
}

/// What one line is started with.
pub struct LineStart {
    /// Its checks, in the order of the plan.
    pub checks: Vec<CheckStart>,
    /// The readings of its tags when the oldest position was kept.
    pub latest: Vec<Reading>,
    /// Arrival of the last frame before that.
    pub arrived_at: WallTime,
}

/// What one check is started with.
pub struct CheckStart {
    /// Its windows, as they stood.
    pub windower: Windower,
    /// Its models, one seat per recipe.
    pub seats: Vec<Option<Seat>>,
    /// The epoch of its verdicts.
    pub epoch: u32,
    /// The number of the last verdict before the position.
    pub seq: u64,
    /// The number of the last verdict that the store holds.
    pub given: u64,
    /// How many of the frames that were read back the position has seen.
    pub seen: usize,
}

/// A cell that runs.
pub struct RunningCell {
    cell: Rc<RefCell<Cell>>,
    stop: CancellationToken,
    drivers: Vec<JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
    // Kept open: a closed command queue would end nothing, but it would be polled for ever.
    _commands: Vec<mpsc::Sender<Command>>,
}

impl RunningCell {
    /// Arms or disarms an output; `false` when it is not here.
    pub fn arm(&self, order: &ArmOrder) -> bool {
        self.cell.borrow_mut().arm(order)
    }

    /// Whether a check is here.
    pub fn has(&self, check: CheckSlot) -> bool {
        self.cell.borrow().lines().iter().any(|line| line.checks.iter().any(|c| c.parts().slot == check))
    }

    /// Seats a model.
    pub fn seat(&self, check: CheckSlot, place: usize, seat: Option<Seat>) {
        self.cell.borrow_mut().seat(check, place, seat);
    }

    /// Begins its end: every output gets its fail-safe value, no heartbeat follows, and the drivers, which
    /// still send what was handed over before, are told to end.
    pub fn end(&self) {
        self.cell.borrow_mut().end();
        self.stop.cancel();
    }

    /// Ends drivers first, then keeps every position. Gives its models, for a cell that goes on with them.
    pub async fn stop(self) -> Seats {
        self.end();
        for driver in self.drivers {
            drop(driver.await);
        }
        // What became of the last writes is told by tasks that are ready now.
        tokio::task::yield_now().await;
        // What waits in the cell ends with it, so a queue that is full now is worth a moment.
        for _ in 0..SETTLE_TRIES {
            if self.cell.borrow_mut().settle() {
                break;
            }
            tokio::time::sleep(SETTLE_EVERY).await;
        }
        for task in self.tasks {
            task.abort();
        }
        self.cell.borrow_mut().unseat()
    }
}

/// How often, and how many times, a cell that ends tries to hand over what it has: two seconds, well
/// below what the phases of the end allow.
const SETTLE_EVERY: Duration = Duration::from_millis(100);
const SETTLE_TRIES: usize = 20;

type LateCell = Rc<OnceCell<Rc<RefCell<Cell>>>>;

/// Starts a cell on this shard's thread; gives also where its devices may be asked.
pub fn start(mut start: CellStart) -> (RunningCell, Probes) {
    let stop = CancellationToken::new();
    let late = LateCell::default();
    let plans = std::mem::take(&mut start.plan.connections);
    let mut ends = Ends::default();
    let drivers: Vec<_> =
        plans.iter().enumerate().map(|(i, plan)| ends.driver(i, plan, &start, &late, &stop)).collect();
    let lines = std::mem::take(&mut start.plan.lines);
    let begun = std::mem::take(&mut start.begun);
    let mut built = Vec::new();
    for ((plan, gauge), begun) in lines.iter().zip(&start.lines).zip(begun) {
        built.push(line(plan, gauge, begun, &start, &ends));
    }
    let routes = routes(&start, &lines);
    let sources = plans.iter().enumerate().map(|(i, plan)| source(i, plan, &start, &ends, &routes)).collect();
    let groups = lines.iter().enumerate().flat_map(|(i, plan)| plan.slots.iter().map(move |slot| (*slot, i)));
    let parts = CellParts {
        clock: start.clock,
        lines: built,
        routes: groups.collect(),
        sources,
        journal: start.journal,
        ticket: start.ticket,
        executor: Some(start.executor),
        queue: start.queue,
    };
    let (cell, results) = Cell::new(parts);
    let filled = late.set(Rc::clone(&cell));
    debug_assert!(filled.is_ok(), "a cell is set once");
    cell.borrow_mut().again(std::mem::take(&mut start.again));
    for order in &start.armed {
        cell.borrow_mut().arm(order);
    }
    let mut tasks =
        vec![spawn_local(tick(Rc::clone(&cell), start.clock)), spawn_local(take(Rc::clone(&cell), results))];
    for (i, plan) in plans.iter().enumerate() {
        if plan.publishes {
            let catching = CatchUp {
                cell: Rc::clone(&cell),
                source: i,
                store: start.store.clone(),
                durable: start.durable_all.clone(),
            };
            tasks.push(spawn_local(catching.run(presence_topic(plan), start.clock)));
        }
    }
    let drivers = drivers.into_iter().map(spawn_local).collect();
    (RunningCell { cell, stop, drivers, tasks, _commands: ends.commands }, ends.probes)
}

/// The gateway's ends of the drivers, by connection.
#[derive(Default)]
struct Ends {
    outlets: HashMap<usize, Outlet>,
    writes: HashMap<usize, WriteQueue>,
    probes: Probes,
    commands: Vec<mpsc::Sender<Command>>,
}

impl Ends {
    fn driver(
        &mut self,
        i: usize,
        plan: &ConnectionPlan,
        start: &CellStart,
        late: &LateCell,
        stop: &CancellationToken,
    ) -> futures::future::LocalBoxFuture<'static, ()> {
        let intake = Rc::new(RefCell::new(CellPort { cell: Rc::clone(late), source: i }));
        let (clock, stop) = (start.clock, stop.clone());
        match &plan.driver {
            DriverPlan::Mqtt { options, plan, broker } => {
                let outlet = Outlet::new(OutletLimits::default());
                let (commands, queue) = mpsc::channel(1);
                self.outlets.insert(i, outlet.clone());
                self.commands.push(commands);
                let durable = start.durable[i].clone();
                let ports = Ports { clock, intake, durable, outlet, commands: queue, shutdown: stop };
                let (broker, whose) = (broker.clone(), start.whose.clone());
                let unlock = async move |options: &mut mqtt::Options| unlock(options, &broker, &whose).await;
                Box::pin(mqtt::run_unlocked((**options).clone(), plan.clone(), ports, unlock))
            }
            DriverPlan::Modbus(device) => {
                let (driver, ends) = modbus((**device).clone(), intake, clock);
                self.writes.insert(i, ends.writes);
                self.probes.push((plan.id.clone(), ends.probes));
                Box::pin(driver.run(stop))
            }
            DriverPlan::Replay(options) => {
                let ports = replay::Ports { clock, intake, durable: start.durable[i].clone(), shutdown: stop };
                let run = replay::run((**options).clone(), ports);
                // How it ended is said by the link; there is nothing else to do about it.
                Box::pin(async move { drop(run.await) })
            }
        }
    }
}

/// Puts in what a broker asks for, read beside the shard: a slow disk holds up no line.
async fn unlock(options: &mut mqtt::Options, broker: &Mqtt, whose: &Whose) -> Result<(), String> {
    let (broker, whose) = (broker.clone(), whose.clone());
    let found = tokio::task::spawn_blocking(move || assemble::keys(&broker, &whose)).await;
    let keys = found.map_err(|error| error.to_string())?.map_err(|lacking| {
        let words: Vec<&str> = lacking.iter().map(|problem| problem.what.as_str()).collect();
        words.join("; ")
    })?;
    keys.put_into(options);
    Ok(())
}

fn source(
    i: usize,
    plan: &ConnectionPlan,
    start: &CellStart,
    ends: &Ends,
    routes: &HashMap<CheckSlot, Route>,
) -> Source {
    let outlet = ends.outlets.get(&i).filter(|_| plan.publishes);
    let n_marks = match &plan.driver {
        DriverPlan::Mqtt { options, .. } => usize::from(options.receive_max),
        DriverPlan::Modbus(_) | DriverPlan::Replay(_) => 1,
    };
    Source {
        slot: plan.slot,
        gauge: Arc::clone(&start.connections[i]),
        is_up: false,
        withdraws: matches!(plan.driver, DriverPlan::Mqtt { .. }),
        turns: matches!(plan.driver, DriverPlan::Mqtt { .. }),
        acknowledges: !matches!(plan.driver, DriverPlan::Modbus(_)) && plan.feeds,
        holds: plan.holds,
        outbox: outlet.map(|outlet| Outbox::new(plan.slot, outlet.clone(), routes.clone(), plan.egress.clone())),
        marks: Marks::new(n_marks, start.marks.get(i).cloned().unwrap_or_default()),
    }
}

fn routes(start: &CellStart, lines: &[LinePlan]) -> HashMap<CheckSlot, Route> {
    let mut routes = HashMap::new();
    for line in lines {
        let classes = line.line.tags.iter().map(|tag| (tag.id.value.clone(), tag.export)).collect();
        let classes = Arc::new(classes);
        for (check, plan) in line.line.checks.iter().zip(&line.checks) {
            let topic = verdict_topic(&start.whose.site, &start.whose.gateway, &line.line.id, &check.id);
            let inputs = check.inputs.iter().filter_map(|input| Some(line.line.tag(input.tag)?.export)).collect();
            routes.insert(plan.slot, Route { topic, inputs, classes: Arc::clone(&classes) });
        }
    }
    routes
}

fn presence_topic(plan: &ConnectionPlan) -> Option<String> {
    match &plan.driver {
        DriverPlan::Mqtt { options, .. } => options.last_will.as_ref().map(|will| will.topic.clone()),
        DriverPlan::Modbus(_) | DriverPlan::Replay(_) => None,
    }
}

/// The tags that each connection brings.
fn feeds(plan: &LinePlan, connections: &[Arc<ConnectionGauge>]) -> Vec<Vec<TagSlot>> {
    let mut feeds = vec![Vec::new(); connections.len()];
    for (tag, slot) in plan.line.tags.iter().zip((0..).map(TagSlot)) {
        let from = connections.iter().position(|gauge| gauge.plan().id == tag.source.connection().value);
        from.into_iter().for_each(|i| feeds[i].push(slot));
    }
    feeds
}

fn line(plan: &LinePlan, gauge: &Arc<LineGauge>, begun: LineStart, start: &CellStart, ends: &Ends) -> Line {
    let heartbeat = plan.heartbeat.and_then(|beat| {
        let interlock = Interlock::new(beat.slot, WriteLimits::default());
        let queue = ends.writes.get(&beat.connection)?.clone();
        Some(Heartbeat { queue, interlock, every: beat.every, due: start.clock.mono(), beat: 0 })
    });
    let mut built = Vec::new();
    for (i, begun) in begun.checks.into_iter().enumerate() {
        built.push(check(plan, i, begun, gauge, start, ends));
    }
    Line {
        id: plan.line.id.value.clone(),
        latest: begun.latest,
        arrived_at: begun.arrived_at,
        checks: built,
        heartbeat,
        sources: plan.sources.clone(),
        feeds: feeds(plan, &start.connections),
        gauge: Arc::clone(gauge),
    }
}

fn check(
    plan: &LinePlan,
    i: usize,
    begun: CheckStart,
    gauge: &Arc<LineGauge>,
    start: &CellStart,
    ends: &Ends,
) -> Check {
    let (written, planned) = (&plan.line.checks[i], &plan.checks[i]);
    let gauge = gauge.find(&written.id).expect("every planned check has a gauge");
    let inputs = written
        .inputs
        .iter()
        .filter_map(|input| Some((input.role.to_string(), plan.line.tag(input.tag)?.id.value.clone())));
    let mut outputs = Vec::new();
    let mut handshakes = Vec::new();
    for (output, target) in written.outputs.iter().zip(&planned.outputs) {
        let Some(queue) = ends.writes.get(&target.connection) else { continue };
        let name = format!("{}.{}.{}", *plan.line.id, *written.id, *output.id);
        let intents = IntentLog::open(&start.intents.join(format!("{name}.intent")), begun.given);
        let shown = gauge.output(&output.id).expect("every planned output has a gauge");
        if let Some(handshake) = target.handshake {
            handshakes.push(Handshake::new(outputs.len(), handshake.ready, handshake.part, &written.window));
        }
        outputs.push(Port::new(PortParts {
            id: output.id.value.clone(),
            machine: Machine::new(machine(output, written.deadline)),
            verdict: Interlock::new(target.verdict, output.limits),
            answer: target.handshake.map(|handshake| Interlock::new(handshake.answer, WriteLimits::default())),
            queue: queue.clone(),
            intents,
            read_back: output.read_back,
            repeat_safe: output.repeat_safe,
            seed: assemble::seed(&format!("{}/{name}", start.whose.gateway)),
            gauge: Arc::clone(shown),
        }));
    }
    Check::new(CheckParts {
        line: plan.line.id.value.clone(),
        id: written.id.value.clone(),
        gateway: start.whose.gateway.clone(),
        slot: planned.slot,
        inputs: inputs.collect(),
        deadline: written.deadline,
        gate: Gate::of(written),
        windower: begun.windower,
        seats: begun.seats,
        outputs,
        handshakes,
        numbers: PartNumbers::of(&written.window, gauge.missed_so_far()),
        gauge,
        epoch: begun.epoch,
        seq: begun.seq,
        given: begun.given,
        seen: begun.seen,
    })
}

fn machine(output: &Output, deadline: Duration) -> Options {
    let (mode, rest) = match &output.mode {
        OutputMode::Level => (Mode::Level, *output.values.pass),
        OutputMode::Pulse { duration, rest } => (Mode::Pulse { duration: *duration }, rest.value),
        OutputMode::Handshake(_) => (Mode::Handshake, zero_like(*output.values.pass)),
    };
    let written = &output.values;
    let values = Values {
        pass: *written.pass,
        fail: *written.fail,
        inconclusive: *written.inconclusive,
        fail_safe: *output.fail_safe,
        rest,
    };
    Options { mode, values, deadline }
}

fn zero_like(value: WriteValue) -> WriteValue {
    match value {
        WriteValue::Coil(_) => WriteValue::Coil(false),
        WriteValue::Number(_) => WriteValue::Number(0.0),
        WriteValue::Integer(_) => WriteValue::Integer(0),
    }
}

/// Longest sleep of a cell: clock jumps and drafts are looked after at least this often.
const SLEEP_MAX: Duration = Duration::from_millis(200);

/// Wakes the cell when something is due.
async fn tick(cell: Rc<RefCell<Cell>>, clock: Clock) {
    let waker = cell.borrow().waker();
    loop {
        let latest = clock.mono().plus(SLEEP_MAX);
        let at = cell.borrow_mut().sleep_until(latest);
        tokio::select! {
            () = waker.notified() => {}
            () = tokio::time::sleep_until(clock.instant(at).into()) => cell.borrow_mut().tick(),
        }
    }
}

/// Takes the executor's results.
async fn take(cell: Rc<RefCell<Cell>>, mut results: mpsc::Receiver<Reply>) {
    while let Some(reply) = results.recv().await {
        cell.borrow_mut().scored(reply);
    }
}
