//! A span of request numbers and which of them count: what one voucher settles.

use crate::egress::ClassOnWire;
use crate::ids::{Digest, Units};
use crate::limits::BATCH_SPAN_MAX;
use serde::{Deserialize, Serialize};

/// One request as both sides saw it. Its digest goes into the batch root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Over everything that identifies the request and its result.
    pub digest: Digest,
    /// By the price list.
    pub units: Units,
    /// Verified model bytes; zero for a run.
    pub n_bytes: u32,
    /// The class under which the input travelled.
    pub class: ClassOnWire,
}

impl Leaf {
    /// The leaf of request `no`: `what` is the model or chunk, `input` and `output` what went in and out.
    pub fn new(
        (epoch, no): (u64, u32),
        what: &Digest,
        input: &Digest,
        output: &Digest,
        (units, n_bytes, class): (Units, u32, ClassOnWire),
    ) -> Self {
        let head = [epoch.to_le_bytes(), u64::from(no).to_le_bytes(), units.0.to_le_bytes()].concat();
        let tail = [n_bytes.to_le_bytes(), u32::from(class as u8).to_le_bytes()].concat();
        let digest = Digest::of("leaf", &[&head, &what.0, &input.0, &output.0, &tail]);
        Self { digest, units, n_bytes, class }
    }
}

/// Request numbers `from..to` of one epoch, with a bit for each that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Random for each start of the borrower, so that numbers need no disk.
    pub epoch: u64,
    /// First number.
    pub from: u32,
    /// One past the last.
    pub to: u32,
    bits: Vec<u8>,
}

impl Span {
    /// From a row of counts-or-not.
    pub fn new(epoch: u64, from: u32, counted: &[bool]) -> Self {
        let mut bits = vec![0u8; counted.len().div_ceil(8)];
        for (i, _) in counted.iter().enumerate().filter(|(_, counts)| **counts) {
            bits[i / 8] |= 1 << (i % 8);
        }
        let n = u32::try_from(counted.len()).expect("a span is at most BATCH_SPAN_MAX numbers");
        Self { epoch, from, to: from.saturating_add(n), bits }
    }

    /// Whether it keeps its limits; a decoded one is not used before.
    pub fn is_sound(&self) -> bool {
        let n = self.to.checked_sub(self.from);
        n.is_some_and(|n| n <= BATCH_SPAN_MAX && self.bits.len() == (n as usize).div_ceil(8) && self.tail_is_zero(n))
    }

    /// Spare bits are zero, or one span would have several encodings.
    fn tail_is_zero(&self, n: u32) -> bool {
        n.is_multiple_of(8) || self.bits.last().is_none_or(|last| last >> (n % 8) == 0)
    }

    /// Whether a number counts.
    pub fn counts(&self, no: u32) -> bool {
        let i = no.wrapping_sub(self.from) as usize;
        no >= self.from && no < self.to && self.bits.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1)
    }

    /// The numbers that count, in order.
    pub fn counted(&self) -> impl Iterator<Item = u32> + '_ {
        (self.from..self.to).filter(|no| self.counts(*no))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_what_it_was_given() {
        let row = [true, false, true, true, false, false, true, false, true, false];
        let span = Span::new(1, 40, &row);
        assert!(span.is_sound());
        assert_eq!(span.counted().collect::<Vec<_>>(), vec![40, 42, 43, 46, 48]);
        assert!(!span.counts(39) && !span.counts(50));
    }

    #[test]
    fn an_unsound_span_is_seen() {
        let mut long = Span::new(1, 0, &[true; 9]);
        long.bits[1] |= 0x80;
        assert!(!long.is_sound());
        let back = Span { epoch: 1, from: 9, to: 3, bits: vec![] };
        assert!(!back.is_sound());
    }
}
