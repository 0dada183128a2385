//! One tag's readings in a chunk: runs of codes, and one compressed stream per kind of payload.
//!
//! Floats that are short decimals – most of what JSON carries – become integers times a power of
//! ten, checked bit by bit; the rest goes to pco as it is. Both give back every bit.

use super::bytes::{Corrupt, Cursor, put_part, put_uint};
use super::reading::{Coded, Payload, coded, payload, uncoded};
use std::collections::HashMap;
use std::sync::Arc;
use takt_plant::Reading;

/// Level of pco: beyond 4 the bytes shrink by less than 1 % on the measured data.
const PCO_LEVEL: usize = 4;
/// Largest power of ten that is tried: beyond it too few doubles are short decimals.
const DECIMALS_MAX: u32 = 12;
/// Integers beyond this are not exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A column that grows.
#[derive(Debug, Clone, Default)]
pub struct Column {
    runs: Vec<(u16, u32)>,
    reals: Vec<f64>,
    integers: Vec<i64>,
    unsigneds: Vec<u64>,
    texts: Vec<u32>,
    words: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
}

/// Count, smallest, largest and sum of the numbers among some readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Readings with a number.
    pub n: u32,
    /// Smallest number; infinite when there is none.
    pub min: f64,
    /// Largest number; negative infinite when there is none.
    pub max: f64,
    /// Sum of the numbers.
    pub sum: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { n: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 }
    }
}

impl Extent {
    /// Takes one more number.
    pub fn add(&mut self, v: f64) {
        self.n += 1;
        self.min = self.min.min(v);
        self.max = self.max.max(v);
        self.sum += v;
    }

    /// Takes what another extent counted.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }
}

impl Column {
    /// Appends a reading and gives the memory that it takes, in bytes, about.
    pub fn push(&mut self, reading: &Reading) -> usize {
        let coded = coded(reading);
        let code = coded.code();
        let mut n_bytes = 0;
        match self.runs.last_mut() {
            Some((last, n)) if *last == code => *n += 1,
            _ => {
                self.runs.push((code, 1));
                n_bytes += 8;
            }
        }
        match coded {
            Coded::Bare(_) => return n_bytes,
            Coded::Real(_, v) => self.reals.push(v),
            Coded::Integer(_, v) => self.integers.push(v),
            Coded::Unsigned(_, v) => self.unsigneds.push(v),
            Coded::Text(_, text) => n_bytes += self.push_text(text),
        }
        n_bytes + 8
    }

    fn push_text(&mut self, text: &Arc<str>) -> usize {
        if let Some(place) = self.places.get(text) {
            self.texts.push(*place);
            return 0;
        }
        let place = u32::try_from(self.words.len()).expect("a chunk holds fewer than 2^32 readings");
        self.words.push(Arc::clone(text));
        self.places.insert(Arc::clone(text), place);
        self.texts.push(place);
        text.len() + 64
    }

