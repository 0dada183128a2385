//! The doctor of a running gateway: `takt doctor` as a process of its own.
//!
//! Whether a device really runs is only known by running something on it, and what a driver does then is
//! its own affair: it may hang, or end its process. So nothing of it happens in this one. The process has
//! the lowest priority, is ended after a while, and its answer serves everybody for half a minute.

use crate::api::control::{ControlError, Why};
use crate::api::{DoctorFinding, DoctorGrade, DoctorReport};
use crate::payload::time_text;
use crate::run::Shared;
use serde::Deserialize;
use std::process::Stdio;
use std::time::Duration;
use takt_plant::{MonoTime, WallTime};
use tokio::process::Command;
use tokio::sync::Mutex;

/// How long an answer serves: a page that is left open asks no device more often.
const SERVES: Duration = Duration::from_secs(30);
/// How long looking may take: a GPU's first session takes seconds, a hanging driver for ever.
const TAKES_MAX: Duration = Duration::from_secs(30);
/// The lowest priority: lines come first.
const NICENESS: i32 = 19;
/// This very program, also when its file was replaced meanwhile (proc(5)).
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What the doctor said last. Whoever asks while it is looked at waits for that answer.
#[derive(Default)]
pub(crate) struct LastExamination(Mutex<Option<Examination>>);

struct Examination {
    ended: MonoTime,
    at: WallTime,
    took: Duration,
    found: Result<Vec<DoctorFinding>, ControlError>,
}

/// What `takt doctor --json` prints.
#[derive(Deserialize)]
struct Printed {
    findings: Vec<DoctorFinding>,
}

impl Shared {
    /// What the doctor says, looked at now or within the last half minute.
    pub(super) async fn doctor(&self) -> Result<DoctorReport, ControlError> {
        let mut last = self.examined.0.lock().await;
        let serves = |seen: &Examination| self.clock.mono().since(seen.ended) < SERVES;
        if !last.as_ref().is_some_and(serves) {
            let (began, at) = (self.clock.mono(), self.clock.wall());
            let found = self.examine().await;
            let ended = self.clock.mono();
            *last = Some(Examination { ended, at, took: ended.since(began), found });
        }
        let seen = last.as_ref().expect("it was looked at just now or before");
        let findings = seen.found.clone()?;
        let n = |grade: DoctorGrade| findings.iter().filter(|finding| finding.grade == grade).count() as u64;
        Ok(DoctorReport {
            n_broken: n(DoctorGrade::Broken),
            n_notes: n(DoctorGrade::Look),
            at: time_text(seen.at),
            age_s: self.clock.mono().since(seen.ended).as_secs(),
            took_ms: u64::try_from(seen.took.as_millis()).unwrap_or(u64::MAX),
            findings,
        })
    }

    async fn examine(&self) -> Result<Vec<DoctorFinding>, ControlError> {
        let unavailable =
            |why: String| ControlError::new(why, "run `takt doctor` on the gateway itself").because(Why::Unavailable);
        let mut command = Command::new(THIS_PROGRAM);
        command.args(["doctor", "--json", "--log", "off"]);
        if let Some(config) = &self.source.config {
            command.arg("--config").arg(config);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().map_err(|error| unavailable(format!("the doctor cannot be started: {error}")))?;
        give_way(child.id());
        // Dropped with its process when it takes too long.
        let ended = tokio::time::timeout(TAKES_MAX, child.wait_with_output()).await;
        let output = ended
            .map_err(|_| unavailable(format!("the doctor did not end within {} s", TAKES_MAX.as_secs())))?
            .map_err(|error| unavailable(format!("the doctor's answer cannot be read: {error}")))?;
        let printed: Printed = serde_json::from_slice(&output.stdout)
            .map_err(|_| unavailable(format!("the doctor ended without an answer ({})", output.status)))?;
        Ok(printed.findings)
    }
}

/// Its threads take this over, for it has just one now.
fn give_way(id: Option<u32>) {
    let process = id.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    if let Some(process) = process
        && let Err(error) = rustix::process::setpriority_process(Some(process), NICENESS)
    {
        tracing::debug!(%error, "the doctor could not be made to give way");
    }
}
