//! `takt read` and `takt scan`: registers of a Modbus device.

use super::{connection, said};
use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::exit::Exit;
use crate::console::table::table;
use crate::field::{self, FieldError, Stretch};
use anyhow::Result;
use serde_json::{Value, json};
use std::str::FromStr;
use takt_adapters::modbus::probe::SWEEP_MAX;
use takt_adapters::modbus::{Address, Span};

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
        let target = field::target(&connection, self.unit).map_err(said)?;
        let read = field::read_register(&target, &self.register.to_string(), None).await.map_err(said)?;
        let (raw, hex) = match (&read.bits, &read.registers) {
            (Some(bits), _) => (json!(bits), bits.iter().map(|bit| u8::from(*bit).to_string()).collect::<Vec<_>>()),
            (None, all) => (json!(all), all.iter().flatten().map(|r| format!("{r:04x}")).collect()),
        };
        let mut guesses = Vec::new();
        let mut rows = Vec::new();
        for guess in &read.guesses {
            let shown = match (&guess.value, &guess.why) {
                (Some(Value::String(text)), _) => text.clone(),
                (Some(value), _) => value.to_string(),
                (None, why) => why.clone().unwrap_or_default(),
            };
            let number = guess.value.as_ref().and_then(Value::as_f64).map(Value::from);
            let value = number.or_else(|| guess.value.clone());
            guesses.push(json!({
                "type": guess.kind, "order": guess.order, "value": value, "plausibility": guess.plausibility,
            }));
            rows.push([guess.kind.clone(), guess.order.clone(), shown]);
        }
        let mut text = format!("{} unit {}, on the wire: {}", read.register, read.unit, hex.join(" "));
        if !rows.is_empty() {
            text =
                format!("{text}\nIt may be, the most plausible first:\n{}", table(["TYPE", "ORDER", "VALUE"], &rows));
        }
        let json = json!({ "register": read.register, "unit": read.unit, "raw": raw, "guesses": guesses });
        Ok(Answer::new(text, json))
    }
}

impl Scan {
    pub async fn carry_out(self, context: &Context) -> Result<Answer> {
        let connection = connection(&self.connection, "modbus-tcp", context).await?;
        let target = field::target(&connection, self.unit).map_err(said)?;
        let Registers(span) = self.registers;
        let found = field::scan(&target, span, None).await.map_err(said)?;
        let mut lines = Vec::new();
        let mut stretches = Vec::new();
        for stretch in &found.stretches {
            lines.extend(rows(stretch));
            let values =
                stretch.registers.as_ref().map(|all| json!(all)).or(stretch.bits.as_ref().map(|all| json!(all)));
            stretches.push(
                json!({ "from": stretch.from, "n": stretch.n, "values": values, "exception": stretch.exception }),
            );
        }
        lines.push(format!("{} of {} can be read", found.n_read, span.n));
        lines.extend(found.ended_by.iter().map(|why| format!("the scan ended early: {why}")));
        let exit = if found.ended_by.is_some() { Exit::Failed } else { Exit::Clean };
        Ok(Answer::new(lines.join("\n"), json!({ "found": stretches, "ended_by": found.ended_by })).with_exit(exit))
    }
}

/// What was found of a stretch, in rows.
fn rows(stretch: &Stretch) -> Vec<String> {
    let Stretch { from, n, registers, bits, exception } = stretch;
    if let Some(code) = exception {
        return vec![match n {
            1 => format!("{from}: refused with exception {code:02}"),
            n => format!("{from}, {n} of them: refused with exception {code:02}"),
        }];
    }
    let registers = registers.iter().flatten().map(|r| format!("{r:>5} {r:04x}"));
    let cells: Vec<String> = registers.chain(bits.iter().flatten().map(|bit| u8::from(*bit).to_string())).collect();
    let Ok(start) = from.parse::<Address>() else { return cells };
    let row = |(i, cells): (usize, &[String])| {
        let offset = usize::from(start.offset) + i * ROW;
        format!("{}:{offset:<5}  {}", start.table, cells.join("  "))
    };
    cells.chunks(ROW).enumerate().map(row).collect()
}

impl FromStr for Registers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = field::stretch_of(text, SWEEP_MAX);
        span.map(Self).map_err(|why| match why {
            FieldError::Wrong { error, hint } => format!("{error}; {hint}"),
            other => other.to_string(),
        })
    }
}