    /// Appends the compressed column.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_uint(out, self.runs.len() as u64);
        for (code, n) in &self.runs {
            put_uint(out, u64::from(*code));
            put_uint(out, u64::from(*n));
        }
        if !self.reals.is_empty() {
            encode_reals(&self.reals, out);
        }
        if !self.integers.is_empty() {
            put_part(out, &compress(&self.integers));
        }
        if !self.unsigneds.is_empty() {
            put_part(out, &compress(&self.unsigneds));
        }
        if !self.texts.is_empty() {
            put_uint(out, self.words.len() as u64);
            for word in &self.words {
                put_part(out, word.as_bytes());
            }
            put_part(out, &compress(&self.texts));
        }
    }

    /// Reads a column of `n` readings.
    ///
    /// # Errors
    /// [`Corrupt`] when the bytes are not such a column.
    pub fn decode(bytes: &[u8], n: usize) -> Result<Self, Corrupt> {
        let mut cursor = Cursor::new(bytes);
        let n_runs = cursor.count(2, "column runs")?;
        let mut column = Self { runs: Vec::with_capacity(n_runs), ..Self::default() };
        let mut needs = [0_usize; 5];
        for _ in 0..n_runs {
            let code = cursor.small("column code")?;
            let run: u32 = cursor.small("column run")?;
            needs[payload(code)? as usize] += run as usize;
            column.runs.push((code, run));
        }
        if needs.iter().sum::<usize>() != n {
            return Err(Corrupt("column length"));
        }
        if needs[Payload::Real as usize] > 0 {
            column.reals = decode_reals(&mut cursor, needs[Payload::Real as usize])?;
        }
        if needs[Payload::Integer as usize] > 0 {
            column.integers = decompress(cursor.part("integers")?, needs[Payload::Integer as usize])?;
        }
        if needs[Payload::Unsigned as usize] > 0 {
            column.unsigneds = decompress(cursor.part("unsigned integers")?, needs[Payload::Unsigned as usize])?;
        }
        if needs[Payload::Text as usize] > 0 {
            let n_words = cursor.count(1, "words")?;
            for _ in 0..n_words {
                column.words.push(cursor.shared_text("word")?);
            }
            column.texts = decompress(cursor.part("texts")?, needs[Payload::Text as usize])?;
            if column.texts.iter().any(|t| *t as usize >= n_words) {
                return Err(Corrupt("text place"));
            }
        }
        Ok(column)
    }

    /// The readings, first to last.
    ///
    /// # Errors
    /// [`Corrupt`] when codes and payloads do not match.
    pub fn readings(&self) -> Result<Vec<Reading>, Corrupt> {
        let mut reals = self.reals.iter();
        let mut integers = self.integers.iter();
        let mut unsigneds = self.unsigneds.iter();
        let mut texts = self.texts.iter();
        let short = Corrupt("column payload");
        let mut readings = Vec::new();
        for (code, n) in &self.runs {
            let payload = payload(*code)?;
            for _ in 0..*n {
                let coded = match payload {
                    Payload::None => Coded::Bare(*code),
                    Payload::Real => Coded::Real(*code, *reals.next().ok_or(short)?),
                    Payload::Integer => Coded::Integer(*code, *integers.next().ok_or(short)?),
                    Payload::Unsigned => Coded::Unsigned(*code, *unsigneds.next().ok_or(short)?),
                    Payload::Text => Coded::Text(*code, &self.words[*texts.next().ok_or(short)? as usize]),
                };
                readings.push(uncoded(coded)?);
            }
        }
        Ok(readings)
    }

    /// The numbers of blocks of `block` readings.
    pub fn extents(&self, block: usize) -> Vec<Extent> {
        let mut extents = Vec::new();
        self.each_number(|i, v| {
            let place = i / block;
            if extents.len() <= place {
                extents.resize(place + 1, Extent::default());
            }
            if let Some(v) = v {
                extents[place].add(v);
            }
        });
        extents
    }

    /// Visits every reading as a number, where it has one that is finite or not.
    #[expect(clippy::cast_precision_loss, reason = "as Value::as_f64: rounding beyond 2^53 is documented there")]
    pub fn each_number(&self, mut visit: impl FnMut(usize, Option<f64>)) {
        let mut reals = self.reals.iter();
        let mut integers = self.integers.iter();
        let mut unsigneds = self.unsigneds.iter();
        let mut i = 0;
        for (code, n) in &self.runs {
            let payload = payload(*code).unwrap_or(Payload::None);
            let flag = (*code < 18 && *code % 6 >= 3 && *code % 6 <= 4).then(|| f64::from(*code % 6 - 3));
            for _ in 0..*n {
                let v = match payload {
                    Payload::None => flag,
                    Payload::Real => reals.next().copied(),
                    Payload::Integer => integers.next().map(|v| *v as f64),
                    Payload::Unsigned => unsigneds.next().map(|v| *v as f64),
                    Payload::Text => None,
                };
                visit(i, v);
                i += 1;
            }
        }
    }
}

/// Compresses integers; used for the time columns as well.
pub fn compress<T: pco::data_types::Number>(values: &[T]) -> Vec<u8> {
    let config = pco::ChunkConfig::default().with_compression_level(PCO_LEVEL);
    pco::standalone::simple_compress(values, &config)
        .expect("level and paging are valid, and memory cannot fail to write")
}

/// Values of one column at most: what damaged bytes may make us allocate, 32 MiB. A chunk is sealed
/// at some thousand frames; one message of the largest size adds less than a million.
const VALUES_MAX: usize = 1 << 22;

