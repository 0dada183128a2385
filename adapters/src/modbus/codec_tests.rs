//! What the codec promises: vectors from manuals and the standard, and round trips over everything.

use super::*;
use proptest::prelude::*;

fn codec(kind: &str, order: &str) -> Codec {
    Codec::plain(kind.parse().expect("a type"), order.parse().expect("an order"))
}

fn check(kind: &str, order: &str, registers: &[u16], expected: Value) {
    let codec = codec(kind, order);
    let reading = codec.decode(registers);
    assert_eq!(reading, Reading::Good(expected), "{kind} {order} {registers:04x?}");
}

#[test]
fn single_precision_in_every_order() {
    // 123.456 is 0x42F6E979 (IEEE 754-2008 binary32).
    let exact = Value::Real(f64::from(123.456_f32));
    check("f32", "abcd", &[0x42f6, 0xe979], exact.clone());
    check("f32", "cdab", &[0xe979, 0x42f6], exact.clone());
    check("f32", "badc", &[0xf642, 0x79e9], exact.clone());
    check("f32", "dcba", &[0x79e9, 0xf642], exact);
}

#[test]
fn double_precision_in_every_order() {
    // -2.5e-3 is 0xBF647AE147AE147B (IEEE 754-2008 binary64).
    let exact = Value::Real(-2.5e-3);
    check("f64", "abcdefgh", &[0xbf64, 0x7ae1, 0x47ae, 0x147b], exact.clone());
    check("f64", "ghefcdab", &[0x147b, 0x47ae, 0x7ae1, 0xbf64], exact.clone());
    check("f64", "badcfehg", &[0x64bf, 0xe17a, 0xae47, 0x7b14], exact.clone());
    check("f64", "hgfedcba", &[0x7b14, 0xae47, 0xe17a, 0x64bf], exact);
}

#[test]
fn integers_in_every_order_signed_and_unsigned() {
    check("u32", "abcd", &[0x1234, 0x5678], Value::Integer(0x1234_5678));
    check("u32", "cdab", &[0x5678, 0x1234], Value::Integer(0x1234_5678));
    check("u32", "badc", &[0x3412, 0x7856], Value::Integer(0x1234_5678));
    check("u32", "dcba", &[0x7856, 0x3412], Value::Integer(0x1234_5678));
    check("i32", "cdab", &[0xfffe, 0xffff], Value::Integer(-2));
    check("i16", "ab", &[0x8000], Value::Integer(-32_768));
    check("i16", "ba", &[0x0080], Value::Integer(-32_768));
    check("u16", "ab", &[0xffff], Value::Integer(65_535));
    check("i64", "ghefcdab", &[0xfffd, 0xffff, 0xffff, 0xffff], Value::Integer(-3));
    check("u64", "abcdefgh", &[0xffff, 0xffff, 0xffff, 0xfffe], Value::Unsigned(u64::MAX - 1));
    check("u64", "hgfedcba", &[0x0100, 0, 0, 0], Value::Integer(1));
}

#[test]
fn bits_booleans_and_texts() {
    check("bit(0)", "ab", &[0x0001], Value::Flag(true));
    check("bit(15)", "ab", &[0x8000], Value::Flag(true));
    check("bit(15)", "ab", &[0x7fff], Value::Flag(false));
    check("bit(7)", "ba", &[0x8000], Value::Flag(true));
    check("bool", "ab", &[0x0002], Value::Flag(true));
    check("bool", "ab", &[0], Value::Flag(false));
    check("string(5)", "abcd", &[0x4142, 0x4344, 0x4546], Value::Text(Arc::from("ABCDE")));
    check("string(6)", "badc", &[0x4241, 0x4443, 0x2000], Value::Text(Arc::from("ABCD")));
    check("string(4)", "abcd", &[0x4100, 0x4242], Value::Text(Arc::from("A")));
    check("string(4)", "abcd", &[0x4dfc, 0x6c6c], Value::Text(Arc::from("Müll")));
    check("string(4)", "abcd", &[0xc3bc, 0x2020], Value::Text(Arc::from("ü")));
}

