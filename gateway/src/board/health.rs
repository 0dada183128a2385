//! Whether the gateway does its job, and if not, why not (B28, B42).
//!
//! Ready means: it runs, the store is open, every check's models are warmed up on the device that
//! was asked for (or on an allowed fallback, which is shown), every connection that a line needs is
//! up, and no check is silent for longer than it may be. What merely deserves attention is
//! `degraded` and leaves the gateway ready: verdicts go on.

use super::check::{DeviceInUse, ModelStanding, Production};
use super::connection::ConnectionGauge;
use super::output::{WriteNote, WriteOutcome};
use super::plan::Now;
use super::status::{CheckStatus, Problem, Severity};
use super::{Board, CheckGauge, Cut, LineGauge, Phase, StoreLosses, StoreStanding};
use crate::payload::time_text;
use std::collections::BTreeSet;
use std::time::Duration;
use takt_adapters::Link;
use takt_plant::{Arming, ConnectionId, OutputId};

/// Windows in a row without pass or fail after which a check does not do its job (B42).
const INCONCLUSIVE_IN_A_ROW: u64 = 10;

/// All problems, those that keep it from being ready first.
pub(super) fn problems(board: &Board, lines: &[(CheckStatus, std::sync::Arc<CheckGauge>)], now: Now) -> Vec<Problem> {
    let mut found = of_program(board, now);
    let needed = needed(&board.lines());
    for connection in board.connections() {
        found.extend(of_connection(&connection, needed.contains(&connection.plan().id)));
    }
    if lines.is_empty() {
        let why = "no check is configured; apply a line with `takt line apply FILE`".to_owned();
        found.push(degraded("lines", "lines", why));
    }
    for (shown, gauge) in lines {
        of_check(shown, gauge, now, &mut found);
    }
    found.sort_by_key(|problem| problem.severity);
    found
}

fn of_program(board: &Board, now: Now) -> Vec<Problem> {
    let (phase, store) = board.standing();
    let mut found = Vec::new();
    match phase {
        Phase::Starting => found.push(not_ready("gateway", "gateway", "it is starting".to_owned())),
        Phase::Draining => {
            found.push(not_ready("gateway", "gateway", "it was told to end and finishes what is open".to_owned()))
        }
        Phase::Running => {}
    }
    match store {
        StoreStanding::Opening => found.push(not_ready("gateway", "store", "it is being opened".to_owned())),
        StoreStanding::Unwritable { why } => {
            found.push(degraded("store", "store", format!("it cannot be written: {why}")))
        }
        StoreStanding::Durable { .. } => {}
    }
    found.extend(of_losses(&board.losses(), now.mono.since(board.began().mono)));
    found
}

/// A cut-off end is an operator's concern for so long after the start; then it is history, and an event.
const CUT_SHOWN: Duration = Duration::from_secs(3_600);

fn of_losses(lost: &StoreLosses, up: Duration) -> Vec<Problem> {
    let mut found = Vec::new();
    let StoreLosses { n_frames, n_verdicts, n_records, n_conflicting, n_damaged, cut } = *lost;
    if n_frames + n_verdicts + n_records > 0 {
        let why = "it could not take them in time; look at its disk, the counters stay until the next start";
        let what = format!("{n_frames} frames, {n_verdicts} verdicts and {n_records} other records were given up");
        found.push(degraded("lost", "store", format!("{what}: {why}")));
    }
    if n_conflicting > 0 {
        let why = "verdicts have a number that was given before, and are not stored; please report this as a defect";
        found.push(degraded("lost", "store", format!("{n_conflicting} {why}")));
    }
    if n_damaged > 0 {
        found.push(degraded("lost", "store", format!("{n_damaged} of its parts cannot be read; check its disk")));
    }
    if let Some(Cut { n_samples_max, window }) = cut.filter(|cut| cut.n_samples_max > 0 && up < CUT_SHOWN) {
        found.push(degraded("lost", "store", cut_text(n_samples_max, window)));
    }
    found
}

/// What a cut-off end may have cost, in words.
pub fn cut_text(n_samples_max: u64, window: Duration) -> String {
    format!(
        "the last run was cut off: nothing that was acknowledged is lost, and of what nobody acknowledges at most the \
         {n_samples_max} samples of its last {} ms",
        window.as_millis()
    )
}

/// The connections without which some line cannot judge or answer.
fn needed(lines: &[std::sync::Arc<LineGauge>]) -> BTreeSet<ConnectionId> {
    let of_tags = lines.iter().flat_map(|line| line.plan().tags.iter().map(|tag| tag.connection.clone()));
    let checks: Vec<_> = lines.iter().flat_map(|line| line.checks()).collect();
    let of_outputs = checks.iter().flat_map(|check| check.plan().outputs.iter().map(|o| o.connection.clone()));
    of_tags.chain(of_outputs).collect()
}

fn of_connection(gauge: &ConnectionGauge, needed: bool) -> Vec<Problem> {
    let standing = gauge.standing();
    let place = format!("connection {}", gauge.plan().id);
    let since = moment(standing.since.wall);
    let cut = match &standing.link {
        Some(Link::Up { .. }) => None,
        None => Some("it has not connected yet".to_owned()),
        Some(Link::Down { why, .. }) => Some(format!("down since {since}: {why}")),
        Some(Link::TakenOver) => Some(
            "another client took this client id; give one of the two another id and restart the connection".to_owned(),
        ),
        Some(Link::UnitAside { .. }) => None,
    };
    let aside = standing.units_aside.iter().map(|unit| {
        degraded(
            "unit",
            &place,
            format!("unit {unit} does not answer and is probed slowly; look at its wiring and address"),
        )
    });
    let cut =
        cut.map(|why| if needed { not_ready("connection", &place, why) } else { degraded("connection", &place, why) });
    cut.into_iter().chain(aside).collect()
}

