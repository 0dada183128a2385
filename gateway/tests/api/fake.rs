//! A board with invented lines and values, for tests of the viewers' side and for looking at the page.
//!
//! Nothing here is a gateway: no sample, window or model stands behind these figures.

#![allow(dead_code, reason = "each of its users takes a part of it")]

use std::sync::Arc;
use std::time::Duration;
use takt::board::{
    Board, CheckGauge, CheckPlan, ConnectionGauge, ConnectionPlan, DeviceInUse, Identity, LineGauge, LinePlan,
    ModelStanding, Now, OutputPlan, Phase, Production, StoreStanding, TagPlan, WriteNote, WriteOutcome,
};
use takt::record::{LatencySplit, ModelStamp, VerdictRecord};
use takt_adapters::{Clock, Link, Reject};
use takt_plant::{
    Arming, Books, CheckId, ConnectionId, DropReason, ExportClass, Fault, Frame, GatewayId, GroupSlot, Inconclusive,
    LineId, Outcome, OutputId, Purpose, Reading, Score, TagId, TagSlot, Value, VerdictKey, WallTime, WindowKey,
    WriteValue,
};

/// The invented gateway.
pub struct Fake {
    pub clock: Clock,
    pub board: Arc<Board>,
    pub plc: Arc<ConnectionGauge>,
    pub broker: Arc<ConnectionGauge>,
    pub press: FakeCheck,
    pub reactor: FakeCheck,
}

/// An invented check that gives invented verdicts.
pub struct FakeCheck {
    pub line: Arc<LineGauge>,
    pub gauge: Arc<CheckGauge>,
    pub books: Books,
    pub seq: u64,
    chance: u64,
}

pub fn name<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a name")
}

pub fn stamp(name: &str, version: &str) -> Arc<ModelStamp> {
    Arc::new(ModelStamp { name: name.into(), version: version.into(), digest: format!("b3:{}", "5e".repeat(32)) })
}

pub fn ready(name: &str, asked: &str, used: &str, fallback: Option<&str>) -> ModelStanding {
    let device = DeviceInUse { asked: asked.into(), used: used.into(), fallback: fallback.map(str::to_owned) };
    ModelStanding::Ready { stamp: stamp(name, "4"), device, since: WallTime::from_ns(1_767_323_045_000_000_000) }
}

impl Fake {
    pub fn new() -> Self {
        let clock = Clock::new();
        let now = Now::of(&clock);
        let identity = Identity {
            gateway: name("box-1"),
            site: name("graz"),
            version: "0.1.0".into(),
            runtime: "cpu, ONNX Runtime 1.32.0".into(),
        };
        let board = Board::new(identity, now);
        board.phase(Phase::Running);
        board.store(StoreStanding::Durable { n_bytes: 48_300_000, n_bytes_max: 2_000_000_000 });
        board.queue("journal", 1_024, "the shard waits").waiting(3);
        let connection = |id: &str, kind: &str, address: &str| {
            let plan = ConnectionPlan { id: name(id), kind: kind.into(), address: address.into() };
            let gauge = board.connection(plan, now);
            gauge.link(&Link::Up { session_present: true }, now);
            gauge
        };
        let plc = connection("plc", "modbus-tcp", "10.0.0.10:502");
        let broker = connection("broker", "mqtt", "mqtts://broker.plant:8883");
        let press = press(&board, now);
        let reactor = reactor(&board, now);
        Self { clock, board, plc, broker, press, reactor }
    }

    /// A third line that does not work, invented.
    pub fn trouble(&self) {
        let now = Now::of(&self.clock);
        let line = self.board.line(LinePlan { id: name("packer-1"), tags: vec![] }, now);
        let seal = line.check(CheckPlan {
            id: name("seal"),
            deadline: Duration::from_millis(50),
            window: "time 2 s, hop 0.5 s".into(),
            inputs: vec![],
            models: vec!["seal-b".into()],
            outputs: vec![OutputPlan { id: name("divert"), connection: name("plc"), target: "holding:310".into() }],
            quiet_max: None,
        });
        let why = "the package's digest differs from its manifest; copy the file again".to_owned();
        seal.model("seal-b", ModelStanding::Failed { why });
        seal.production(Production::Off { why: "mode = 0".into() });
    }

