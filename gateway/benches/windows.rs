//! Windows of 1,024 × 3 with hop 64 through a 1-D CNN, in process from decoded samples, against the
//! bare run loop on one core: first a line as it is, then the whole cell with journal and history.
//!
//! `cargo bench --workspace --bench windows`. The three alternate chunk by chunk, so that whatever else
//! the machine does hits all of them.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measurement may panic and reads the clock")]

#[path = "../../models/tests/onnx/kit.rs"]
#[allow(dead_code, reason = "other programs use other parts of the kit")]
mod kit;

use kit::{cnn, on_cpu, package, runtime};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use takt::board::{self, Board, Identity, Now};
use takt::pipeline::bench::{Judging, Seat};
use takt::pipeline::cell::{Cell, CellParts};
use takt::pipeline::check::{Check, CheckParts};
use takt::pipeline::executor::Reply;
use takt::pipeline::gate::{Gate, Recipe};
use takt::pipeline::line::Line;
use takt::pipeline::port::CellPort;
use takt::pipeline::source::{Marks, Source};
use takt::pipeline::turn::Turn;
use takt::record::ModelStamp;
use takt::store::{CheckLayout, CheckSlot, ConnectionLayout, GroupLayout, Layout, Store, StoreOptions, WhenUnwritable};
use takt_adapters::{Clock, Delivery, Intake, Ticket};
use takt_models::judge::{Limit, Rule};
use takt_models::onnx::{BareRun, Scorer};
use takt_models::package::Provider;
use takt_models::windower::{Windower, WindowerOptions};
use takt_plant::*;
use tokio::sync::mpsc;

const SIZE: u32 = 1_024;
const HOP: u32 = 64;
const N_INPUTS: u32 = 3;
const N_CHUNKS: usize = 21;
const N_WINDOWS: usize = 400;
/// Samples that one message carries.
const N_TOGETHER: usize = HOP as usize;
/// Promised share of the bare loop's rate.
const SHARE_MIN: f64 = 0.85;

fn tags() -> Vec<TagId> {
    (0..N_INPUTS).map(|i| TagId::new(&format!("axis_{i}")).unwrap()).collect()
}

fn names() -> (LineId, CheckId, GatewayId) {
    (LineId::new("spindle").unwrap(), CheckId::new("tool").unwrap(), GatewayId::new("box").unwrap())
}

/// A line with one check, as the assembly makes it.
fn line(board: &Board, clock: Clock, slot: CheckSlot) -> Line {
    let (line, id, gateway) = names();
    let tag = |id: TagId| board::TagPlan {
        id,
        unit: String::new(),
        export: ExportClass::SameSite,
        connection: ConnectionId::new("source").unwrap(),
    };
    let plan = board::LinePlan { id: line.clone(), tags: tags().into_iter().map(tag).collect() };
    let gauge = board.line(plan, Now::of(&clock));
    let deadline = Duration::from_secs(10);
    let check = gauge.check(board::CheckPlan {
        id: id.clone(),
        deadline,
        window: "1024 samples".into(),
        inputs: tags(),
        models: vec!["cnn".into()],
        outputs: vec![],
        quiet_max: None,
    });
    let inputs: Vec<TagSlot> = (0..N_INPUTS).map(TagSlot).collect();
    let spec = WindowSpec::Count { size: SIZE, hop: HOP };
    let windower = WindowerOptions {
        spec,
        inputs,
        lateness: Duration::ZERO,
        silence: Duration::from_secs(60),
        n_samples_max: 1 << 20,
    };
    let scorer = Scorer::load(&runtime(), &package(&cnn::manifest(), cnn::GRAPH, &[cnn::reference()]), &on_cpu());
    let stamp = ModelStamp { name: "cnn".into(), version: "1.0.0".into(), digest: "b3:00".into() };
    let rule = Rule::new(vec![Limit::new("anomaly", 0.9).unwrap()]).unwrap();
    let order = (0..N_INPUTS as usize).collect();
    let parts = CheckParts {
        line: line.clone(),
        id,
        gateway,
        slot,
        inputs: tags().into_iter().map(|tag| (tag.to_string(), tag)).collect(),
        deadline,
        gate: Gate { when: None, recipe: Recipe::Single },
        windower: Windower::new(windower).unwrap(),
        seats: vec![Some(Seat::new(Arc::new(stamp), scorer.unwrap(), order, Judging::Memoryless(rule)))],
        outputs: vec![],
        handshakes: vec![],
        numbers: None,
        gauge: check,
        epoch: 1,
        seq: 0,
        given: 0,
        seen: 0,
    };
    Line {
        id: line,
        latest: Line::nothing_yet(N_INPUTS as usize),
        arrived_at: WallTime::from_ns(0),
        checks: vec![Check::new(parts)],
        heartbeat: None,
        sources: vec![0],
        feeds: vec![(0..N_INPUTS).map(TagSlot).collect()],
        gauge,
    }
}

