//! The scanner against a bus simulated in virtual time: order, one frame a cycle, silence, splits.

use super::*;
use crate::modbus::{GroupOptions, ModbusOptions, Order, TagOptions, ValueType};
use proptest::prelude::*;
use takt_plant::{GroupSlot, TagSlot, Value};

/// What a unit of the simulated bus does with a request.
type Device = fn(unit: u8, span: Span) -> Result<Answer, CallFault>;

const REQUEST_MS: u64 = 1;
const TIMEOUT_MS: u64 = 200;

fn at(ms: u64) -> Stamp {
    Stamp {
        wall: WallTime::from_ns(i64::try_from(ms).expect("few") * 1_000_000),
        mono: MonoTime::from_ns(ms * 1_000_000),
    }
}

fn group(slot: u32, unit: u8, every_ms: u64, addresses: &[u16]) -> GroupOptions {
    let tag = |(i, offset): (u32, &u16)| TagOptions {
        tag: TagSlot(i),
        address: format!("holding:{offset}").parse().expect("an address"),
        codec: Codec::plain(ValueType::U16, Order::Abcd),
    };
    let tags = (0..).zip(addresses).map(tag).collect();
    GroupOptions { group: GroupSlot(slot), unit, every: Duration::from_millis(every_ms), tags }
}

/// Each register holds its own address.
fn own_address(_: u8, span: Span) -> Result<Answer, CallFault> {
    Ok(Answer::Registers((span.start.offset..=span.start.offset + (span.n - 1)).collect()))
}

struct Bus {
    scanner: Scanner,
    device: Device,
    now_ms: u64,
    asked: Vec<(u64, u8, Span)>,
    frames: Vec<Frame>,
    links: Vec<Link>,
}

impl Bus {
    fn new(groups: Vec<GroupOptions>, device: Device) -> Self {
        let plan = Plan::new(ModbusOptions { groups, ..ModbusOptions::new("plc:502") }).expect("a plan");
        let scanner = Scanner::new(&plan, at(0).mono);
        Self { scanner, device, now_ms: 0, asked: Vec::new(), frames: Vec::new(), links: Vec::new() }
    }

    fn run_until(&mut self, end_ms: u64) -> &mut Self {
        while self.now_ms < end_ms {
            self.scanner.due(at(self.now_ms));
            if let Some(ticket) = self.scanner.next_read() {
                self.asked.push((self.now_ms, ticket.unit, ticket.span));
                let result = (self.device)(ticket.unit, ticket.span);
                self.now_ms += if result == Err(CallFault::Timeout) { TIMEOUT_MS } else { REQUEST_MS };
                self.scanner.answered(ticket, result.as_ref(), at(self.now_ms));
            } else {
                self.now_ms += 1;
            }
            let outcome = self.scanner.take();
            self.frames.extend(outcome.frames);
            self.links.extend(outcome.links);
        }
        self
    }

    fn frames_of(&self, group: u32) -> Vec<&Frame> {
        self.frames.iter().filter(|f| f.group == GroupSlot(group)).collect()
    }
}

fn integers(frame: &Frame) -> Vec<Option<f64>> {
    frame.readings.iter().map(Reading::as_f64).collect()
}

#[test]
fn a_cycle_of_several_reads_is_one_frame_with_the_last_answers_time() {
    let mut bus = Bus::new(vec![group(0, 1, 100, &[300, 0, 100])], own_address);
    bus.run_until(50);
    assert_eq!(bus.asked.len(), 3);
    assert_eq!(bus.frames.len(), 1);
    assert_eq!(integers(&bus.frames[0]), [Some(300.0), Some(0.0), Some(100.0)]);
    assert_eq!((bus.frames[0].at, bus.frames[0].arrived), (at(3).wall, at(3).mono));
}