    /// What could not be read, invented.
    pub fn reject(&self, payload: &[u8]) {
        self.broker.reject(Reject {
            from: "press-3/state".into(),
            why: "no JSON: expected value at line 1 column 9; publish an object such as {\"vib\":{\"rms\":0.4}}".into(),
            first_bytes: payload.iter().copied().take(64).collect(),
            n_bytes: payload.len(),
            arrived_at: self.clock.wall(),
        });
    }

    /// One message with readings on both lines.
    pub fn readings(&mut self) {
        let (at, arrived) = (self.clock.wall(), self.clock.mono());
        for check in [&mut self.press, &mut self.reactor] {
            let n = u32::try_from(check.line.plan().tags.len()).expect("few tags");
            let mut readings: Vec<_> = (0..n).map(|_| Reading::number(check.random() * 900.0)).collect();
            if n > 3 {
                readings[3] = Reading::Bad(Fault::Text(Arc::from("Scan Timeout")));
            }
            check.line.frame(&Frame {
                group: GroupSlot(0),
                tags: (0..n).map(TagSlot).collect(),
                readings: readings.into_boxed_slice(),
                at,
                arrived_at: at,
                arrived,
            });
        }
        self.plc.delivered(1, arrived);
        self.broker.delivered(1, arrived);
    }
}

impl FakeCheck {
    /// An invented verdict after `n_frames` frames.
    pub fn give(&mut self, outcome: Outcome, n_frames: u64, clock: &Clock) -> Arc<VerdictRecord> {
        self.seq += 1;
        self.books.received += n_frames;
        self.books.judged += n_frames;
        let record = Arc::new(self.record(outcome, clock.wall()));
        self.gauge.verdict(&record, &self.books, clock.mono());
        record
    }

    /// The write that an invented verdict led to.
    pub fn write(&self, record: &VerdictRecord, outcome: WriteOutcome, clock: &Clock) {
        let Some(output) = self.gauge.outputs().first() else { return };
        output.wrote(WriteNote {
            value: WriteValue::Coil(record.outcome != Outcome::Pass),
            purpose: Purpose::Verdict,
            outcome,
            seq: Some(record.key.seq),
            took_us: 780,
            at: clock.wall(),
        });
        self.gauge.write_confirmed(780);
    }

    pub fn drop_for(&mut self, reason: DropReason, n: u64) {
        self.books.received += n;
        self.books.drop_for(reason, n);
        self.gauge.books(&self.books);
    }

