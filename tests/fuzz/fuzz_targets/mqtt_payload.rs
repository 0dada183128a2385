//! A message's payload under every kind of mapping; the first byte chooses the topic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use takt_adapters::convert::Conversion;
use takt_adapters::mqtt::codec::{Codec, mark};
use takt_adapters::mqtt::mapping::{
    ByteOrder, Field, Format, GroupMapping, JsonMapping, Layout, RawMapping, RawNumber, RawStamp, Scope, TimeMapping,
    TimeSource,
};
use takt_adapters::mqtt::options::Qos;
use takt_adapters::mqtt::plan::Plan;
use takt_adapters::stamp::{EpochUnit, StampFormat, StampReader};
use takt_fuzz as _;
use takt_plant::{GroupSlot, MonoTime, TagSlot, WallTime};

const TOPICS: [&str; 9] = ["one", "each", "bare", "columns", "iso", "text", "part", "raw", "deep/er"];

fn stamp(format: StampFormat) -> StampReader {
    StampReader::new(format, None).expect("a format")
}

fn json(layout: Layout, fields: &[(&str, Scope)], time: Option<(&str, StampFormat)>) -> Format {
    let conversion = |i: usize| match i {
        0 => Conversion::default(),
        1 => Conversion { scale: 0.1, offset: -3.0, range: Some((-100.0, 100.0)), text: false },
        _ => Conversion { text: true, ..Conversion::default() },
    };
    let field = |(i, (pointer, scope)): (usize, &(&str, Scope))| Field {
        pointer: (*pointer).into(),
        scope: *scope,
        conversion: conversion(i),
    };
    let source = time.map_or(TimeSource::Arrival, |(pointer, format)| TimeSource::Field {
        pointer: pointer.into(),
        scope: Scope::Sample,
        stamp: stamp(format),
    });
    let time = TimeMapping { source, step: Duration::from_micros(100) };
    Format::Json(JsonMapping { layout, fields: fields.iter().enumerate().map(field).collect(), time })
}

fn raw(number: RawNumber, order: ByteOrder, with_stamp: bool) -> Format {
    let stamp = with_stamp.then(|| RawStamp { at_byte: 0, stamp: stamp(StampFormat::Epoch(EpochUnit::Micros)) });
    Format::Raw(RawMapping {
        number,
        order,
        header_bytes: if with_stamp { 8 } else { 0 },
        stamp,
        step: Duration::from_micros(50),
        conversions: vec![Conversion::default(); 2],
    })
}

static CODEC: LazyLock<Codec> = LazyLock::new(|| {
    use Scope::{Message, Sample};
    let millis = || StampFormat::Epoch(EpochUnit::Millis);
    let each = |samples: &str| Layout::Each { samples: samples.into() };
    let mappings = [
        ("one", 3, json(Layout::One, &[("/a", Sample), ("/b/0/c", Sample), ("/part~1no", Sample)], Some(("/ts", millis())))),
        ("each", 2, json(each("/s"), &[("/v", Sample), ("/m", Message)], Some(("/t", millis())))),
        ("bare", 1, json(each(""), &[("", Sample)], None)),
        ("columns", 2, json(Layout::Columns, &[("/a", Sample), ("/b", Sample)], Some(("/ts", millis())))),
        ("iso", 1, json(Layout::One, &[("/a", Sample)], Some(("/ts", StampFormat::Iso)))),
        ("text", 1, Format::Text(Conversion::default())),
        ("part", 1, Format::Text(Conversion { text: true, ..Conversion::default() })),
        ("raw", 2, raw(RawNumber::I16, ByteOrder::Little, true)),
        ("raw", 2, raw(RawNumber::F32, ByteOrder::Big, false)),
        ("+/er", 2, raw(RawNumber::F64, ByteOrder::Little, false)),
        ("#", 1, json(Layout::One, &[("/x/y", Sample)], None)),
    ];
    let group = |(i, (filter, n_tags, format)): (u32, (&str, u32, Format))| GroupMapping {
        group: GroupSlot(i),
        filter: filter.into(),
        qos: Qos::AtLeastOnce,
        tags: (0..n_tags).map(TagSlot).collect::<Arc<[_]>>(),
        format,
    };
    Codec::new(Plan::new(&(0..).zip(mappings).map(group).collect::<Vec<_>>()).expect("a plan"))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((topic, payload)) = bytes.split_first() else { return };
    let topic = TOPICS[usize::from(*topic) % TOPICS.len()];
    let (mut frames, mut rejects) = (Vec::new(), Vec::new());
    CODEC.decode(topic, payload, WallTime::from_ns(1), MonoTime::from_ns(1), &mut frames, &mut rejects);
    // A message that leads to nothing would be lost from the books.
    assert!(!frames.is_empty() || !rejects.is_empty());
    for frame in &frames {
        assert_eq!(frame.tags.len(), frame.readings.len());
    }
    let _ = mark(topic, payload, false);
});
