//! Byte and word order: how a device lays a value over its registers (B1).

use std::fmt;
use std::str::FromStr;

/// The order of a value's bytes in the registers as they come over the wire.
///
/// The letters name the value's bytes from the most significant one, `a`; a register carries two,
/// high byte first. The same four orders serve values of 2, 4 and 8 bytes, because each is one of:
/// words reversed or not, bytes within a word swapped or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// `abcd`, `abcdefgh`: most significant word first, as the standard has it for one register.
    #[default]
    Abcd,
    /// `cdab`, `ghefcdab`: least significant word first.
    Cdab,
    /// `badc`, `badcfehg`: most significant word first, bytes swapped.
    Badc,
    /// `dcba`, `hgfedcba`: least significant byte first.
    Dcba,
}

impl Order {
    /// All orders.
    pub const ALL: [Self; 4] = [Self::Abcd, Self::Cdab, Self::Badc, Self::Dcba];

    /// Whether the least significant word comes first.
    pub fn words_reversed(self) -> bool {
        matches!(self, Self::Cdab | Self::Dcba)
    }

    /// Whether the low byte stands in a register's high byte.
    pub fn bytes_swapped(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba)
    }

    /// The letters for a value of so many bytes (2, 4 or 8).
    pub fn letters(self, n_bytes: usize) -> &'static str {
        match (self, n_bytes) {
            (Self::Abcd | Self::Cdab, 2) => "ab",
            (Self::Badc | Self::Dcba, 2) => "ba",
            (Self::Abcd, 8) => "abcdefgh",
            (Self::Cdab, 8) => "ghefcdab",
            (Self::Badc, 8) => "badcfehg",
            (Self::Dcba, 8) => "hgfedcba",
            (Self::Abcd, _) => "abcd",
            (Self::Cdab, _) => "cdab",
            (Self::Badc, _) => "badc",
            (Self::Dcba, _) => "dcba",
        }
    }

    /// Registers from the wire as the value's bits, most significant first in the result's low bits.
    pub(crate) fn join(self, registers: &[u16]) -> u64 {
        let word = |bits: u64, register: &u16| {
            let register = if self.bytes_swapped() { register.swap_bytes() } else { *register };
            (bits << 16) | u64::from(register)
        };
        if self.words_reversed() { registers.iter().rev().fold(0, word) } else { registers.iter().fold(0, word) }
    }

    /// A value's bits as `n` registers for the wire; the inverse of [`Order::join`].
    pub(crate) fn part(self, bits: u64, n: usize) -> Vec<u16> {
        let word = |i: usize| {
            #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are meant")]
            let register = (bits >> (16 * i)) as u16;
            if self.bytes_swapped() { register.swap_bytes() } else { register }
        };
        if self.words_reversed() { (0..n).map(word).collect() } else { (0..n).rev().map(word).collect() }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letters(4))
    }
}

/// A text that names no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no byte order; write abcd, cdab, badc or dcba (for 64 bits also abcdefgh, ghefcdab, badcfehg, hgfedcba)"
)]
pub struct InvalidOrder(String);

impl FromStr for Order {
    type Err = InvalidOrder;

    fn from_str(text: &str) -> Result<Self, InvalidOrder> {
        let lower = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|order| [2, 4, 8].iter().any(|n| order.letters(*n) == lower))
            .ok_or_else(|| InvalidOrder(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters as registers: `abcd` over a value whose bytes are a=1, b=2, … .
    fn check(letters: &str) {
        let order: Order = letters.parse().expect("an order");
        let bytes: Vec<u8> = letters.bytes().map(|letter| letter - b'a' + 1).collect();
        let registers: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
        let value = (1..=letters.len() as u64).fold(0, |bits, byte| (bits << 8) | byte);
        assert_eq!(order.join(&registers), value, "{letters}");
        assert_eq!(order.part(value, registers.len()), registers, "{letters}");
    }

    #[test]
    fn the_letters_are_the_layout() {
        for order in Order::ALL {
            for n_bytes in [2, 4, 8] {
                check(order.letters(n_bytes));
            }
        }
    }

    #[test]
    fn an_unknown_order_is_an_error_that_lists_the_known() {
        let said = "acbd".parse::<Order>().expect_err("no order").to_string();
        assert!(said.contains("cdab") && said.contains("ghefcdab"), "{said}");
    }
}
