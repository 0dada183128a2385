//! Registers of a device: one in every type and order, and which ones there are.

use super::Running;
use super::asked::FieldError;
use crate::assemble;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_adapters::modbus::probe::{Swept, Target};
use takt_adapters::modbus::{Address, Answer, CallFault, Span, Way, read_now, sweep};
use takt_config::resolved::{Connection, ConnectionKind, Modbus};
use utoipa::ToSchema;

/// One way to read registers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guess {
    /// The type, as documents write it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The order, as documents write it.
    pub order: String,
    /// What it would be; null where it is no number.
    pub value: Option<serde_json::Value>,
    /// Why it is no value.
    pub why: Option<String>,
    /// Between 0 and 1: a rule of thumb to sort by, not a probability.
    pub plausibility: f64,
}

/// What stands in a register now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterRead {
    /// The address as it was typed.
    pub typed: String,
    /// The address that goes on the wire.
    pub register: String,
    /// The unit that was asked.
    pub unit: u8,
    /// The running connection through which it was asked; null for a connection of its own.
    pub through: Option<String>,
    /// Registers as they came, up to four.
    pub registers: Option<Vec<u16>>,
    /// Bits as they came.
    pub bits: Option<Vec<bool>>,
    /// The bytes on the wire, in hexadecimal.
    pub bytes: String,
    /// What registers may mean, the most plausible first; empty for bits.
    pub guesses: Vec<Guess>,
}

/// A stretch of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    /// Its first address.
    pub from: String,
    /// How many.
    pub n: u16,
    /// The registers, where they can be read.
    pub registers: Option<Vec<u16>>,
    /// The bits, where they can be read.
    pub bits: Option<Vec<bool>>,
    /// The exception code with which the device refuses it.
    pub exception: Option<u8>,
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scan {
    /// The unit that was asked.
    pub unit: u8,
    /// The running connection through which it was asked; null for a connection of its own.
    pub through: Option<String>,
    /// By rising address.
    pub stretches: Vec<Stretch>,
    /// How many of those asked for can be read.
    pub n_read: u32,
    /// What ended it early.
    pub ended_by: Option<String>,
}

/// That a connection is a Modbus device.
///
/// # Errors
/// That it is something else.
pub fn device(connection: &Connection) -> Result<&Modbus, FieldError> {
    match &connection.kind {
        ConnectionKind::ModbusTcp(device) => Ok(device),
        other => Err(FieldError::wrong(
            format!("{} is {}; registers are read from modbus-tcp connections", *connection.id, other.word()),
            "ask a modbus-tcp connection, or listen to topics",
        )),
    }
}

/// Where a device is asked, at its own unit or another.
///
/// # Errors
/// That it is no device.
pub fn target(connection: &Connection, unit: Option<u8>) -> Result<Target, FieldError> {
    let device = device(connection)?;
    let options = assemble::device(device);
    Ok(Target { address: options.address, unit: unit.unwrap_or(device.unit), timing: options.timing })
}

/// Reads one register in every type and order.
///
/// # Errors
/// What the device said, or that it said nothing.
pub async fn read_register(
    target: &Target,
    typed: &str,
    running: Option<&Running>,
) -> Result<RegisterRead, FieldError> {
    let at: Address = address(typed)?;
    let silent = |fault: CallFault| silent(target, &at.to_string(), &fault);
    let mut way = way(target, running).await.map_err(silent)?;
    let glimpse = read_now(&mut way, target.unit, at).await.map_err(silent)?;
    let guesses = glimpse.guesses.iter().map(|guess| {
        let (_, why, value) = crate::board::show::reading_parts(&guess.reading);
        let (kind, order) = (guess.kind.to_string(), guess.order.to_string());
        Guess { kind, order, value, why, plausibility: guess.plausibility }
    });
    Ok(RegisterRead {
        typed: typed.trim().to_owned(),
        register: at.to_string(),
        unit: target.unit,
        through: running.map(|running| running.connection.clone()),
        registers: answer_registers(&glimpse.raw),
        bits: answer_bits(&glimpse.raw),
        bytes: bytes(&glimpse.raw),
        guesses: guesses.collect(),
    })
}

