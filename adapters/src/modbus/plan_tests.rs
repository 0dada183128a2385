//! What the plan promises about reads, and what it refuses.

use super::*;
use crate::modbus::codec::Scale;
use crate::modbus::{Order, ValueType, WriteFunction};
use proptest::prelude::*;

fn tag(slot: u32, address: &str, kind: &str) -> TagOptions {
    let codec = Codec::plain(kind.parse().expect("a type"), Order::Abcd);
    TagOptions { tag: TagSlot(slot), address: address.parse().expect("an address"), codec }
}

fn options(tags: Vec<TagOptions>) -> ModbusOptions {
    let group = GroupOptions { group: GroupSlot(0), unit: 1, every: Duration::from_millis(10), tags };
    ModbusOptions { groups: vec![group], ..ModbusOptions::new("127.0.0.1:502") }
}

fn check(tags: &[(&str, &str)], expected: &[&str]) {
    let tags = tags.iter().enumerate().map(|(i, (address, kind))| tag(u32::try_from(i).expect("few"), address, kind));
    let plan = Plan::new(options(tags.collect())).expect("a plan");
    let spans: Vec<String> = plan.groups[0].reads.iter().map(|r| r.span.to_string()).collect();
    assert_eq!(spans, expected);
}

#[test]
fn neighbours_are_one_read_up_to_the_gap() {
    check(&[("holding:0", "f32"), ("holding:2", "u16"), ("holding:11", "u16")], &["holding:0 (12)"]);
    check(&[("holding:0", "f32"), ("holding:2", "u16"), ("holding:12", "u16")], &["holding:0 (3)", "holding:12 (1)"]);
}

#[test]
fn tables_are_read_apart_and_overlaps_together() {
    check(
        &[("holding:7", "bit(0)"), ("holding:7", "bit(1)"), ("input:7", "u16"), ("coil:3", "bool"), ("coil:9", "bool")],
        &["coil:3 (7)", "input:7 (1)", "holding:7 (1)"],
    );
    check(&[("holding:0", "string(20)"), ("holding:2", "u16"), ("holding:9", "u32")], &["holding:0 (11)"]);
}

#[test]
fn a_value_is_never_torn_at_the_read_limit() {
    let wide = [("holding:0", "string(248)"), ("holding:124", "u32")];
    check(&wide, &["holding:0 (124)", "holding:124 (2)"]);
}

#[test]
fn the_last_register_can_be_read() {
    check(&[("holding:65534", "f32")], &["holding:65534 (2)"]);
}

#[test]
fn every_error_is_said_at_once() {
    let mut options =
        options(vec![tag(0, "holding:65535", "u32"), tag(1, "coil:1", "u16"), tag(2, "holding:0", "u64")]);
    options.coalescing.registers_max = 3;
    options.groups[0].tags[1].codec.scale = Scale::IDENTITY;
    options.groups[0].tags.push(TagOptions {
        codec: Codec { scale: Scale { factor: 0.0, offset: 0.0 }, ..Codec::plain(ValueType::U16, Order::Abcd) },
        ..tag(3, "holding:9", "u16")
    });
    options.groups.push(GroupOptions { group: GroupSlot(1), unit: 1, every: Duration::ZERO, tags: vec![] });
    options.connections_max = 0;
    let write = |slot, address: &str, kind: &str| WriteSpec {
        slot: WriteSlot(slot),
        unit: 1,
        address: address.parse().expect("an address"),
        codec: Codec::plain(kind.parse().expect("a type"), Order::Abcd),
        function: WriteFunction::Single,
    };
    options.writes = vec![write(0, "input:3", "u16"), write(0, "holding:3", "bit(4)")];
    let said: Vec<String> = Plan::new(options).expect_err("errors").iter().map(ToString::to_string).collect();
    for part in [
        "number of connections is 0",
        "input:3 cannot be written",
        "bit(4) at holding:3 cannot be written",
        "write 0 is planned twice",
        "would end beyond 65535",
        "coil:1 is a bit, which cannot hold u16",
        "needs 4 registers, but a read may ask for 3",
        "the scale of holding:9",
        "group 1 has no tags",
        "cycle below 1 ms",
    ] {
        assert!(said.iter().any(|s| s.contains(part)), "nothing says '{part}' in {said:#?}");
    }
    assert_eq!(said.len(), 10);
}

proptest! {
    /// Each tag lies whole in exactly one read; no read or gap is too long; no two reads could be one.
    #[test]
    fn reads_cover_every_tag_once(
        places in proptest::collection::vec((0..400_u16, 0..4_usize), 1..40),
        gap in 0..20_u16, registers_max in 4..=125_u16,
    ) {
        let kinds = ["u16", "f32", "f64", "bit(3)"];
        let tags: Vec<_> = places.iter().zip(0..).map(|((at, kind), i)| tag(i, &format!("holding:{at}"), kinds[*kind])).collect();
        let coalescing = Coalescing { gap_registers_max: gap, registers_max, ..Coalescing::default() };
        let reads = coalesce(&tags, &coalescing);
        let mut seen = vec![0; tags.len()];
        for read in &reads {
            prop_assert!(read.span.n <= registers_max);
            let mut wanted = vec![false; usize::from(read.span.n)];
            for take in &read.takes {
                seen[take.tag] += 1;
                prop_assert_eq!(take.span.start, tags[take.tag].address);
                prop_assert_eq!(take.span.n, tags[take.tag].codec.kind.n_registers());
                let from = usize::from(take.span.start.offset - read.span.start.offset);
                wanted[from..from + usize::from(take.span.n)].fill(true);
            }
            let longest = wanted.split(|w| *w).map(<[bool]>::len).max().unwrap_or(0);
            prop_assert!(longest <= usize::from(gap));
        }
        prop_assert!(seen.iter().all(|n| *n == 1));
        for pair in reads.windows(2) {
            prop_assert!(!fits(&pair[0], pair[1].takes[0].span, &coalescing));
        }
    }
}