fn of_check(shown: &CheckStatus, gauge: &CheckGauge, now: Now, found: &mut Vec<Problem>) {
    let place = format!("{}/{}", shown.line, shown.id);
    let (models, production) = {
        let standing = gauge.standing();
        (standing.models.clone(), standing.production.clone())
    };
    for (name, standing) in &models {
        found.extend(of_model(&place, name, standing));
    }
    if let (Some(quiet), Production::On { .. }) = (gauge.silent_for(now.mono), &production) {
        let why = format!(
            "no verdict since {} although it is in production; look at its connections and its trigger, and give it a \
             `when` condition if the line rests",
            moment(now.wall.minus(quiet))
        );
        found.push(not_ready("silent", &place, why));
    }
    if shown.in_a_row.inconclusive >= INCONCLUSIVE_IN_A_ROW {
        let reason = shown.last.as_ref().and_then(|last| last.reason.as_deref()).unwrap_or("see the last verdict");
        let why = format!("{INCONCLUSIVE_IN_A_ROW} windows or more in a row could not be judged: {reason}");
        found.push(not_ready("inconclusive", &place, why));
    }
    if !shown.books.close {
        found.push(degraded("books", &place, "the books do not close; please report this as a defect".to_owned()));
    }
    for output in gauge.plan().outputs.iter().filter_map(|output| gauge.output(&output.id)) {
        if let Some(why) = output.unkept() {
            let id = &output.plan().id;
            let why = format!(
                "writes to {id} go out without their intent, which cannot be kept: {why}; free space, else a crash may repeat the last one"
            );
            found.push(degraded("intent", &place, why));
        }
        if let Some(why) = output.why_disarm_unkept() {
            let id = &output.plan().id;
            let why = format!(
                "{id} is in dry run only until the gateway starts again: {why}; make its disk writable before it does"
            );
            found.push(degraded("arming", &place, why));
        }
        if let (Arming::Armed { .. }, Some(note)) = (output.arming(), output.last_verdict()) {
            found.extend(of_verdict_write(&place, &output.plan().id, &note));
        }
    }
    for output in shown.outputs.iter().filter(|output| output.armed) {
        let Some(last) = &output.last else { continue };
        // A dry run from before it was armed is no failure.
        if !matches!(last.outcome.as_str(), "confirmed" | "dry_run") {
            let why = last.why.as_deref().map_or(String::new(), |why| format!(": {why}"));
            found.push(degraded("write", &place, format!("the last write to {} was {}{why}", output.id, last.outcome)));
        }
    }
}

/// The fail-safe value that was written instead may well have arrived; the verdict did not.
fn of_verdict_write(place: &str, output: &OutputId, note: &WriteNote) -> Option<Problem> {
    if matches!(note.outcome, WriteOutcome::Confirmed | WriteOutcome::DryRun) {
        return None;
    }
    let why = note.outcome.why().map_or(String::new(), |why| format!(": {why}"));
    let what = format!("the last verdict's value {} for {output} was {}{why}", note.value, note.outcome.word());
    Some(degraded("write", place, format!("{what}; something else stands there")))
}

fn of_model(place: &str, name: &str, standing: &ModelStanding) -> Option<Problem> {
    match standing {
        ModelStanding::Missing { why } => Some(not_ready("model", place, format!("model {name} is missing: {why}"))),
        ModelStanding::Failed { why } => Some(not_ready("model", place, format!("model {name} failed: {why}"))),
        ModelStanding::Loading { step } => {
            Some(not_ready("loading", place, format!("model {name} is loading: {step}")))
        }
        ModelStanding::Ready { device, .. } => of_device(place, name, device),
    }
}

fn of_device(place: &str, name: &str, device: &DeviceInUse) -> Option<Problem> {
    let DeviceInUse { asked, used, fallback } = device;
    match fallback {
        Some(why) => {
            Some(degraded("device", place, format!("model {name} asked for {asked} and fell back to {used}: {why}")))
        }
        None if is_as_asked(asked, used) => None,
        None => Some(not_ready("device", place, format!("model {name} asked for {asked} but runs on {used}"))),
    }
}

/// A time to the second. Texts name moments, not ages, so that they change only when something did.
fn moment(at: takt_plant::WallTime) -> String {
    let text = time_text(at);
    text.split_once('.').map_or(text.clone(), |(to_second, _)| format!("{to_second}Z"))
}

/// `auto` takes what there is; `openvino` is met by `openvino:CPU`.
fn is_as_asked(asked: &str, used: &str) -> bool {
    let (asked, used) = (asked.to_ascii_lowercase(), used.to_ascii_lowercase());
    asked == "auto" || used == asked || used.strip_prefix(&asked).is_some_and(|rest| rest.starts_with(':'))
}

fn not_ready(kind: &str, place: &str, why: String) -> Problem {
    Problem { severity: Severity::NotReady, kind: kind.to_owned(), place: place.to_owned(), why }
}

fn degraded(kind: &str, place: &str, why: String) -> Problem {
    Problem { severity: Severity::Degraded, kind: kind.to_owned(), place: place.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_as_asked_or_it_is_not() {
        let cases = [
            ("auto", "cpu", true),
            ("cpu", "cpu", true),
            ("openvino", "openvino:CPU", true),
            ("openvino:npu", "openvino:NPU", true),
            ("openvino:NPU", "openvino:CPU", false),
            ("cuda", "cpu", false),
            ("open", "openvino:CPU", false),
        ];
        for (asked, used, wanted) in cases {
            assert_eq!(is_as_asked(asked, used), wanted, "{asked} {used}");
        }
    }
}