/// Finds which registers of a stretch the device has.
///
/// # Errors
/// That no connection can be made.
pub async fn scan(target: &Target, span: Span, running: Option<&Running>) -> Result<Scan, FieldError> {
    let mut way = way(target, running).await.map_err(|fault| silent(target, "the scan", &fault))?;
    let found = sweep(&mut way, target.unit, span, Duration::ZERO).await;
    let n_read = found.swept.iter().filter(|s| s.found.is_ok()).map(|s| u32::from(s.span.n)).sum();
    Ok(Scan {
        unit: target.unit,
        through: running.map(|running| running.connection.clone()),
        stretches: found.swept.iter().map(stretch).collect(),
        n_read,
        ended_by: found.ended_by.map(|fault| fault.to_string()),
    })
}

/// The registers of an answer; `None` for bits.
pub fn answer_registers(answer: &Answer) -> Option<Vec<u16>> {
    match answer {
        Answer::Registers(all) => Some(all.clone()),
        Answer::Bits(_) => None,
    }
}

/// The bits of an answer; `None` for registers.
pub fn answer_bits(answer: &Answer) -> Option<Vec<bool>> {
    match answer {
        Answer::Registers(_) => None,
        Answer::Bits(all) => Some(all.clone()),
    }
}

/// A register address in any notation (B2).
pub(super) fn address(typed: &str) -> Result<Address, FieldError> {
    typed.parse().map_err(|why| {
        FieldError::wrong(format!("{why}"), "write holding:100, input:5, coil:10, or 400101 as in the manual")
    })
}

/// A stretch of registers, such as `holding:0..100` (100 itself excluded), of at most `n_max`.
///
/// # Errors
/// What to write instead.
pub fn stretch_of(text: &str, n_max: u16) -> Result<Span, FieldError> {
    let wrong = |why: String| FieldError::wrong(why, "write TABLE:A..B, such as holding:0..100");
    let expected = || wrong("this is no stretch of registers".to_owned());
    let (start, end) = text.split_once("..").ok_or_else(expected)?;
    let start = address(start)?;
    let end: u32 = end.trim().parse().map_err(|_| expected())?;
    let n = end.checked_sub(u32::from(start.offset)).filter(|n| *n > 0 && end <= 65_536).ok_or_else(expected)?;
    let n = u16::try_from(n).ok().filter(|n| *n <= n_max);
    let n = n.ok_or_else(|| wrong(format!("at most {n_max} registers are scanned at once; take a part of them")))?;
    Ok(Span { start, n })
}

/// Through the running driver, else over a connection of its own.
pub(super) async fn way(target: &Target, running: Option<&Running>) -> Result<Way, CallFault> {
    match running {
        Some(running) => Ok(Way::Driver(running.probes.clone())),
        None => Way::own(target).await,
    }
}

pub(super) fn silent(target: &Target, what: &str, fault: &CallFault) -> FieldError {
    FieldError::Silent {
        error: format!("{what} from {} unit {}: {fault}", target.address, target.unit),
        hint: "try the connection step by step; scan to see which registers there are".to_owned(),
    }
}

fn bytes(raw: &Answer) -> String {
    match raw {
        Answer::Registers(all) => {
            let hex = all.iter().flat_map(|register| register.to_be_bytes()).map(|byte| format!("{byte:02x}"));
            hex.collect::<Vec<_>>().join(" ")
        }
        Answer::Bits(all) => all.iter().map(|bit| if *bit { "01" } else { "00" }).collect::<Vec<_>>().join(" "),
    }
}

fn stretch(swept: &Swept) -> Stretch {
    let found = swept.found.as_ref().ok();
    Stretch {
        from: swept.span.start.to_string(),
        n: swept.span.n,
        registers: found.and_then(answer_registers),
        bits: found.and_then(answer_bits),
        exception: swept.found.as_ref().err().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read() {
        let cases = [
            ("holding:0..100", Some(("holding:0", 100))),
            ("input:10..11", Some(("input:10", 1))),
            ("400001..10", Some(("holding:0", 10))),
            ("holding:65535..65536", Some(("holding:65535", 1))),
            ("holding:65535..65537", None),
            ("coil:5..5", None),
            ("holding:0..20000", None),
            ("holding:5", None),
            ("meter:0..5", None),
        ];
        for (text, expected) in cases {
            let found = stretch_of(text, 10_000).ok().map(|span| (span.start.to_string(), span.n));
            assert_eq!(found, expected.map(|(start, n)| (start.to_owned(), n)), "{text}");
        }
    }
}
