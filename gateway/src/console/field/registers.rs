//! `takt read` and `takt scan`: registers of a Modbus device.

use super::{connection, device};
use crate::assemble;
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit::Exit;
use crate::console::table::table;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::str::FromStr;
use std::time::Duration;
use takt_adapters::modbus::probe::{SWEEP_MAX, Swept, Target};
use takt_adapters::modbus::{Address, Answer as Raw, Span, read_now, sweep};
use takt_config::resolved::Connection;
use takt_plant::Reading;

/// Registers of a row of a scan.
const ROW: usize = 8;

/// One register now.
#[derive(Debug, clap::Args)]
pub(in crate::console) struct Read {
    /// A Modbus connection of the documents, or an address such as 10.0.0.10:502.
    connection: String,
    /// The register: holding:100, input:5, coil:10, or 400101 as in the manual.
    register: Address,
    /// The unit id, where it is not the connection's.
    #[arg(long, value_name = "U")]
    unit: Option<u8>,
}

/// Many registers.
#[derive(Debug, clap::Args)]
pub(in crate::console) struct Scan {
    /// A Modbus connection of the documents, or an address such as 10.0.0.10:502.
    connection: String,
    /// Which, such as holding:0..100 (100 itself excluded).
    registers: Registers,
    /// The unit id, where it is not the connection's.
    #[arg(long, value_name = "U")]
    unit: Option<u8>,
}

/// A stretch of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Registers(Span);

impl Read {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let connection = connection(&self.connection, "modbus-tcp", context).await?;
        let target = target(&connection, self.unit)?;
        let glimpse = read_now(&target, self.register).await;
        let glimpse = glimpse.with_context(|| asked(&target, &self.register.to_string()))?;
        let (raw, hex) = match &glimpse.raw {
            Raw::Bits(bits) => (json!(bits), bits.iter().map(|bit| u8::from(*bit).to_string()).collect::<Vec<_>>()),
            Raw::Registers(all) => (json!(all), all.iter().map(|r| format!("{r:04x}")).collect()),
        };
        let mut guesses = Vec::new();
        let mut rows = Vec::new();
        for guess in &glimpse.guesses {
            let (value, shown) = shown(&guess.reading);
            let (kind, order) = (guess.kind.to_string(), guess.order.to_string());
            guesses.push(json!({ "type": kind, "order": order, "value": value, "plausibility": guess.plausibility }));
            rows.push([kind, order, shown]);
        }
        let mut text = format!("{} unit {}, on the wire: {}", self.register, target.unit, hex.join(" "));
        if !rows.is_empty() {
            text =
                format!("{text}\nIt may be, the most plausible first:\n{}", table(["TYPE", "ORDER", "VALUE"], &rows));
        }
        let json =
            json!({ "register": self.register.to_string(), "unit": target.unit, "raw": raw, "guesses": guesses });
        Ok(Answer::new(text, json))
    }
}

impl Scan {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let connection = connection(&self.connection, "modbus-tcp", context).await?;
        let target = target(&connection, self.unit)?;
        let Registers(span) = self.registers;
        let found = sweep(&target, span, Duration::ZERO).await.with_context(|| asked(&target, "the scan"))?;
        let mut lines = Vec::new();
        let mut stretches = Vec::new();
        for swept in &found.swept {
            lines.extend(rows(swept));
            stretches.push(stretch(swept));
        }
        let n_read: u32 = found.swept.iter().filter(|s| s.found.is_ok()).map(|s| u32::from(s.span.n)).sum();
        lines.push(format!("{n_read} of {} can be read", span.n));
        let ended_by = found.ended_by.as_ref().map(ToString::to_string);
        lines.extend(ended_by.iter().map(|why| format!("the scan ended early: {why}")));
        let exit = if ended_by.is_some() { Exit::Failed } else { Exit::Clean };
        Ok(Answer::new(lines.join("\n"), json!({ "found": stretches, "ended_by": ended_by })).with_exit(exit))
    }
}

fn target(connection: &Connection, unit: Option<u8>) -> Result<Target> {
    let device = device(connection)?;
    let options = assemble::device(device);
    Ok(Target { address: options.address, unit: unit.unwrap_or(device.unit), timing: options.timing })
}

fn asked(target: &Target, what: &str) -> String {
    format!("{what} from {} unit {}", target.address, target.unit)
}

fn shown(reading: &Reading) -> (Value, String) {
    match reading {
        Reading::Bad(fault) => (Value::Null, fault.to_string()),
        Reading::Good(value) | Reading::Uncertain(value, _) => {
            (value.as_f64().map_or_else(|| json!(value.to_string()), Value::from), value.to_string())
        }
    }
}

/// What was found of a stretch, in rows.
fn rows(swept: &Swept) -> Vec<String> {
    let Span { start, n } = swept.span;
    let cells: Vec<String> = match &swept.found {
        Err(code) if n == 1 => return vec![format!("{start}: refused with exception {code:02}")],
        Err(code) => return vec![format!("{start}, {n} of them: refused with exception {code:02}")],
        Ok(Raw::Registers(all)) => all.iter().map(|r| format!("{r:>5} {r:04x}")).collect(),
        Ok(Raw::Bits(bits)) => bits.iter().map(|bit| u8::from(*bit).to_string()).collect(),
    };
    let row = |(i, cells): (usize, &[String])| {
        let offset = usize::from(start.offset) + i * ROW;
        format!("{}:{offset:<5}  {}", start.table, cells.join("  "))
    };
    cells.chunks(ROW).enumerate().map(row).collect()
}

fn stretch(swept: &Swept) -> Value {
    let (values, exception) = match &swept.found {
        Ok(Raw::Registers(all)) => (json!(all), None),
        Ok(Raw::Bits(bits)) => (json!(bits), None),
        Err(code) => (Value::Null, Some(*code)),
    };
    json!({ "from": swept.span.start.to_string(), "n": swept.span.n, "values": values, "exception": exception })
}

impl FromStr for Registers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "write TABLE:A..B, such as holding:0..100".to_owned();
        let (start, end) = text.split_once("..").ok_or_else(expected)?;
        let start: Address = start.parse().map_err(|error| format!("{error}"))?;
        let end: u32 = end.trim().parse().map_err(|_| expected())?;
        let n = end.checked_sub(u32::from(start.offset)).filter(|n| *n > 0).ok_or_else(expected)?;
        let n = u16::try_from(n).ok().filter(|n| *n <= SWEEP_MAX);
        let n = n.ok_or_else(|| format!("at most {SWEEP_MAX} registers are scanned at once; take a part of them"))?;
        Ok(Self(Span { start, n }))
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
            ("coil:5..5", None),
            ("holding:0..20000", None),
            ("holding:5", None),
            ("meter:0..5", None),
        ];
        for (text, expected) in cases {
            let found = text.parse::<Registers>().ok().map(|Registers(span)| (span.start.to_string(), span.n));
            assert_eq!(found, expected.map(|(start, n)| (start.to_owned(), n)), "{text}");
        }
    }
}