#[test]
fn a_scaled_integer_is_computed_in_64_bits() {
    let scaled = |kind: &str, factor, offset| Codec { scale: Scale { factor, offset }, ..codec(kind, "abcd") };
    assert_eq!(scaled("i16", 0.1, -40.0).decode(&[1_234]), Reading::number(1_234.0 * 0.1 - 40.0));
    // 0x01020305 needs more than the 24 bits of a single.
    assert_eq!(scaled("u32", 0.5, 0.0).decode(&[0x0102, 0x0305]), Reading::number(8_454_530.5));
}

#[test]
fn raw_values_that_mean_none_are_bad() {
    let with = |kind: &str, sentinel| Codec { sentinels: Arc::from([sentinel]), ..codec(kind, "abcd") };
    let bad = Reading::Bad(Fault::Sentinel);
    for (kind, sentinel, registers) in [
        ("i16", Sentinel::Integer(-32_768), vec![0x8000]),
        ("i16", Sentinel::Integer(32_768), vec![0x8000]),
        ("u16", Sentinel::Integer(-1), vec![0xffff]),
        ("u32", Sentinel::Integer(0xffff_ffff), vec![0xffff, 0xffff]),
        ("i64", Sentinel::Integer(i64::MIN.into()), vec![0x8000, 0, 0, 0]),
        ("f32", Sentinel::Real(-9_999.9), vec![0xc61c, 0x3f9a]),
        ("f32", Sentinel::Integer(-9_999), vec![0xc61c, 0x3c00]),
    ] {
        assert_eq!(with(kind, sentinel).decode(&registers), bad, "{kind} {sentinel:?}");
    }
    assert_eq!(with("i16", Sentinel::Integer(65_536)).decode(&[0]), Reading::Good(Value::Integer(0)));
    assert_eq!(codec("f32", "abcd").decode(&[0x7fc0, 0]), Reading::Bad(Fault::NotFinite));
    assert_eq!(codec("f64", "abcd").decode(&[0xfff0, 0, 0, 0]), Reading::Bad(Fault::NotFinite));
}

#[test]
fn the_instrument_range_is_in_scaled_units() {
    let codec = Codec { scale: Scale { factor: 0.1, offset: 0.0 }, range: Some((0.0, 100.0)), ..codec("i16", "ab") };
    assert_eq!(codec.decode(&[1_000]), Reading::number(100.0));
    assert_eq!(codec.decode(&[1_001]), Reading::Bad(Fault::OutOfRange));
    assert_eq!(codec.decode(&[0xffff]), Reading::Bad(Fault::OutOfRange));
}

#[test]
fn too_few_registers_are_missing() {
    assert_eq!(codec("u32", "abcd").decode(&[1]), Reading::Bad(Fault::Missing));
    assert_eq!(codec("u16", "abcd").decode(&[]), Reading::Bad(Fault::Missing));
}

#[test]
fn what_does_not_fit_is_refused_with_words() {
    let said = |kind: &str, value| codec(kind, "abcd").encode(value).expect_err(kind).to_string();
    assert!(said("u16", WriteValue::Integer(-1)).contains("-1 does not fit into u16"));
    assert!(said("i16", WriteValue::Number(32_768.0)).contains("does not fit into i16"));
    assert!(said("i64", WriteValue::Number(1e30)).contains("does not fit into i64"));
    assert!(said("f32", WriteValue::Number(1e39)).contains("does not fit into f32"));
    assert!(said("u16", WriteValue::Number(f64::NAN)).contains("does not fit"));
    assert!(said("bool", WriteValue::Number(0.5)).contains("neither true nor false"));
    assert!(said("bit(3)", WriteValue::Coil(true)).contains("whole register"));
}

