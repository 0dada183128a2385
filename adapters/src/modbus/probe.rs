//! Reading for people: one register in every type and order, and which registers a device has.
//!
//! [`read_now`] and [`sweep`] make a connection of their own, for the command line. Where a driver
//! already has the device's only connection, a [`ProbeRequest`] goes through it, after its reads.

use super::address::Address;
use super::answer::{Answer, CallFault};
use super::guess::{Guess, guesses};
use super::link::Link;
use super::options::Timing;
use super::plan::Span;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// Registers that one request of a sweep asks for: few enough for devices that allow few.
const SWEEP_STEP: u16 = 50;
/// Shortest pause between two requests of a sweep: at most a tenth of a fast device's time.
const SWEEP_PAUSE_MIN: Duration = Duration::from_millis(5);
/// Most registers of one sweep: with the shortest pause and every register refused, two minutes.
pub const SWEEP_MAX: u16 = 10_000;

/// A read for a person, through a running driver.
#[derive(Debug)]
pub struct ProbeRequest {
    /// The unit to ask.
    pub unit: u8,
    /// What to ask for.
    pub span: Span,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Answer, CallFault>>,
}

/// Which device to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host name or IP address and port.
    pub address: String,
    /// The unit id on the wire.
    pub unit: u8,
    /// Time-outs.
    pub timing: Timing,
}

/// What stands at an address now.
#[derive(Debug, Clone, PartialEq)]
pub struct Glimpse {
    /// The raw bits or registers as they came, up to four.
    pub raw: Answer,
    /// What registers may mean, the most plausible first; empty for bits.
    pub guesses: Vec<Guess>,
}

/// A stretch of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Where.
    pub span: Span,
    /// What stands there, or the exception by which the device refuses it.
    pub found: Result<Answer, u8>,
}

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// By rising address.
    pub swept: Vec<Swept>,
    /// What ended it early, if anything.
    pub ended_by: Option<CallFault>,
}

/// Reads one address in every type and order, over a connection of its own.
///
/// # Errors
/// The fault of the last attempt; four, two and one register are tried, since the table may end.
pub async fn read_now(target: &Target, at: Address) -> Result<Glimpse, CallFault> {
    let mut link = Link::connect(&target.address, target.timing).await?;
    let widths: &[u16] = if at.table.is_bits() { &[1] } else { &[4, 2, 1] };
    let mut refusal = CallFault::Exception(0x02);
    for n in widths {
        match link.read(target.unit, Span { start: at, n: *n }).await {
            Ok(raw) => {
                let guesses = match &raw {
                    Answer::Registers(registers) => guesses(registers),
                    Answer::Bits(_) => Vec::new(),
                };
                return Ok(Glimpse { raw, guesses });
            }
            Err(fault) if fault.keeps_link() => refusal = fault,
            Err(fault) => return Err(fault),
        }
    }
    Err(refusal)
}

/// Finds which of up to [`SWEEP_MAX`] registers or bits the device has, with a pause between
/// requests, over a connection of its own. What lies beyond the limit is not looked at.
///
/// # Errors
/// When no connection can be made; a later fault ends the sweep and stands in its result.
pub async fn sweep(target: &Target, span: Span, pause: Duration) -> Result<Sweep, CallFault> {
    let mut link = Link::connect(&target.address, target.timing).await?;
    let mut open = steps(span);
    let mut sweep = Sweep { swept: Vec::new(), ended_by: None };
    while let Some(span) = open.pop() {
        match link.read(target.unit, span).await {
            Ok(answer) => sweep.swept.push(Swept { span, found: Ok(answer) }),
            Err(CallFault::Exception(0x02 | 0x03)) if span.n > 1 => {
                let (left, right) = halves(span);
                open.extend([right, left]);
            }
            Err(CallFault::Exception(code)) => sweep.swept.push(Swept { span, found: Err(code) }),
            Err(fault) => {
                sweep.ended_by = Some(fault);
                break;
            }
        }
        sleep(pause.max(SWEEP_PAUSE_MIN)).await;
    }
    Ok(sweep)
}

/// The first requests of a sweep, the last one first.
fn steps(span: Span) -> Vec<Span> {
    let n = u32::from(span.n.min(SWEEP_MAX)).min(65_536 - u32::from(span.start.offset));
    let from = u32::from(span.start.offset);
    let starts = (from..from + n).step_by(SWEEP_STEP.into());
    let step = |at: u32| {
        let n = (from + n - at).min(SWEEP_STEP.into());
        let (offset, n) = (u16::try_from(at).ok()?, u16::try_from(n).ok()?);
        Some(Span { start: Address { offset, ..span.start }, n })
    };
    let mut steps: Vec<Span> = starts.filter_map(step).collect();
    steps.reverse();
    steps
}

fn halves(span: Span) -> (Span, Span) {
    let n = span.n / 2;
    let right = Address { offset: span.start.offset + n, ..span.start };
    (Span { n, ..span }, Span { start: right, n: span.n - n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_covers_its_span_and_stops_at_the_tables_end() {
        for (from, n, covered) in [(0, 120, 120), (65_530, 100, 6), (0, 65_535, SWEEP_MAX), (7, 1, 1)] {
            let start = format!("holding:{from}").parse().expect("an address");
            let mut at = from;
            for step in steps(Span { start, n }).into_iter().rev() {
                assert_eq!(u32::from(step.start.offset), at);
                assert!((1..=SWEEP_STEP).contains(&step.n));
                at = step.end();
            }
            assert_eq!(at - from, u32::from(covered));
        }
    }
}
