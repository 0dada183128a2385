//! Tables for the codec: one message in, frames and rejects out.

use super::codec::{Codec, mark};
use super::mapping::{
    ByteOrder, Field, Format, GroupMapping, JsonMapping, Layout, RawMapping, RawNumber, RawStamp, Scope, TimeMapping,
    TimeSource,
};
use super::options::Qos;
use super::plan::Plan;
use crate::convert::Conversion;
use crate::stamp::{EpochUnit, StampFormat, StampReader};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{Doubt, Fault, Frame, GroupSlot, MonoTime, Reading, TagSlot, Value, WallTime};

const ARRIVED: WallTime = WallTime::from_ns(1_000_000_000_000);
const MS: i64 = 1_000_000;

fn millis() -> StampReader {
    StampReader::new(StampFormat::Epoch(EpochUnit::Millis), None).unwrap()
}

fn at(pointer: &str, scope: Scope) -> TimeSource {
    TimeSource::Field { pointer: pointer.into(), scope, stamp: millis() }
}

fn fields(pointers: &[&str]) -> Vec<Field> {
    let field = |p: &&str| {
        // A leading '^' in these tables means: from the document, not from the sample.
        let (scope, pointer) = match p.strip_prefix('^') {
            Some(rest) => (Scope::Message, rest),
            None => (Scope::Sample, *p),
        };
        Field { pointer: pointer.into(), scope, conversion: Conversion::default() }
    };
    pointers.iter().map(field).collect()
}

fn tags(n: usize) -> Arc<[TagSlot]> {
    (0..u32::try_from(n).unwrap()).map(TagSlot).collect()
}

fn group(number: u32, filter: &str, n_tags: usize, format: Format) -> GroupMapping {
    GroupMapping { group: GroupSlot(number), filter: filter.into(), qos: Qos::AtLeastOnce, tags: tags(n_tags), format }
}

fn json(layout: Layout, pointers: &[&str], source: TimeSource, step_ms: u64) -> Format {
    let time = TimeMapping { source, step: Duration::from_millis(step_ms) };
    Format::Json(JsonMapping { layout, fields: fields(pointers), time })
}

fn one(pointers: &[&str]) -> Format {
    json(Layout::One, pointers, TimeSource::Arrival, 0)
}

struct Decoded {
    frames: Vec<Frame>,
    whys: Vec<String>,
}

fn decode(groups: &[GroupMapping], topic: &str, payload: &[u8]) -> Decoded {
    let codec = Codec::new(Plan::new(groups).unwrap());
    let (mut frames, mut rejects) = (vec![], vec![]);
    codec.decode(topic, payload, ARRIVED, MonoTime::from_ns(7), &mut frames, &mut rejects);
    for reject in &rejects {
        assert_eq!((reject.from.as_str(), reject.n_bytes), (topic, payload.len()));
        assert_eq!(reject.first_bytes, payload[..payload.len().min(64)]);
    }
    Decoded { frames, whys: rejects.into_iter().map(|r| r.why).collect() }
}

/// One group on topic `t`: expects the readings of each frame, as text, with its offset from the
/// arrival in milliseconds, and a piece of each reject's reason.
fn check(format: Format, n_tags: usize, payload: &[u8], expected: &[(i64, &[&str])], whys: &[&str]) {
    let decoded = decode(&[group(3, "t", n_tags, format)], "t", payload);
    let shown: Vec<(i64, Vec<String>)> = decoded
        .frames
        .iter()
        .map(|f| ((f.at.as_ns() - ARRIVED.as_ns()) / MS, f.readings.iter().map(show).collect()))
        .collect();
    let expected: Vec<(i64, Vec<String>)> =
        expected.iter().map(|(at, row)| (*at, row.iter().map(|r| (*r).to_owned()).collect())).collect();
    let text = String::from_utf8_lossy(payload);
    assert_eq!(shown, expected, "{text} (rejects: {:?})", decoded.whys);
    assert_eq!(decoded.whys.len(), whys.len(), "{text}: {:?}", decoded.whys);
    for (why, piece) in decoded.whys.iter().zip(whys) {
        assert!(why.contains(piece), "{text}: {why:?} lacks {piece:?}");
    }
    assert!(decoded.frames.iter().all(|f| f.arrived_at == ARRIVED && f.arrived == MonoTime::from_ns(7)));
}