    /// Between 0 and 1, the same on every run (xorshift).
    pub fn random(&mut self) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn record(&mut self, outcome: Outcome, at: WallTime) -> VerdictRecord {
        let over = if outcome == Outcome::Fail { 1.4 } else { 0.0 };
        let tags: Vec<TagId> = self.line.plan().tags.iter().map(|tag| tag.id.clone()).collect();
        let mut shares: Vec<_> = tags.into_iter().map(|tag| (tag, self.random().powi(6))).collect();
        let total: f64 = shares.iter().map(|(_, share)| share).sum();
        shares.iter_mut().for_each(|(_, share)| *share /= total);
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let score = |name: &str, value, limit| Score { name: Arc::from(name), value, limit };
        let t2 = 30.0 * (0.2 + 0.6 * self.random() + over);
        let spe = 12.0 * (0.2 + 0.6 * self.random() + over / 3.0);
        let (queue, inference) = (2 + (self.random() * 6.0) as u32, 6 + (self.random() * 9.0) as u32);
        let is_model = !matches!(outcome, Outcome::Inconclusive(_));
        VerdictRecord {
            key: VerdictKey {
                line: self.gauge.line().clone(),
                check: self.gauge.plan().id.clone(),
                epoch: 1,
                seq: self.seq,
                window: WindowKey {
                    from: at.minus(Duration::from_millis(900)),
                    to: at.minus(Duration::from_micros(400)),
                    n: 90,
                    part: (self.gauge.plan().id.as_str() == "stroke")
                        .then(|| Value::Integer(48_000 + i64::try_from(self.seq).expect("few"))),
                },
            },
            outcome,
            at,
            scores: if is_model { vec![score("t2", t2, 30.125), score("spe", spe, 12.04)] } else { Vec::new() },
            contributions: if is_model { shares } else { Vec::new() },
            model: is_model.then(|| stamp("press-a", "4")),
            latency: LatencySplit {
                queue_us: queue,
                features_us: 4,
                inference_us: inference,
                write_us: 0,
                total_us: queue + inference + 9,
            },
            executed_by: GatewayId::new("box-1").expect("a name"),
        }
    }
}

fn press(board: &Board, now: Now) -> FakeCheck {
    let tag = |id: &str, unit: &str, connection: &str| TagPlan {
        id: name(id),
        unit: unit.into(),
        export: ExportClass::SameSite,
        connection: name::<ConnectionId>(connection),
    };
    let tags = vec![
        tag("ram_force", "kN", "plc"),
        tag("ram_position", "mm", "plc"),
        tag("part_no", "", "plc"),
        tag("die_temperature", "°C", "plc"),
        tag("vibration_rms", "mm/s", "broker"),
        tag("oil_pressure", "bar", "plc"),
    ];
    let line = board.line(LinePlan { id: name::<LineId>("press-3"), tags }, now);
    let gauge = line.check(CheckPlan {
        id: name::<CheckId>("stroke"),
        deadline: Duration::from_millis(20),
        window: "trigger part_no, 1 s before".into(),
        inputs: ["ram_force", "vibration_rms", "oil_pressure"].map(name).to_vec(),
        models: vec!["press-a".into()],
        outputs: vec![OutputPlan { id: name::<OutputId>("reject"), connection: name("plc"), target: "coil:10".into() }],
        quiet_max: Some(Duration::from_secs(60)),
    });
    gauge.model("press-a", ready("press-a", "auto", "cpu", None));
    gauge.production(Production::On { recipe: Some("housing 17".into()) });
    gauge.outputs()[0].armed(Arming::Armed { by: Arc::from("anna (uid 1000)"), at: now.wall });
    FakeCheck { line, gauge, books: Books::default(), seq: 0, chance: 0x9E37_79B9 }
}

fn reactor(board: &Board, now: Now) -> FakeCheck {
    let tags = (1..=41).map(|i| TagPlan {
        id: name(&format!("xmeas_{i:02}")),
        unit: "kPa".into(),
        export: ExportClass::Never,
        connection: name("broker"),
    });
    let line = board.line(LinePlan { id: name("reactor"), tags: tags.collect() }, now);
    let gauge = line.check(CheckPlan {
        id: name("row"),
        deadline: Duration::from_millis(5),
        window: "frame".into(),
        inputs: (1..=41).map(|i| name(&format!("xmeas_{i:02}"))).collect(),
        models: vec!["tep".into()],
        outputs: vec![],
        quiet_max: None,
    });
    gauge.model("tep", ready("press-a", "openvino:NPU", "openvino:CPU", Some("no NPU on this box")));
    FakeCheck { line, gauge, books: Books::default(), seq: 0, chance: 0x1234_5678_9ABC }
}

/// An inconclusive outcome.
pub fn bad_reading() -> Outcome {
    Outcome::Inconclusive(Inconclusive::BadReading { input: "force".into(), why: "out_of_range".into() })
}
