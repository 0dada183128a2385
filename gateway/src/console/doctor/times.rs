//! The wall clock: verdicts and samples carry it.

use super::finding::Finding;
use crate::payload::time_text;
use std::path::Path;
use std::process::Command;
use takt_plant::WallTime;

/// 2026-01-01T00:00:00Z: before the first of these programs was built.
const BUILT_AFTER: WallTime = WallTime::from_ns(1_767_225_600_000_000_000);
/// What systemd's client leaves when it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

pub(super) fn examine(now: WallTime, findings: &mut Vec<Finding>) {
    let at = time_text(now);
    if now < BUILT_AFTER {
        let text = format!("it is said to be {at}, which cannot be: set the clock, and check its battery");
        return findings.push(Finding::broken("clock", text));
    }
    findings.push(match synchronised() {
        Some(true) => Finding::good("clock", format!("{at}, set over the network")),
        Some(false) => {
            let text = format!("{at}, not set over the network: run an NTP client, or times will drift from the PLC's");
            Finding::note("clock", text)
        }
        None => Finding::good("clock", format!("{at}; whether it is set over the network is not known here")),
    });
}

/// Whether somebody keeps the clock right; `None` where nobody knows.
fn synchronised() -> Option<bool> {
    if Path::new(TIMESYNC).exists() {
        return Some(true);
    }
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output().ok()?;
    match String::from_utf8_lossy(&asked.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::doctor::finding::Grade;

    #[test]
    fn a_clock_before_the_program_is_broken() {
        let mut findings = Vec::new();
        examine(WallTime::from_ns(0), &mut findings);
        assert_eq!(findings[0].grade, Grade::Broken);
        assert!(findings[0].text.contains("1970-01-01"), "{}", findings[0].text);
    }
}