fn show(reading: &Reading) -> String {
    match reading {
        Reading::Good(Value::Integer(v)) => format!("i{v}"),
        Reading::Good(Value::Unsigned(v)) => format!("u{v}"),
        Reading::Good(v) => v.to_string(),
        Reading::Uncertain(v, Doubt::ArrivalTime) => format!("?{v}"),
        Reading::Uncertain(v, Doubt::Source) => format!("source?{v}"),
        Reading::Bad(Fault::Text(text)) => format!("!{text}"),
        Reading::Bad(fault) => format!("!!{}", fault.word()),
    }
}

#[test]
fn a_stamp_from_far_ahead_is_not_believed() {
    let stamped = || json(Layout::One, &["/a"], at("/t", Scope::Sample), 0);
    let now_ms = ARRIVED.as_ns() / MS;
    let payload = |ahead_ms: i64| format!("{{\"t\":{},\"a\":1}}", now_ms + ahead_ms).into_bytes();
    check(stamped(), 1, &payload(-9_000_000), &[(-9_000_000, &["i1"])], &[]);
    check(stamped(), 1, &payload(10_000), &[(10_000, &["i1"])], &[]);
    check(stamped(), 1, &payload(10_001), &[(0, &["?1"])], &["ahead of its arrival"]);
    check(stamped(), 1, &payload(3_600_000), &[(0, &["?1"])], &["3600 s ahead"]);
    // A check that waits long for late messages lives with clocks that differ more.
    let plan = Plan::new(&[group(3, "t", 1, stamped())]).unwrap().with_lateness(Duration::from_secs(60));
    let codec = Codec::new(plan);
    for (ahead_ms, believed) in [(600_000, true), (600_001, false)] {
        let (mut frames, mut rejects) = (vec![], vec![]);
        codec.decode("t", &payload(ahead_ms), ARRIVED, MonoTime::from_ns(7), &mut frames, &mut rejects);
        assert_eq!((frames[0].at > ARRIVED, rejects.is_empty()), (believed, believed), "{ahead_ms} ms");
    }
    // Many samples of one message are one reject.
    let many = format!("[{{\"t\":{0},\"a\":1}},{{\"t\":{0},\"a\":2}}]", now_ms + 60_000);
    let decoded = decode(
        &[group(3, "t", 1, json(Layout::Each { samples: String::new() }, &["/a"], at("/t", Scope::Sample), 0))],
        "t",
        many.as_bytes(),
    );
    assert_eq!((decoded.frames.len(), decoded.whys.len()), (2, 1), "{:?}", decoded.whys);
    assert!(decoded.frames.iter().all(|frame| frame.at == ARRIVED));
}

