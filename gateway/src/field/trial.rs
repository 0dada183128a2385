//! Trying a connection step by step.

use super::Running;
use super::asked::FieldError;
use super::registers::{address, target};
use crate::assemble::{self, Whose};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_adapters::Clock;
use takt_adapters::modbus::{trial, trial_through};
use takt_adapters::mqtt::trial::trial as try_broker;
use takt_adapters::trial::Step;
use takt_config::resolved::{Connection, ConnectionKind};
use utoipa::ToSchema;

/// How long a broker's first message is waited for.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(3);
/// What is read of a device where nothing is said: the address that most of them have.
const USUAL_REGISTER: &str = "holding:0";

/// What a trial found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialReport {
    /// Whether every step went well.
    pub ok: bool,
    /// The steps in their order; the first that fails ends the trial.
    pub steps: Vec<TrialStep>,
}

/// One step of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrialStep {
    /// `resolve`, `connect`, `tls`, `login`, `subscribe`, `first message`, `first read` or `open`.
    pub name: String,
    /// Whether it went well.
    pub ok: bool,
    /// How long it took.
    pub ms: f64,
    /// What was found, or what is wrong and what to do.
    pub text: String,
}

/// Tries a connection. `at` is a register of a device, or a topic filter of a broker.
///
/// # Errors
/// That it cannot be tried like this; what the far end says stands in the steps.
pub async fn try_connection(
    connection: &Connection,
    at: Option<&str>,
    whose: &Whose,
    running: Option<&Running>,
    clock: Clock,
) -> Result<TrialReport, FieldError> {
    let steps = match &connection.kind {
        ConnectionKind::ModbusTcp(_) => {
            let (target, at) = (target(connection, None)?, address(at.unwrap_or(USUAL_REGISTER))?);
            match running {
                Some(running) => trial_through(&running.probes, running.standing.clone(), &target, at, clock).await,
                None => trial(&target, at, clock).await,
            }
        }
        ConnectionKind::Mqtt(broker) => {
            let mut options = assemble::broker(connection, broker, whose)?;
            options.client_id = super::topics::visitor_id(clock);
            try_broker(&options, at.unwrap_or("#"), MESSAGE_PATIENCE, clock).await
        }
        ConnectionKind::Replay(replay) => vec![open(&replay.file.clone().beside_document())],
    };
    let steps: Vec<TrialStep> = steps.into_iter().map(shown).collect();
    Ok(TrialReport { ok: steps.iter().all(|step| step.ok), steps })
}

fn open(path: &std::path::Path) -> Step {
    let shown = path.display();
    let result = match std::fs::File::open(path) {
        Ok(_) => Ok(format!("{shown} can be read")),
        Err(error) => Err(format!("{shown}: {error}; check the path and who may read it")),
    };
    Step { name: "open", result, took: Duration::ZERO }
}

fn shown(step: Step) -> TrialStep {
    let ok = step.result.is_ok();
    let (Ok(text) | Err(text)) = step.result;
    TrialStep { name: step.name.to_owned(), ok, ms: step.took.as_secs_f64() * 1e3, text }
}