#[test]
fn a_slow_large_group_does_not_hold_back_a_fast_small_one() {
    let large: Vec<u16> = (0..60).map(|i| i * 100).collect();
    let mut bus = Bus::new(vec![group(0, 1, 1_000, &large), group(1, 1, 10, &[7])], own_address);
    bus.run_until(1_000);
    let fast = bus.frames_of(1);
    assert_eq!(fast.len(), 100);
    // Never later than its due time plus the request that is out and its own.
    assert!(fast.iter().zip(0..).all(|(f, i)| f.arrived <= at(10 * i + 2).mono));
    assert_eq!((bus.frames_of(0).len(), bus.scanner.counts().n_skipped), (1, 0));
}

#[test]
fn cycles_that_cannot_begin_are_skipped_and_counted() {
    let many: Vec<u16> = (0..25).map(|i| i * 100).collect();
    let mut bus = Bus::new(vec![group(0, 1, 10, &many)], own_address);
    bus.run_until(1_000);
    let n_frames = u64::try_from(bus.frames.len()).expect("few");
    assert_eq!(n_frames, 40);
    let n_cycles_due = 100;
    assert!(bus.scanner.counts().n_skipped.abs_diff(n_cycles_due - n_frames) <= 1);
}

#[test]
fn a_silent_unit_costs_one_timeout_then_is_set_aside_and_comes_back() {
    fn device(unit: u8, span: Span) -> Result<Answer, CallFault> {
        if unit == 2 { Err(CallFault::Timeout) } else { own_address(unit, span) }
    }
    let groups = vec![group(0, 1, 500, &[1]), group(1, 2, 500, &[1, 500]), group(2, 2, 500, &[900])];
    let mut bus = Bus::new(groups, device);
    bus.run_until(10_000);
    let silent: Vec<u64> = bus.asked.iter().filter(|(_, unit, _)| *unit == 2).map(|(ms, ..)| *ms).collect();
    // One time-out in each of the first three cycles, although the unit has three reads a cycle.
    assert!(silent[0] < 500 && (500..1_000).contains(&silent[1]) && (1_000..1_500).contains(&silent[2]), "{silent:?}");
    // Then probes after 1, 2 and 4 seconds.
    assert_eq!(silent.len(), 6, "{silent:?}");
    assert_eq!(bus.links, [Link::UnitAside { unit: 2, aside: true }]);
    assert_eq!([0, 1, 2].map(|g| bus.frames_of(g).len()), [20; 3]);
    assert!(bus.frames_of(0).iter().all(|f| integers(f) == [Some(1.0)]));
    assert!(bus.frames_of(1).iter().all(|f| f.readings.iter().all(|r| *r == Reading::Bad(Fault::Timeout))));
    bus.device = own_address;
    bus.run_until(20_000);
    assert_eq!(bus.links.last(), Some(&Link::UnitAside { unit: 2, aside: false }));
    assert_eq!(integers(bus.frames_of(1).last().expect("frames")), [Some(1.0), Some(500.0)]);
}

#[test]
fn a_refused_hole_is_split_off_once_and_remembered() {
    fn device(unit: u8, span: Span) -> Result<Answer, CallFault> {
        let hole = u32::from(span.start.offset) <= 4 && span.end() > 4;
        if hole { Err(CallFault::Exception(2)) } else { own_address(unit, span) }
    }
    let mut bus = Bus::new(vec![group(0, 1, 100, &[0, 1, 2, 3, 4, 5, 6, 7])], device);
    bus.run_until(100);
    let first = bus.asked.len();
    bus.run_until(1_000);
    for frame in &bus.frames {
        assert_eq!(frame.readings[4], Reading::Bad(Fault::Exception(2)));
        assert_eq!(integers(frame).iter().flatten().count(), 7);
    }
    assert_eq!((bus.frames.len(), bus.scanner.counts().n_splits), (10, 3));
    // 0-7 refused, 0-3 good, 4-7 refused, 4-5 refused, 4 refused, 5 good, 6-7 good; then the good ones only.
    assert_eq!((first, bus.asked.len()), (7, 7 + 9 * 3));
    // A device that was loaded anew is found out.
    bus.device = own_address;
    bus.run_until(60_000);
    assert_eq!(integers(bus.frames.last().expect("frames"))[4], Some(4.0));
}