fn board(clock: &Clock) -> Arc<Board> {
    let (.., gateway) = names();
    let site = SiteId::new("lab").unwrap();
    Board::new(Identity { gateway, site, version: "bench".into(), runtime: "cpu".into() }, Now::of(clock))
}

/// Samples of 10 kHz, as decoded, so many windows' worth.
struct Samples {
    tags: Arc<[TagSlot]>,
    n: i64,
    from: WallTime,
}

impl Samples {
    fn take(&mut self, n: usize, group: GroupSlot, clock: Clock) -> Vec<Frame> {
        (0..n).map(|_| self.next(group, clock)).collect()
    }

    fn next(&mut self, group: GroupSlot, clock: Clock) -> Frame {
        self.n += 1;
        let t = self.n as f64 / 10_000.0;
        let axis = |k: u32| Reading::number((t * 150.0 * f64::from(k + 1)).sin());
        Frame {
            group,
            tags: self.tags.clone(),
            readings: (0..N_INPUTS).map(axis).collect(),
            at: self.from.plus(Duration::from_micros(100 * self.n as u64)),
            arrived_at: clock.wall(),
            arrived: clock.mono(),
        }
    }
}

/// The whole cell, with a store.
struct Whole {
    port: CellPort,
    cell: Rc<RefCell<Cell>>,
    durable: tokio::sync::watch::Receiver<Ticket>,
    group: GroupSlot,
    store: Store,
    _results: mpsc::Receiver<Reply>,
    _dir: tempfile::TempDir,
}

impl Whole {
    fn new(board: &Board, clock: Clock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path(), StoreOptions::default(), clock).unwrap();
        let ((name, check, _), connection) = (names(), ConnectionId::new("source").unwrap());
        let layout = Layout {
            groups: vec![GroupLayout { line: name.clone(), tags: tags() }],
            connections: vec![ConnectionLayout { id: connection.clone(), when_unwritable: WhenUnwritable::Judge }],
            checks: vec![CheckLayout { line: name, check, publishes: vec![] }],
        };
        let slots = store.register(&layout).unwrap();
        let (journal, durable) = store.journal(0);
        let plan = board::ConnectionPlan { id: connection, kind: "mqtt".into(), address: "here".into() };
        let source = Source {
            slot: slots.connections[0],
            gauge: board.connection(plan, Now::of(&clock)),
            is_up: true,
            acknowledges: true,
            turns: false,
            holds: false,
            withdraws: true,
            outbox: None,
            marks: Marks::new(1, []),
        };
        let parts = CellParts {
            clock,
            lines: vec![line(board, clock, slots.checks[0])],
            routes: HashMap::from([(slots.groups[0], 0)]),
            sources: vec![source],
            journal,
            ticket: Ticket(0),
            executor: None,
            queue: board.queue("journal", 1_024, "the frame waits"),
        };
        let (cell, results) = Cell::new(parts);
        let late = Rc::new(OnceCell::new());
        assert!(late.set(Rc::clone(&cell)).is_ok());
        let port = CellPort { cell: late, source: 0 };
        Self { port, cell, durable, group: slots.groups[0], store, _results: results, _dir: dir }
    }

    /// Delivers messages of [`N_TOGETHER`] samples; waits until all are durable.
    async fn run(&mut self, frames: Vec<Frame>) {
        let mut frames = frames.into_iter().peekable();
        let mut ticket = Ticket(0);
        while frames.peek().is_some() {
            let frames = frames.by_ref().take(N_TOGETHER).collect();
            ticket = self.port.deliver(Delivery { frames, ..Delivery::default() });
        }
        self.durable.wait_for(|durable| *durable >= ticket).await.unwrap();
    }
}

