//! Register addresses: as a manual writes them, and as they go on the wire (B2).
//!
//! Three notations are read: `holding:100` (the protocol address, from zero, decimal or `0x…`),
//! `400101` (six digits, from one) and `40101` (five digits, from one). Shown is always the first,
//! because it is what goes on the wire.
//!
//! ```
//! use takt_adapters::modbus::Address;
//! for text in ["holding:100", "holding:0x64", "400101", "40101"] {
//!     let address: Address = text.parse().expect("a register address");
//!     assert_eq!(address.to_string(), "holding:100");
//! }
//! ```

use std::fmt;
use std::str::FromStr;

/// One of the four tables of a Modbus device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Bits that can be written (function codes 01, 05, 15).
    Coil,
    /// Bits that can only be read (02).
    Discrete,
    /// Registers that can only be read (04).
    Input,
    /// Registers that can be written (03, 06, 16).
    Holding,
}

impl Table {
    /// All tables, in the order of their first digit in manuals: 0, 1, 3, 4.
    pub const ALL: [Self; 4] = [Self::Coil, Self::Discrete, Self::Input, Self::Holding];

    /// The word before the colon.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Input => "input",
            Self::Holding => "holding",
        }
    }

    /// Whether an element is a bit; a 16-bit register otherwise.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    /// Most elements one read may ask for (Modbus Application Protocol V1.1b3, 6.1–6.4).
    pub fn n_max(self) -> u16 {
        if self.is_bits() { 2_000 } else { 125 }
    }

    fn of_manual_digit(digit: u8) -> Option<Self> {
        match digit {
            b'0' => Some(Self::Coil),
            b'1' => Some(Self::Discrete),
            b'3' => Some(Self::Input),
            b'4' => Some(Self::Holding),
            _ => None,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A place in a device: a table and a protocol address, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The table.
    pub table: Table,
    /// The address that goes on the wire.
    pub offset: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.table, self.offset)
    }
}

/// Why a text is no register address. The message says what to type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// The word before the colon is no table.
    #[error("'{0}' is no Modbus table; write coil:, discrete:, input: or holding:")]
    Table(String),
    /// The text after the colon is no protocol address.
    #[error("'{0}' is no protocol address; after the colon write a number from 0 to 65535, or 0x0 to 0xffff")]
    Offset(String),
    /// Neither `table:number` nor five or six digits.
    #[error(
        "'{0}' is no register address; write holding:100 (counted from 0), or 400101 or 40101 as in the manual \
         (counted from 1)"
    )]
    Form(String),
    /// The first digit of a manual address names no table.
    #[error(
        "'{0}' begins with no table's digit; 0 is a coil, 1 a discrete input, 3 an input register, 4 a holding register"
    )]
    Digit(String),
    /// Manual addresses count from one, up to 9999 or 65536.
    #[error("'{text}' lies outside the manual's numbering; it runs from {first} to {last}")]
    Numbering {
        /// What was typed.
        text: String,
        /// The first address of that table in that notation.
        first: String,
        /// The last one.
        last: String,
    },
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let text = text.trim();
        match text.split_once(':') {
            Some((table, offset)) => named(table.trim(), offset.trim()),
            None => manual(text),
        }
    }
}

fn named(table: &str, offset: &str) -> Result<Address, InvalidAddress> {
    let table = Table::ALL
        .into_iter()
        .find(|t| t.word().eq_ignore_ascii_case(table))
        .ok_or_else(|| InvalidAddress::Table(table.to_owned()))?;
    let parsed = match offset.strip_prefix("0x").or_else(|| offset.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u16::from_str_radix(hex, 16).ok(),
        None if !offset.starts_with('+') => offset.parse().ok(),
        _ => None,
    };
    let offset = parsed.ok_or_else(|| InvalidAddress::Offset(offset.to_owned()))?;
    Ok(Address { table, offset })
}

fn manual(text: &str) -> Result<Address, InvalidAddress> {
    let digits = text.as_bytes();
    if !matches!(digits.len(), 5 | 6) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidAddress::Form(text.to_owned()));
    }
    let table = Table::of_manual_digit(digits[0]).ok_or_else(|| InvalidAddress::Digit(text.to_owned()))?;
    let number: u32 = text[1..].parse().map_err(|_| InvalidAddress::Form(text.to_owned()))?;
    let last = if digits.len() == 5 { 9_999 } else { 65_536 };
    let offset = number.checked_sub(1).filter(|_| number <= last).and_then(|n| u16::try_from(n).ok());
    let width = digits.len() - 1;
    let shown = |n: u32| format!("{}{n:0width$}", &text[..1]);
    offset.map(|offset| Address { table, offset }).ok_or_else(|| InvalidAddress::Numbering {
        text: text.to_owned(),
        first: shown(1),
        last: shown(last),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        match (text.parse::<Address>(), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.to_string(), expected, "{text}"),
            (Err(error), Err(part)) => {
                let said = error.to_string();
                assert!(said.contains(part), "{text}: '{said}' does not say '{part}'");
            }
            (found, _) => panic!("{text}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn every_notation_gives_the_protocol_address() {
        check("400001", Ok("holding:0"));
        check("40001", Ok("holding:0"));
        check("49999", Ok("holding:9998"));
        check("465536", Ok("holding:65535"));
        check("300010", Ok("input:9"));
        check("10003", Ok("discrete:2"));
        check("00010", Ok("coil:9"));
        check("000010", Ok("coil:9"));
        check("holding:0", Ok("holding:0"));
        check(" Input : 5 ", Ok("input:5"));
        check("coil:10", Ok("coil:10"));
        check("discrete:0x1F", Ok("discrete:31"));
    }

    #[test]
    fn an_error_says_what_to_type() {
        check("400000", Err("from 400001 to 465536"));
        check("465537", Err("from 400001 to 465536"));
        check("40000", Err("from 40001 to 49999"));
        check("20001", Err("4 a holding register"));
        check("100", Err("holding:100"));
        check("4000001", Err("holding:100"));
        check("register:3", Err("coil:, discrete:, input: or holding:"));
        check("holding:65536", Err("0 to 65535"));
        check("holding:-1", Err("0 to 65535"));
        check("holding:+1", Err("0 to 65535"));
        check("holding:", Err("0 to 65535"));
        check("", Err("holding:100"));
        check("4000é", Err("holding:100"));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(table in 0..4_usize, offset: u16) {
            let address = Address { table: Table::ALL[table], offset };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<Address>();
        }
    }
}
