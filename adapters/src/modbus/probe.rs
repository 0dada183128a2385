//! Reading for people: one register in every type and order, and which registers a device has.
//!
//! Where nobody has the device connected, they make a connection of their own ([`Way::own`]). Where a
//! driver already has the device's only connection, each read goes through it as a [`ProbeRequest`],
//! after the driver's own reads ([`Way::Driver`]), so the device never sees a second one (B7).

use super::address::Address;
use super::answer::{Answer, CallFault};
use super::guess::{Guess, guesses};
use super::link::Link;
use super::options::Timing;
use super::plan::Span;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// Registers that one request of a sweep asks for: few enough for devices that allow few.
const SWEEP_STEP: u16 = 50;
/// Shortest pause between two requests of a sweep: at most a tenth of a fast device's time.
const SWEEP_PAUSE_MIN: Duration = Duration::from_millis(5);
/// Longest wait for an answer through a driver: it may be at a long cycle, and then gives way within a second.
const DRIVER_PATIENCE: Duration = Duration::from_secs(10);
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

/// How a person's reads reach a device.
#[derive(Debug)]
pub enum Way {
    /// Over a connection of its own.
    Own(Link),
    /// Through the driver that has the device connected.
    Driver(mpsc::Sender<ProbeRequest>),
}

impl Way {
    /// A connection of its own.
    ///
    /// # Errors
    /// When none can be made.
    pub async fn own(target: &Target) -> Result<Self, CallFault> {
        Link::connect(&target.address, target.timing).await.map(Self::Own)
    }

    /// Reads one span.
    ///
    /// # Errors
    /// What the device or the connection said; of a driver also that others are asking at the moment.
    pub async fn read(&mut self, unit: u8, span: Span) -> Result<Answer, CallFault> {
        let probes = match self {
            Self::Own(link) => return link.read(unit, span).await,
            Self::Driver(probes) => probes,
        };
        let (reply, answer) = oneshot::channel();
        probes.try_send(ProbeRequest { unit, span, reply }).map_err(|refused| {
            CallFault::Closed(match refused {
                mpsc::error::TrySendError::Full(_) => "others read through it at the moment; try again".to_owned(),
                mpsc::error::TrySendError::Closed(_) => "the running connection was stopped".to_owned(),
            })
        })?;
        match timeout(DRIVER_PATIENCE, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(CallFault::Closed("the running connection was stopped".to_owned())),
            Err(_) => Err(CallFault::Timeout),
        }
    }
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

/// Reads one address in every type and order.
///
/// # Errors
/// The fault of the last attempt; four, two and one register are tried, since the table may end.
pub async fn read_now(way: &mut Way, unit: u8, at: Address) -> Result<Glimpse, CallFault> {
    let widths: &[u16] = if at.table.is_bits() { &[1] } else { &[4, 2, 1] };
    let mut refusal = CallFault::Exception(0x02);
    for n in widths {
        match way.read(unit, Span { start: at, n: *n }).await {
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
/// requests. What lies beyond the limit is not looked at. A fault ends the sweep and stands in its result.
pub async fn sweep(way: &mut Way, unit: u8, span: Span, pause: Duration) -> Sweep {
    let mut open = steps(span);
    let mut sweep = Sweep { swept: Vec::new(), ended_by: None };
    while let Some(span) = open.pop() {
        match way.read(unit, span).await {
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
    sweep
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
