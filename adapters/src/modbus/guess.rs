//! What raw registers may mean: every type and order, the most plausible first. Pure.
//!
//! Only a help for a person who compares with the device's display; nothing decides by it.

use super::codec::Codec;
use super::kind::ValueType;
use super::order::Order;
use takt_plant::{Reading, Value};

/// One way to read the registers.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// The type.
    pub kind: ValueType,
    /// The order.
    pub order: Order,
    /// What it would be.
    pub reading: Reading,
    /// Between 0 and 1: a rule of thumb, not a probability.
    pub plausibility: f64,
}

/// All readings of the registers, the most plausible first. One to four registers are used.
pub fn guesses(registers: &[u16]) -> Vec<Guess> {
    let fitting = ValueType::NUMBERS.into_iter().filter(|kind| usize::from(kind.n_registers()) <= registers.len());
    let mut guesses: Vec<Guess> = fitting
        .flat_map(|kind| {
            let orders = if kind.n_registers() == 1 { &[Order::Abcd, Order::Badc][..] } else { &Order::ALL[..] };
            orders.iter().map(move |order| (kind, *order))
        })
        .map(|(kind, order)| {
            let reading = Codec::plain(kind, order).decode(registers);
            let plausibility = plausibility(kind, &reading);
            Guess { kind, order, reading, plausibility }
        })
        .collect();
    guesses.sort_by(|a, b| b.plausibility.total_cmp(&a.plausibility));
    guesses
}

/// Process values lie between a millionth and a billion and have few digits; counters and settings
/// are small against their type. Zero says little, and what is not finite is no reading.
fn plausibility(kind: ValueType, reading: &Reading) -> f64 {
    let (Some(value), Some(number)) = (reading.value(), reading.as_f64()) else { return 0.0 };
    if number == 0.0 {
        return 0.3;
    }
    if let Value::Real(v) = value {
        if !(1e-6..1e9).contains(&v.abs()) {
            return 0.02;
        }
        #[expect(clippy::cast_possible_truncation, reason = "shown at the width it came in")]
        let shown = if kind == ValueType::F32 { (*v as f32).to_string() } else { v.to_string() };
        let n_digits = shown.trim_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
        // Few digits are no accident, the less so the more there could have been.
        let short = if kind == ValueType::F64 { 0.95 } else { 0.9 };
        return if n_digits <= 7 { short } else { 0.65 };
    }
    let n_bits = 16.0 * f64::from(kind.n_registers());
    (0.6 * (1.0 - (number.abs() + 1.0).log2() / n_bits)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(registers: &[u16], kind: &str, order: &str) {
        let first = guesses(registers).into_iter().next().expect("a guess");
        assert_eq!((first.kind.to_string(), first.order.to_string()), (kind.to_owned(), order.to_owned()), "{first:?}");
    }

    #[test]
    fn what_a_person_would_say_comes_first() {
        check(&[0x42f6, 0xe979], "f32", "abcd");
        check(&[0xe979, 0x42f6], "f32", "cdab");
        check(&[0x79e9, 0xf642], "f32", "dcba");
        check(&[0xbf64, 0x7ae1, 0x47ae, 0x147b], "f64", "abcd");
        check(&[0xffff, 0xfffe], "i32", "abcd");
        check(&[0x0007], "i16", "abcd");
    }

    #[test]
    fn every_type_and_order_that_fits_is_there() {
        assert_eq!([1, 2, 4].map(|n| guesses(&vec![1; n]).len()), [4, 16, 28]);
        assert!(guesses(&[]).is_empty());
    }
}
