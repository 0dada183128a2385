//! A driver under test: its options, its recorded intake, and waiting with generous bounds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use takt_adapters::modbus::{
    Codec, GroupOptions, ModbusEnds, ModbusOptions, Order, Plan, Retry, TagOptions, ValueType, WriteFunction,
    WriteReport, WriteRequest, WriteSpec, modbus,
};
use takt_adapters::{Clock, Delivery, Intake, Link, MessageMark, Reject, Ticket};
use takt_plant::{Frame, GroupSlot, Interlock, Permit, Purpose, TagSlot, WallTime, WriteLimits, WriteSlot, WriteValue};
use tokio::task::{JoinHandle, LocalSet};
use tokio_util::sync::CancellationToken;

/// Far beyond any honest run on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

type OnFrame = Box<dyn FnMut(&Frame)>;

/// What the driver told the gateway.
#[derive(Default)]
pub struct Recorder {
    pub frames: Vec<Frame>,
    pub links: Vec<Link>,
    pub rejects: Vec<Reject>,
    /// Called inside `link(Up)`, as the gateway writes its fail-safe value.
    pub on_up: Option<Box<dyn FnMut()>>,
    /// Called inside `deliver`, as the gateway writes a verdict.
    pub on_frame: Option<OnFrame>,
}

impl Intake for Recorder {
    fn is_duplicate(&mut self, _: &MessageMark) -> bool {
        false
    }

    fn deliver(&mut self, delivery: Delivery) -> Ticket {
        if let Some(on_frame) = &mut self.on_frame {
            delivery.frames.iter().for_each(on_frame);
        }
        self.frames.extend(delivery.frames);
        self.rejects.extend(delivery.rejects);
        Ticket(0)
    }

    fn link(&mut self, link: Link) {
        if let (Link::Up { .. }, Some(on_up)) = (&link, &mut self.on_up) {
            on_up();
        }
        self.links.push(link);
    }

    fn published(&mut self, _: u64) {}
}

/// A running driver.
pub struct Rig {
    pub intake: Rc<RefCell<Recorder>>,
    pub ends: ModbusEnds,
    pub clock: Clock,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
}

impl Rig {
    pub fn start(options: ModbusOptions) -> Self {
        Self::start_with(options, Recorder::default())
    }

    pub fn start_with(options: ModbusOptions, recorder: Recorder) -> Self {
        let clock = Clock::new();
        let intake = Rc::new(RefCell::new(recorder));
        let plan = Plan::new(options).expect("a plan");
        let (driver, ends) = modbus(plan, intake.clone(), clock);
        let stop = CancellationToken::new();
        let task = tokio::task::spawn_local(driver.run(stop.clone()));
        Self { intake, ends, clock, stop, task }
    }

    /// Waits until what was recorded satisfies `done`.
    pub async fn until(&self, what: &str, done: impl Fn(&Recorder) -> bool) {
        wait(what, || done(&self.intake.borrow())).await;
    }

    pub fn n_frames(&self) -> usize {
        self.intake.borrow().frames.len()
    }

    /// A write that may wait long.
    pub fn write(&self, slot: u32, value: WriteValue) -> (WriteRequest, tokio::sync::oneshot::Receiver<WriteReport>) {
        WriteRequest::new(permit(slot, value), self.clock.mono().plus(PATIENCE))
    }

    /// Submits a write, read back, and waits for its report.
    pub async fn written(&self, slot: u32, value: WriteValue) -> WriteReport {
        let (mut request, report) = self.write(slot, value);
        request.read_back = true;
        self.ends.writes.submit(request).expect("room in the queue");
        tokio::time::timeout(PATIENCE, report).await.expect("a report in time").expect("a report")
    }

    pub async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("the driver ends").expect("without a panic");
    }
}

/// Runs a test on one thread, as a shard does.
pub fn on_shard<F: Future + 'static>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(LocalSet::new().run_until(test))
}

pub async fn wait(what: &str, done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain waited for: {what}"));
}

pub fn permit(slot: u32, value: WriteValue) -> Permit {
    let mut interlock = Interlock::new(WriteSlot(slot), WriteLimits::default());
    interlock.arm("anna", WallTime::from_ns(0));
    let now = takt_plant::MonoTime::from_ns(0);
    interlock.permit(value, Purpose::Verdict, now).expect("an armed output without limits")
}

/// Options for a server on this machine: quick retries, and a time-out that a busy machine keeps;
/// tests that want time-outs set a shorter one.
pub fn options(port: u16) -> ModbusOptions {
    let mut options = ModbusOptions::new(&format!("127.0.0.1:{port}"));
    options.timing.timeout = Duration::from_secs(3);
    options.retry = Retry { first: Duration::from_millis(20), max: Duration::from_millis(100) };
    options.setting_aside.probe_first = Duration::from_millis(200);
    options
}

pub fn tag(slot: usize, address: &str, kind: &str, order: &str) -> TagOptions {
    let codec = codec(kind, order);
    let tag = TagSlot(u32::try_from(slot).expect("few tags"));
    TagOptions { tag, address: address.parse().expect("an address"), codec }
}

pub fn codec(kind: &str, order: &str) -> Codec {
    Codec::plain(kind.parse().expect("a type"), order.parse().expect("an order"))
}

/// A group of u16 registers.
pub fn group(slot: u32, unit: u8, every_ms: u64, addresses: &[&str]) -> GroupOptions {
    let tags = addresses.iter().enumerate().map(|(i, a)| tag(i, a, "u16", "ab")).collect();
    GroupOptions { group: GroupSlot(slot), unit, every: Duration::from_millis(every_ms), tags }
}

pub fn write_spec(slot: u32, address: &str, kind: &str, order: &str, function: WriteFunction) -> WriteSpec {
    let address = address.parse().expect("an address");
    WriteSpec { slot: WriteSlot(slot), unit: 1, address, codec: codec(kind, order), function }
}

/// A coil and a register write for tests that do not care which.
pub fn coil_and_register() -> Vec<WriteSpec> {
    let register = WriteSpec {
        codec: Codec::plain(ValueType::U16, Order::Abcd),
        ..write_spec(1, "holding:1000", "u16", "ab", WriteFunction::Single)
    };
    vec![write_spec(0, "coil:10", "bool", "ab", WriteFunction::Single), register]
}