#[test]
fn without_a_connection_every_due_cycle_is_a_bad_frame() {
    let mut bus = Bus::new(vec![group(0, 1, 100, &[1, 500])], own_address);
    bus.scanner.due(at(0));
    let ticket = bus.scanner.next_read().expect("a read");
    bus.scanner.answered(ticket, own_address(1, ticket.span).as_ref(), at(1));
    for ms in [5, 50, 100, 150, 200] {
        bus.scanner.down(at(ms));
    }
    let frames = bus.scanner.take().frames;
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0].readings[..], [Reading::Good(Value::Integer(1)), Reading::Bad(Fault::Disconnected)]);
    assert!(frames[1..].iter().all(|f| f.readings.iter().all(|r| *r == Reading::Bad(Fault::Disconnected))));
}

#[test]
fn a_connection_that_was_shut_while_idle_costs_no_reading() {
    let mut bus = Bus::new(vec![group(0, 1, 100, &[1])], own_address);
    bus.scanner.due(at(0));
    let first = bus.scanner.next_read().expect("a read");
    bus.scanner.answered(first, Err(&CallFault::Closed(String::new())), at(1));
    let again = bus.scanner.next_read().expect("the same read");
    assert_eq!(first.span, again.span);
    bus.scanner.answered(again, Err(&CallFault::Closed(String::new())), at(2));
    assert_eq!(bus.scanner.take().frames[0].readings[0], Reading::Bad(Fault::Disconnected));
    bus.scanner.answered(again, own_address(1, again.span).as_ref(), at(3));
    assert!(bus.scanner.take().frames.is_empty(), "an answer of an ended cycle is nobody's");
}

proptest! {
    /// Whatever the device does, each cycle that began gives one frame, a good reading is the
    /// register's own, and cycles begun and skipped add up to the cycles that were due.
    #[test]
    fn no_cycle_is_lost_and_no_reading_is_anothers(
        groups in proptest::collection::vec((1..3_u8, 5..80_u64, proptest::collection::vec(0..600_u16, 1..8)), 1..5),
        faults in proptest::collection::vec(0..12_u8, 64),
    ) {
        let groups: Vec<_> = (0..).zip(&groups).map(|(i, (unit, every, tags))| group(i, *unit, *every, tags)).collect();
        let mut bus = Bus::new(groups.clone(), own_address);
        let mut n = 0_usize;
        while bus.now_ms < 2_000 {
            bus.scanner.due(at(bus.now_ms));
            let Some(ticket) = bus.scanner.next_read() else { bus.now_ms += 1; continue };
            n += 1;
            let result = match faults[n % faults.len()] {
                0 => Err(CallFault::Timeout),
                1 => Err(CallFault::Exception(2)),
                2 => Err(CallFault::Closed(String::new())),
                3 => Err(CallFault::Exception(4)),
                _ => own_address(ticket.unit, ticket.span),
            };
            bus.now_ms += if result == Err(CallFault::Timeout) { 20 } else { 1 };
            bus.scanner.answered(ticket, result.as_ref(), at(bus.now_ms));
        }
        let frames = bus.scanner.take().frames;
        for frame in &frames {
            let tags = &groups[frame.group.0 as usize].tags;
            for (reading, tag) in frame.readings.iter().zip(tags) {
                if let Some(value) = reading.as_f64() {
                    prop_assert_eq!(value, f64::from(tag.address.offset));
                }
            }
        }
        let due: u64 = groups.iter().map(|g| 2_000_u64.div_ceil(u64::try_from(g.every.as_millis()).expect("short"))).sum();
        let known = frames.len() as u64 + bus.scanner.counts().n_skipped;
        // Each group may be in one cycle, and late by less than one, when the time is up.
        prop_assert!(known + 2 * groups.len() as u64 >= due && known <= due + groups.len() as u64, "{known} of {due}");
    }
}