/// User and system time of all threads of this process.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let ns = |thread: std::fs::DirEntry| -> u64 {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
    };
    Duration::from_nanos(threads.map(|thread| ns(thread.unwrap())).sum())
}

fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let clock = Clock::new();
    let board = board(&clock);
    let mut alone = line(&board, clock, CheckSlot(0));
    let mut whole = Whole::new(&board, clock);
    let package = package(&cnn::manifest(), cnn::GRAPH, &[cnn::reference()]);
    let mut bare = BareRun::new(&runtime(), &package, Provider::Cpu).unwrap();
    let (replies, _results) = mpsc::channel(1);
    let from = clock.wall();
    let samples = || Samples { tags: (0..N_INPUTS).map(TagSlot).collect(), n: 0, from };
    let (mut of_line, mut of_cell) = (samples(), samples());
    let n = N_WINDOWS * HOP as usize;
    let (mut run_us, mut line_us, mut cell_us, mut cell_cpu_us) = (vec![], vec![], vec![], vec![]);
    let us = |span: Duration| span.as_secs_f64() * 1e6 / N_WINDOWS as f64;
    for chunk in 0..=N_CHUNKS {
        let begun = Instant::now();
        (0..N_WINDOWS).for_each(|_| bare.run().unwrap());
        let run = begun.elapsed();
        let frames = of_line.take(n, GroupSlot(0), clock);
        let begun = Instant::now();
        let mut n_verdicts = 0;
        for together in frames.chunks(N_TOGETHER) {
            let mut turn = Turn::new(clock, None, &replies);
            together.iter().for_each(|frame| alone.push(frame, &mut turn));
            n_verdicts += turn.verdicts.len();
        }
        let pushed = begun.elapsed();
        let frames = of_cell.take(n, whole.group, clock);
        let (before, begun) = (cpu(), Instant::now());
        whole.run(frames).await;
        let (delivered, used) = (begun.elapsed(), cpu() - before);
        if chunk > 0 {
            assert_eq!(n_verdicts, N_WINDOWS, "a verdict each hop");
            run_us.push(us(run));
            line_us.push(us(pushed));
            cell_us.push(us(delivered));
            cell_cpu_us.push(us(used));
        }
    }
    report(&run_us, &line_us, &cell_us, &cell_cpu_us);
    whole.cell.borrow_mut().settle();
    whole.store.close().unwrap();
}

fn report(run_us: &[f64], line_us: &[f64], cell_us: &[f64], cell_cpu_us: &[f64]) {
    let share = |of: &[f64]| median(run_us.iter().zip(of).map(|(run, of)| run / of).collect());
    let (run, ..) = median(run_us.to_vec());
    let (line, least, most) = share(line_us);
    let (cell, ..) = share(cell_us);
    let (line_each, ..) = median(line_us.to_vec());
    let (cell_each, ..) = median(cell_us.to_vec());
    let (cpu_each, ..) = median(cell_cpu_us.to_vec());
    println!("bare run {run:.2} µs, line {line_each:.2} µs, cell {cell_each:.2} µs (CPU {cpu_each:.2} µs) a window");
    let holds = if line >= SHARE_MIN { "yes" } else { "no" };
    // Rows of the table of `cargo xtask bench`: what, against, target, seen, whether it holds.
    println!(
        "row\t1024×3 windows, hop 64, from decoded samples, 1-D CNN, history off\tbare run loop, {run:.1} µs a run\t\
         ≥ {SHARE_MIN} of its rate\t{line:.2} [{least:.2} – {most:.2}], {line_each:.1} µs a window\t{holds}"
    );
    println!(
        "row\tthe same with journal and history\tbare run loop\treport\t{cell:.2} of its rate, {cell_each:.1} µs a \
         window, CPU of all threads {cpu_each:.1} µs\t–"
    );
}