#[test]
fn a_value_is_carried_as_what_it_is_or_not_at_all() {
    let check = |kind: &str, value, expected: Result<(), &str>| {
        let found = codec(kind, "abcd").carries(value).map_err(|why| why.to_string());
        match (&found, expected) {
            (Ok(()), Ok(())) => {}
            (Err(why), Err(part)) => assert!(why.contains(part), "{kind} {value}: {why}"),
            _ => panic!("{kind} {value}: {found:?}, expected {expected:?}"),
        }
    };
    check("u16", WriteValue::Integer(65_535), Ok(()));
    check("u16", WriteValue::Integer(70_000), Err("whole numbers from 0 to 65535"));
    check("u16", WriteValue::Number(2.0), Ok(()));
    check("u16", WriteValue::Number(2.5), Err("2.5 would become 3 in u16"));
    check("i16", WriteValue::Integer(-1), Ok(()));
    check("u64", WriteValue::Integer(i64::MAX), Ok(()));
    check("f32", WriteValue::Number(0.1), Ok(()));
    check("f32", WriteValue::Integer(16_777_216), Ok(()));
    check("f32", WriteValue::Integer(16_777_217), Err("16777217 would become 16777216 in f32"));
    check("f64", WriteValue::Integer(16_777_217), Ok(()));
    check("u16", WriteValue::Coil(true), Ok(()));
    check("bool", WriteValue::Integer(2), Err("neither true nor false"));
}

fn any_kind() -> impl Strategy<Value = ValueType> {
    let more = [ValueType::Bool, ValueType::Bit(3), ValueType::Text(7)];
    let all: Vec<_> = ValueType::NUMBERS.into_iter().chain(more).collect();
    proptest::sample::select(all)
}

fn any_order() -> impl Strategy<Value = Order> {
    proptest::sample::select(Order::ALL.to_vec())
}

fn any_sentinel() -> impl Strategy<Value = Sentinel> {
    prop_oneof![any::<i128>().prop_map(Sentinel::Integer), any::<f64>().prop_map(Sentinel::Real)]
}

proptest! {
    /// Whatever stands in the registers, decoding gives a reading, and a good number is finite.
    #[test]
    fn arbitrary_registers_never_panic(
        kind in any_kind(), order in any_order(), registers in proptest::collection::vec(any::<u16>(), 0..6),
        factor in any::<f64>(), offset in any::<f64>(), sentinel in any_sentinel(), low in any::<f64>(), high in any::<f64>(),
    ) {
        let codec = Codec {
            scale: Scale { factor, offset }, sentinels: Arc::from([sentinel]), range: Some((low, high)), kind, order,
        };
        if let Some(number) = codec.decode(&registers).as_f64() {
            prop_assert!(number.is_finite());
        }
    }

    /// Good numbers written back without scale give the same registers.
    #[test]
    fn unscaled_numbers_round_trip(
        kind in proptest::sample::select(ValueType::NUMBERS.to_vec()), order in any_order(),
        registers in proptest::collection::vec(any::<u16>(), 4),
    ) {
        let codec = Codec::plain(kind, order);
        let registers = &registers[..kind.n_registers().into()];
        let value = match codec.decode(registers) {
            Reading::Good(Value::Integer(v)) => WriteValue::Integer(v),
            Reading::Good(Value::Real(v)) => WriteValue::Number(v),
            // Beyond i64 there is no write value; not finite there is no value at all.
            _ => return Ok(()),
        };
        prop_assert_eq!(codec.encode(value).expect("it was read from there"), registers);
    }

    /// A scaled integer survives the way to engineering units and back.
    #[test]
    fn scaled_integers_round_trip(
        order in any_order(), raw in any::<[u16; 2]>(), factor in prop_oneof![1e-4..1e4_f64, -1e4..-1e-4_f64], offset in -1e5..1e5_f64,
    ) {
        let codec = Codec { scale: Scale { factor, offset }, ..Codec::plain(ValueType::I32, order) };
        let value = codec.decode(&raw).as_f64().expect("a number");
        prop_assert_eq!(codec.encode(WriteValue::Number(value)).expect("it was read from there"), raw);
    }
}