/// Decompresses exactly `n` values.
///
/// # Errors
/// [`Corrupt`] when the bytes hold anything else.
pub fn decompress<T: pco::data_types::Number + Default>(bytes: &[u8], n: usize) -> Result<Vec<T>, Corrupt> {
    if n > VALUES_MAX {
        return Err(Corrupt("number of values"));
    }
    let mut values = vec![T::default(); n];
    let progress =
        pco::standalone::simple_decompress_into(bytes, &mut values).map_err(|_| Corrupt("compressed values"))?;
    if progress.n_processed == n && progress.finished { Ok(values) } else { Err(Corrupt("compressed values")) }
}

const AS_FLOATS: u8 = 0xff;

fn encode_reals(reals: &[f64], out: &mut Vec<u8>) {
    match decimals(reals) {
        Some((k, integers)) => {
            out.push(k as u8);
            put_part(out, &compress(&integers));
        }
        None => {
            out.push(AS_FLOATS);
            put_part(out, &compress(reals));
        }
    }
}

fn decode_reals(cursor: &mut Cursor<'_>, n: usize) -> Result<Vec<f64>, Corrupt> {
    let k = cursor.byte("float encoding")?;
    let part = cursor.part("floats")?;
    if k == AS_FLOATS {
        return decompress(part, n);
    }
    if u32::from(k) > DECIMALS_MAX {
        return Err(Corrupt("float encoding"));
    }
    let scale = 10_f64.powi(i32::from(k));
    let integers: Vec<i64> = decompress(part, n)?;
    #[expect(clippy::cast_precision_loss, reason = "the encoder took only integers below 2^53")]
    Ok(integers.into_iter().map(|i| i as f64 / scale).collect())
}

/// The smallest `k` for which every value is an integer below 2^53 divided by 10^k, with these
/// integers. Division rounds correctly, so it gives the double that reading the decimal gives.
fn decimals(reals: &[f64]) -> Option<(u32, Vec<i64>)> {
    let mut k = 0;
    let mut scale = 1.0;
    let mut integers = Vec::with_capacity(reals.len());
    let mut i = 0;
    while i < reals.len() {
        match as_decimal(reals[i], scale) {
            Some(integer) => {
                integers.push(integer);
                i += 1;
            }
            None if k == DECIMALS_MAX => return None,
            None => {
                // A finer power of ten: what was taken so far is taken again, at the new scale.
                k += 1;
                scale = 10_f64.powi(k.cast_signed());
                if as_decimal(reals[i], scale).is_some() {
                    integers.clear();
                    i = 0;
                }
            }
        }
    }
    Some((k, integers))
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounded by 2^53 before the cast")]
fn as_decimal(v: f64, scale: f64) -> Option<i64> {
    let scaled = (v * scale).round();
    if scaled.is_nan() || scaled.abs() >= EXACT_MAX {
        return None;
    }
    let integer = scaled as i64;
    ((integer as f64 / scale).to_bits() == v.to_bits()).then_some(integer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::reading::tests::{any_reading, bits};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_column_comes_back_bit_by_bit(readings in prop::collection::vec(any_reading(), 1..200)) {
            let mut column = Column::default();
            for reading in &readings {
                column.push(reading);
            }
            let mut out = Vec::new();
            column.encode(&mut out);
            let back = Column::decode(&out, readings.len()).unwrap().readings().unwrap();
            let (want, got): (Vec<_>, Vec<_>) = (readings.iter().map(bits).collect(), back.iter().map(bits).collect());
            prop_assert_eq!(want, got);
        }

        #[test]
        fn numbers_agree_with_the_vocabulary(readings in prop::collection::vec(any_reading(), 1..100)) {
            let mut column = Column::default();
            for reading in &readings {
                column.push(reading);
            }
            column.each_number(|i, v| {
                assert_eq!(v.map(f64::to_bits), readings[i].as_f64().map(f64::to_bits));
            });
        }
    }

    #[test]
    fn short_decimals_become_integers() {
        assert_eq!(decimals(&[0.1, 2.25, -3.0]).map(|d| d.0), Some(2));
        assert_eq!(decimals(&[1.0, 2.0]).map(|d| d.0), Some(0));
        assert_eq!(decimals(&[-0.0]), None, "minus zero is no integer");
        assert_eq!(decimals(&[std::f64::consts::PI, 0.5]), None);
        assert_eq!(decimals(&[f64::NAN]), None);
    }
}
