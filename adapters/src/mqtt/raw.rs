//! Raw payloads: binary numbers one after the other.

use crate::convert::Conversion;
use crate::mqtt::fill::READINGS_MAX;
use crate::mqtt::mapping::{ByteOrder, RawMapping, RawNumber};
use crate::mqtt::sink::{FrameSink, Spacing, When};
use std::sync::Arc;
use takt_plant::{GroupSlot, Reading, TagSlot};

/// Reads a raw payload and hands its frames to the sink.
pub(super) fn read(
    mapping: &RawMapping,
    group: GroupSlot,
    tags: &Arc<[TagSlot]>,
    payload: &[u8],
    sink: &mut FrameSink<'_>,
) {
    let row_bytes = mapping.number.n_bytes() * mapping.conversions.len();
    let body = payload.get(mapping.header_bytes..).unwrap_or_default();
    if body.is_empty() || body.len() % row_bytes != 0 {
        return sink.reject(format!(
            "{} bytes after a header of {} are no whole number of samples of {row_bytes} bytes ({} tags of {}); \
             check number format, tags and header",
            body.len(),
            mapping.header_bytes,
            mapping.conversions.len(),
            mapping.number.n_bytes(),
        ));
    }
    if body.len() / mapping.number.n_bytes() > READINGS_MAX {
        return sink.reject(format!("more than {READINGS_MAX} readings in one message; send fewer samples at once"));
    }
    let first = mapping.stamp.as_ref().map(|s| {
        let bytes = payload.get(s.at_byte..s.at_byte + 8).and_then(|b| <[u8; 8]>::try_from(b).ok());
        bytes.and_then(|bytes| s.stamp.integer(integer(bytes, mapping.order)).ok())
    });
    let n = body.len() / row_bytes;
    for (i, row) in body.chunks_exact(row_bytes).enumerate() {
        let numbers = row.chunks_exact(mapping.number.n_bytes()).zip(&mapping.conversions);
        let readings = numbers.map(|(bytes, c)| reading(bytes, mapping.number, mapping.order, c)).collect();
        let spacing = Spacing::of(i, n, mapping.step);
        let when = match first {
            None => When::Arrival(spacing),
            Some(Some(at)) => When::Stamped(at, spacing),
            Some(None) => When::Doubtful(spacing),
        };
        sink.frame(group, tags, readings, when);
    }
}

fn integer(bytes: [u8; 8], order: ByteOrder) -> i64 {
    match order {
        ByteOrder::Little => i64::from_le_bytes(bytes),
        ByteOrder::Big => i64::from_be_bytes(bytes),
    }
}

fn reading(bytes: &[u8], number: RawNumber, order: ByteOrder, conversion: &Conversion) -> Reading {
    match number {
        RawNumber::I16 => conversion.integer(i64::from(i16::from_le_bytes(ordered(bytes, order)))),
        RawNumber::I32 => conversion.integer(i64::from(i32::from_le_bytes(ordered(bytes, order)))),
        RawNumber::U16 => conversion.integer(i64::from(u16::from_le_bytes(ordered(bytes, order)))),
        RawNumber::U32 => conversion.integer(i64::from(u32::from_le_bytes(ordered(bytes, order)))),
        RawNumber::F32 => conversion.real(f64::from(f32::from_le_bytes(ordered(bytes, order)))),
        RawNumber::F64 => conversion.real(f64::from_le_bytes(ordered(bytes, order))),
    }
}

/// The bytes with the least significant one first.
fn ordered<const N: usize>(bytes: &[u8], order: ByteOrder) -> [u8; N] {
    let mut array: [u8; N] = bytes.try_into().expect("chunks have the width of the number");
    if order == ByteOrder::Big {
        array.reverse();
    }
    array
}