#[test]
fn values_of_one_document() {
    for (value, expected) in [
        ("1", "i1"),
        ("-7", "i-7"),
        ("9223372036854775807", "i9223372036854775807"),
        ("18446744073709551615", "u18446744073709551615"),
        ("0.1", "0.1"),
        (
            "5e-324",
            "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000005",
        ),
        ("true", "true"),
        ("null", "!!missing"),
        (r#""12.5""#, "12.5"),
        (r#"" 12 ""#, "i12"),
        (r#""18446744073709551615""#, "u18446744073709551615"),
        (r#""Bad""#, "!Bad"),
        (r#""Inp OutRange""#, "!Inp OutRange"),
        (r#""Scan Timeout""#, "!Scan Timeout"),
        (r#""caf\u00e9""#, "!café"),
        (r#""NaN""#, "!!not_finite"),
        ("NaN", "!!not_finite"),
        ("-Infinity", "!!not_finite"),
        ("{}", "!{object}"),
        ("[1]", "![array]"),
    ] {
        check(one(&["/a"]), 1, format!(r#"{{"a":{value}}}"#).as_bytes(), &[(0, &[expected])], &[]);
    }
}

#[test]
fn pointers_reach_nested_fields_and_elements() {
    let payload = br#"{"vib":{"rms":[0.5,1.5],"a/b":2},"x":[[1,2],[3,4]],"unmapped":{"deep":[1,{"x":2}]},"vib2":9}"#;
    let pointers = ["/vib/rms/1", "/x/1/0", "/vib/a~1b", "/vib2", "/none"];
    check(one(&pointers), 5, payload, &[(0, &["1.5", "i3", "i2", "i9", "!!missing"])], &[]);
    check(one(&[""]), 1, b" 12.5 ", &[(0, &["12.5"])], &[]);
    check(one(&["/1", "/0"]), 2, b"[10, 20, 30]", &[(0, &["i20", "i10"])], &[]);
}

#[test]
fn keys_in_any_order_and_two_tags_on_one_field() {
    let pointers = ["/a", "/b", "/c", "/a"];
    for payload in [r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3,"b":2,"a":1}"#, r#"{"z":0,"b":2,"y":{},"a":1,"c":3,"w":[]}"#] {
        check(one(&pointers), 4, payload.as_bytes(), &[(0, &["i1", "i2", "i3", "i1"])], &[]);
    }
}

#[test]
fn what_cannot_be_read_is_a_reject_and_never_a_frame() {
    let deep = "[".repeat(100_000);
    let deep_mapped = format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(1000));
    for (payload, why) in [
        (&b""[..], "not JSON"),
        (b"{", "not JSON"),
        (br#"{"a":1}}"#, "not JSON"),
        (br#"{"a":1,"#, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{\"a\":\"\xff\"}", "not JSON"),
        (br#"{"a":1e999}"#, "not JSON"),
        (b"hello", "not JSON"),
        (deep.as_bytes(), "not JSON"),
        (deep_mapped.as_bytes(), "not JSON"),
        (br#"{"a":1,"a":2}"#, "twice"),
        (br#"{"b":1,"c":{"a":2}}"#, "(/a, …) is there; the payload holds /b, /c"),
        (b"{}", "an empty object"),
        (b"17", "no object"),
    ] {
        check(one(&["/a"]), 1, payload, &[], &[why]);
    }
}

#[test]
fn the_source_time_or_a_doubt() {
    let format = |pointer: &str| json(Layout::One, &["/a"], at(pointer, Scope::Sample), 0);
    for (payload, offset, expected) in [
        (r#"{"t":1000500,"a":1}"#, 500, "i1"),
        (r#"{"a":1,"t":"1000500"}"#, 500, "i1"),
        (r#"{"a":1,"t":1000500.25}"#, 500, "i1"),
        (r#"{"a":1}"#, 0, "?1"),
        (r#"{"a":1,"t":null}"#, 0, "?1"),
        (r#"{"a":1,"t":"soon"}"#, 0, "?1"),
        (r#"{"a":1,"t":[1]}"#, 0, "?1"),
        (r#"{"a":"Bad","t":"soon"}"#, 0, "!Bad"),
    ] {
        let whys: &[&str] = if offset == 0 { &["no time stamp of the stated format"] } else { &[] };
        check(format("/t"), 1, payload.as_bytes(), &[(offset, &[expected])], whys);
    }
    check(format("/t"), 1, br#"{"a":1,"t":1,"t":2}"#, &[], &["twice"]);
    check(format("/t"), 1, br#"{"t":1000500}"#, &[], &["none of the mapped fields"]);
}

#[test]
fn arrays_of_samples_with_their_own_times() {
    let each = |samples: &str, pointers: &[&str], source, step| {
        json(Layout::Each { samples: samples.into() }, pointers, source, step)
    };
    let own = |scope| at("/t", scope);
    let payload = br#"{"part":7,"s":[{"t":1000001,"x":1,"y":2},{"t":1000002,"x":3},{"x":4,"t":"?"}],"late":8}"#;
    check(
        each("/s", &["/x", "/y", "^/part", "^/late"], own(Scope::Sample), 0),
        4,
        payload,
        &[(1, &["i1", "i2", "i7", "i8"]), (2, &["i3", "!!missing", "i7", "i8"]), (0, &["?4", "!!missing", "?7", "?8"])],
        &["no time stamp"],
    );
    let pairs = br#"[[1000001,0.5],[1000003,"1.5"]]"#;
    check(each("", &["/1"], at("/0", Scope::Sample), 0), 1, pairs, &[(1, &["0.5"]), (3, &["1.5"])], &[]);
    let waveform = br#"{"t":1000100,"v":[1,2,3]}"#;
    let rows: [(i64, &[&str]); 3] = [(100, &["i1"]), (110, &["i2"]), (120, &["i3"])];
    check(each("/v", &[""], own(Scope::Message), 10), 1, waveform, &rows, &[]);
    let rows: [(i64, &[&str]); 3] = [(-20, &["i1"]), (-10, &["i2"]), (0, &["i3"])];
    check(each("/v", &[""], TimeSource::Arrival, 10), 1, waveform, &rows, &[]);
    let gaps = br#"[{"x":1},{},{"y":2}]"#;
    check(each("", &["/x"], TimeSource::Arrival, 0), 1, gaps, &[(0, &["i1"])], &["2 of 3 samples"]);
    check(each("/s", &["/x"], TimeSource::Arrival, 0), 1, br#"{"s":[]}"#, &[], &["none of the mapped fields"]);
    check(each("/s", &["/x"], TimeSource::Arrival, 0), 1, br#"{"s":{"x":1}}"#, &[], &["none of the mapped fields"]);
}

#[test]
fn columns_of_one_length() {
    let columns = |source, step| json(Layout::Columns, &["/x", "/y", "/part"], source, step);
    let stamped = || at("/t", Scope::Sample);
    check(
        columns(stamped(), 0),
        3,
        br#"{"t":[1000001,1000002],"x":[1,"Bad"],"y":[0.5,null],"part":7}"#,
        &[(1, &["i1", "0.5", "i7"]), (2, &["!Bad", "!!missing", "i7"])],
        &[],
    );
    check(
        columns(stamped(), 5),
        3,
        br#"{"t":1000100,"x":[1,[2]],"y":[3,{}]}"#,
        &[(100, &["i1", "i3", "!!missing"]), (105, &["![array]", "!{object}", "!!missing"])],
        &[],
    );
    check(columns(stamped(), 0), 3, br#"{"x":1,"y":2,"part":3}"#, &[(0, &["?1", "?2", "?3"])], &["no time stamp"]);
    check(columns(stamped(), 0), 3, br#"{"t":[1000001],"x":[1,2],"y":[1,2]}"#, &[], &["different lengths: /x 2, /y 2"]);
    check(columns(stamped(), 0), 3, br#"{"x":[1],"x":[2]}"#, &[], &["twice"]);
    check(columns(stamped(), 0), 3, br#"{"z":[1]}"#, &[], &["none of the mapped fields"]);
}

#[test]
fn too_many_samples_are_refused_with_bounded_memory() {
    let many = format!("[{}{{}}]", "{},".repeat(300_000));
    let each = json(Layout::Each { samples: String::new() }, &["/x", "/y"], TimeSource::Arrival, 0);
    check(each, 2, many.as_bytes(), &[], &["more than 262144 readings"]);
    let many = format!(r#"{{"x":[{}1]}}"#, "1,".repeat(300_000));
    check(json(Layout::Columns, &["/x"], TimeSource::Arrival, 0), 1, many.as_bytes(), &[], &["more than 262144"]);
}

#[test]
fn plain_texts() {
    let text = || Format::Text(Conversion { range: Some((0.0, 100.0)), ..Conversion::default() });
    check(text(), 1, b" 21.5\n", &[(0, &["21.5"])], &[]);
    check(text(), 1, b"101", &[(0, &["!!out_of_range"])], &[]);
    check(text(), 1, b"Bad", &[(0, &["!Bad"])], &[]);
    check(text(), 1, b"", &[(0, &["!!missing"])], &[]);
    check(text(), 1, b"\xff", &[], &["not a UTF-8 text"]);
}

fn raw(number: RawNumber, order: ByteOrder, n_tags: usize) -> RawMapping {
    RawMapping {
        number,
        order,
        header_bytes: 0,
        stamp: None,
        step: Duration::ZERO,
        conversions: vec![Conversion::default(); n_tags],
    }
}

#[test]
fn raw_numbers_of_every_kind_and_order() {
    use ByteOrder::{Big, Little};
    for (number, order, payload, expected) in [
        (RawNumber::I16, Little, &[0xFE, 0xFF][..], "i-2"),
        (RawNumber::I16, Big, &[0xFF, 0xFE], "i-2"),
        (RawNumber::U16, Little, &[0xFE, 0xFF], "i65534"),
        (RawNumber::U16, Big, &[0xFF, 0xFE], "i65534"),
        (RawNumber::I32, Little, &[0xFE, 0xFF, 0xFF, 0xFF], "i-2"),
        (RawNumber::I32, Big, &[0xFF, 0xFF, 0xFF, 0xFE], "i-2"),
        (RawNumber::U32, Little, &[0xFE, 0xFF, 0xFF, 0xFF], "i4294967294"),
        (RawNumber::U32, Big, &[0xFF, 0xFF, 0xFF, 0xFE], "i4294967294"),
        (RawNumber::F32, Little, &[0, 0, 0x20, 0xC1], "-10"),
        (RawNumber::F32, Big, &[0xC1, 0x20, 0, 0], "-10"),
        (RawNumber::F64, Little, &[0, 0, 0, 0, 0, 0, 0x24, 0xC0], "-10"),
        (RawNumber::F64, Big, &[0xC0, 0x24, 0, 0, 0, 0, 0, 0], "-10"),
        (RawNumber::F32, Big, &[0x7F, 0xC0, 0, 0], "!!not_finite"),
    ] {
        check(Format::Raw(raw(number, order, 1)), 1, payload, &[(0, &[expected])], &[]);
    }
}

#[test]
fn raw_rows_headers_and_stamps() {
    let mut mapping = raw(RawNumber::I16, ByteOrder::Big, 2);
    mapping.header_bytes = 10;
    mapping.stamp = Some(RawStamp { at_byte: 2, stamp: millis() });
    mapping.step = Duration::from_millis(10);
    let mut payload = vec![0xAA, 0xBB];
    payload.extend_from_slice(&1_000_100_i64.to_be_bytes());
    payload.extend_from_slice(&[0, 1, 0, 2, 0, 3, 0, 4]);
    let rows: [(i64, &[&str]); 2] = [(100, &["i1", "i2"]), (110, &["i3", "i4"])];
    check(Format::Raw(mapping.clone()), 2, &payload, &rows, &[]);
    for wrong in [&payload[..16], &payload[..10], &payload[..4], &[]] {
        check(Format::Raw(mapping.clone()), 2, wrong, &[], &["no whole number of samples"]);
    }
    payload[2] = 0x7F;
    let rows: [(i64, &[&str]); 2] = [(-10, &["?1", "?2"]), (0, &["?3", "?4"])];
    check(Format::Raw(mapping), 2, &payload, &rows, &["no time stamp"]);
}

#[test]
fn one_message_feeds_every_group_that_matches() {
    let groups = [
        group(0, "line/+/force", 1, one(&["/f"])),
        group(1, "line/#", 2, one(&["/t", "/f"])),
        group(2, "line/#", 1, one(&["/none"])),
        group(3, "other", 1, one(&["/f"])),
    ];
    let decoded = decode(&groups, "line/3/force", br#"{"f":1.5,"t":20}"#);
    let mut found: Vec<(u32, usize)> = decoded.frames.iter().map(|f| (f.group.0, f.readings.len())).collect();
    found.sort_unstable();
    assert_eq!((found, decoded.whys), (vec![(0, 1), (1, 2)], vec![]));
    let decoded = decode(&groups, "elsewhere", b"1");
    assert!(decoded.frames.is_empty() && decoded.whys[0].contains("no tag reads this topic"));
}

#[test]
fn a_mark_names_topic_and_payload() {
    let digest = |topic, payload| mark(topic, payload, false).digest;
    assert_eq!(digest("a", b"b"), digest("a", b"b"));
    assert_ne!(digest("a", b"b"), digest("ab", b""));
    assert_ne!(digest("a", b"b"), digest("a", b"c"));
    assert_eq!(digest("a", b"b")[..], blake3::hash(b"a\0b").as_bytes()[..16]);
}

fn any_format() -> impl Strategy<Value = (usize, Format)> {
    let stamped = || at("/t", Scope::Sample);
    prop_oneof![
        Just((2, one(&["/a", "/b/0"]))),
        Just((1, one(&[""]))),
        Just((2, json(Layout::Each { samples: "/s".into() }, &["/a", "^/b"], stamped(), 1))),
        Just((1, json(Layout::Each { samples: String::new() }, &["/0"], stamped(), 1))),
        Just((2, json(Layout::Columns, &["/a", "/b"], stamped(), 1))),
        Just((1, Format::Text(Conversion::default()))),
        Just((3, Format::Raw(raw(RawNumber::F32, ByteOrder::Little, 3)))),
    ]
}

/// JSON-like texts: mostly well-formed, with mapped names, and sometimes cut off.
fn jsonish() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|v| v.to_string()),
        any::<i64>().prop_map(|v| v.to_string()),
        "\"[a-z\\\\\" ]{0,4}\"",
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        let entry = (prop_oneof![Just("a"), Just("b"), Just("s"), Just("t")], inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|v| format!("[{}]", v.join(","))),
            prop::collection::vec(entry, 0..4).prop_map(|entries| {
                let parts: Vec<String> = entries.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", parts.join(","))
            }),
        ]
    });
    (value, 0..400_usize).prop_map(|(text, cut)| text.chars().take(if cut < 40 { cut } else { usize::MAX }).collect())
}

fn is_sound(n_tags: usize, format: Format, payload: &[u8]) {
    let decoded = decode(&[group(0, "t", n_tags, format)], "t", payload);
    assert!(!decoded.frames.is_empty() || !decoded.whys.is_empty(), "neither frame nor reject");
    for frame in &decoded.frames {
        assert_eq!(frame.readings.len(), n_tags);
        assert!(frame.readings.iter().filter_map(Reading::as_f64).all(f64::is_finite));
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(format in any_format(), payload in prop::collection::vec(any::<u8>(), 0..200)) {
        is_sound(format.0, format.1, &payload);
    }

    #[test]
    fn json_like_texts_never_panic(format in any_format(), text in jsonish()) {
        is_sound(format.0, format.1, text.as_bytes());
    }

    #[test]
    fn what_is_written_as_json_is_read_back(rows in prop::collection::vec((any::<i64>(), any::<f64>(), any::<u64>(), any::<bool>()), 1..20)) {
        let finite: Vec<_> = rows.into_iter().filter(|r| r.1.is_finite()).collect();
        prop_assume!(!finite.is_empty());
        let elements: Vec<_> = finite.iter().map(|(a, b, c, d)| serde_json::json!({"a": a, "b": {"x": b}, "c": c.to_string(), "d": d})).collect();
        let payload = serde_json::to_vec(&serde_json::json!({ "s": elements })).unwrap();
        let layout = Layout::Each { samples: "/s".into() };
        let format = json(layout, &["/a", "/b/x", "/c", "/d"], TimeSource::Arrival, 0);
        let decoded = decode(&[group(0, "t", 4, format)], "t", &payload);
        prop_assert_eq!(decoded.frames.len(), finite.len());
        for (frame, (a, b, c, d)) in decoded.frames.iter().zip(&finite) {
            let unsigned = i64::try_from(*c).map_or(Value::Unsigned(*c), Value::Integer);
            let expected = [Value::Integer(*a), Value::Real(*b), unsigned, Value::Flag(*d)].map(Reading::Good);
            prop_assert_eq!(&frame.readings[..], &expected[..]);
        }
    }

    #[test]
    fn what_is_written_raw_is_read_back(rows in prop::collection::vec([any::<i16>(); 3], 1..50), big in any::<bool>()) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let bytes = |v: &i16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let payload: Vec<u8> = rows.iter().flatten().flat_map(bytes).collect();
        let decoded = decode(&[group(0, "t", 3, Format::Raw(raw(RawNumber::I16, order, 3)))], "t", &payload);
        let read: Vec<[i16; 3]> = decoded.frames.iter().map(|f| {
            std::array::from_fn(|i| match &f.readings[i] {
                Reading::Good(Value::Integer(v)) => i16::try_from(*v).unwrap(),
                other => panic!("{other:?}"),
            })
        }).collect();
        prop_assert_eq!(read, rows);
    }
}
