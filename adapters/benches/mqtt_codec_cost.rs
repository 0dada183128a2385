//! What decoding costs: one message of 52 fields, its digest, a raw waveform, a topic among many.
//!
//! `cargo bench --workspace --bench mqtt_codec_cost`

#![expect(clippy::unwrap_used, reason = "a measurement may panic")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use takt_adapters::convert::Conversion;
use takt_adapters::mqtt::codec::{Codec, mark};
use takt_adapters::mqtt::mapping::{
    ByteOrder, Field, Format, JsonMapping, Layout, RawMapping, RawNumber, Scope, TimeMapping, TimeSource,
};
use takt_adapters::mqtt::options::Qos;
use takt_adapters::mqtt::{GroupMapping, Plan};
use takt_adapters::stamp::{EpochUnit, StampFormat, StampReader};
use takt_plant::{GroupSlot, MonoTime, TagSlot, WallTime};

const ROUNDS: usize = 9;

fn main() {
    let payload = payload(52);
    println!("payload of 52 fields: {} bytes", payload.len());
    for (what, order) in [("fields in the message's order", false), ("fields in reverse order", true)] {
        let codec = Codec::new(Plan::new(&[json_group(52, "line/3", order)]).unwrap());
        measure(what, 20_000, || decode(&codec, "line/3", &payload));
    }
    let codec = Codec::new(Plan::new(&[json_group(4, "line/3", false)]).unwrap());
    measure("4 of the 52 fields", 20_000, || decode(&codec, "line/3", &payload));
    measure("serde_json::Value of the same, for comparison", 5_000, || {
        serde_json::from_slice::<serde_json::Value>(&payload).unwrap().as_object().unwrap().len()
    });
    measure("digest of the message", 20_000, || usize::from(mark("line/3", &payload, false).digest[0]));

    let many: Vec<GroupMapping> = (0..10_000).map(|i| json_group(1, &format!("plant/line/{i}"), false)).collect();
    let codec = Codec::new(Plan::new(&many).unwrap());
    measure("1 field, topic among 10,000", 20_000, || decode(&codec, "plant/line/7777", br#"{"xmeas_0":1.5}"#));

    let raw = Codec::new(Plan::new(&[raw_group()]).unwrap());
    let wave = vec![0x42_u8; 1_024 * 3 * 4];
    measure("1,024 samples of 3 raw f32", 500, || decode(&raw, "wave", &wave));
}

/// CPU time of this thread a call, so that other work on the machine disturbs little.
fn measure(what: &str, n: u32, mut run: impl FnMut() -> usize) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = thread_cpu_ns();
            for _ in 0..n {
                black_box(run());
            }
            (thread_cpu_ns() - begun) / f64::from(n) / 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what}: {:.2} µs (median of {ROUNDS}; least {:.2})", times[ROUNDS / 2], times[0]);
}

fn thread_cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn decode(codec: &Codec, topic: &str, payload: &[u8]) -> usize {
    let (mut frames, mut rejects) = (Vec::new(), Vec::new());
    codec.decode(topic, black_box(payload), WallTime::from_ns(1), MonoTime::from_ns(1), &mut frames, &mut rejects);
    assert!(rejects.is_empty());
    frames.len()
}

fn payload(n: usize) -> Vec<u8> {
    let mut text = String::from("{\"ts\":1583835153123");
    for i in 0..n {
        let _ = write!(text, ",\"xmeas_{i}\":{:.5}", 0.25038 + 37.77 * f64::from(u32::try_from(i).unwrap()));
    }
    text.push('}');
    text.into_bytes()
}

fn json_group(n: u32, filter: &str, reversed: bool) -> GroupMapping {
    let field = |i: u32| Field {
        pointer: format!("/xmeas_{i}"),
        scope: Scope::Sample,
        conversion: Conversion { range: Some((-1e9, 1e9)), ..Conversion::default() },
    };
    let mut fields: Vec<Field> = (0..n).map(field).collect();
    if reversed {
        fields.reverse();
    }
    let stamp = StampReader::new(StampFormat::Epoch(EpochUnit::Millis), None).unwrap();
    let source = TimeSource::Field { pointer: "/ts".into(), scope: Scope::Sample, stamp };
    let time = TimeMapping { source, step: Duration::ZERO };
    GroupMapping {
        group: GroupSlot(0),
        filter: filter.to_owned(),
        qos: Qos::AtLeastOnce,
        tags: (0..n).map(TagSlot).collect(),
        format: Format::Json(JsonMapping { layout: Layout::One, fields, time }),
    }
}

fn raw_group() -> GroupMapping {
    GroupMapping {
        group: GroupSlot(0),
        filter: "wave".into(),
        qos: Qos::AtLeastOnce,
        tags: Arc::from([TagSlot(0), TagSlot(1), TagSlot(2)]),
        format: Format::Raw(RawMapping {
            number: RawNumber::F32,
            order: ByteOrder::Little,
            header_bytes: 0,
            stamp: None,
            step: Duration::from_micros(100),
            conversions: vec![Conversion::default(); 3],
        }),
    }
}
