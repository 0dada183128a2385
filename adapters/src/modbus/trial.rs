//! Trying a device step by step.

use super::address::Address;
use super::answer::{Answer, CallFault};
use super::link::Link;
use super::plan::Span;
use super::probe::{Target, Way};
use crate::clock::Clock;
use crate::trial::{Step, Trial};
use tokio::sync::mpsc;

/// Tries a device over a connection of its own: looks its name up, connects, reads one element.
pub async fn trial(target: &Target, at: Address, clock: Clock) -> Vec<Step> {
    let mut trial = Trial::new(clock);
    let address = &target.address;
    if trial.resolve(address, target.timing.connect_timeout).await.is_none() {
        return trial.steps;
    }
    let link = Link::connect(address, target.timing).await.map_err(|fault| match fault {
        CallFault::Timeout => format!(
            "{address} did not answer within {:?}; check the address, the cable and the firewall",
            target.timing.connect_timeout
        ),
        other => other.to_string(),
    });
    let Some(link) = trial.step("connect", link, |_| format!("{address} takes TCP connections")) else {
        return trial.steps;
    };
    first_read(&mut trial, &mut Way::Own(link), target.unit, at).await;
    trial.steps
}

/// Tries a device that a running driver has already connected: the driver asks, behind its own reads, so
/// that the device sees no second connection (B7). `connected` is what the driver said of it last.
pub async fn trial_through(
    probes: &mpsc::Sender<super::ProbeRequest>,
    connected: Result<(), String>,
    target: &Target,
    at: Address,
    clock: Clock,
) -> Vec<Step> {
    let mut trial = Trial::new(clock);
    let address = &target.address;
    if trial.resolve(address, target.timing.connect_timeout).await.is_none() {
        return trial.steps;
    }
    let connected = trial.step("connect", connected, |()| {
        format!("the running gateway has {address} connected; reads go through it, as the device may take only one")
    });
    if connected.is_none() {
        return trial.steps;
    }
    first_read(&mut trial, &mut Way::Driver(probes.clone()), target.unit, at).await;
    trial.steps
}

/// An exception that names the address or the function is an answer too: the device is there.
async fn first_read(trial: &mut Trial, way: &mut Way, unit: u8, at: Address) {
    let read = match way.read(unit, Span { start: at, n: 1 }).await {
        Ok(Answer::Registers(all)) => Ok(format!("{at} of unit {unit} holds {0} (0x{0:04x})", all[0])),
        Ok(Answer::Bits(all)) => Ok(format!("{at} of unit {unit} is {}", if all[0] { "on" } else { "off" })),
        Err(CallFault::Exception(code @ 1..=3)) => {
            Ok(format!("unit {unit} answers, but it has no {at} (exception {code:02}); scan it to see what it has"))
        }
        Err(fault) => Err(format!("{at} of unit {unit}: {fault}")),
    };
    trial.step("first read", read, String::clone);
}
